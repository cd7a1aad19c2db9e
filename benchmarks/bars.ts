/** @file What must be reached: time as a share of a peer's, with relaxed kernels on one thread. */
import type { WorkloadName } from './workloads.js';

export type Home = 'heap' | 'scope' | 'capture';

/** Whom a bar is set against: PyTorch in its default form, or whichever JavaScript peer is fastest in its own. */
export type BarAgainst = 'torch' | 'javascript';

const BARS: Readonly<Record<WorkloadName, Partial<Record<Home, Partial<Record<BarAgainst, number>>>>>> = {
  W3: { capture: { torch: 0.75, javascript: 0.25 } },
  W4: { capture: { torch: 0.03, javascript: 0.03 }, heap: { torch: 0.08 } },
  W5: { capture: { torch: 0.8, javascript: 0.25 } },
};

export function barOf(
  workload: WorkloadName,
  home: Home,
  kernels: string,
  against: BarAgainst | undefined,
): number | null {
  if (kernels !== 'relaxed' || against === undefined) return null;
  return BARS[workload][home]?.[against] ?? null;
}

/** Nanoseconds an op may cost at size 16, eagerly and on the heap. */
export const EAGER_BARS = { forward: 300, forwardAndBackward: 600 } as const;
