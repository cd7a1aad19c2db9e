"""
Reference numbers for indexing, scattering, scans, order statistics and distances row by row.

PyTorch computes them, except where it lacks NumPy's rule: `index` and `take` read the places that NumPy's own indexing
gives for an array of positions, and repeated writes are spelled out one after the other.
"""

import numpy as np
import torch
import torch.nn.functional as F

from cases import INF, NAN, Cases, f64, t32, t64

book = Cases()
case = book.case
disagreement = book.disagreement
v = book.values


def long(index):
    return index.to(torch.int64)


def tb(data):
    return torch.tensor(data, dtype=torch.bool)


# Indexing by NumPy's rules


def numpy_index(indices):
    """Indices as ndgrad takes them, as NumPy takes them."""
    words = {"...": Ellipsis, "newaxis": None}

    def one(entry):
        if entry is None:
            return slice(None)
        if isinstance(entry, str):
            return words[entry]
        if isinstance(entry, torch.Tensor):
            return entry.numpy()
        return slice(entry.get("start"), entry.get("stop"), entry.get("step")) if isinstance(entry, dict) else entry

    return tuple(one(entry) for entry in indices)


def places(shape, indices):
    """The place in the flattened tensor of each element that is read."""
    whole = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64).reshape(shape)
    return torch.tensor(np.array(whole[numpy_index(indices)]))


def read(shape, *indices):
    case("index", [v("index").uniform(shape), *indices], lambda x, *_: x.reshape(-1)[places(shape, indices)])


def put_last(x, at, values):
    """Writes one after the other; of repeated places the last one stays."""
    values = values.expand(at.shape).reshape(-1)
    source = torch.arange(x.numel())
    for i, place in enumerate(at.reshape(-1).tolist()):
        source[place] = x.numel() + i
    return torch.cat([x.reshape(-1), values])[source].reshape(x.shape)


def add_all(x, at, values):
    return x.reshape(-1).index_add(0, at.reshape(-1), values.expand(at.shape).reshape(-1)).reshape(x.shape)


def write(shape, values, *indices):
    op = "indexPut"
    for accumulate in (False, True):
        compute = add_all if accumulate else put_last
        at = places(shape, indices)
        arguments = [v(op).uniform(shape), list(indices), v(op).uniform(values)]
        options = [{"accumulate": True}] if accumulate else []
        # The source comes last of the tensors.
        case(op, arguments + options, lambda x, *rest: compute(x, at, rest[-1]))


def advanced():
    x = [4, 2, 3]
    i, j = t32([0, -1, 2]), t32([[2], [0]])
    masks = tb([True, False, True, True]), tb([[True, False], [False, False], [True, True], [False, True]])
    read(x, -1)
    read(x, "...", 1)
    read(x, 0, "newaxis", {"step": -1})
    read(x, {"start": -3, "step": 2}, None, {"start": 2, "stop": 0, "step": -1})
    read(x, i)
    read(x, j)
    read(x, None, t32([1, 0, 1, 1]))
    read(x, i, t32([0, 1, 1]))
    read(x, j, t32([1, 0, 0]), -1)
    read(x, i, None, t32([2, 2, 0]))
    read(x, 0, None, i)
    read(x, None, 1, i)
    read(x, None, t32([0, 1, 0]), "...", t32([2, 2, 0]))
    read(x, "newaxis", i, "newaxis", {"start": 1})
    read(x, masks[0])
    read(x, masks[1])
    read(x, masks[1], t32([0, -1, 2, 1]))
    read(x, masks[0], None, 1)
    read(x, None, tb([[True, False, True], [False, False, True]]))
    read(x, tb([False, False, False, False]))
    write(x, [2, 3], i)
    write(x, [], t32([1, 1, 0]), 0)
    write(x, [3, 2], t32([1, 1, -3]), None, t32([0, 0, 0]))
    write(x, [1, 3], masks[1])
    write(x, [2], masks[0], None, 0)
    write(x, [2, 1], {"step": 2}, {"step": -1})
    for shape, indices in (([6], t32([0, -1, 0])), ([2, 3], t32([[5, -6], [0, 0]]))):
        case("take", [v("take").uniform(shape), indices], lambda x, at: torch.take(x, long(at)))
    for shape, indices, axis in (([2, 3], t32([2, -3, 2]), 1), ([2, 3, 2], t32([[1, 0], [-1, -3]]), -2)):
        at = torch.tensor(np.take(np.arange(int(np.prod(shape))).reshape(shape), indices.numpy(), axis=axis))
        case("take", [v("take").uniform(shape), indices, {"axis": axis}], lambda x, _: x.reshape(-1)[at])
    case("take", [v("take").uniform([2, 3]), -1, {"axis": 0}], lambda x: x[-1])
    for x in (t64([[0.0, 1.5], [NAN, -0.0]]), tb([False, True, True]), t32([[3, 0], [0, 0]])):
        case("nonzero", [x], lambda x: torch.nonzero(x).to(torch.int32))


