"""True values, for errors in fractions of a unit in the last place (ULP): mpmath with 60 digits.

A case is a call on inputs of one dtype. In float64 `value` is the double nearest to the truth and `rest` what it lacks,
in thousandths of its ULP; in float32 `value` has eleven digits, which is a thousandth of an ULP. Inputs are decimals,
which the reader rounds to the dtype, and recipes for more numbers than one would write down (`Draws`).
"""

import math
import struct

import mpmath
from mpmath import mp, mpf

from values import Values

WIDE, NARROW = "float64", "float32"
LN2 = math.log(2)
BOTH = (-1, 1)


# Numbers of a dtype


def rounded(x, dtype):
    return x if dtype == WIDE else struct.unpack("f", struct.pack("f", x))[0]


def decimal(x, dtype):
    """The shortest decimal that rounds to x."""
    if dtype == WIDE or x == 0:
        return x
    return next(d for d in (float(f"{x:.{digits}g}") for digits in range(1, 10)) if rounded(d, dtype) == x)


def beside(x, steps, dtype):
    """The number that lies so many steps above x; below, if negative."""
    number, integer = ("d", "q") if dtype == WIDE else ("f", "i")
    sign = -(2 ** (63 if dtype == WIDE else 31))
    (bits,) = struct.unpack(integer, struct.pack(number, x))
    place = (bits if bits >= 0 else sign - bits) + steps
    return struct.unpack(number, struct.pack(integer, place if place >= 0 else sign - place))[0]


# Inputs of functions of numbers: lists of sweeps


def short(x):
    """Six digits do as well as seventeen: the number nearest to them fills its mantissa."""
    return float(f"{x:.6g}")


def linear(low, high, count):
    """Numbers spread evenly."""

    def draw(values, _):
        return [short(low + (high - low) * (i + values.fraction()) / count) for i in range(count)]

    return draw


def scales(low, high, count, signs=BOTH):
    """Numbers of evenly spread magnitude, as far as the dtype goes."""

    def draw(values, dtype):
        least, most = (5e-324, 1.7e308) if dtype == WIDE else (1.5e-45, 3.4e38)
        a, b = math.log2(max(low, least)), math.log2(min(high, most))
        exponents = [a + (b - a) * (i + values.fraction()) / count for i in range(count)]
        return [signs[i % len(signs)] * short(2.0**e) for i, e in enumerate(exponents)]

    return draw


def around(*points):
    """Numbers and their nearest neighbours."""

    def draw(_, dtype):
        return [beside(rounded(x, dtype), k, dtype) for x in points for k in (-2, -1, 0, 1, 2)]

    return draw


def drawn(name, dtype, sweeps):
    values = Values(f"{name} {dtype}")
    return list(dict.fromkeys(rounded(x, dtype) for sweep in sweeps for x in sweep(values, dtype)))


# Functions of numbers


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def slope(x):
    """The logistic function's derivative."""
    return sigmoid(x) * sigmoid(-x)


def logaddexp(a, b):
    return max(a, b) + mp.log1p(mp.exp(-abs(a - b)))


def cross_entropy(x, t):
    return t * softplus(-x) + (1 - t) * softplus(x)


def log_gamma(x):
    return mp.loggamma(x).real if x > 0 else mp.log(abs(mp.gamma(x)))


def selu(x):
    scale, alpha = mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717")
    return scale * (x if x > 0 else alpha * mp.expm1(x))


def positive(low, high, count):
    return scales(low, high, count, (1,))


UNIT = [linear(-1, 1, 112), scales(1e-300, 1, 56), around(0.5, -0.5, 1, -1), linear(0.99, 1, 28), linear(-1, -0.99, 28)]
TAILS = [linear(-6, 6, 98), linear(-40, 40, 70), scales(1e-300, 1, 42), around(LN2, -LN2)]
ANGLES = [linear(-7, 7, 140), scales(1e-300, 1, 28), scales(1, 1e6, 56), scales(1e6, 1e300, 28)]
QUARTERS = around(math.pi / 4, math.pi / 2, math.pi, 3 * math.pi / 2, 2 * math.pi, 355.0, 11 * math.pi)

