/** @file Every test runs with the JavaScript kernels. */
import { setKernels } from '../../src/index.js';

setKernels('js');
