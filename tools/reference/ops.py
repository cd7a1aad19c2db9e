"""Reference numbers for the first ops of @ndgrad/core: arithmetic, reductions, products, movement, indexing."""

import math

import torch
import torch.nn.functional as F

from cases import INF, NAN, Cases, f64, t32, t64

book = Cases()
case = book.case
disagreement = book.disagreement
v = book.values


# Elementwise


def elementwise():
    unary = [
        ("neg", torch.neg, -2, 2),
        ("abs", torch.abs, -2, 2),
        ("sign", torch.sign, -2, 2),
        ("exp", torch.exp, -3, 3),
        ("expm1", torch.expm1, -3, 3),
        ("log", torch.log, 0.1, 5),
        ("log1p", torch.log1p, -0.9, 5),
        ("log2", torch.log2, 0.1, 5),
        ("sqrt", torch.sqrt, 0.1, 5),
        ("rsqrt", torch.rsqrt, 0.1, 5),
        ("square", torch.square, -3, 3),
        ("reciprocal", torch.reciprocal, 0.2, 3),
        ("tanh", torch.tanh, -3, 3),
        ("sigmoid", torch.sigmoid, -5, 5),
        ("logSigmoid", F.logsigmoid, -5, 5),
        ("softplus", lambda x: F.softplus(x, threshold=40), -5, 5),
        ("relu", torch.relu, -2, 2),
        ("floor", torch.floor, -3, 3),
        ("ceil", torch.ceil, -3, 3),
        ("round", torch.round, -3, 3),
        ("trunc", torch.trunc, -3, 3),
    ]
    for op, compute, low, high in unary:
        for shape in ([2, 3], [3, 1, 2], []):
            case(op, [v(op).uniform(shape, low, high)], compute)
    case("reciprocal", [v("reciprocal").uniform([4], -3, -0.2)], torch.reciprocal)
    case("abs", [t64([0.0, -0.0, 1.5])], torch.abs, special="kink at 0")
    case("relu", [t64([0.0, -0.0, 1.5, -1.5])], torch.relu, special="kink at 0")
    case("sign", [t64([0.0, 3.0, -INF])], torch.sign, special="0 and infinity")
    case("exp", [t64([-800.0, 700.0, 0.0])], torch.exp, special="underflow and large values")
    case("expm1", [t64([1e-12, -1e-9, 0.0])], torch.expm1, special="small x keeps its digits", relative=True)
    case("log1p", [t64([1e-12, -1e-9, 0.0])], torch.log1p, special="small x keeps its digits", relative=True)
    case("log", [t64([1e-300, 1e300, 1.0])], torch.log, special="far ends", second=False)
    case("log", [t64([0.0])], torch.log, special="0", second=False)
    case("sqrt", [t64([0.0])], torch.sqrt, special="0", second=False)
    case("sigmoid", [t64([-30.0, -800.0, 800.0, 0.0])], torch.sigmoid, special="saturation", relative=True)
    case("tanh", [t64([-4.5, 800.0, 0.0])], torch.tanh, special="saturation", relative=True)
    case("logSigmoid", [t64([-800.0, -40.0, 0.0, 800.0])], F.logsigmoid, special="both tails", relative=True)
    softplus = dict((op, compute) for op, compute, *_ in unary)["softplus"]
    case("softplus", [t64([-800.0, -40.0, 800.0])], softplus, special="both tails", relative=True)
    case("round", [t64([0.5, 1.5, 2.5, -0.5, -1.5, 2.51])], torch.round, special="halves to even")
    case("floor", [t64([-0.5, 2.0, -3.0])], torch.floor, special="integers")
    for op, compute in (("neg", torch.neg), ("abs", torch.abs), ("sign", torch.sign)):
        case(op, [t32([[3, -4], [0, 7]])], compute)

    binary = [
        ("add", torch.add, (-2, 2), (-2, 2)),
        ("sub", torch.sub, (-2, 2), (-2, 2)),
        ("mul", torch.mul, (-2, 2), (-2, 2)),
        ("div", torch.div, (-2, 2), (0.3, 3)),
        ("floorDivide", lambda a, b: torch.div(a, b, rounding_mode="floor"), (-5, 5), (0.3, 2)),
        ("mod", torch.remainder, (-5, 5), (0.3, 2)),
        ("pow", torch.pow, (0.2, 2.5), (-2, 3)),
        ("maximum", torch.maximum, (-2, 2), (-2, 2)),
        ("minimum", torch.minimum, (-2, 2), (-2, 2)),
        ("logaddexp", torch.logaddexp, (-3, 3), (-3, 3)),
        ("xlogy", torch.xlogy, (-2, 2), (0.2, 4)),
        ("xdivy", torch.div, (0.2, 2), (0.3, 3)),
        ("multiplyNoNan", torch.mul, (-2, 2), (0.2, 2)),
        ("divideNoNan", torch.div, (-2, 2), (0.2, 2)),
    ]
    shapes = [([2, 3], [2, 3]), ([2, 3], [3]), ([4, 1, 2], [3, 1]), ([], [2, 2]), ([1, 3], [2, 1])]
    for op, compute, first, second in binary:
        for a, b in shapes:
            case(op, [v(op).uniform(a, *first), v(op).uniform(b, *second)], compute)
        number = round(second[0] + 0.7 * (second[1] - second[0]), 3)
        case(op, [v(op).uniform([2, 3], *first), number], lambda a: compute(a, torch.tensor(number, dtype=f64)))
        number = round(first[0] + 0.8 * (first[1] - first[0]), 3)
        case(op, [number, v(op).uniform([3, 2], *second)], lambda b: compute(torch.tensor(number, dtype=f64), b))
    case("add", [v("add").uniform([2, 3], dtype=torch.float32), v("add").uniform([3])], torch.add)
    negative = v("div").uniform([2, 2], -3, -0.3)
    case("div", [v("div").uniform([2, 2]), negative], torch.div)
    case("mod", [v("mod").uniform([2, 3], -5, 5), v("mod").uniform([2, 1], -2, -0.3)], torch.remainder)
    arguments = [v("floorDivide").uniform([2, 3], -5, 5), v("floorDivide").uniform([3], -2, -0.3)]
    case("floorDivide", arguments, lambda a, b: torch.div(a, b, rounding_mode="floor"))
    case("pow", [v("pow").uniform([2, 3], -2.5, 2.5), 3], lambda x: x**3)
    case("pow", [v("pow").uniform([2, 3], -2.5, 2.5), 2], lambda x: x**2)
    case("pow", [v("pow").uniform([4], -2.5, 2.5), -1], lambda x: x**-1.0)
    case("pow", [t64([0.0, 0.0, 1.5]), t64([0.0, 2.0, 2.0])], torch.pow, special="base 0", second=False)
    case("pow", [t64([0.0, 1.0, -1.0]), 0], lambda x: x**0.0, special="exponent 0", second=False)
    ties = [t64([[1.0, 2.0, 3.0]]), t64([[1.0], [2.0]])]
    case("maximum", ties, torch.maximum, special="ties share")
    case("minimum", ties, torch.minimum, special="ties share")
    for op, compute in (("maximum", torch.maximum), ("minimum", torch.minimum)):
        case(op, [t64([NAN, 1.0, NAN]), t64([1.0, NAN, NAN])], lambda a, b: compute(a, b).detach(), special="NaN")
    case("logaddexp", [t64([800.0, -800.0]), t64([-800.0, -800.0])], torch.logaddexp, special="far apart, far down", second=False)
    case("logaddexp", [t64([-INF, 2.0]), t64([1.0, -INF])], torch.logaddexp, special="one is −∞", second=False)
    case("xlogy", [t64([0.0, 0.0]), t64([0.5, 2.0])], torch.xlogy, special="x is 0")
    case("mul", [t32([[3, -4, 5]]), t32([[2], [-7]])], torch.mul)
    case("mul", [t32([65537, -123456789]), t32([65537, 1000])], torch.mul, special="int32 wraps")
    case("add", [t32([2147483647, 5]), t32([1, 6])], torch.add, special="int32 wraps")
    case("sub", [t32([3, 4]), 10], lambda a: a - 10)
    case("div", [t32([1, 7, -5]), t32([3, 2, 2])], torch.div, special="integers give float32")
    arguments = [t32([7, -7, 7, -7, 6]), t32([2, 2, -2, -2, 3])]
    case("floorDivide", arguments, lambda a, b: torch.div(a, b, rounding_mode="floor"))
    case("mod", arguments, torch.remainder)

    clamps = [({"min": -0.6}, (-0.6, None)), ({"max": 0.4}, (None, 0.4)), ({"min": -0.6, "max": 0.9}, (-0.6, 0.9))]
    for options, (low, high) in clamps:
        case("clamp", [v("clamp").uniform([3, 4]), options], lambda x: torch.clamp(x, low, high))
    case("clamp", [v("clamp").uniform([]), {"min": 0.2, "max": 0.9}], lambda x: torch.clamp(x, 0.2, 0.9))

    for c, a, b in (([2, 3], [2, 3], [2, 3]), ([2, 1], [3], [2, 3]), ([3], [2, 1], [])):
        case("where", [v("where").booleans(c), v("where").uniform(a), v("where").uniform(b)], torch.where)
    case("where", [v("where").booleans([4]), v("where").uniform([4]), 0], lambda c, a: torch.where(c, a, 0.0))

    comparisons = [
        ("eq", torch.eq),
        ("ne", torch.ne),
        ("lt", torch.lt),
        ("le", torch.le),
        ("gt", torch.gt),
        ("ge", torch.ge),
    ]
    for op, compute in comparisons:
        case(op, [v(op).integers([3, 4], -1, 2, f64), v(op).integers([4], -1, 2, f64)], compute)
        case(op, [v(op).integers([2, 3], -1, 2), 0], lambda a: compute(a, 0))
        case(op, [t64([NAN, 1.0, INF, -0.0]), t64([NAN, NAN, INF, 0.0])], compute, special="NaN, infinity, −0")
    for op, compute in (("logicalAnd", torch.logical_and), ("logicalOr", torch.logical_or)):
        case(op, [v(op).booleans([2, 3]), v(op).booleans([3])], compute)
        case(op, [v(op).booleans([2, 1]), v(op).integers([3], -1, 2, f64)], compute)
    case("logicalNot", [v("logicalNot").booleans([2, 3])], torch.logical_not)
    case("logicalNot", [t64([0.0, -0.0, 2.5, NAN])], torch.logical_not)
    odd = [t64([[1.0, NAN], [INF, -INF]]), t64([0.0, NAN, -2.0])]
    for x in odd:
        case("isNaN", [x], torch.isnan)
        case("isFinite", [x], torch.isfinite)

    case("cast", [v("cast").uniform([2, 3]), "float32"], lambda x: x.to(torch.float32))
    case("cast", [v("cast").uniform([3], dtype=torch.float32), "float64"], lambda x: x.to(f64))
    case("cast", [t64([1.7, -1.7, 0.2]), "int32"], lambda x: x.to(torch.int32))
    case("cast", [t64([1.7, 0.0, NAN]), "bool"], lambda x: x.to(torch.bool))
    case("cast", [v("cast").booleans([2, 2]), "float64"], lambda x: x.to(f64))