# Name: the function and its sweeps. A pair of lists gives float32 its own.
UNARY = {
    "exp": (mp.exp, (
        [linear(-745, 709.7, 126), linear(-2, 2, 84), scales(1e-20, 1, 28), around(LN2 / 2, 709.7827, -708.396)],
        [linear(-103, 88.7, 98), linear(-2, 2, 42), scales(1e-9, 1, 14), around(LN2 / 2, 88.7228, -87.3365)],
    )),
    "expm1": (mp.expm1, ([linear(-40, 709.7, 84), linear(-1, 1, 84), scales(1e-300, 1, 70), around(LN2, -LN2, LN2 / 2)],
                         [linear(-20, 88.7, 56), linear(-1, 1, 42), scales(1e-40, 1, 42), around(LN2, -LN2)])),
    "log": (mp.log, [positive(5e-324, 1.7e308, 126), linear(0.5, 2, 112), around(1, 2, 0.5, 2**0.5, 0.5**0.5)]),
    "log1p": (
        mp.log1p,
        [linear(-0.9999, 1, 112), scales(1e-300, 0.5, 70), positive(1, 1e300, 56), around(-0.5, 1, 0.4142)],
    ),
    "log2": (
        lambda x: mp.log(x) / mp.log(2),
        [positive(5e-324, 1.7e308, 126), linear(0.5, 2, 112), around(1, 2, 4, 0.5, 1024)],
    ),
    "sqrt": (mp.sqrt, [positive(5e-324, 1.7e308, 140), around(1, 2, 4)]),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), [positive(5e-324, 1.7e308, 140), around(1, 2, 4)]),
    "reciprocal": (lambda x: 1 / x, [scales(1e-307, 1e307, 140), around(1, 2, 3)]),
    "tanh": (mp.tanh, [*TAILS, linear(-1, 1, 84), around(1, 22, 0.55)]),
    "sigmoid": (sigmoid, [*TAILS, linear(-745, -40, 28), around(-1, 36.7)]),
    "logSigmoid": (lambda x: -softplus(-x), [*TAILS, linear(-745, 740, 42)]),
    "softplus": (softplus, [*TAILS, linear(-740, 745, 42), around(20)]),
    "tanhGradient": (lambda x: 4 * slope(2 * x), [*TAILS, linear(-370, 370, 42), around(20)]),
    "sigmoidGradient": (slope, [*TAILS, linear(-740, 740, 42)]),
    "sin": (mp.sin, [*ANGLES, QUARTERS]),
    "cos": (mp.cos, [*ANGLES, QUARTERS]),
    "tan": (mp.tan, [*ANGLES, QUARTERS]),
    "asin": (mp.asin, UNIT),
    "acos": (mp.acos, UNIT),
    "atan": (mp.atan, [linear(-3, 3, 126), scales(1e-300, 1e300, 84), around(1, 0.4375, 0.6875, 2.4375)]),
    "sinh": (mp.sinh, [linear(-5, 5, 112), linear(-710, 710, 56), scales(1e-300, 1, 56), around(1, 22)]),
    "cosh": (mp.cosh, [linear(-5, 5, 112), linear(-710, 710, 56), scales(1e-10, 1, 28), around(LN2 / 2, 22)]),
    "asinh": (mp.asinh, [linear(-5, 5, 112), scales(1e-300, 1, 56), scales(1, 1e300, 56), around(1, 2)]),
    "acosh": (mp.acosh, [linear(1, 5, 112), positive(1, 1e300, 84), linear(1, 1.001, 28), around(1, 2)]),
    "atanh": (mp.atanh, UNIT),
    "erf": (mp.erf, [linear(-6, 6, 154), scales(1e-300, 1, 56), around(0.84375, 1.25, 2.857)]),
    "erfc": (mp.erfc, [linear(-6, 6, 126), linear(5, 26.5, 70), scales(1e-20, 1, 28), around(0.84375, 1.25, 0.5)]),
    "erfinv": (
        mp.erfinv,
        [linear(-1, 1, 84), scales(1e-300, 1, 42), linear(0.999, 1, 21), around(beside(1.0, -4, WIDE))],
    ),
    "lgamma": (log_gamma, [linear(0.01, 12, 126), positive(1e-300, 1e300, 70), linear(-8, 0, 56), around(1, 2, 0.5)]),
    "digamma": (
        mp.digamma,
        [linear(0.01, 12, 126), positive(1e-300, 1e300, 70), linear(-8, 0, 56), around(1.461632144968362)],
    ),
    "gelu": (lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, [*TAILS, linear(-37.5, -6, 56)]),
    "silu": (lambda x: x * sigmoid(x), [*TAILS, linear(-740, -40, 28)]),
    "mish": (lambda x: x * mp.tanh(softplus(x)), [*TAILS, linear(-740, -40, 28)]),
    "elu": (lambda x: x if x > 0 else mp.expm1(x), TAILS),
    "selu": (selu, TAILS),
}

