/** @file What a call throws, as a value that can be compared. */

/** Class and text of the error that a call throws, or undefined. */
export function thrownBy(call: () => unknown): { name: string; message: string } | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return { name: error.name, message: error.message };
    throw error;
  }
  return undefined;
}
