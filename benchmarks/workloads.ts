/**
 * @file The training steps that are compared: layers, optimiser, loss, and the very numbers that every contender starts
 * from. They are drawn once and handed over as float32 in a file, so that no contender has a generator of its own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type WorkloadName = 'W3' | 'W4' | 'W5';

/** What a contender in any language must know; it reads this as JSON. */
export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  /** Widths of a multilayer perceptron with ReLU between its layers. */
  readonly layers: readonly number[];
  readonly batch: number;
  readonly loss: 'crossEntropy' | 'binaryCrossEntropyWithLogits' | 'batchHardTriplet';
  /** Labels are drawn below this. 0: targets of 0 and 1, `[batch, 1]`. */
  readonly classes: number;
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  /** Only of the triplet loss. */
  readonly margin: number;
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'W3',
    title: 'MLP 784-256-128-10, batch 64, cross-entropy, Adam',
    layers: [784, 256, 128, 10],
    batch: 64,
    loss: 'crossEntropy',
    classes: 10,
    optimizer: 'adam',
    learningRate: 1e-4,
    margin: 0,
  },
  {
    name: 'W4',
    title: 'MLP 2-16-16-1, batch 32, binary cross-entropy, SGD',
    layers: [2, 16, 16, 1],
    batch: 32,
    loss: 'binaryCrossEntropyWithLogits',
    classes: 0,
    optimizer: 'sgd',
    learningRate: 0.1,
    margin: 0,
  },
  {
    name: 'W5',
    title: 'Siamese 784-256-64, batch 16 × 8, batch-hard triplets of all Euclidean distances, Adam',
    layers: [784, 256, 64],
    batch: 128,
    loss: 'batchHardTriplet',
    classes: 16,
    optimizer: 'adam',
    learningRate: 1e-4,
    margin: 0.2,
  },
];

/** Weights `[out, in]` and offsets `[out]` per layer, inputs `[batch, in]`, and integers. */
export interface WorkloadData {
  readonly weights: readonly Float32Array[];
  readonly biases: readonly Float32Array[];
  readonly x: Float32Array;
  readonly labels: Float32Array;
}

/** Lengths of the arrays in the order in which they lie in the file. */
function lengths({ layers, batch }: Workload): number[] {
  const parameters = layers.slice(1).flatMap((width, i) => [width * (layers[i] as number), width]);
  return [...parameters, batch * (layers[0] as number), batch];
}

function draw(workload: Workload): WorkloadData {
  let state = 1;
  const uniform = (count: number, bound: number): Float32Array =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 31 - 1) * bound;
    });
  const { layers, batch, classes } = workload;
  const weights: Float32Array[] = [];
  const biases: Float32Array[] = [];
  layers.slice(1).forEach((width, i) => {
    const inputs = layers[i] as number;
    weights.push(uniform(width * inputs, 1 / Math.sqrt(inputs)));
    biases.push(uniform(width, 1 / Math.sqrt(inputs)));
  });
  const x = uniform(batch * (layers[0] as number), 1);
  const noise = uniform(batch, 1);
  // A batch for metric learning has as many items of each class; elsewhere the labels are mere noise.
  const labels = noise.map((value, i) => {
    if (workload.loss === 'batchHardTriplet') return i % classes;
    return classes === 0 ? Number(value > 0) : Math.floor(((value + 1) / 2) * classes);
  });
  return { weights, biases, x, labels };
}

/** Writes `<name>.json` and `<name>.f32`, which every contender reads. */
export function writeWorkload(folder: string, workload: Workload): void {
  const { weights, biases, x, labels } = draw(workload);
  const arrays = [...weights.flatMap((weight, i) => [weight, biases[i] as Float32Array]), x, labels];
  writeFileSync(join(folder, `${workload.name}.json`), JSON.stringify(workload));
  writeFileSync(
    join(folder, `${workload.name}.f32`),
    Buffer.concat(arrays.map((array) => Buffer.from(array.buffer))),
  );
}

/** Reads what {@link writeWorkload} wrote. */
export function readWorkload(folder: string, name: string): { workload: Workload; data: WorkloadData } {
  const workload = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Workload;
  const bytes = readFileSync(join(folder, `${name}.f32`));
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  let at = 0;
  const arrays = lengths(workload).map((length) => {
    at += length;
    return all.slice(at - length, at);
  });
  const parameters = arrays.slice(0, -2);
  return {
    workload,
    data: {
      weights: parameters.filter((_, i) => i % 2 === 0),
      biases: parameters.filter((_, i) => i % 2 === 1),
      x: arrays.at(-2) as Float32Array,
      labels: arrays.at(-1) as Float32Array,
    },
  };
}
