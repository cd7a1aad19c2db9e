// Where things lie below the first free address (src/memory.ts). Static data begins at 4096 (tools/wasm.mjs).

/** Scratch for packed tiles and rows: from 1 MB up to 8 MB. A kernel may use all of it during its call. */
export const SCRATCH: usize = 1 << 20;
export const SCRATCH_END: usize = 8 << 20;
