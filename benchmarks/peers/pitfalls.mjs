// TensorFlow.js on the inputs of pitfalls.ts: one line of JSON, call to number as text. What it throws is left out.
import * as tf from '@tensorflow/tfjs';

await tf.setBackend('cpu');
const INF = Infinity;
const t = (x) => tf.tensor(x);
const slope = (f, at) => tf.grad((x) => tf.sum(f(x)))(t(at));
const distance = (a, b) => {
  const squares = tf.add(tf.sum(tf.square(a), 1, true), tf.transpose(tf.sum(tf.square(b), 1, true)));
  return tf.sqrt(tf.sub(squares, tf.mul(2, tf.matMul(a, b, false, true))));
};
const unit = (x) => tf.div(x, tf.norm(x));

const CALLS = {
  'expm1(1e-16)': () => tf.expm1(1e-16),
  'log1p(1e-16)': () => tf.log1p(1e-16),
  'softplus(20.1)': () => tf.softplus(20.1),
  'softplus(-40)': () => tf.softplus(-40),
  'softplus(710)': () => tf.softplus(710),
  'logSigmoid(-800)': () => tf.logSigmoid(-800),
  'logSigmoid(40)': () => tf.logSigmoid(40),
  'logSumExp([1000, 1000])': () => tf.logSumExp(t([1000, 1000])),
  'logSumExp([0, -40])': () => tf.logSumExp(t([0, -40])),
  'logSumExp([-inf, -inf])': () => tf.logSumExp(t([-INF, -INF])),
  'logSoftmax([40, 0])[0]': () => tf.logSoftmax(t([40, 0])),
  'softmax([1000, 1000])[0]': () => tf.softmax(t([1000, 1000])),
  'softmax([-inf, -inf])[0]': () => tf.softmax(t([-INF, -INF])),
  'sum of 1e6 float32 0.1': () => tf.sum(tf.fill([1e6], 0.1)),
  'variance([1e8 - 1, 1e8, 1e8 + 1])': () => tf.moments(t([1e8 - 1, 1e8, 1e8 + 1])).variance,
  'cdist of float32 512695 and 512804': () => distance(t([[512695]]), t([[512804]])),
  "sigmoid'(40)": () => slope(tf.sigmoid, 40),
  "tanh'(20)": () => slope(tf.tanh, 20),
  'cross-entropy with logits by x at 40, t = 1': () =>
    slope((x) => tf.losses.sigmoidCrossEntropy(t([1]), x), [40]),
  'prod by its zero at [0, 2, 3]': () => slope((x) => tf.prod(x), [0, 2, 3]),
  'sqrt at 0': () => slope(tf.sqrt, 0),
  'abs at 0': () => slope(tf.abs, 0),
  'relu at 0': () => slope(tf.relu, 0),
  'clamp to [-1, 1] at 1': () => slope((x) => tf.clipByValue(x, -1, 1), 1),
  'maximum(x, 2) at 2': () => slope((x) => tf.maximum(x, 2), 2),
  'max of [5, 5] by the first': () => slope((x) => tf.max(x), [5, 5]),
  'norm at [0, 0]': () => slope((x) => tf.norm(x), [0, 0]),
  'std of [3, 3, 3]': () => slope((x) => tf.sqrt(tf.moments(x).variance), [3, 3, 3]),
  'cdist of identical points': () => slope((x) => distance(x, t([[1, 2]])), [[1, 2]]),
  'normalize of [0, 0]': () => slope(unit, [0, 0]),
  'logSumExp at [-inf, -inf]': () => slope((x) => tf.logSumExp(x), [-INF, -INF]),
  'where(x > 0, sqrt(x), 0) at -1': () =>
    slope((x) => tf.where(tf.greater(x, 0), tf.sqrt(x), tf.zerosLike(x)), [-1]),
  '0^b by b at 2': () => slope((b) => tf.pow(t(0), b), 2),
  'x / x at 0': () => slope((x) => tf.div(x, x), 0),
};

const found = {};
for (const [call, run] of Object.entries(CALLS)) {
  try {
    found[call] = String(run().dataSync()[0]);
  } catch {
    // Shown as a dash.
  }
}
console.log(JSON.stringify(found));
