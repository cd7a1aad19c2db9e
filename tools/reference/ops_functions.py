"""Reference numbers for functions of one number: trigonometric and special functions, activations."""

import math

import torch
import torch.nn.functional as F

from cases import INF, Cases, f64, t32, t64

book = Cases()
case = book.case
disagreement = book.disagreement
v = book.values

SHAPES = ([2, 3], [3, 1, 2], [])


def unary(table):
    for op, compute, low, high in table:
        for shape in SHAPES:
            case(op, [v(op).uniform(shape, low, high)], compute)


def trigonometric():
    unary(
        [
            ("sin", torch.sin, -6, 6),
            ("cos", torch.cos, -6, 6),
            ("tan", torch.tan, -1.4, 1.4),
            ("asin", torch.asin, -0.98, 0.98),
            ("acos", torch.acos, -0.98, 0.98),
            ("atan", torch.atan, -5, 5),
            ("sinh", torch.sinh, -4, 4),
            ("cosh", torch.cosh, -4, 4),
            ("asinh", torch.asinh, -5, 5),
            ("acosh", torch.acosh, 1.1, 6),
            ("atanh", torch.atanh, -0.98, 0.98),
        ]
    )
    for op, compute in (("sin", torch.sin), ("cos", torch.cos), ("atan", torch.atan)):
        case(op, [t32([[3, -4], [0, 7]])], compute, special="integers give float32")
    case("sinh", [t64([1e-9, -1e-12])], torch.sinh, special="small x keeps its digits", relative=True)
    case("atanh", [t64([1e-9, -1e-12])], torch.atanh, special="small x keeps its digits", relative=True)
    case("asin", [t64([1.0, -1.0])], torch.asin, special="±1", second=False)
    case("acos", [t64([1.0, -1.0])], torch.acos, special="±1", second=False)
    case("acosh", [t64([1.0])], torch.acosh, special="1", second=False)
    case("atanh", [t64([1.0, -1.0])], torch.atanh, special="±1", second=False)
    case("atan", [t64([INF, -INF, 1e9])], torch.atan, special="far out", second=False)
    case("sin", [t64([1e5, -1e8, 1e15])], torch.sin, special="large angles")

    shapes = [([2, 3], [2, 3]), ([2, 3], [3]), ([4, 1, 2], [3, 1]), ([], [2, 2])]
    for a, b in shapes:
        case("atan2", [v("atan2").uniform(a), v("atan2").uniform(b)], torch.atan2)
        case("hypot", [v("hypot").uniform(a), v("hypot").uniform(b)], torch.hypot)
    case("hypot", [v("hypot").uniform([2, 2]), 1.5], lambda a: torch.hypot(a, torch.tensor(1.5, dtype=f64)))
    quadrants = [t64([1.0, 1.0, -1.0, -1.0, 0.0, -0.0]), t64([2.0, -2.0, 2.0, -2.0, -1.0, -1.0])]
    case("atan2", quadrants, torch.atan2, special="quadrants and cuts")
    case("hypot", [t64([0.0, 3.0]), t64([4.0, 0.0])], torch.hypot, special="on the axes")
    share = lambda a, b: a / torch.hypot(a, b)  # noqa: E731
    for a, b in shapes:
        case("hypotShare", [v("hypotShare").uniform(a), v("hypotShare").uniform(b, 0.3, 2)], share)

    triples = [([2, 3], [2, 3], [2, 3]), ([2, 1], [3], []), ([], [2, 2], [1, 2])]
    for a, b, w in triples:
        case("lerp", [v("lerp").uniform(a), v("lerp").uniform(b), v("lerp").uniform(w, -0.5, 1.5)], torch.lerp)
    for weight in (0, 0.3, 1):
        case("lerp", [v("lerp").uniform([2, 3]), v("lerp").uniform([3]), weight], lambda a, b: torch.lerp(a, b, weight))


