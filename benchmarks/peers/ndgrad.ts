/**
 * @file This library as a contender, its steps written as a user writes them. Arguments: the folder with the data, the
 * workload, the home, the kernels.
 */
import { assign, capture, noGrad, scope, setKernels, type Tensor, tensor } from '@ndgrad/core';
import { binaryCrossEntropyWithLogits, crossEntropy } from '@ndgrad/losses';
import { batchHardTripletLoss } from '@ndgrad/mining';
import { Adam, Linear, type Module, Normalize, ReLU, Sequential, SGD } from '@ndgrad/nn';
import { readWorkload, type Workload, type WorkloadData } from '../workloads.js';
import { serve, type Trainee } from './serve.js';

const [folder = '', name = '', home = '', kernels = ''] = process.argv.slice(2);

function model({ layers, loss }: Workload): Sequential {
  const modules: Module[] = [];
  layers.slice(1).forEach((width, i) => {
    if (i > 0) modules.push(new ReLU());
    modules.push(new Linear(layers[i] as number, width));
  });
  if (loss === 'batchHardTriplet') modules.push(new Normalize());
  return new Sequential(...modules);
}

function lossOf({ loss, margin }: Workload): (output: Tensor, labels: Tensor) => Tensor {
  if (loss === 'crossEntropy') return (logits, labels) => crossEntropy(logits, labels);
  if (loss === 'batchHardTriplet') {
    return (embeddings, labels) => batchHardTripletLoss(embeddings, labels, { margin });
  }
  return (logits, labels) => binaryCrossEntropyWithLogits(logits, labels);
}

function trainee(workload: Workload, data: WorkloadData): Trainee {
  const { batch, layers, learningRate, optimizer: kind } = workload;
  const network = model(workload);
  const parameters = network.parameters();
  const first = parameters.map(({ shape }, i) => {
    const values = i % 2 === 0 ? data.weights[i / 2] : data.biases[(i - 1) / 2];
    return tensor(values as Float32Array, { shape });
  });
  const restore = (): void =>
    noGrad(() => {
      parameters.forEach((parameter, i) => {
        assign(parameter, first[i] as Tensor);
      });
    });
  restore();
  const optimizer =
    kind === 'adam' ? new Adam(parameters, { learningRate }) : new SGD(parameters, { learningRate });
  const criterion = lossOf(workload);
  const x = tensor(data.x, { shape: [batch, layers[0] as number] });
  const labels =
    workload.classes > 0 ? tensor(Int32Array.from(data.labels)) : tensor(data.labels, { shape: [batch, 1] });

  const train = (input: Tensor, target: Tensor): Tensor => {
    const loss = criterion(network.call(input), target);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const read = (loss: unknown): number => (loss as Tensor).item();
  if (home === 'heap') return { restore, read, step: () => train(x, labels) };
  if (home === 'scope') return { restore, read, step: () => scope(() => train(x, labels)) };
  const captured = capture(train);
  return { restore, read, step: () => captured(x, labels) };
}

await serve(async () => {
  setKernels(kernels as Parameters<typeof setKernels>[0]);
  const { workload, data } = readWorkload(folder, name);
  return { version: process.version, trainee: () => trainee(workload, data) };
});
