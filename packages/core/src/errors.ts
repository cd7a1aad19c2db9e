/** @file Every error the library throws. All say who refused what, what came, and the way out. */

/** The parts of a message. `problem` replaces `must`/`got` where no single argument is at fault. */
export interface ErrorParts {
  /** The function that refuses. */
  readonly where: string;
  /** The argument at fault. */
  readonly argument?: string;
  /** What the argument must do or be: "be a matrix". */
  readonly must?: string;
  /** What came instead, shapes as `[2, 3]`. */
  readonly got?: string;
  /** A free sentence, when no argument is at fault. */
  readonly problem?: string;
  /** The way out, when there is one to name. */
  readonly hint?: string;
  /** What went wrong underneath. */
  readonly cause?: unknown;
}

/** Writes the parts as one line: `where: argument must …, got …; hint`. */
function message({ where, argument, must, got, problem, hint }: ErrorParts): string {
  let text = `${where}: `;
  text += problem ?? `${argument === undefined ? '' : `${argument} `}must ${must ?? 'be valid'}`;
  if (got !== undefined) text += `, got ${got}`;
  if (hint !== undefined) text += `; ${hint}`;
  return text;
}

/**
 * Ancestor of every error of ndgrad. A call that throws has changed nothing.
 *
 * @example
 * ```ts
 * new ShapeError({ where: 'add', argument: 'b', must: 'broadcast with a', got: '[4]' }).message // => 'add: b must broadcast with a, got [4]'
 * ```
 */
export class NdgradError extends Error {
  override readonly name: string = 'NdgradError';
  /** The function that refused. */
  readonly where: string;
  /** The argument at fault, where there is one. */
  readonly argument: string | undefined;
  /** What came. */
  readonly got: string | undefined;
  /** The way out, where one is known. */
  readonly hint: string | undefined;

  constructor(parts: ErrorParts) {
    super(message(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.where = parts.where;
    this.argument = parts.argument;
    this.got = parts.got;
    this.hint = parts.hint;
  }
}

/** Shapes that do not fit each other or the call. */
export class ShapeError extends NdgradError {
  override readonly name: string = 'ShapeError';
}
/** A dtype the call cannot work with, or a value its dtype cannot hold. */
export class DTypeError extends NdgradError {
  override readonly name: string = 'DTypeError';
}
/** An index or axis outside its range. */
export class IndexError extends NdgradError {
  override readonly name: string = 'IndexError';
}
/** An argument or option of the wrong kind or value. */
export class ArgumentError extends NdgradError {
  override readonly name: string = 'ArgumentError';
}
/** A graph that cannot be differentiated as asked. */
export class GraphError extends NdgradError {
  override readonly name: string = 'GraphError';
}
/** An object used in a state that does not allow it. */
export class StateError extends NdgradError {
  override readonly name: string = 'StateError';
}
/** A result that no number can give: an empty mean, an integer division by zero. */
export class NumericError extends NdgradError {
  override readonly name: string = 'NumericError';
}
/** More memory, rank or elements than allowed. */
export class LimitError extends NdgradError {
  override readonly name: string = 'LimitError';
}
/** A write into memory that several elements share. */
export class AliasError extends NdgradError {
  override readonly name: string = 'AliasError';
}
/** Data from outside that breaks its format's or task's rules: names file, row and column. */
export class DataError extends NdgradError {
  override readonly name: string = 'DataError';
}
/** A step that cannot be captured. */
export class CaptureError extends NdgradError {
  override readonly name: string = 'CaptureError';
}
/** A file that is not in the format it claims. */
export class FormatError extends NdgradError {
  override readonly name: string = 'FormatError';
}
/** A file whose content does not match its digest. */
export class IntegrityError extends NdgradError {
  override readonly name: string = 'IntegrityError';
}
/** A medium that did not take or give the bytes. */
export class StorageError extends NdgradError {
  override readonly name: string = 'StorageError';
}
