/** @file Plans in words. */
import { formatShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import type { PlanReport } from './plan.js';

/** One plan, and the inputs it is for. */
export interface Explained {
  readonly inputs: readonly Tensor[];
  readonly report: PlanReport;
}

export function explainPlans(plans: readonly Explained[]): string {
  if (plans.length === 0) return 'nothing recorded yet: the first call records';
  return plans.map(explain).join('\n\n');
}

function explain({ inputs, report }: Explained): string {
  const { build, bytes, unshared, savings, segments } = report;
  const calls = segments.reduce((sum, { lines }) => sum + lines.length, 0);
  const taken = inputs.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(', ');
  const lines = [
    `plan for (${taken}), kernels: ${build}`,
    `${calls} calls in ${segments.length} segments; ${bytes} bytes, ${unshared} without sharing`,
    `left out: ${savings.repeated} repeated, ${savings.copies} copies, ${savings.unread} unread; ` +
      `fused: ${savings.tails} into matrix products`,
  ];
  segments.forEach(({ kind, lines: steps }, i) => {
    lines.push(`segment ${i}: ${kind === 'program' ? 'one program' : 'JavaScript'}`);
    for (const step of steps) lines.push(`  ${step}`);
  });
  return lines.join('\n');
}