def special():
    unary(
        [
            ("erf", torch.erf, -3, 3),
            ("erfc", torch.erfc, -3, 3),
            ("erfinv", torch.erfinv, -0.98, 0.98),
            ("lgamma", torch.lgamma, 0.1, 12),
            ("digamma", torch.digamma, 0.1, 12),
            ("normalDensity", lambda x: torch.exp(-x * x / 2) / math.sqrt(2 * math.pi), -4, 4),
        ]
    )
    for order in (0, 1, 2, 3, 4):
        for shape in ([2, 3], []):
            arguments = [order, v("polygamma").uniform(shape, 0.3, 9)]
            case("polygamma", arguments, lambda x: torch.polygamma(order, x), relative=True)
    for op, compute in (("lgamma", torch.lgamma), ("digamma", torch.digamma)):
        case(op, [v(op).uniform([4], -6, -0.1, away=0.1)], compute, special="below 0", second=False)
    case("erf", [t32([[1, -4], [0, 2]])], torch.erf, special="integers give float32")
    case("erfc", [t64([-8.0, 5.0, 10.0, 20.0])], torch.erfc, special="both tails", second=False, relative=True)
    case("erf", [t64([1e-12, -1e-9])], torch.erf, special="small x keeps its digits", relative=True)
    case("erf", [t64([INF, -INF])], torch.erf, special="infinities", second=False)
    case("erfinv", [t64([1.0, -1.0])], torch.erfinv, special="±1", second=False)
    case("lgamma", [t64([1e-10, 100.0, 1e10])], torch.lgamma, special="far ends", relative=True, second=False)
    case("lgamma", [t64([INF])], torch.lgamma, special="infinity", second=False)
    case("lgamma", [t64([0.0, -1.0, -2.0])], lambda x: torch.lgamma(x).detach(), special="poles")
    case("digamma", [t64([0.0, -0.0])], lambda x: torch.digamma(x).detach(), special="the pole at 0")
    case("digamma", [t64([-1.0, -2.0])], lambda x: torch.digamma(x).detach(), special="NaN")
    for x in ([2, 3], []):
        arguments = [v("erfGradient").uniform(x), v("erfGradient").uniform(x)]
        case("erfGradient", arguments, lambda g, x: g * 2 / math.sqrt(math.pi) * torch.exp(-x * x))
        arguments = [v("erfinvGradient").uniform(x), v("erfinvGradient").uniform(x, -0.9, 0.9)]
        case("erfinvGradient", arguments, lambda g, x: g * math.sqrt(math.pi) / 2 * torch.exp(torch.erfinv(x) ** 2))


def slope(f):
    """g · f'(x), by autograd."""

    def compute(g, x):
        if not x.requires_grad:
            x = x.clone().requires_grad_(True)
        return g * torch.autograd.grad(f(x).sum(), x, create_graph=True)[0]

    return compute


def tanh_form(x):
    """torch's own gelu(approximate='tanh'), whose second derivative is wrong by its rounding far out, written out."""
    return x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def activations():
    unary(
        [
            ("leakyRelu", F.leaky_relu, -3, 3),
            ("elu", F.elu, -3, 3),
            ("selu", F.selu, -3, 3),
            ("gelu", F.gelu, -5, 5),
            ("silu", F.silu, -6, 6),
            ("mish", F.mish, -6, 6),
            ("hardtanh", F.hardtanh, -2, 2),
            ("hardswish", F.hardswish, -5, 5),
        ]
    )
    # F.hardsigmoid has no second derivative, and a first one in single precision.
    for shape in SHAPES:
        case("hardsigmoid", [v("hardsigmoid").uniform(shape, -5, 5)], lambda x: F.relu6(x + 3) / 6)
    for negative in (0.2, 0, 1.5, -0.5):
        options = {"negativeSlope": negative}
        case("leakyRelu", [v("leakyRelu").uniform([2, 3]), options], lambda x: F.leaky_relu(x, negative))
    for alpha in (0.3, 2):
        case("elu", [v("elu").uniform([2, 3], -3, 3), {"alpha": alpha}], lambda x: F.elu(x, alpha))
    for shape in ([2, 3], [3, 2]):
        options = {"approximate": "tanh"}
        case("gelu", [v("gelu").uniform(shape, -4, 4), options], lambda x: F.gelu(x, approximate="tanh"))
        arguments = [v("geluGradient").uniform(shape), v("geluGradient").uniform(shape, -4, 4), options]
        case("geluGradient", arguments, slope(tanh_form))
    case("gelu", [v("gelu").uniform([2, 2]), {"approximate": "none"}], F.gelu)
    for op, f in (("geluGradient", F.gelu), ("siluGradient", F.silu), ("mishGradient", F.mish)):
        for shape in SHAPES:
            case(op, [v(op).uniform(shape), v(op).uniform(shape, -4, 4)], slope(f))
    for options, (low, high) in (({"min": -0.5}, (-0.5, 1)), ({"min": 0, "max": 6}, (0, 6))):
        case("hardtanh", [v("hardtanh").uniform([2, 3]), options], lambda x: F.hardtanh(x, low, high))
    case("silu", [t64([-40.0, -100.0, 50.0])], F.silu, special="both tails", relative=True, second=False)
    case("elu", [t64([-40.0, 0.0, 40.0])], F.elu, special="both tails", relative=True, second=False)
    case("leakyRelu", [t64([0.0, -0.0])], F.leaky_relu, special="kink at 0", second=False)
    case("hardtanh", [t64([-1.0, 1.0])], F.hardtanh, special="kinks", second=False)
    case("hardsigmoid", [t64([-3.0, 3.0])], F.hardsigmoid, special="kinks", second=False)