# Name: the function and the sweeps of its operands, which are paired; then pairs to add.
ANY = [scales(1e-150, 1e150, 98), linear(-3, 3, 70)]
LOGITS = [linear(-30, 30, 98), linear(-2, 2, 70), linear(-700, 700, 42)]
CLASS = [linear(0, 1, 154), around(0.5, 0.999)]
BINARY = {
    "div": (lambda a, b: a / b, ANY, ANY, [(1.0, 3.0), (2.0, 3.0), (1e300, 7.0)]),
    "pow": (
        mp.power,
        [positive(1e-100, 1e100, 98), linear(0.5, 2, 70)],
        [linear(-3, 3, 98), linear(-300, 300, 70)],
        [(1.0000001, 1e7), (0.9999999, -1e7), (-3.0, 3.0), (-0.3, -5.0), (10.0, 22.0), (2.0, 0.5), (3.0, 2.0)],
    ),
    "logaddexp": (
        logaddexp,
        LOGITS,
        [linear(-30, 30, 84), linear(-2, 2, 84), linear(-700, 700, 42)],
        [(1000.0, 1000.0), (0.0, -40.0), (-LN2, -LN2), (-0.7, -0.7), (0.0, -745.0)],
    ),
    "xlogy": (
        lambda a, b: a * mp.log(b),
        ANY,
        [positive(1e-150, 1e150, 84), linear(0.5, 2, 84)],
        [(3.0, 0.9999999), (-2.0, 1.0000001)],
    ),
    "sigmoidCrossEntropy": (
        cross_entropy,
        LOGITS,
        CLASS,
        [(40.0, 1.0), (-40.0, 0.0), (1e4, 0.0), (-1e4, 1.0), (37.0, 0.999), (20.0, 1.0)],
    ),
    "sigmoidCrossEntropyGradient": (
        lambda x, t: (1 - t) * sigmoid(x) - t * sigmoid(-x),
        LOGITS,
        CLASS,
        [(40.0, 1.0), (-40.0, 0.0), (700.0, 1.0), (-700.0, 0.0), (20.0, 1.0)],
    ),
    "atan2": (mp.atan2, ANY, ANY, [(1.0, 1.0), (1.0, -1.0), (1e-300, 1e300), (-1.0, 1e-17)]),
    "hypot": (
        lambda a, b: mp.sqrt(a * a + b * b),
        [*ANY, scales(1e-300, 1e300, 28)],
        [*ANY, scales(1e-300, 1e300, 28)],
        [(3.0, 4.0), (3e200, 4e200), (3e-200, 4e-200), (1.0, 1e-9)],
    ),
}


LEAST = {WIDE: 5e-324, NARROW: 1.4e-45}
MOST = {WIDE: 1.797e308, NARROW: 3.402e38}


def truth(y, dtype):
    """What a case says of one true value."""
    value = float(y)
    if dtype == NARROW:
        return float(f"{value:.11g}"), None
    return value, int(mp.nint(1000 * (y - mpf(value)) / mpf(math.ulp(value))))


