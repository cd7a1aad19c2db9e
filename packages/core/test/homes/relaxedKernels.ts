/** @file Every test runs with relaxed SIMD. */
import { setKernels } from '../../src/index.js';

setKernels('relaxed');