# Where the two differ on purpose


def differences():
    zero, one, low, high = t64([0.0]), t64([1.0]), t64([-INF]), t64([INF])
    smallest = "minimum-norm subgradient"
    limit = "the limit, not NaN"
    disagreement("hypot", "the origin", [zero, zero], torch.hypot, 1.0, {"gradients": [zero, zero]}, smallest)
    disagreement(
        "hypot", "one infinite", [high, one], torch.hypot, 1.0, {"value": high, "gradients": [one, zero]}, limit
    )
    disagreement("atan2", "the origin", [zero, zero], torch.atan2, 1.0, {"gradients": [zero, zero]}, smallest)
    disagreement(
        "atan2",
        "1e200, where squares overflow",
        [t64([3e200]), t64([4e200])],
        torch.atan2,
        1e200,
        {"gradients": [t64([0.16]), t64([-0.12])]},
        "the derivative is a share of the length by the length",
    )
    disagreement(
        "asinh", "1e200", [t64([1e200])], torch.asinh, 1e200, {"gradients": [one]}, "the root is taken without the square"
    )
    disagreement(
        "acosh", "1e200", [t64([1e200])], torch.acosh, 1e200, {"gradients": [one]}, "the root is taken without the square"
    )
    disagreement(
        "asin", "±1 under cotangent 0", [t64([1.0])], torch.asin, 0.0, {"gradients": [zero]}, "a cotangent of 0 gives 0"
    )
    disagreement(
        "lerp",
        "weight 0 beside an infinity",
        [one, high, 0],
        lambda a, b: torch.lerp(a, b, 0),
        1.0,
        {"value": one, "gradients": [one, zero]},
        "exactly the start at weight 0",
    )
    disagreement(
        "lerp",
        "a difference that overflows",
        [t64([-1e308]), t64([1e308]), 0.75],
        lambda a, b: torch.lerp(a, b, 0.75),
        1.0,
        {"value": t64([5e307])},
        "ends of different sign are weighed, not subtracted",
    )
    disagreement(
        "leakyRelu",
        "0, slope below 0",
        [zero, {"negativeSlope": -0.5}],
        lambda x: F.leaky_relu(x, -0.5),
        1.0,
        {"gradients": [zero]},
        smallest,
    )
    disagreement(
        "leakyRelu",
        "0, slope above 1",
        [zero, {"negativeSlope": 3}],
        lambda x: F.leaky_relu(x, 3.0),
        1.0,
        {"gradients": [one]},
        smallest,
    )
    disagreement(
        "elu", "0, alpha above 1", [zero, {"alpha": 3}], lambda x: F.elu(x, 3.0), 1.0, {"gradients": [one]}, smallest
    )
    disagreement("selu", "0", [zero], F.selu, 1.0, {"gradients": [t64([1.0507009873554805])]}, smallest)
    sixth = t64([1 / 6])
    precision = "a sixth in double precision, not in single"
    disagreement("hardsigmoid", "the slope", [one], F.hardsigmoid, 1.0, {"gradients": [sixth]}, precision)
    disagreement("hardswish", "−3", [t64([-3.0])], F.hardswish, 1.0, {"gradients": [zero]}, smallest)
    disagreement("hardswish", "3", [t64([3.0])], F.hardswish, 1.0, {"gradients": [one]}, smallest)
    for op, compute in (("gelu", F.gelu), ("silu", F.silu), ("mish", F.mish), ("hardswish", F.hardswish)):
        disagreement(op, "−∞", [low], compute, 1.0, {"value": t64([0.0]), "gradients": [zero]}, limit)
        disagreement(op, "∞", [high], compute, 1.0, {"value": high, "gradients": [one]}, limit)


def content():
    for group in (trigonometric, special, activations, differences):
        group()
    return book.content()