# Scattering


def within(source, index):
    """The part of a longer source that an index names: PyTorch reads no more, but its derivative is refused."""
    return source[tuple(slice(0, extent) for extent in index.shape)]


def scattering():
    calls = [([3, 4], 0, [2, 3], [2, 4]), ([3, 4], 1, [3, 2], [3, 2]), ([2, 3, 2], -1, [1, 2, 5], [2, 2, 6])]
    for shape, axis, extent, longer in calls:
        index = v("scatterAdd").integers(extent, 0, shape[axis])
        arguments = [v("scatterAdd").uniform(shape), axis, index, v("scatterAdd").uniform(longer)]
        case("scatterAdd", arguments, lambda x, i, source: torch.scatter_add(x, axis, long(i), within(source, i)))
    for shape, axis, index, longer in (([3, 4], 0, [[2, 0, 1], [0, 1, 2]], [3, 3]), ([2, 3], 1, [[2, 0], [1, 2]], [2, 2])):
        arguments = [v("scatter").uniform(shape), axis, t32(index), v("scatter").uniform(longer)]
        case("scatter", arguments, lambda x, i, source: torch.scatter(x, axis, long(i), within(source, i)))
    index = t32([[2, 2, 0], [1, 1, 1]])
    at = torch.gather(torch.arange(8).reshape(2, 4), 1, long(index))
    arguments = [v("scatter").uniform([2, 4]), 1, index, v("scatter").uniform([2, 3])]
    case("scatter", arguments, lambda x, _, source: put_last(x, at, source), special="the last of repeated positions stays")
    case("scatter", [v("scatter").uniform([2, 4]), 1, index, 1.5], lambda x, i: torch.scatter(x, 1, long(i), 1.5))

    op = "scatterReduce"
    names = {"sum": "sum", "prod": "prod", "mean": "mean", "max": "amax", "min": "amin"}
    for reduction, name in names.items():
        for includes in (True, False):
            options = [] if includes else [{"includeSelf": False}]
            for shape, axis, extent, longer in calls:
                index = v(op).integers(extent, 0, shape[axis])
                source = v(op).uniform(longer)
                arguments = [v(op).uniform(shape), axis, index, source, reduction, *options]

                def compute(x, i, source):
                    return torch.scatter_reduce(x, axis, long(i), within(source, i), name, include_self=includes)

                # PyTorch has no second derivative of products.
                case(op, arguments, compute, second=reduction != "prod")
    ties = [t64([2.0, 5.0, 1.0]), 0, t32([0, 0, 1, 1, 2]), t64([2.0, 1.0, 7.0, 7.0, 0.0])]
    for reduction, name in (("max", "amax"), ("min", "amin")):
        case(
            op,
            [*ties, reduction],
            lambda x, i, source: torch.scatter_reduce(x, 0, long(i), source, name),
            special="ties share, x among them",
            second=False,
        )
    zeros = [t64([2.0, 0.0, 3.0]), 0, t32([0, 0, 1, 1, 2, 2]), t64([0.0, 5.0, 4.0, 6.0, 0.0, 0.0])]
    case(
        op,
        [*zeros, "prod"],
        lambda x, i, source: torch.stack([x[k] * torch.prod(source[2 * k : 2 * k + 2]) for k in range(3)]),
        special="products beside zeros",
    )


# Scans


def running(pair):
    return {"values": pair[0], "indices": pair[1].to(torch.int32)}