# Reductions


def dims(options, x):
    """The axes of a reduction as PyTorch takes them."""
    axis = options.get("axis", list(range(x.dim())))
    return tuple(axis) if isinstance(axis, list) else (axis,)


def extreme(reduce):
    def compute(x, options):
        return reduce(x, dims(options, x), options.get("keepDims", False))

    return compute


def product(x, options):
    """torch.prod takes one axis."""
    axes = sorted((axis % x.dim() for axis in dims(options, x)), reverse=True)
    keep = options.get("keepDims", False)
    for axis in axes:
        x = torch.prod(x, axis, keep)
    return x


def all_any(reduce):
    def compute(x, options):
        axes = sorted((axis % x.dim() for axis in dims(options, x)), reverse=True)
        for axis in axes:
            x = reduce(x, axis, options.get("keepDims", False))
        return x

    return compute


def moment(reduce):
    def compute(x, options):
        keep = options.get("keepDims", False)
        return reduce(x, dims(options, x), correction=options.get("correction", 1), keepdim=keep)

    return compute


def length(x, options):
    order = options.get("ord", 2)
    return torch.linalg.vector_norm(x, order, dims(options, x), options.get("keepDims", False))


def reductions():
    table = [
        ("sum", extreme(torch.sum)),
        ("mean", extreme(torch.mean)),
        ("prod", product),
        ("max", extreme(torch.amax)),
        ("min", extreme(torch.amin)),
        ("variance", moment(torch.var)),
        ("std", moment(torch.std)),
        ("norm", length),
        ("logSumExp", extreme(torch.logsumexp)),
    ]
    calls = [
        ([2, 3], {}),
        ([2, 3, 4], {"axis": 1}),
        ([2, 3, 4], {"axis": -1, "keepDims": True}),
        ([2, 3, 4], {"axis": [0, 2]}),
        ([3, 4], {"axis": [-1, -2], "keepDims": True}),
    ]
    for op, compute in table:
        for shape, options in calls:
            arguments = [v(op).uniform(shape)] + ([options] if options else [])
            case(op, arguments, lambda x: compute(x, options))
        if op not in ("variance", "std"):
            case(op, [v(op).uniform([])], lambda x: compute(x.reshape(1), {"axis": 0}))
    for op, compute in (("variance", moment(torch.var)), ("std", moment(torch.std))):
        for options in ({"correction": 0}, {"axis": 0, "correction": 0}, {"axis": -1, "correction": 2}):
            case(op, [v(op).uniform([4, 3]), options], lambda x: compute(x, options))
        same = [t64([[1.5, 1.5, 1.5], [1.0, 2.0, 4.0]]), {"axis": 1}]
        case(op, same, lambda x: compute(x, {"axis": 1}), special="a constant row", second=False)
    for order in (1, 3, INF):
        for shape, options in (([2, 3], {}), ([3, 4], {"axis": 0}), ([2, 3, 2], {"axis": [0, -1], "keepDims": True})):
            options = {**options, "ord": order}
            case("norm", [v("norm").uniform(shape), options], lambda x: length(x, options))
    for order in (1, 2, 3, INF):
        options = {"axis": 1, "ord": order}
        zero = t64([[0.0, 0.0, 0.0], [3.0, -4.0, 12.0]])
        case("norm", [zero, options], lambda x: length(x, options), special="a zero row", second=False)
    options = {"axis": 0, "ord": INF}
    tie = t64([[2.0, -3.0], [-2.0, 1.0], [2.0, 3.0]])
    case("norm", [tie, options], lambda x: length(x, options), special="ties share", second=False)
    for zeros in ([[0.0, 2.0, 3.0]], [[0.0, 2.0, 0.0]], [[0.0, 0.0, 0.0]], [[0.0, 2.0, 3.0], [4.0, 5.0, -1.5]]):
        x = t64(zeros)
        case("prod", [x, {"axis": 1}], lambda x: product(x, {"axis": 1}), special="zeros")
        case("prod", [x], lambda x: torch.prod(x), special="zeros")
    ties = t64([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    for op, reduce in (("max", torch.amax), ("min", torch.amin)):
        case(op, [ties, {"axis": 1}], lambda x: reduce(x, 1), special="ties share")
        case(op, [ties], lambda x: reduce(x, (0, 1)), special="ties share")
        integers = v(op).integers([3, 4], -9, 9)
        case(op, [integers, {"axis": 0}], lambda x: reduce(x, 0))
        nan = t64([[NAN, 1.0], [2.0, 3.0]])
        case(op, [nan, {"axis": 1}], lambda x: reduce(x, 1).detach(), special="NaN")
    case("sum", [v("sum").integers([3, 4], -9, 9), {"axis": 1}], lambda x: torch.sum(x, 1, dtype=torch.int32))
    wide = t64([[1000.0, 1000.5, 999.0], [-1000.0, -1001.0, -1002.0]])
    case("logSumExp", [wide, {"axis": 1}], lambda x: torch.logsumexp(x, 1), special="large values")
    holes = t64([[-INF, 0.5, 1.0], [2.0, -INF, -INF]])
    case("logSumExp", [holes, {"axis": 1}], lambda x: torch.logsumexp(x, 1), special="some −∞", second=False)

    for op, reduce in (("argmax", torch.argmax), ("argmin", torch.argmin)):
        case(op, [v(op).uniform([3, 4])], lambda x: reduce(x))
        case(op, [v(op).uniform([3, 4]), {"axis": 0}], lambda x: reduce(x, 0))
        case(op, [v(op).uniform([2, 3, 2]), {"axis": -2, "keepDims": True}], lambda x: reduce(x, -2, keepdim=True))
        case(op, [t64([1.0, NAN, 3.0])], lambda x: reduce(x), special="NaN")
    for op, reduce in (("any", torch.any), ("all", torch.all)):
        compute = all_any(reduce)
        for shape, options in (([2, 3], {}), ([3, 4], {"axis": 0}), ([2, 3, 2], {"axis": [0, -1], "keepDims": True})):
            arguments = [v(op).booleans(shape)] + ([options] if options else [])
            case(op, arguments, lambda x: compute(x, options))
        case(op, [t64([[0.0, 0.0], [1.5, NAN]]), {"axis": 1}], lambda x: reduce(x, 1))

    for op, compute in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
        case(op, [v(op).uniform([3, 4], -4, 4)], lambda x: compute(x, -1))
        case(op, [v(op).uniform([3, 4], -4, 4), {"axis": 0}], lambda x: compute(x, 0))
        case(op, [v(op).uniform([2, 3, 2], -4, 4), {"axis": -2}], lambda x: compute(x, -2))
        case(op, [wide], lambda x: compute(x, -1), special="large values")
    case("softmax", [holes], lambda x: torch.softmax(x, -1), special="some −∞")
    case("normalize", [v("normalize").uniform([3, 4])], lambda x: F.normalize(x, dim=-1, eps=0.0))
    case("normalize", [v("normalize").uniform([3, 4]), {"axis": 0}], lambda x: F.normalize(x, dim=0, eps=0.0))
    case("normalize", [v("normalize").uniform([2, 3, 2]), {"axis": 1}], lambda x: F.normalize(x, dim=1, eps=0.0))
    options = {"axis": -1, "epsilon": 1e-3}
    case("normalize", [v("normalize").uniform([2, 5]), options], lambda x: F.normalize(x, dim=-1, eps=1e-3))
    case("cumsum", [v("cumsum").uniform([5]), {"axis": 0}], lambda x: torch.cumsum(x, 0))
    case("cumsum", [v("cumsum").uniform([3, 4]), {"axis": 0}], lambda x: torch.cumsum(x, 0))
    case("cumsum", [v("cumsum").uniform([2, 3, 2]), {"axis": -2}], lambda x: torch.cumsum(x, -2))


# Products and distances


def pairwise(x1, x2, p):
    """cdist from the differences: torch.cdist has no second derivative."""
    return torch.linalg.vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


def squared(x1, x2):
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).square().sum(-1)


def products():
    shapes = [
        ([2, 3], [3, 4]),
        ([3], [3]),
        ([2, 3], [3]),
        ([3], [3, 4]),
        ([2, 4, 3], [2, 3, 2]),
        ([5, 1, 2, 3], [4, 3, 2]),
        ([2, 3], [4, 3, 1]),
        ([3], [2, 3, 4]),
        ([2, 2, 3], [3]),
    ]
    for a, b in shapes:
        case("matmul", [v("matmul").uniform(a), v("matmul").uniform(b)], torch.matmul)
    for n in (3, 5):
        case("dot", [v("dot").uniform([n]), v("dot").uniform([n])], torch.dot)
    for n, m in ((2, 3), (4, 1)):
        case("outer", [v("outer").uniform([n]), v("outer").uniform([m])], torch.outer)
    for n, m, d in ((3, 4, 2), (2, 5, 3)):
        for p in (None, 1, 3, INF):
            x1, x2 = v("cdist").uniform([n, d]), v("cdist").uniform([m, d])
            arguments = [x1, x2] + ([] if p is None else [{"p": p}])
            exact = torch.cdist(x1, x2, 2 if p is None else p, compute_mode="donot_use_mm_for_euclid_dist")
            assert torch.allclose(exact, pairwise(x1, x2, 2 if p is None else p), rtol=1e-13)
            case("cdist", arguments, lambda a, b: pairwise(a, b, 2 if p is None else p))
        case("squaredCdist", [v("squaredCdist").uniform([n, d]), v("squaredCdist").uniform([m, d])], squared)
    batch = [v("cdist").uniform([2, 3, 2]), v("cdist").uniform([2, 4, 2])]
    case("cdist", batch, lambda a, b: pairwise(a, b, 2))
    x1, x2 = t64([[1.0, 2.0], [0.5, -1.0]]), t64([[1.0, 2.0], [3.0, 0.0], [0.5, -1.0]])
    case("cdist", [x1, x2], torch.cdist, special="coincident rows", second=False)
    case("squaredCdist", [x1, x2], squared, special="coincident rows")


# Moving elements


def sliced(x, *ranges):
    """NumPy's slices, negative steps too."""
    for axis, r in enumerate(ranges):
        index = range(*slice(*(r if r is not None else [None, None])).indices(x.shape[axis]))
        x = torch.index_select(x, axis, torch.tensor(list(index), dtype=torch.int64))
    return x


def movement():
    case("reshape", [v("reshape").uniform([2, 6]), [3, 4]], lambda x: x.reshape(3, 4))
    case("reshape", [v("reshape").uniform([2, 3, 2]), [-1, 4]], lambda x: x.reshape(-1, 4))
    case("reshape", [v("reshape").uniform([]), [1, 1]], lambda x: x.reshape(1, 1))
    case("transpose", [v("transpose").uniform([2, 3])], lambda x: x.transpose(-2, -1))
    case("transpose", [v("transpose").uniform([2, 3, 4])], lambda x: x.transpose(-2, -1))
    case("transpose", [v("transpose").uniform([2, 3, 4]), 0, -1], lambda x: x.transpose(0, -1))
    case("permute", [v("permute").uniform([2, 3, 4]), [2, 0, 1]], lambda x: x.permute(2, 0, 1))
    case("permute", [v("permute").uniform([2, 3, 2]), [-1, 1, -3]], lambda x: x.permute(-1, 1, -3))
    case("expand", [v("expand").uniform([2, 1]), [2, 3]], lambda x: x.expand(2, 3))
    case("expand", [v("expand").uniform([3, 1]), [2, 3, 4]], lambda x: x.expand(2, 3, 4))
    case("expand", [v("expand").uniform([]), [2, 2]], lambda x: x.expand(2, 2))
    case("squeeze", [v("squeeze").uniform([1, 3, 1])], torch.squeeze)
    case("squeeze", [v("squeeze").uniform([1, 3, 1]), {"axis": -1}], lambda x: x.squeeze(-1))
    case("squeeze", [v("squeeze").uniform([1, 3, 1, 2]), {"axis": [0, 2]}], lambda x: x.squeeze((0, 2)))
    case("unsqueeze", [v("unsqueeze").uniform([2, 3]), 1], lambda x: x.unsqueeze(1))
    case("unsqueeze", [v("unsqueeze").uniform([2, 3]), -1], lambda x: x.unsqueeze(-1))
    case("unsqueeze", [v("unsqueeze").uniform([]), 0], lambda x: x.unsqueeze(0))
    case("flatten", [v("flatten").uniform([2, 3, 2])], torch.flatten)
    options = {"startAxis": 1}
    case("flatten", [v("flatten").uniform([2, 3, 2]), options], lambda x: torch.flatten(x, 1))
    options = {"startAxis": 0, "endAxis": -2}
    case("flatten", [v("flatten").uniform([2, 3, 2]), options], lambda x: torch.flatten(x, 0, -2))
    slices = [
        ([5], [[1, 4]]),
        ([5], [[None, None, -1]]),
        ([3, 4], [[0, 2], [None, None, -1]]),
        ([3, 4], [None, [-3, -1]]),
        ([6, 3], [[None, None, 2], [1, None]]),
        ([7, 2], [[-2, 0, -2]]),
        ([4], [[-100, 100]]),
        ([4, 2], [[3, 1]]),
    ]
    for shape, ranges in slices:
        case("slice", [v("slice").uniform(shape), *ranges], lambda x: sliced(x, *ranges))
    case("select", [v("select").uniform([2, 3]), 1, -1], lambda x: x.select(1, -1))
    case("select", [v("select").uniform([2, 3, 4]), -2, 0], lambda x: x.select(-2, 0))
    case("flip", [v("flip").uniform([2, 3])], lambda x: x.flip((0, 1)))
    case("flip", [v("flip").uniform([2, 3]), {"axis": -1}], lambda x: x.flip((-1,)))
    case("flip", [v("flip").uniform([2, 3, 2]), {"axis": [0, 2]}], lambda x: x.flip((0, 2)))
    case("roll", [v("roll").uniform([2, 3]), 4], lambda x: torch.roll(x, 4))
    case("roll", [v("roll").uniform([2, 4]), -1, {"axis": 1}], lambda x: torch.roll(x, -1, 1))
    case("roll", [v("roll").uniform([3, 4]), [2, -5], {"axis": [0, -1]}], lambda x: torch.roll(x, (2, -5), (0, -1)))
    case("repeat", [v("repeat").uniform([2, 3]), 2], lambda x: x.repeat_interleave(2))
    case("repeat", [v("repeat").uniform([2, 3]), 3, {"axis": -1}], lambda x: x.repeat_interleave(3, -1))
    case("repeat", [v("repeat").uniform([2, 1, 2]), 2, {"axis": 0}], lambda x: x.repeat_interleave(2, 0))
    case("tile", [v("tile").uniform([3]), 2], lambda x: torch.tile(x, (2,)))
    case("tile", [v("tile").uniform([2, 3]), [2]], lambda x: torch.tile(x, (2,)))
    case("tile", [v("tile").uniform([2, 2]), [2, 1, 3]], lambda x: torch.tile(x, (2, 1, 3)))
    case("pad", [v("pad").uniform([3]), [[1, 2]]], lambda x: F.pad(x, (1, 2)))
    options = {"value": 1.5}
    case("pad", [v("pad").uniform([2, 3]), [[0, 1], [2, 0]], options], lambda x: F.pad(x, (2, 0, 0, 1), value=1.5))
    triple = v("concat").uniform([2, 1]), v("concat").uniform([2, 3]), v("concat").uniform([2, 2])
    case("concat", [list(triple), {"axis": 1}], lambda *x: torch.cat(x, 1))
    case("concat", [[v("concat").uniform([1, 3]), v("concat").uniform([2, 3])]], lambda *x: torch.cat(x))
    pair = v("concat").uniform([2, 2, 1]), v("concat").uniform([2, 3, 1])
    case("concat", [list(pair), {"axis": -2}], lambda *x: torch.cat(x, -2))
    case("stack", [[v("stack").uniform([3]), v("stack").uniform([3])]], lambda *x: torch.stack(x))
    triple = [v("stack").uniform([2, 3]) for _ in range(3)]
    case("stack", [triple, {"axis": -1}], lambda *x: torch.stack(x, -1))
    case("stack", [triple[:2], {"axis": 1}], lambda *x: torch.stack(x, 1))
    case("split", [v("split").uniform([6]), 3], lambda x: torch.tensor_split(x, 3))
    options = {"axis": 1}
    case("split", [v("split").uniform([2, 5]), [1, 3], options], lambda x: torch.tensor_split(x, (1, 3), 1))
    case("chunk", [v("chunk").uniform([5]), 2], lambda x: torch.chunk(x, 2))
    case("chunk", [v("chunk").uniform([2, 7]), 3, {"axis": -1}], lambda x: torch.chunk(x, 3, -1))
    case("unbind", [v("unbind").uniform([2, 3])], torch.unbind)
    case("unbind", [v("unbind").uniform([2, 3]), {"axis": -1}], lambda x: torch.unbind(x, -1))
    for shape in ([3, 3], [2, 4], [2, 4, 3]):
        case("diagonal", [v("diagonal").uniform(shape)], lambda x: torch.diagonal(x, dim1=-2, dim2=-1))
    for op, compute in (("triu", torch.triu), ("tril", torch.tril)):
        case(op, [v(op).uniform([3, 4])], compute)
        case(op, [v(op).uniform([3, 2]), {"diagonal": 1}], lambda x: compute(x, 1))
        case(op, [v(op).uniform([2, 3, 3]), {"diagonal": -1}], lambda x: compute(x, -1))


# Indexing and order


def long(index):
    return index.to(torch.int64)


def indexing():
    calls = [([3, 4], 1, [3, 2]), ([3, 4], 0, [2, 4]), ([4], 0, [6]), ([2, 3, 2], -2, [2, 2, 1])]
    for shape, axis, extent in calls:
        index = v("gather").integers(extent, 0, shape[axis])
        case("gather", [v("gather").uniform(shape), axis, index], lambda x, i: torch.gather(x, axis, long(i)))
        index = v("scatterAdd").integers(extent, 0, shape[axis])
        arguments = [v("scatterAdd").uniform(shape), axis, index, v("scatterAdd").uniform(extent)]
        case("scatterAdd", arguments, lambda x, i, source: torch.scatter_add(x, axis, long(i), source))
    for shape, axis, index in (([3, 4], 0, [2, 0, 2, 1]), ([3, 4], -1, [3, 3]), ([2, 3, 2], 1, [1])):
        places = t32(index)
        case("indexSelect", [v("indexSelect").uniform(shape), axis, places], lambda x, i: torch.index_select(x, axis, i))
        extent = list(shape)
        extent[axis] = len(index)
        arguments = [v("indexAdd").uniform(shape), axis, places, v("indexAdd").uniform(extent)]
        case("indexAdd", arguments, lambda x, i, source: torch.index_add(x, axis, i, source))
    case("oneHot", [t32([2, 0, 1, 2]), 4], lambda i: F.one_hot(long(i), 4).to(torch.float32))
    options = {"dtype": "int32"}
    case("oneHot", [t32([[1, 0], [2, 2]]), 3, options], lambda i: F.one_hot(long(i), 3).to(torch.int32))

    def ordered(pair):
        return {"values": pair[0], "indices": pair[1].to(torch.int32)}

    sorts = [([5], {}), ([3, 4], {"axis": 0}), ([2, 3, 2], {"axis": -2, "descending": True}), ([3, 4], {"descending": True})]
    for shape, options in sorts:
        axis, descending = options.get("axis", -1), options.get("descending", False)
        given = [options] if options else []
        case("sort", [v("sort").uniform(shape), *given], lambda x: ordered(torch.sort(x, axis, descending)))
        arguments = [v("argsort").uniform(shape), *given]
        case("argsort", arguments, lambda x: torch.argsort(x, axis, descending).to(torch.int32))
    ties = t64([2.0, 1.0, 2.0, 1.0, 3.0])
    for descending in (False, True):
        options = {"descending": descending}
        stable = lambda x: ordered(torch.sort(x, stable=True, descending=descending))  # noqa: E731
        case("sort", [ties, options], stable, special="ties keep their order")
    case("topk", [v("topk").uniform([6]), 2], lambda x: ordered(torch.topk(x, 2)))
    case("topk", [v("topk").uniform([3, 4]), 3, {"axis": 0}], lambda x: ordered(torch.topk(x, 3, 0)))
    options = {"axis": -1, "largest": False}
    case("topk", [v("topk").uniform([2, 5]), 2, options], lambda x: ordered(torch.topk(x, 2, -1, False)))


# Where the two differ on purpose


def differences():
    kink = "minimum-norm subgradient: 0 lies in the subdifferential at the kink"
    silent = "cotangent 0 gives gradient 0, so that an untaken branch of where() never leaks NaN"
    one = t64([0.0])
    disagreement(
        "clamp", "x = min", [one, {"min": 0}], lambda x: x.clamp(min=0), 1.0, {"gradients": [one]}, kink
    )
    both = t64([0.0, 1.0])
    disagreement(
        "clamp",
        "x at both bounds",
        [both, {"min": 0, "max": 1}],
        lambda x: x.clamp(0, 1),
        1.0,
        {"gradients": [t64([0.0, 0.0])]},
        kink,
    )
    third = t64([[1 / 3, 1 / 3, 1 / 3]])
    disagreement(
        "max",
        "ties along an axis (torch.max(dim), whose first index takes all; torch.amax shares)",
        [t64([[2.0, 2.0, 2.0]]), {"axis": 1}],
        lambda x: x.max(1).values,
        1.0,
        {"gradients": [third]},
        "minimum-norm subgradient: ties share equally",
    )
    zero = t64([[0.0, 0.0]])
    disagreement(
        "normalize",
        "zero vector (torch: default eps = 1e-12)",
        [zero],
        lambda x: F.normalize(x, dim=-1),
        1.0,
        {"value": zero, "gradients": [zero]},
        "zero vectors stay zero with gradient 0; 1/eps is an arbitrary large number",
    )
    nothing = t64([-INF, -INF])
    disagreement(
        "logSumExp",
        "all −∞",
        [nothing],
        lambda x: torch.logsumexp(x, 0),
        1.0,
        {"value": t64(-INF), "gradients": [t64([0.0, 0.0])]},
        "the sum of nothing is constant: gradient 0, not NaN",
    )
    disagreement(
        "logaddexp",
        "both −∞",
        [t64([-INF]), t64([-INF])],
        torch.logaddexp,
        1.0,
        {"value": t64([-INF]), "gradients": [one, one]},
        "the sum of nothing is constant: gradient 0, not NaN",
    )
    disagreement(
        "softmax",
        "a row of −∞",
        [nothing],
        lambda x: torch.softmax(x, -1),
        1.0,
        {"value": t64([0.5, 0.5]), "gradients": [t64([0.0, 0.0])]},
        "nothing is preferred: uniform, with gradient 0, instead of NaN",
    )
    disagreement(
        "xlogy",
        "x = 0, y = 0",
        [one, one],
        torch.xlogy,
        1.0,
        {"value": one, "gradients": [one, one]},
        "0 log y is 0 for every y: gradient 0 on both sides",
    )
    for op, compute in (("log", torch.log), ("sqrt", torch.sqrt), ("rsqrt", torch.rsqrt), ("reciprocal", torch.reciprocal)):
        disagreement(op, "x = 0 under cotangent 0", [one], compute, 0.0, {"gradients": [one]}, silent)
    disagreement("exp", "overflow under cotangent 0", [t64([1000.0])], torch.exp, 0.0, {"gradients": [one]}, silent)
    disagreement("div", "1 / 0 under cotangent 0", [t64([1.0]), one], torch.div, 0.0, {"gradients": [one, one]}, silent)
    disagreement("mul", "∞ · 0 under cotangent 0", [t64([INF]), one], torch.mul, 0.0, {"gradients": [one, one]}, silent)
    disagreement(
        "where",
        "sqrt at 0 in the branch not taken",
        [t64([0.0, 4.0])],
        lambda x: torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x)),
        1.0,
        {"value": t64([0.0, 2.0]), "gradients": [t64([0.0, 0.25])]},
        silent,
        expression="where(gt(x, 0), sqrt(x), 0)",
    )
    disagreement(
        "tanh",
        "derivative at 20",
        [t64([20.0])],
        torch.tanh,
        1e17,
        {"gradients": [t64([1e17 * 4 * math.exp(-40) / (1 + math.exp(-40)) ** 2])]},
        "1 − y² has lost all digits; the derivative is taken from x",
    )
    disagreement(
        "sigmoid",
        "derivative at 40",
        [t64([40.0])],
        torch.sigmoid,
        1e17,
        {"gradients": [t64([1e17 * math.exp(-40) / (1 + math.exp(-40)) ** 2])]},
        "1 − y has lost all digits; the derivative is taken from x",
    )
    disagreement(
        "mean", "of nothing", [torch.zeros(0, dtype=f64)], torch.mean, 1.0, {"throws": "NumericError"}, "no mean exists"
    )
    disagreement(
        "max", "of nothing", [torch.zeros(0, dtype=f64)], torch.amax, 1.0, {"throws": "ArgumentError"}, "no maximum exists"
    )
    disagreement(
        "topk",
        "ties: which index (torch.topk promises none)",
        [t64([2.0, 2.0, 1.0, 2.0]), 2],
        lambda x: dict(zip(("values", "indices"), torch.topk(x.detach(), 2))),
        1.0,
        {"value": {"values": t64([2.0, 2.0]), "indices": t32([0, 1])}},
        "ties are taken in index order",
    )


def content():
    for group in (elementwise, reductions, products, movement, indexing, differences):
        group()
    return book.content()