def case(name, dtype, inputs, results, **more):
    entry = {"name": name, "dtype": dtype, **more, "inputs": inputs, "value": [value for value, _ in results]}
    if dtype == WIDE:
        entry["rest"] = [rest for _, rest in results]
    return entry


def elementwise(name, dtype, compute, points):
    """A case of a function of numbers, without the points where it has no finite value."""
    kept = []
    for point in points:
        try:
            y = compute(*map(mpf, point))
        except (ZeroDivisionError, ValueError):
            continue
        # Without sweeps over zeros either: they say nothing.
        if isinstance(y, mpf) and (y == 0 or LEAST[dtype] / 4 < abs(y) < MOST[dtype]):
            kept.append((point, truth(y, dtype)))
    inputs = [[decimal(x, dtype) for x in column] for column in zip(*(point for point, _ in kept))]
    return case(name, dtype, inputs, [found for _, found in kept])


def functions_of_numbers():
    for name, (compute, sweeps) in UNARY.items():
        for dtype in (WIDE, NARROW):
            chosen = sweeps[dtype == NARROW] if isinstance(sweeps, tuple) else sweeps
            points = drawn(name, dtype, chosen)
            yield elementwise(name, dtype, compute, [(x,) for x in thinned(points, dtype)])
    for name, (compute, first, second, pairs) in BINARY.items():
        for dtype in (WIDE, NARROW):
            points = list(zip(drawn(f"{name} 0", dtype, first), drawn(f"{name} 1", dtype, second)))
            fitting = [pair for pair in pairs if max(map(abs, pair)) < MOST[dtype]]
            extra = [tuple(rounded(x, dtype) for x in pair) for pair in fitting]
            yield elementwise(name, dtype, compute, thinned(points, dtype) + extra)


def thinned(points, dtype):
    """float32 gets by with half: the tests of its kernels sweep it densely against the double form."""
    return points if dtype == WIDE else points[::2]


# Functions of vectors


class Draws:
    """
    `count` numbers low + (high − low) · k / 2³¹ for the Park-Miller states k after `seed`, times `times`. The reader draws
    them itself.
    """

    def __init__(self, seed, count, low=-1.0, high=1.0, times=1.0):
        self.recipe = {"seed": seed, "count": count, "low": low, "high": high, "times": times}
        self.numbers = []
        for _ in range(count):
            seed = 16807 * seed % (2**31 - 1)
            self.numbers.append((low + (high - low) * (seed / 2**31)) * times)


def numbers(pieces, dtype):
    """An input's numbers: those of its recipes and those written down."""
    flat = [x for piece in pieces for x in (piece.numbers if isinstance(piece, Draws) else [piece])]
    return [mpf(rounded(x, dtype)) for x in flat]


def recipes(pieces, dtype):
    return [piece.recipe if isinstance(piece, Draws) else decimal(rounded(piece, dtype), dtype) for piece in pieces]


def log_sum_exp(x):
    m = max(x)
    return [m + mp.log(mp.fsum(mp.exp(v - m) for v in x))]


def softmax(x):
    m = max(x)
    total = mp.fsum(mp.exp(v - m) for v in x)
    return [mp.exp(v - m) / total for v in x]


def log_softmax(x):
    m = max(x)
    others = list(x)
    others.remove(m)
    rest = mp.log1p(mp.fsum(mp.exp(v - m) for v in others))
    return [v - m - rest for v in x]


def norm(p):
    return lambda x: [mp.fsum(abs(v) ** p for v in x) ** (mpf(1) / p)]


def total(x):
    return [mp.fsum(x)]


def mean(x):
    return [mp.fsum(x) / len(x)]


def variance(x):
    (centre,) = mean(x)
    return [mp.fsum((v - centre) ** 2 for v in x) / (len(x) - 1)]


def deviation(x):
    return [mp.sqrt(v) for v in variance(x)]


def normalize(x):
    (length,) = norm(2)(x)
    return [v / length if length else mpf(0) for v in x]