def scans():
    for shape, options in (([5], []), ([3, 4], [{"axis": 0}]), ([2, 3, 2], [{"axis": -2}])):
        axis = options[0]["axis"] if options else -1
        case("cumprod", [v("cumprod").uniform(shape), *options], lambda x: torch.cumprod(x, axis))
        case("cummax", [v("cummax").uniform(shape), *options], lambda x: running(torch.cummax(x, axis)))
        case("cummin", [v("cummin").uniform(shape), *options], lambda x: running(torch.cummin(x, axis)))
    # As products of slices: PyTorch's own second derivative is not taken at zeros.
    for data in ([2.0, 0.0, 3.0, 4.0], [0.0, 1.5, 0.0, 2.0], [0.0, 0.0, 0.0]):
        case(
            "cumprod",
            [t64(data)],
            lambda x: torch.stack([product([x[k] for k in range(i + 1)]) for i in range(len(data))]),
            special="beside zeros",
        )
    case("cumprod", [t32([2, -3, 0, 5])], lambda x: torch.cumprod(x, 0).to(torch.int32))
    case("cummax", [t64([1.0, NAN, 3.0])], lambda x: running(torch.cummax(x.detach(), 0)), special="NaN")


def product(factors):
    total = factors[0]
    for factor in factors[1:]:
        total = total * factor
    return total


# Order


def order():
    for side in ("left", "right"):
        options = [] if side == "left" else [{"side": "right"}]
        right = side == "right"
        op = "searchsorted"

        def search(s, x):
            return torch.searchsorted(s, x, right=right).to(torch.int32)

        case(op, [t64([1.0, 2.0, 2.0, 5.0]), t64([[0.0, 2.0], [5.0, 9.0]]), *options], search)
        case(op, [t64([1.0, 2.0]), t64(1.0), *options], search)
        batch = t64([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]), t64([[2.0, 0.0], [2.0, 3.0]])
        case(op, [*batch, *options], search)
        found = torch.tensor(np.searchsorted([1.0, NAN, NAN], [NAN, INF], side=side).astype(np.int32))
        case(op, [t64([1.0, NAN, NAN]), t64([NAN, INF]), *options], lambda s, x: found, special="NaN")
    for shape, options in (([5], {"axis": 0}), ([3, 4], {"axis": 1}), ([2, 4, 3], {"axis": -2, "keepDims": True})):
        keep = options.get("keepDims", False)
        case("median", [v("median").uniform(shape), options], lambda x: running(torch.median(x, options["axis"], keep)))
    x = v("median").uniform([2, 4])
    at = int(torch.argsort(x.reshape(-1))[3])
    case("median", [x], lambda x: {"values": torch.median(x), "indices": torch.tensor(at, dtype=torch.int32)})
    levels = t64([0.0, 0.1, 0.5, 0.77, 1.0])
    for interpolation in ("linear", "lower", "higher", "midpoint", "nearest"):
        options = {} if interpolation == "linear" else {"interpolation": interpolation}

        def compute(x, q=levels, axis=1, keep=False):
            return torch.quantile(x, q.detach(), axis, keep, interpolation=interpolation)

        arguments = [v("quantile").uniform([3, 6]), levels.tolist(), {"axis": 1, **options}]
        case("quantile", arguments, compute)
        arguments = [v("quantile").uniform([4, 2]), 0.3, {"axis": 0, "keepDims": True, **options}]
        case("quantile", arguments, lambda x: compute(x, t64(0.3), 0, True))
        case("quantile", [v("quantile").uniform([2, 3]), 0.4, *([options] if options else [])], lambda x: compute(x, t64(0.4), None))
    case("quantile", [t64([1.0, NAN, 2.0]), 0.5], lambda x: torch.quantile(x, 0.5).detach(), special="NaN")
    halves = [t64([1.0, 2.0, 3.0, 4.0]), 0.5, {"interpolation": "nearest"}]
    case("quantile", halves, lambda x: torch.quantile(x, 0.5, interpolation="nearest"), special="halves to even")


# Distances row by row


def distances():
    op = "cosineSimilarity"
    for a, b, options in (([3, 4], [3, 4], []), ([3, 4], [4], []), ([3, 4], [3, 1], [{"axis": 0}]), ([2, 1, 3], [4, 3], [{"axis": -1}])):
        axis = options[0]["axis"] if options else -1
        compute = lambda x, y: F.cosine_similarity(x, y, axis, 0.0)  # noqa: E731
        case(op, [v(op).uniform(a), v(op).uniform(b), *options], compute)
    op = "pairwiseDistance"
    for a, b in (([3, 4], [3, 4]), ([3, 4], [4]), ([5], [5])):
        for p in (None, 1, 3, INF):
            options = [] if p is None else [{"p": p}]

            def compute(x, y):
                return torch.linalg.vector_norm(x - y, 2 if p is None else p, -1)

            case(op, [v(op).uniform(a), v(op).uniform(b), *options], compute)
    case(
        op,
        [v(op).uniform([2, 3]), v(op).uniform([2, 3]), {"keepDims": True}],
        lambda x, y: F.pairwise_distance(x, y, eps=0.0, keepdim=True),
    )


