import { gzipSync as nodeGzip } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { FormatError, IntegrityError, LimitError, type NdgradError } from '@ndgrad/core';
import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { inflated } from '../src/gunzip.js';

const GiB = 2 ** 30;
const read = (bytes: Uint8Array, maxBytes = GiB): Uint8Array =>
  inflated('readIdx', '"f.gz"', bytes, maxBytes);

function refusal(bytes: Uint8Array, maxBytes?: number): NdgradError {
  try {
    read(bytes, maxBytes);
  } catch (error) {
    return error as NdgradError;
  }
  throw new Error('nothing was thrown');
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Bytes that deflate poorly, the same each time. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

describe('inflated', () => {
  it('gives plain bytes as they are', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(read(bytes)).toBe(bytes);
    expect(read(new Uint8Array(0))).toHaveLength(0);
    expect(read(Uint8Array.of(0x1f))).toEqual(Uint8Array.of(0x1f));
  });

  it('knows gzip by its first two bytes', () => {
    expect(read(gzipSync(Uint8Array.of(1, 2, 3)))).toEqual(Uint8Array.of(1, 2, 3));
    expect(read(gzipSync(new Uint8Array(0)))).toHaveLength(0);
  });

  it('reads what zlib wrote, whatever the name, the comment and the extra field in its header', () => {
    const bytes = noise(40_000);
    const same = (packed: Uint8Array): boolean => Buffer.compare(read(packed), bytes) === 0;
    expect(same(nodeGzip(bytes))).toBe(true);
    expect(same(gzipSync(bytes, { filename: 'x'.repeat(300), mtime: 0 }))).toBe(true);
    const plain = nodeGzip(bytes);
    const flagged = joined(
      plain.subarray(0, 3),
      Uint8Array.of(0b11110), // checksum of the header, extra field, name, comment
      plain.subarray(4, 10),
      Uint8Array.of(2, 0, 9, 9, 0x61, 0, 0x62, 0, 7, 7),
      plain.subarray(10),
    );
    expect(same(flagged)).toBe(true);
  });

  it('joins the members of a file made of several', () => {
    const parts = [noise(40_000), new Uint8Array(0), noise(3), new Uint8Array(70_000)];
    expect(Buffer.compare(read(joined(...parts.map((part) => nodeGzip(part)))), joined(...parts))).toBe(0);
  });

  it('gives back any bytes that were packed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 500 }), (a, b) => {
        fc.pre(a[0] !== 0x1f && !(a.length === 0 && b[0] === 0x1f));
        expect(read(gzipSync(a))).toEqual(a);
        expect(read(joined(gzipSync(a), nodeGzip(b)))).toEqual(joined(a, b));
      }),
    );
  });

  describe('refuses', () => {
    it('more plain bytes than allowed', () => {
      const error = refusal(new Uint8Array(11), 10);
      expect(error).toBeInstanceOf(LimitError);
      expect(error.message).toBe(
        'readIdx: "f.gz" must hold at most 10 bytes, got 11; raise maxBytes if you trust the source',
      );
      expect(read(new Uint8Array(10), 10)).toHaveLength(10);
    });

    it('a bomb, while it unfolds', () => {
      const bomb = nodeGzip(new Uint8Array(30_000_000));
      const error = refusal(bomb, 1_000_000);
      expect(error).toBeInstanceOf(LimitError);
      expect(error.message).toBe(
        `readIdx: "f.gz" must inflate to at most 1000000 bytes, got more than that from ${bomb.length} bytes of gzip; ` +
          'raise maxBytes if you trust the source',
      );
    });

    it('one byte above the limit, and not the limit', () => {
      const bytes = gzipSync(noise(50_000));
      expect(read(bytes, 50_000)).toHaveLength(50_000);
      expect(refusal(bytes, 49_999)).toBeInstanceOf(LimitError);
    });

    it('members that are above the limit together', () => {
      const member = gzipSync(noise(1000));
      expect(refusal(joined(member, member, member), 2999)).toBeInstanceOf(LimitError);
      expect(read(joined(member, member, member), 3000)).toHaveLength(3000);
    });

    it('a bomb that lies about its length', () => {
      const bomb = nodeGzip(new Uint8Array(10_000_000));
      bomb.set([1, 0, 0, 0], bomb.length - 4);
      expect(refusal(bomb, 1_000_000)).toBeInstanceOf(LimitError);
      expect(refusal(bomb)).toBeInstanceOf(IntegrityError);
    });

    it('to allocate what a small file claims to hold', () => {
      const liar = gzipSync(Uint8Array.of(1, 2, 3));
      liar.set([0xff, 0xff, 0xff, 0x7f], liar.length - 4);
      expect(refusal(liar, 2 ** 31 - 1)).toBeInstanceOf(IntegrityError);
    });

    it('gzip inside gzip, without inflating the inner one', () => {
      const inner = nodeGzip(new Uint8Array(30_000_000));
      const error = refusal(gzipSync(inner));
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toBe('readIdx: "f.gz" must be gzipped once, got gzip inside gzip');
    });

    it('every piece that is cut off at its end', () => {
      const bytes = gzipSync(joined(noise(300), new Uint8Array(300)), { mtime: 0 });
      for (let length = 2; length < bytes.length; length++) {
        const error = refusal(bytes.subarray(0, length));
        expect(error.name).toMatch(/^(FormatError|IntegrityError)$/);
        expect(error.message).toContain('cut short');
      }
    });

    it('a second member that is cut off at its end', () => {
      const first = gzipSync(noise(100));
      const both = joined(first, gzipSync(noise(50)));
      for (let length = first.length + 1; length < both.length; length++) {
        expect(refusal(both.subarray(0, length)).name).toMatch(/^(FormatError|IntegrityError)$/);
      }
    });

    it('every single bit that has flipped after the header, but for the padding behind the last block', () => {
      const plain = Uint8Array.from({ length: 60 }, (_, i) => i % 7);
      const bytes = gzipSync(plain, { mtime: 0 });
      let accepted = 0;
      for (let bit = 8 * 10; bit < 8 * bytes.length; bit++) {
        const damaged = bytes.slice();
        damaged[bit >> 3] ^= 1 << (bit & 7);
        try {
          expect(read(damaged)).toEqual(plain);
          expect(bit >> 3).toBe(bytes.length - 9);
          accepted++;
        } catch (error) {
          expect((error as Error).name).toMatch(/^(FormatError|IntegrityError)$/);
        }
      }
      expect(accepted).toBeLessThan(8);
    });

    it('a checksum that does not hold, with both', () => {
      const bytes = gzipSync(Uint8Array.of(1, 2, 3));
      bytes.set([0, 0, 0, 1], bytes.length - 8);
      const error = refusal(bytes);
      expect(error).toBeInstanceOf(IntegrityError);
      expect(error.message).toBe(
        'readIdx: "f.gz" must have the gzip checksum 0x01000000 over 3 bytes, got 0x55bc801d over 3; ' +
          'the file is damaged, cut short, or has bytes after its end; fetch it again',
      );
    });

    it('a checksum that does not hold in the first of two members', () => {
      const first = gzipSync(Uint8Array.of(1, 2, 3));
      first[first.length - 8] ^= 1;
      expect(refusal(joined(first, gzipSync(noise(10))))).toBeInstanceOf(IntegrityError);
    });

    it('bytes after the end', () => {
      const bytes = gzipSync(Uint8Array.of(1, 2, 3));
      for (const extra of [1, 3, 4, 8, 100]) {
        expect(refusal(joined(bytes, new Uint8Array(extra))).name).toMatch(/^(FormatError|IntegrityError)$/);
      }
    });

    it('a method that is not deflate', () => {
      const bytes = gzipSync(Uint8Array.of(1, 2, 3));
      bytes[2] = 7;
      const error = refusal(bytes);
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toBe('readIdx: "f.gz" must be sound gzip, got invalid gzip data');
      expect(error.cause).toBeDefined();
    });

    it('what only begins like gzip', () => {
      const error = refusal(Uint8Array.of(0x1f, 0x8b));
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toBe(
        'readIdx: "f.gz" must be whole gzip, got one that is cut short; fetch it again',
      );
    });

    it('any bytes that begin like gzip and are none, with a typed error', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
          expect(refusal(joined(Uint8Array.of(0x1f, 0x8b, 8), tail), 1e6).name).toMatch(
            /^(FormatError|IntegrityError|LimitError)$/,
          );
        }),
        { numRuns: 2000 },
      );
    });
  });
});
