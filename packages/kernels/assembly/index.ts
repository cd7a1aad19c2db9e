export { call } from './dispatch';
export { run } from './program';
