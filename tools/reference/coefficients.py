"""
Makes coefficients.ts in packages/kernels/src and packages/kernels/assembly again:

    python3 tools/reference/coefficients.py [--check]

Needs mpmath alone. Each function of the kernels is cut into pieces on which a smooth factor of it is interpolated at
Chebyshev points, with 60 digits, and written as a polynomial around the middle of the piece. The degree is the least
whose interpolation error is below 2^-57 of the factor, so that what is left is the rounding of Horner's rule. The
WebAssembly forms answer in float32 and have one piece each, exact to 2^-43.
"""

import pathlib
import re
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 60
KERNELS = pathlib.Path(__file__).parents[2] / "packages/kernels"
DOUBLE = mpf(2) ** -57
SINGLE = mpf(2) ** -43


def interpolated(f, low, high, degree):
    """Coefficients of powers of (x - middle), from interpolation at Chebyshev points."""
    n = degree + 1
    angles = [mp.pi * (k + mpf(1) / 2) / n for k in range(n)]
    middle, half = (low + high) / 2, (high - low) / 2
    values = [f(middle + half * mp.cos(angle)) for angle in angles]
    # Chebyshev polynomials in powers, by their recurrence.
    basis, total = [[mpf(1)], [mpf(0), mpf(1)]], [mpf(0)] * n
    for j in range(n):
        if j > 1:
            doubled = [mpf(0)] + [2 * c for c in basis[-1]]
            basis.append([c - (basis[-2][i] if i < len(basis[-2]) else 0) for i, c in enumerate(doubled)])
        weight = sum(values[k] * mp.cos(j * angles[k]) for k in range(n)) * (1 if j == 0 else 2) / n
        for i, c in enumerate(basis[j]):
            total[i] += weight * c
    return [c / half**i for i, c in enumerate(total)]


def piece(f, low, high, error=DOUBLE):
    """Middle and coefficients for a factor on [low, high], of the least degree that is exact enough."""
    low, high = mpf(low), mpf(high)
    middle, half = (low + high) / 2, (high - low) / 2
    probes = [middle + half * mp.cos(mp.pi * k / 97) for k in range(98)]
    truth = [f(x) for x in probes]
    for degree in range(4, 40):
        c = interpolated(f, low, high, degree)
        worst = max(abs(mp.polyval(c[::-1], x - middle) / y - 1) for x, y in zip(probes, truth))
        if worst < error:
            return middle, c
    raise ValueError("no polynomial is exact enough")


def pieces(f, bounds):
    """A list of [end, middle, coefficients]."""
    return [[high, *piece(f, low, high)] for low, high in zip(bounds, bounds[1:])]


def scaled_erfc(x):
    return mp.exp(x * x) * mp.erfc(x)


def scaled_erfc_tail(t):
    """x exp(x^2) erfc(x) by t = 1 / x^2, continued to t = 0."""
    x = 1 / mp.sqrt(max(t, mpf("1e-40")))
    return x * scaled_erfc(x)


def erf_excess(z):
    """erf(x) / x - 1 by z = x^2."""
    x = mp.sqrt(max(z, mpf("1e-40")))
    return mp.erf(x) / x - 1


def erfinv_excess(z):
    """erfinv(x) / x - 1 by z = x^2."""
    x = mp.sqrt(max(z, mpf("1e-40")))
    return mp.erfinv(x) / x - 1


def erfinv_tail(w):
    """erfinv(1 - exp(-w^2))."""
    return mp.findroot(lambda y: mp.log(mp.erfc(y)) + w * w, 0.9 * w if w > 1 else mpf(1) / 2)


def lgamma_quotient(u):
    """lgamma(1 + u) / (u (u - 1)), whose zeros at 0 and 1 are lifted."""
    if min(abs(u), abs(u - 1)) < mpf("1e-25"):
        u += mpf("1e-20")
    return mp.loggamma(1 + u) / (u * (u - 1))


ROOT = mp.findroot(mp.digamma, 1.4616321449683623) - 1


def digamma_quotient(u):
    """digamma(1 + u) / (u - root), whose zero is lifted."""
    if abs(u - ROOT) < mpf("1e-25"):
        u += mpf("1e-20")
    return mp.digamma(1 + u) / (u - ROOT)


def bernoulli(k):
    return mp.bernoulli(2 * k)


def scaled_erfc_whole(s):
    """(1 + x) exp(x^2) erfc(x) by s = (x - 3) / (x + 3)."""
    x = 3 * (1 + s) / (1 - s)
    return (1 + x) * scaled_erfc(x)


def split(x, *bits):
    """x as a sum of numbers with so many bits each, and the rest."""
    parts = []
    for count in bits:
        unit = mpf(2) ** (mp.floor(mp.log(abs(x), 2)) + 1 - count)
        parts.append(mp.nint(x / unit) * unit)
        x -= parts[-1]
    return [*parts, x]