# Where the two differ on purpose


def differences():
    ties = "minimum-norm subgradient: ties share equally"
    disagreement(
        "median",
        "ties along an axis (torch.median(dim) gives all to one of them; torch.median() shares)",
        [t64([3.0, 1.0, 3.0, 5.0, 3.0]), {"axis": 0}],
        lambda x: torch.median(x, 0).values,
        1.0,
        {"value": {"values": t64(3.0), "indices": t32(0)}},
        ties + "; of equal positions the first is named",
    )
    disagreement(
        "cummax",
        "ties (torch.cummax names the latest, which takes all)",
        [t64([2.0, 1.0, 2.0])],
        lambda x: running(torch.cummax(x.detach(), 0)),
        1.0,
        {"value": {"values": t64([2.0, 2.0, 2.0]), "indices": t32([0, 0, 0])}},
        ties + "; of equal positions the first is named, as by argmax",
    )
    disagreement(
        "quantile",
        "ties (torch.quantile gives each rank to one of the equals)",
        [t64([1.0, 3.0, 3.0, 3.0]), 0.5],
        lambda x: torch.quantile(x, 0.5),
        1.0,
        {"value": t64(3.0), "gradients": [t64([0.0, 1 / 3, 1 / 3, 1 / 3])]},
        ties,
    )
    zero = t64([[0.0, 0.0]])
    disagreement(
        "cosineSimilarity",
        "a vector of length 0 (torch: default eps = 1e-8)",
        [zero, t64([[3.0, 4.0]])],
        lambda x, y: F.cosine_similarity(x, y),
        1.0,
        {"value": t64([0.0]), "gradients": [zero, zero]},
        "beside nothing there is no angle: 0 with gradient 0; b / (|b| eps) is an arbitrary large number",
    )
    disagreement(
        "cosineSimilarity",
        "short vectors (torch: default eps = 1e-8)",
        [t64([3e-200, 4e-200]), t64([4e200, 3e200])],
        lambda x, y: F.cosine_similarity(x.detach(), y.detach(), 0),
        1.0,
        {"value": t64(0.96)},
        "an angle does not depend on lengths",
    )
    same = t64([[1.0, 2.0]])
    disagreement(
        "pairwiseDistance",
        "equal rows (torch: default eps = 1e-6)",
        [same, same],
        F.pairwise_distance,
        1.0,
        {"value": t64([0.0]), "gradients": [zero, zero]},
        "equal rows are at distance 0, with gradient 0; eps biases every distance",
    )
    disagreement(
        "index",
        "an integer apart from positions (torch takes it as a selection first)",
        [t64([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 0, None, t32([2, 0])],
        lambda x, at: x[0, :, long(at)],
        1.0,
        {"value": t64([[3.0, 6.0], [1.0, 4.0]])},
        "NumPy's rule: beside positions an integer is one too, and the axes of indices that stand apart come first",
    )
    disagreement(
        "scatterReduce",
        "the mean of integers (torch rounds down)",
        [t32([2]), 0, t32([0]), t32([5]), "mean"],
        lambda x, i, source: torch.scatter_reduce(x, 0, long(i), source, "mean"),
        1.0,
        {"value": torch.tensor([3.5])},
        "means of integers give float32",
    )
    disagreement(
        "scatterReduce",
        "an int32 product that does not fit",
        [t32([65536]), 0, t32([0]), t32([65536]), "prod"],
        lambda x, i, source: torch.scatter_reduce(x, 0, long(i), source, "prod"),
        1.0,
        {"throws": "NumericError"},
        "a silent wrap would be a wrong number",
    )
    disagreement(
        "searchsorted",
        "what is not sorted",
        [t64([3.0, 1.0, 2.0]), t64([2.0])],
        lambda s, x: torch.searchsorted(s, x).to(torch.int32),
        1.0,
        {"throws": "ArgumentError"},
        "a search there gives any number",
    )


def content():
    for group in (advanced, scattering, scans, order, distances, differences):
        group()
    return book.content()