def rows(x, d):
    return [x[i : i + d] for i in range(0, len(x), d)]


def matmul(k):
    def compute(a, b):
        columns = [b[j :: len(b) // k] for j in range(len(b) // k)]
        return [mp.fdot(row, column) for row in rows(a, k) for column in columns]

    return compute


def squared_distances(d):
    return lambda a, b: [mp.fsum((p - q) ** 2 for p, q in zip(x, y)) for x in rows(a, d) for y in rows(b, d)]


def distances(d):
    return lambda a, b: [mp.sqrt(s) for s in squared_distances(d)(a, b)]


def cosine(a, b):
    return [mp.fdot(a, b) / (norm(2)(a)[0] * norm(2)(b)[0])]


def last_running_sums(x):
    """The last fifty, where most has been added up."""
    return [mp.fsum(x[:k]) for k in range(max(1, len(x) - 49), len(x) + 1)]


def fold(name, title, dtypes, compute, inputs, shapes=None, options=None):
    """A case of each dtype. Of long results the first elements will do."""
    for dtype in dtypes:
        results = compute(*(numbers(x, dtype) for x in inputs))[:50]
        found = [truth(y, dtype) for y in results]
        more = {"title": title}
        if shapes is not None:
            more["shapes"] = shapes
        if options is not None:
            more["options"] = options
        yield case(name, dtype, [recipes(x, dtype) for x in inputs], found, **more)


def scaled(x, factor):
    return [Draws(**{**piece.recipe, "times": factor}) if isinstance(piece, Draws) else piece * factor for piece in x]


def norms(title, dtypes, x):
    for p in (1, 2):
        yield from fold("norm", f"p = {p}, {title}", dtypes, norm(p), [x], options={"ord": p})
    yield from fold("norm3", title, dtypes, norm(3), [x])


def functions_of_vectors():
    both, wide, thin = (WIDE, NARROW), (WIDE,), (NARROW,)
    logits = [
        ("equal and large", [1000.0, 1000.0]),
        ("equal and very negative", [-1000.0, -1000.0]),
        ("a sure class", [40.0, 0.0, 0.0]),
        ("one tail", [0.0, -40.0]),
        ("a far tail", [0.0, -87.0]),
        ("ten within 30", [Draws(1, 10, -30.0, 30.0)]),
        ("a hundred within 5", [Draws(2, 100, -5.0, 5.0)]),
        ("temperature 0.01", [Draws(3, 20, -100.0, 100.0)]),
        ("ten thousand within 5", [Draws(4, 10000, -5.0, 5.0)]),
    ]
    for title, x in logits:
        yield from fold("logSumExp", title, both, log_sum_exp, [x])
        yield from fold("softmax", title, both, softmax, [x])
        yield from fold("logSoftmax", title, both, log_softmax, [x])
    yield from fold("logSumExp", "almost cancelled", both, log_sum_exp, [[-0.7, -0.7]])
    vector = [Draws(5, 50)]
    scales_of = ((both, 1.0), (thin, 1e30), (thin, 1e-30), (wide, 1e200), (wide, 1e-200), (wide, 1e-307))
    for dtypes, factor in ((both, 1.0), (wide, 1e200), (wide, 1e-200)):
        yield from norms(f"1e5 at {factor:g}", dtypes, scaled([Draws(19, 100000)], factor))
    for dtypes, factor in scales_of:
        x = scaled(vector, factor)
        yield from norms(f"fifty at {factor:g}", dtypes, x)
        yield from fold("normalize", f"at {factor:g}", dtypes, normalize, [x])
        y = scaled([Draws(6, 50)], factor)
        yield from fold("cosineSimilarity", f"at {factor:g}", dtypes, cosine, [x, y])
        yield from fold("cdist", f"at {factor:g}", dtypes, distances(10), [x, y], shapes=[[5, 10], [5, 10]])
    yield from fold("cosineSimilarity", "nearly parallel", both, cosine, [[1.0, 1e-5], [1.0, 0.0]])
    yield from fold("cosineSimilarity", "parallel", both, cosine, [[0.1, 0.2, 0.3], [0.2, 0.4, 0.6]])
    many = [Draws(7, 100000, 0.0, 1.0)]
    yield from fold("sum", "1e5 in (0, 1)", both, total, [many])
    spread = [Draws(8, 100000, -1.0, 1.02)]
    yield from fold("sum", "1e5 in (-1, 1.02), condition 100", both, total, [spread])
    pairs = [Draws(9, 50000, -1e8, 1e8), Draws(10, 10, 0.0, 1.0), Draws(9, 50000, -1e8, 1e8, -1.0)]
    yield from fold("sum", "pairs of ±1e8, condition 1e12", both, total, [pairs])
    yield from fold("sum", "1e100 + 1 − 1e100", wide, total, [[1e100, 1.0, -1e100]])
    for title, x in (
        ("1e5 in (0, 1)", many),
        ("1e5 in (-1, 1.02), condition 100", spread),
        ("pairs of ±1e8, condition 1e12", pairs),
    ):
        yield from fold("cumsum", title, both, last_running_sums, [x])
    yield from fold("cumsum", "1e100 + 1 − 1e100", wide, last_running_sums, [[1e100, 1.0, -1e100]])
    yield from fold("mean", "1e5 in (0, 1)", both, mean, [many])
    large = [Draws(20, 10000, 1e307, 1.7e308)]
    yield from fold("mean", "the sum overflows", wide, mean, [large])
    yield from fold("mean", "the sum overflows", thin, mean, [[3.1e38, 3.2e38, 3.3e38]])
    for dtypes, centre in ((both, 0.0), (both, 1e4), (wide, 1e8)):
        x = [Draws(11, 1000, centre - math.sqrt(3), centre + math.sqrt(3))]
        yield from fold("variance", f"mean {centre:g}, deviation 1", dtypes, variance, [x])
        yield from fold("std", f"mean {centre:g}, deviation 1", dtypes, deviation, [x])
    for factor in (1e200, 1e-200):
        x = scaled([Draws(11, 1000, -1.0, 1.5)], factor)
        yield from fold("std", f"at {factor:g}", wide, deviation, [x])
    yield from fold("std", "differences overflow", wide, deviation, [[1.7e308, 1.7e308, 1.7e308, -1.7e308]])
    yield from fold("variance", "squares overflow", wide, variance, [scaled([Draws(11, 1000, -1.0, 1.5)], 1e154)])
    yield from fold("variance", "squares vanish", wide, variance, [scaled([Draws(11, 1000, -1.0, 1.5)], 1e-153)])
    for m, k, n, low in ((3, 1, 3, -1.0), (2, 4, 2, -1.0), (1, 1024, 1, -1.0), (3, 1024, 3, -1.0), (3, 1024, 3, 0.0)):
        a, b = [Draws(12, m * k, low)], [Draws(13, k * n, low)]
        title = f"[{m}, {k}] · [{k}, {n}] in ({low:g}, 1)"
        yield from fold("matmul", title, both, matmul(k), [a, b], shapes=[[m, k], [k, n]])
    for name, compute in (("cdist", distances), ("squaredCdist", squared_distances)):
        a, b = [Draws(14, 128), Draws(15, 128)], [Draws(15, 128), Draws(16, 128)]
        yield from fold(name, "rows of 128, one in common", both, compute(128), [a, b], shapes=[[2, 128], [2, 128]])
        far = [[Draws(17, 16, 1e6, 1e6 + 1e-3)], [Draws(18, 16, 1e6, 1e6 + 1e-3)]]
        yield from fold(name, "offset 1e6, gap 1e-3", wide, compute(16), far, shapes=[[1, 16], [1, 16]])
        yield from fold(name, "512695 and 512804", both, compute(1), [[512695.0], [512804.0]], shapes=[[1, 1], [1, 1]])


def content():
    mp.dps = 60
    return {
        "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
        "versions": {"mpmath": mpmath.__version__},
        "cases": [*functions_of_numbers(), *functions_of_vectors()],
    }