def signed(k):
    return (-1) ** (k // 2) / mp.factorial(k)


def tables():
    """The same for the assembly: lists alone, middles that are not 0 first."""
    yield "EXPONENTIAL", "eʳ for |r| ≤ ln 2 / 2.", [1 / mp.factorial(k) for k in range(13)]
    yield "LOGARITHM_OF_2", "1 / ln 2, then −ln 2 as 33 bits and the rest.", [1 / mp.log(2), *split(-mp.log(2), 33)]
    yield "SINE", "sin r / r − 1 by r², over r², for |r| ≤ π / 4.", [signed(k) for k in range(3, 17, 2)]
    yield "COSINE", "cos r − 1 by r², over r².", [signed(k) for k in range(2, 18, 2)]
    yield "HALF_PI", "2 / π, then −π / 2 as 33 bits, 33 bits and the rest.", [2 / mp.pi, *split(-mp.pi / 2, 33, 33)]
    middle, c = piece(erf_excess, 0, 0.25, SINGLE)
    yield "ERF", "erf(x) / x − 1 by x² − ⅛ on [0, ¼].", c
    # For x from 0 to 32, beyond which exp(−x²) is 0 in every form.
    middle, c = piece(scaled_erfc_whole, -1, mpf(29) / 35, SINGLE)
    yield "SCALED_ERFC", "(1 + x) exp(x²) erfc(x) by (x − 3) / (x + 3): the middle, then its powers.", [middle, *c]


def content():
    """Name, comment and value of every constant, in the order of the file."""
    root = mpf(float(ROOT))
    yield "ERF", "erf(x) / x − 1 by x² on [0, ¼].", list(piece(erf_excess, 0, 0.25))
    yield "SCALED_ERFC", "exp(x²) erfc(x) on [0.45, 4].", pieces(scaled_erfc, [0.45, 1, 2, 4])
    yield "SCALED_ERFC_TAIL", "x exp(x²) erfc(x) by 1 / x² on [0, 1/16].", list(piece(scaled_erfc_tail, 0, mpf(1) / 16))
    yield "ERFINV", "erfinv(x) / x − 1 by x² on [0, ¼].", list(piece(erfinv_excess, 0, 0.25))
    yield "ERFINV_TAIL", "erfinv(1 − exp(−w²)) on [0.83, 6.1].", pieces(erfinv_tail, [0.83, 1.6, 3, 6.1])
    yield "LGAMMA", "lgamma(1 + u) / (u (u − 1)) on [0, 2].", pieces(lgamma_quotient, [0, 1, 2])
    yield "DIGAMMA", "digamma(1 + u) / (u − root) on [0, 1].", list(piece(digamma_quotient, 0, 1))
    yield "DIGAMMA_ROOT", "Where digamma(1 + u) is 0, as a sum of two.", [root, ROOT - root]
    stirling = [bernoulli(k) / (2 * k * (2 * k - 1)) for k in range(1, 9)]
    yield "STIRLING", "B₂ₖ / (2k (2k − 1)): lgamma far out, by odd powers of 1 / x.", stirling
    harmonic = [bernoulli(k) / (2 * k) for k in range(1, 9)]
    yield "HARMONIC", "B₂ₖ / 2k: digamma far out, by even powers of 1 / x.", harmonic
    maclaurin = [bernoulli(k) / mp.factorial(2 * k) for k in range(1, 10)]
    yield "EULER_MACLAURIN", "B₂ₖ / (2k)!: the correction of a sum against its integral.", maclaurin


def written(x):
    if isinstance(x, list):
        return "[" + ", ".join(written(entry) for entry in x) + "]"
    return repr(float(x)).replace("e-0", "e-").removesuffix(".0")


TYPES = {
    "list": "readonly number[]",
    "piece": "Piece",
    "pieces": "readonly Ending[]",
}

HEAD = """/**
 * @file Coefficients of the special functions. Made by tools/reference/coefficients.py, formatted by Biome; do not edit.
 */

/** The middle of an interval, and coefficients of the powers of the distance from it, the lowest first. */
export type Piece = readonly [middle: number, coefficients: readonly number[]];
/** A piece with the end of its interval in front. */
export type Ending = readonly [end: number, middle: number, coefficients: readonly number[]];
"""


def document():
    lines = [HEAD]
    for name, comment, value in content():
        deep = isinstance(value[0], list)
        kind = "pieces" if deep else "piece" if isinstance(value[-1], list) else "list"
        lines.append(f"/** {comment} */\nexport const {name}: {TYPES[kind]} = {written(value)};\n")
    return "\n".join(lines)


ASSEMBLY_HEAD = """// Coefficients of the functions that are computed in double precision. Made by tools/reference/coefficients.py; do not
// edit. The lowest power comes first.
"""


# Tables that are polynomials, with how much stands before the coefficients.
DEGREES = {"EXPONENTIAL": 0, "SINE": 0, "COSINE": 0, "ERF": 0, "SCALED_ERFC": 1}


def assembly():
    lines = [ASSEMBLY_HEAD]
    for name, comment, value in tables():
        rows = "".join(f"  {float(x)!r},\n" for x in value)
        lines.append(f"/** {comment} */\nexport const {name}: usize = memory.data<f64>([\n{rows}]);")
        if name in DEGREES:
            lines.append(f"export const {name}_DEGREE: i32 = {len(value) - 1 - DEGREES[name]};")
        lines.append("")
    return "\n".join(lines)


def numbers(text):
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text[text.index("export const") :])]


def main():
    for path, made in ((KERNELS / "src/coefficients.ts", document()), (KERNELS / "assembly/coefficients.ts", assembly())):
        name = path.relative_to(KERNELS)
        if "--check" not in sys.argv:
            path.write_text(made)
            print(f"{name}: {len(numbers(made))} numbers with mpmath {mpmath.__version__}")
        elif numbers(path.read_text()) != numbers(made):
            sys.exit(f"{name}: differs")
        else:
            print(f"{name}: agrees")


main()
