// jax-js as a contender: one jitted step on its WebAssembly device, which in Node has one thread. Arguments: the folder
// with the data, the workload.
import { readFileSync } from 'node:fs';
import { readWorkload } from '../workloads.ts';
import { serve } from './serve.ts';

const [folder, name] = process.argv.slice(2);

await serve(async () => {
  const jax = await import('@jax-js/jax');
  const { numpy: np, nn, tree } = jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const entry = new URL(import.meta.resolve('@jax-js/jax'));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8'));
  const { workload, data } = readWorkload(folder, name);
  const { layers, batch, loss: kind, classes, margin, learningRate } = workload;

  // Every function owns what it is given; `.ref` keeps a share.
  const forward = (parameters, x) => {
    parameters.forEach(([weight, bias], i) => {
      x = np.matmul(x, weight).add(bias);
      if (i < parameters.length - 1) x = nn.relu(x);
    });
    if (kind !== 'batchHardTriplet') return x;
    const norm = np.sqrt(np.square(x.ref).sum(1, { keepdims: true }));
    return x.div(norm);
  };

  const batchHard = (x, labels) => {
    const squares = np.square(x.ref).sum(1);
    const products = np.matmul(x.ref, np.transpose(x));
    const sums = squares.ref.reshape([batch, 1]).add(squares.reshape([1, batch]));
    const distances = np.sqrt(np.maximum(sums.sub(products.mul(2)), 1e-12));
    const same = labels.ref.reshape([batch, 1]).equal(labels.reshape([1, batch]));
    const itself = np.eye(batch).greater(0.5);
    const positives = np.logicalAnd(same.ref, np.logicalNot(itself));
    const farthest = np.max(np.where(positives, distances.ref, -Infinity), 1);
    const nearest = np.min(np.where(same, Infinity, distances), 1);
    return nn.relu(farthest.sub(nearest).add(margin)).mean();
  };

  const lossOf = (parameters, x, labels) => {
    const output = forward(parameters, x);
    if (kind === 'batchHardTriplet') return batchHard(output, labels);
    if (kind === 'crossEntropy') {
      return nn.logSoftmax(output, 1).mul(nn.oneHot(labels, classes)).sum(1).mean().neg();
    }
    return nn.softplus(output.ref).sub(output.mul(labels)).mean();
  };

  const sgd = (parameters, gradient, state) => [
    tree.map((p, g) => p.sub(g.mul(learningRate)), parameters, gradient),
    state,
  ];

  const adam = (parameters, gradient, { first, second, decay1, decay2 }) => {
    decay1 = decay1.mul(0.9);
    decay2 = decay2.mul(0.999);
    first = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), first, tree.ref(gradient));
    second = tree.map((v, g) => v.mul(0.999).add(np.square(g).mul(0.001)), second, gradient);
    const rate = np.array(learningRate).div(np.array(1).sub(decay1.ref));
    const correction = np.sqrt(np.array(1).sub(decay2.ref));
    parameters = tree.map(
      (p, m, v) => p.sub(m.mul(rate.ref).div(np.sqrt(v).div(correction.ref).add(1e-8))),
      parameters,
      tree.ref(first),
      tree.ref(second),
    );
    rate.dispose();
    correction.dispose();
    return [parameters, { first, second, decay1, decay2 }];
  };

  const update = workload.optimizer === 'adam' ? adam : sgd;
  const train = jax.jit((parameters, state, x, labels) => {
    const [loss, gradient] = jax.valueAndGrad(lossOf)(tree.ref(parameters), x, labels);
    return [loss, ...update(parameters, gradient, state)];
  });

  const trainee = () => {
    // Here weights are [in, out]. They are turned around beforehand: a lazy view would do it inside of a timed step.
    const turned = data.weights.map((weight, layer) => {
      const [inputs, outputs] = [layers[layer], layers[layer + 1]];
      return weight.map((_, i) => weight[(i % outputs) * inputs + Math.floor(i / outputs)]);
    });
    const first = () =>
      turned.map((weight, i) => [
        np.array(weight).reshape([layers[i], layers[i + 1]]),
        np.array(data.biases[i]),
      ]);
    let parameters = first();
    const zeros = () => tree.map((p) => np.zeros(p.shape), parameters);
    let state =
      workload.optimizer === 'adam'
        ? { first: zeros(), second: zeros(), decay1: np.array(1), decay2: np.array(1) }
        : {};
    const x = np.array(data.x).reshape([batch, layers[0]]);
    const labels =
      classes > 0 ? np.array(Int32Array.from(data.labels)) : np.array(data.labels).reshape([batch, 1]);
    let last;
    return {
      restore: () => {
        tree.dispose(parameters);
        parameters = first();
      },
      step: () => {
        last?.dispose();
        [last, parameters, state] = train(parameters, state, x.ref, labels.ref);
        return last;
      },
      read: async (loss) => (await loss.ref.data())[0],
    };
  };
  return { version, trainee };
});
