"""
Values of the special functions with 50 digits, rounded to doubles: what the limits of packages/kernels/test/special.test.ts
are held against. A case has a function, a range by which the test names it, and lists of arguments and values.
"""

import mpmath
from mpmath import mp, mpf

from values import Values

mp.dps = 50


def normal(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def erfinv(x):
    """mpmath's own has no digits near ±1."""
    if abs(x) < mpf("0.9"):
        return mp.erfinv(x)
    rest = 1 - abs(x)
    start = mpf("0.9") * mp.sqrt(-mp.log(rest))
    return mp.sign(x) * mp.findroot(lambda y: mp.log(mp.erfc(y)) - mp.log(rest), start)


def lgamma(x):
    return mp.log(abs(mp.gamma(x))) if x < 0 else mp.loggamma(x)


def polygamma(order):
    def compute(x):
        if x > 0:
            return mp.polygamma(order, x)
        # By the reflection, whose derivative mpmath takes numerically, with digits to spare.
        with mp.workdps(120):
            slope = mp.diff(lambda t: mp.pi * mp.cot(mp.pi * t), x, order)
        return (-1) ** order * mp.polygamma(order, 1 - x) - slope

    return compute


RANGES = [
    ("erf", mp.erf, "all", -6, 6),
    ("erf", mp.erf, "near 0", -0.55, 0.55),
    ("erfc", mp.erfc, "middle", -6, 6),
    ("erfc", mp.erfc, "upper tail", 4, 26.5),
    ("erfinv", erfinv, "middle", -0.95, 0.95),
    ("lgamma", lgamma, "middle", 2.2, 14),
    ("lgamma", lgamma, "near 0", 0.001, 0.7),
    ("lgamma", lgamma, "between its zeros", 0.7, 2.3),
    ("lgamma", lgamma, "below 0", -2.3, -0.001),
    ("digamma", mp.digamma, "middle", 1.6, 14),
    ("digamma", mp.digamma, "around its zero", 1.3, 1.6),
    ("digamma", mp.digamma, "near 0", 0.001, 1.3),
    ("polygamma1", polygamma(1), "middle", 0.01, 20),
    ("polygamma1", polygamma(1), "below 0", -5, -0.01),
    ("polygamma2", polygamma(2), "middle", 0.01, 20),
    ("polygamma5", polygamma(5), "middle", 0.01, 40),
    ("gelu", lambda x: x * normal(x), "middle", -3, 3),
    ("gelu", lambda x: x * normal(x), "lower tail", -37, -3),
    ("geluSlope", lambda x: normal(x) + x * density(x), "lower tail", -37, -1.5),
    ("normalDensity", density, "all", 0, 37),
]
POINTS = [
    ("erfc", mp.erfc, "the last normal numbers", [26, 26.25, 26.5]),
    ("erfinv", erfinv, "near 1", [1 - 2.0**-k for k in range(3, 54, 2)]),
    ("lgamma", lgamma, "at its zeros", [n + s * 2.0**-k for n in (1, 2) for s in (-1, 1) for k in range(3, 51, 4)]),
    ("lgamma", lgamma, "far out", [10.0, 10.5, 33.25, 100.0, 1e5, 1e10, 1e100, 1e305, 1e-10, 1e-300, -1e-10]),
    ("digamma", mp.digamma, "at its zero", [1.4616321449683622 + s * 2.0**-k for s in (-1, 1) for k in range(4, 53, 4)]),
    ("digamma", mp.digamma, "far out", [10.0, 10.5, 100.0, 1e5, 1e10, 1e300, 1e-10, -1e-10]),
]


def evaluated(name, compute, where, arguments):
    return {"function": name, "range": where, "x": arguments, "y": [float(compute(mpf(x))) for x in arguments]}


def content():
    cases = []
    for name, compute, where, low, high in RANGES:
        values = Values(f"{name} {where}")
        arguments = [low + (high - low) * values.fraction() for _ in range(60)]
        cases.append(evaluated(name, compute, where, arguments))
    cases.extend(evaluated(*points) for points in POINTS)
    return {
        "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
        "versions": {"mpmath": mpmath.__version__},
        "cases": cases,
    }
