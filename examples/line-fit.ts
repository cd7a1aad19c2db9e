/** @file A line through noisy points: tensors, a gradient, a step downhill. Start here. */
import { generator, linspace, randn } from '@ndgrad/core';
import { mseLoss } from '@ndgrad/losses';
import { Linear, SGD } from '@ndgrad/nn';

const random = generator(0);
const x = linspace(-1, 1, 50).reshape([50, 1]);
const y = x
  .mul(3)
  .sub(2)
  .add(randn([50, 1], { generator: random }).mul(0.1));

const line = new Linear(1, 1, { generator: random });
const optimizer = new SGD(line.parameters(), { learningRate: 0.2 });

for (let step = 0; step <= 60; step++) {
  const loss = mseLoss(line.call(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 10 === 0) console.log(`step ${String(step).padStart(2)}  loss ${loss.item().toFixed(4)}`);
}

const [slope, offset] = line.parameters().map((parameter) => parameter.item().toFixed(2));
console.log(`y = ${slope} x + (${offset}), drawn from y = 3 x + (−2)`);
