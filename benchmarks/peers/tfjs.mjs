// TensorFlow.js with its WebAssembly backend, which in Node has SIMD and one thread. Arguments: the folder with the data,
// the workload. Form `transposed` turns matrices around before each product, since its product is slow on turned ones.
import { readWorkload } from '../workloads.ts';
import { serve } from './serve.ts';

const [folder, name] = process.argv.slice(2);

await serve(async () => {
  const tf = await import('@tensorflow/tfjs');
  await import('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
  await tf.ready();
  const { workload, data } = readWorkload(folder, name);
  const { layers, batch, loss: kind, classes, margin, learningRate } = workload;

  const turnedProduct = tf.customGrad((a, b, save) => {
    save([a, b]);
    return {
      value: tf.matMul(a, b),
      gradFunc: (dy, [left, right]) => [
        tf.matMul(dy, tf.transpose(right)),
        tf.matMul(tf.transpose(left), dy),
      ],
    };
  });

  const batchHard = (x, labels, product) => {
    const squares = tf.sum(tf.square(x), 1);
    const products = product(x, tf.transpose(x));
    const sums = tf.add(tf.expandDims(squares, 1), tf.expandDims(squares, 0));
    const distances = tf.sqrt(tf.maximum(tf.sub(sums, tf.mul(products, 2)), 1e-12));
    const same = tf.equal(tf.expandDims(labels, 1), tf.expandDims(labels, 0));
    const positives = tf.logicalAnd(same, tf.logicalNot(tf.cast(tf.eye(batch), 'bool')));
    const farthest = tf.max(tf.where(positives, distances, tf.fill([batch, batch], -1e9)), 1);
    const nearest = tf.min(tf.where(same, tf.fill([batch, batch], 1e9), distances), 1);
    return tf.mean(tf.relu(tf.add(tf.sub(farthest, nearest), margin)));
  };

  const trainee = (form) => {
    const product = form === 'transposed' ? turnedProduct : (a, b) => tf.matMul(a, b);
    const first = data.weights.map((weight, i) => [
      // Here weights are [in, out].
      tf.transpose(tf.tensor2d(weight, [layers[i + 1], layers[i]])),
      tf.tensor1d(data.biases[i]),
    ]);
    const parameters = first.map(([weight, bias]) => [tf.variable(weight), tf.variable(bias)]);
    const x = tf.tensor2d(data.x, [batch, layers[0]]);
    const labels =
      classes > 0 ? tf.tensor1d(Int32Array.from(data.labels), 'int32') : tf.tensor2d(data.labels, [batch, 1]);
    const targets =
      kind === 'crossEntropy' ? () => tf.cast(tf.oneHot(labels, classes), 'float32') : () => labels;

    const lossOf = () => {
      let h = x;
      parameters.forEach(([weight, bias], i) => {
        h = tf.add(product(h, weight), bias);
        if (i < parameters.length - 1) h = tf.relu(h);
      });
      if (kind === 'crossEntropy') return tf.losses.softmaxCrossEntropy(targets(), h);
      if (kind !== 'batchHardTriplet') return tf.losses.sigmoidCrossEntropy(labels, h);
      const norm = tf.sqrt(tf.sum(tf.square(h), 1, true));
      return batchHard(tf.div(h, norm), labels, product);
    };
    const optimizer =
      workload.optimizer === 'adam'
        ? tf.train.adam(learningRate, 0.9, 0.999, 1e-8)
        : tf.train.sgd(learningRate);
    const variables = parameters.flat();
    let last;
    return {
      restore: () => {
        first.flat().forEach((value, i) => {
          variables[i].assign(value);
        });
      },
      step: () => {
        last?.dispose();
        last = optimizer.minimize(lossOf, true, variables);
        return last;
      },
      read: (loss) => loss.dataSync()[0],
    };
  };
  return { version: tf.version.tfjs, trainee };
});
