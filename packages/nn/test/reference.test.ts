/** @file Optimisers and layers against numbers from PyTorch. */
import { describe, expect, it } from '@jest/globals';
import { assign, gradients, noGrad, type Tensor } from '@ndgrad/core';
import { Adam, Linear, ReLU, Sequential, SGD, Tanh } from '@ndgrad/nn';
import { decode, faults, readReference, type TensorData } from '../../core/test/referenceData.js';

interface Trajectory {
  readonly optimizer: 'SGD' | 'Adam';
  readonly dtype: 'float32' | 'float64';
  readonly options: { readonly learningRate: number };
  readonly parameters: readonly TensorData[];
  readonly gradients: readonly (readonly TensorData[])[];
  readonly after: readonly (readonly TensorData[])[];
}

interface LinearCase {
  readonly input: TensorData;
  readonly weight: TensorData;
  readonly bias?: TensorData;
  readonly output: TensorData;
  readonly cotangent: TensorData;
  readonly gradients: Readonly<Record<'input' | 'weight' | 'bias', TensorData>>;
}

type PerceptronTensor = 'input' | 'weight1' | 'bias1' | 'weight2' | 'bias2';

interface Perceptron extends Readonly<Record<PerceptronTensor, TensorData>> {
  readonly activation: 'relu' | 'tanh';
  readonly dtype: 'float32' | 'float64';
  readonly output: TensorData;
  readonly cotangent: TensorData;
  readonly gradients: Readonly<Record<PerceptronTensor, TensorData>>;
}

interface Reference {
  readonly versions: { readonly torch: string };
  readonly trajectories: readonly Trajectory[];
  readonly linear: readonly LinearCase[];
  readonly perceptrons: readonly Perceptron[];
}

const reference = readReference(import.meta.url, 'optimizers.json') as Reference;

/** What README promises. PyTorch rounds float32 after every operation, the kernels in JavaScript once per stored value. */
const tolerances = { float64: { relative: 1e-12 }, float32: { relative: 2e-6 } };

/** A layer with the given weight `[out, in]` and bias. */
function linear(weight: TensorData, bias: TensorData | undefined): Linear {
  const [outFeatures, inFeatures] = weight.shape;
  const dtype = weight.dtype as 'float32' | 'float64';
  const layer = new Linear(inFeatures, outFeatures, { bias: bias !== undefined, dtype });
  noGrad(() => {
    assign(layer.weight, decode(weight));
    if (bias !== undefined && layer.bias !== undefined) assign(layer.bias, decode(bias));
  });
  return layer;
}

describe(`Against PyTorch ${reference.versions.torch}`, () => {
  it('the trajectories hold both optimisers in both dtypes, and every option', () => {
    const { trajectories } = reference;
    const options = new Set(trajectories.flatMap((t) => Object.keys(t.options)));
    expect([...options].sort().join()).toBe(
      'betas,dampening,epsilon,learningRate,momentum,nesterov,weightDecay',
    );
    for (const kind of ['SGD float32', 'SGD float64', 'Adam float32', 'Adam float64']) {
      expect(trajectories.filter((t) => `${t.optimizer} ${t.dtype}` === kind).length).toBeGreaterThan(4);
    }
    for (const t of trajectories) expect(t.after.length).toBe(t.gradients.length);
  });

  it.each(
    reference.trajectories.map(
      (t) => [`${t.optimizer} ${JSON.stringify(t.options)} in ${t.dtype}`, t] as const,
    ),
  )('%s takes the same steps', (_title, t) => {
    const parameters = t.parameters.map((p) => decode(p, true));
    const optimizer = new { SGD, Adam }[t.optimizer](parameters, t.options);
    // Relative to the parameter, or to a step where a parameter crosses 0.
    const tolerance = { ...tolerances[t.dtype], floor: t.options.learningRate };
    const wrong = t.gradients.flatMap((step, i) => {
      parameters.forEach((p, k) => {
        p.grad = decode(step[k]);
      });
      optimizer.step();
      return parameters.flatMap((p, k) =>
        faults(`step ${i} parameter ${k}`, p.detach(), t.after[i][k], tolerance),
      );
    });
    expect(wrong).toEqual([]);
  });

  it.each(
    reference.linear.map((c) => [`[${c.input.shape}] ${c.bias ? 'with' : 'without'} bias`, c] as const),
  )('Linear maps %s to the same output, with the same gradients', (_title, c) => {
    const layer = linear(c.weight, c.bias);
    const input = decode(c.input, true);
    const output = layer.call(input);
    const inputs = layer.bias === undefined ? [input, layer.weight] : [input, layer.weight, layer.bias];
    const found = gradients([output], inputs, { gradients: [decode(c.cotangent)] });
    const names = ['input', 'weight', 'bias'] as const;
    const wrong = found.flatMap((g, i) => faults(`gradient of ${names[i]}`, g, c.gradients[names[i]]));
    expect([...faults('output', output, c.output), ...wrong]).toEqual([]);
  });

  it.each(reference.perceptrons.map((c) => [`${c.activation} in ${c.dtype}`, c] as const))(
    'a perceptron with %s has the same output and gradients',
    (_title, c) => {
      const [first, second] = [linear(c.weight1, c.bias1), linear(c.weight2, c.bias2)];
      const model = new Sequential(first, c.activation === 'relu' ? new ReLU() : new Tanh(), second);
      const input = decode(c.input, true);
      const output = model.call(input);
      const parts: Record<PerceptronTensor, Tensor> = {
        input,
        weight1: first.weight,
        bias1: first.bias!,
        weight2: second.weight,
        bias2: second.bias!,
      };
      const found = gradients([output], Object.values(parts), { gradients: [decode(c.cotangent)] });
      const names = Object.keys(parts) as PerceptronTensor[];
      const tolerance = tolerances[c.dtype];
      const wrong = found.flatMap((g, i) =>
        faults(`gradient of ${names[i]}`, g, c.gradients[names[i]], tolerance),
      );
      expect([...faults('output', output, c.output, tolerance), ...wrong]).toEqual([]);
    },
  );
});
