"""Reference numbers for the ops of networks: convolution, pooling, normalisation, attention, dropout, embedding."""

import torch
import torch.nn.functional as F

from cases import Cases, f64, t64

book = Cases()
case = book.case
disagreement = book.disagreement
v = book.values


def given(options, names):
    """PyTorch's keywords for those of ndgrad's options that are there."""
    return {names[key]: tuple(x) if isinstance(x, list) else x for key, x in options.items() if key in names}


WINDOW = {"stride": "stride", "padding": "padding", "dilation": "dilation", "groups": "groups"}


# Convolution


def windows():
    for shape, kernel, options in (
        ([1, 2, 3, 4], [2, 2], {}),
        ([2, 3, 4], [2, 1], {"padding": [1, 0]}),
        ([2, 1, 4, 5], [2, 3], {"stride": [2, 1], "padding": [1, 2], "dilation": [2, 1]}),
    ):
        def columns(x):
            return F.unfold(x, tuple(kernel), **given(options, WINDOW))

        x = v("unfold").uniform(shape)
        case("unfold", [x, kernel, options], columns)

        def image(x):
            return F.fold(x, tuple(shape[-2:]), tuple(kernel), **given(options, WINDOW))

        case("fold", [v("fold").uniform(list(columns(x).shape)), shape[-2:], kernel, options], image)
    case("unfold", [v("unfold").uniform([1, 1, 3, 3]), 2], lambda x: F.unfold(x, 2))


def convolutions():
    lines = (
        ([2, 3, 6], [2, 3, 3], {}),
        ([3, 7], [2, 3, 2], {"stride": 2, "padding": 1}),
        ([1, 4, 5], [4, 2, 2], {"groups": 2, "dilation": 2}),
        ([1, 2, 5], [2, 2, 4], {"padding": "same"}),
        ([1, 2, 5], [2, 2, 3], {"padding": "valid", "stride": 2}),
    )
    images = (
        ([2, 2, 4, 4], [3, 2, 3, 2], {}),
        ([2, 4, 5], [2, 2, 2, 2], {"stride": [2, 1], "padding": [0, 1]}),
        ([1, 4, 4, 4], [2, 2, 2, 2], {"groups": 2, "dilation": [1, 2], "padding": 1}),
        ([1, 3, 3, 3], [3, 1, 2, 2], {"groups": 3}),
        ([1, 1, 3, 4], [2, 1, 2, 3], {"padding": "same"}),
        ([1, 1, 4, 4], [1, 1, 3, 2], {"padding": "same", "dilation": [1, 3]}),
        ([2, 3, 2, 2], [2, 3, 1, 1], {}),
        ([1, 2, 3, 3], [2, 2, 1, 1], {"stride": 2}),
    )
    for op, compute, calls in (("conv1d", F.conv1d, lines), ("conv2d", F.conv2d, images)):
        for shape, weight, options in calls:
            arguments = [v(op).uniform(shape), v(op).uniform(weight), v(op).uniform([weight[0]])]
            case(op, [*arguments, options], lambda x, w, b: compute(x, w, b, **given(options, WINDOW)))
        shape, weight, _ = calls[0]
        case(op, [v(op).uniform(shape), v(op).uniform(weight)], compute)

    transposed = {**WINDOW, "outputPadding": "output_padding"}
    lines = (
        ([2, 3, 4], [3, 2, 3], {}),
        ([3, 4], [3, 2, 2], {"stride": 3, "padding": 1, "outputPadding": 2}),
        ([1, 4, 3], [4, 1, 2], {"groups": 2, "dilation": 2}),
    )
    images = (
        ([2, 3, 2, 2], [3, 2, 2, 2], {}),
        ([3, 2, 2], [3, 1, 3, 2], {"stride": [2, 3], "padding": [1, 0], "outputPadding": [1, 2]}),
        ([1, 4, 2, 2], [4, 1, 2, 3], {"groups": 2, "dilation": [2, 1]}),
        ([1, 2, 2, 3], [2, 3, 1, 1], {}),
    )
    for op, compute, calls in (
        ("convTranspose1d", F.conv_transpose1d, lines),
        ("convTranspose2d", F.conv_transpose2d, images),
    ):
        for shape, weight, options in calls:
            outputs = weight[1] * options.get("groups", 1)
            arguments = [v(op).uniform(shape), v(op).uniform(weight), v(op).uniform([outputs])]
            case(op, [*arguments, options], lambda x, w, b: compute(x, w, b, **given(options, transposed)))


# Pooling


def pooling():
    names = {"stride": "stride", "padding": "padding", "dilation": "dilation", "ceilMode": "ceil_mode"}
    lines = (
        ([2, 2, 6], 2, {}),
        ([2, 7], 3, {"stride": 2, "padding": 1, "ceilMode": True}),
        ([1, 2, 7], 2, {"dilation": 3, "stride": 1}),
    )
    images = (
        ([2, 2, 4, 4], 2, {}),
        ([2, 5, 6], [3, 2], {"stride": [1, 2], "padding": [1, 0]}),
        ([1, 2, 5, 5], [3, 2], {"stride": 2, "padding": 1, "ceilMode": True}),
        ([1, 1, 2, 7], 3, {"stride": 4, "padding": 1, "ceilMode": True}),
        ([1, 5, 5], 2, {"dilation": [1, 3], "stride": 1}),
    )

    def size(kernel):
        return tuple(kernel) if isinstance(kernel, list) else kernel

    for op, compute, calls in (("maxPool1d", F.max_pool1d, lines), ("maxPool2d", F.max_pool2d, images)):
        for shape, kernel, options in calls:
            arguments = [v(op).uniform(shape), kernel, options]
            case(op, arguments, lambda x: compute(x, size(kernel), **given(options, names)))

    def with_indices(x, kernel, options):
        values, indices = F.max_pool2d(x, size(kernel), return_indices=True, **given(options, names))
        return {"values": values, "indices": indices.to(torch.int32)}

    op = "maxPool2dWithIndices"
    for shape, kernel, options in images:
        case(op, [v(op).uniform(shape), kernel, options], lambda x: with_indices(x, kernel, options))
    tie = t64([[[1.0, 3.0], [3.0, 2.0]]])
    case(op, [tie, 2], lambda x: with_indices(x, 2, {}), special="the first of ties", second=False)

    names = {**names, "countIncludePad": "count_include_pad", "divisorOverride": "divisor_override"}
    lines = (
        ([2, 2, 6], 2, {}),
        ([2, 7], 3, {"stride": 2, "padding": 1, "ceilMode": True}),
        ([1, 2, 5], 3, {"stride": 2, "padding": 1, "countIncludePad": False}),
    )
    images = (
        ([2, 2, 4, 4], 2, {}),
        ([2, 5, 6], [3, 2], {"stride": [1, 2], "padding": [1, 0]}),
        ([1, 2, 5, 6], [3, 2], {"stride": 2, "padding": 1, "ceilMode": True}),
        ([1, 1, 5, 5], 3, {"stride": 2, "padding": 1, "ceilMode": True, "countIncludePad": False}),
        ([1, 1, 4, 4], 3, {"stride": 2, "ceilMode": True}),
        ([2, 4, 4], [2, 3], {"stride": 1, "padding": 1, "divisorOverride": 5}),
    )
    for op, compute, calls in (("avgPool1d", F.avg_pool1d, lines), ("avgPool2d", F.avg_pool2d, images)):
        for shape, kernel, options in calls:
            arguments = [v(op).uniform(shape), kernel, options]
            case(op, arguments, lambda x: compute(x, size(kernel), **given(options, names)))

    for shape, wanted in (([2, 2, 7], 3), ([2, 3], 5)):
        x = v("adaptiveAvgPool1d").uniform(shape)
        case("adaptiveAvgPool1d", [x, wanted], lambda x: F.adaptive_avg_pool1d(x, wanted))
    for shape, wanted in (([2, 2, 5, 7], [3, 2]), ([2, 3, 4], [4, 6]), ([1, 2, 3, 4], 1), ([1, 2, 3, 4], [2, None])):
        x = v("adaptiveAvgPool2d").uniform(shape)
        case("adaptiveAvgPool2d", [x, wanted], lambda x: F.adaptive_avg_pool2d(x, size(wanted)))


# Normalisation


def normalisation():
    for shape, options in (
        ([4, 2], {}),
        ([2, 3, 4], {"epsilon": 0.1}),
        ([2, 2, 3, 2], {}),
    ):
        channels = [shape[1]]
        x = v("batchNorm").uniform(shape)
        affine = {"weight": v("batchNorm").uniform(channels), "bias": v("batchNorm").uniform(channels)}
        eps = options.get("epsilon", 1e-5)
        case(
            "batchNorm",
            [x, {"training": True, **options}],
            lambda x: F.batch_norm(x, None, None, training=True, eps=eps),
        )
        case(
            "batchNorm",
            [x, {**affine, "training": True, **options}],
            lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True, eps=eps),
        )
        running = {
            "runningMean": v("batchNorm").uniform(channels),
            "runningVariance": v("batchNorm").uniform(channels, 0.5, 2),
        }
        case(
            "batchNorm",
            [x, {**running, **affine, **options}],
            lambda x, m, s, w, b: F.batch_norm(x, m.detach(), s.detach(), w, b, eps=eps),
        )
    for shape, last, options in (([3, 4], 1, {}), ([2, 3, 4], 2, {"epsilon": 0.1}), ([2, 2, 3], 1, {})):
        tail = shape[-last:]
        x = v("layerNorm").uniform(shape)
        affine = {"weight": v("layerNorm").uniform(tail), "bias": v("layerNorm").uniform(tail)}
        eps = options.get("epsilon", 1e-5)
        case("layerNorm", [x, tail, options], lambda x: F.layer_norm(x, tail, eps=eps))
        case("layerNorm", [x, tail, {**affine, **options}], lambda x, w, b: F.layer_norm(x, tail, w, b, eps))
    for shape, groups, options in (([2, 4], 2, {}), ([2, 4, 3], 2, {"epsilon": 0.1}), ([1, 6, 2, 2], 3, {})):
        channels = [shape[1]]
        x = v("groupNorm").uniform(shape)
        affine = {"weight": v("groupNorm").uniform(channels), "bias": v("groupNorm").uniform(channels)}
        eps = options.get("epsilon", 1e-5)
        case("groupNorm", [x, groups, options], lambda x: F.group_norm(x, groups, eps=eps))
        case("groupNorm", [x, groups, {**affine, **options}], lambda x, w, b: F.group_norm(x, groups, w, b, eps))
    for shape in ([2, 2, 4], [1, 3, 2, 2]):
        channels = [shape[1]]
        x = v("instanceNorm").uniform(shape)
        affine = {"weight": v("instanceNorm").uniform(channels), "bias": v("instanceNorm").uniform(channels)}
        case("instanceNorm", [x, affine], lambda x, w, b: F.instance_norm(x, weight=w, bias=b))


# Attention, dropout, embedding


def attention():
    op = "scaledDotProductAttention"

    def attend(q, k, value, **options):
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            return F.scaled_dot_product_attention(q, k, value, **options)

    def vectors(*shapes):
        return [v(op).uniform(shape) for shape in shapes]

    case(op, vectors([2, 3], [4, 3], [4, 2]), attend)
    qkv = vectors([2, 2, 3], [2, 3, 3], [2, 3, 2])
    case(op, [*qkv, {"scale": 0.3}], lambda q, k, x: attend(q, k, x, scale=0.3))
    qkv = vectors([2, 3, 2], [2, 3, 2], [2, 3, 2])
    case(op, [*qkv, {"isCausal": True}], lambda q, k, x: attend(q, k, x, is_causal=True))
    qkv = vectors([1, 4, 2], [1, 2, 2], [1, 2, 3])
    case(op, [*qkv, {"isCausal": True}], lambda q, k, x: attend(q, k, x, is_causal=True))
    qkv = vectors([2, 3, 2], [2, 4, 2], [2, 4, 2])
    for mask in ([3, 4], [2, 1, 4]):
        case(op, [*qkv, {"mask": v(op).uniform(mask)}], lambda q, k, x, m: attend(q, k, x, attn_mask=m))
    allowed = torch.tensor([[True, False, True, False], [False] * 4, [True] * 4])
    case(
        op,
        [*qkv, {"mask": allowed}],
        lambda q, k, x, m: attend(q, k, x, attn_mask=m),
        second=False,
        special="a query that may attend to nothing",
    )
    some = torch.tensor([[True, False, True, False], [False, False, False, True], [True] * 4])
    case(op, [*qkv, {"mask": some}], lambda q, k, x, m: attend(q, k, x, attn_mask=m))


def lookups():
    for shape, table in (([4], [3, 2]), ([2, 3], [5, 2]), ([], [3, 2])):
        arguments = [v("embedding").integers(shape, 0, table[0]), v("embedding").uniform(table)]
        case("embedding", arguments, lambda i, w: F.embedding(i, w))
        case(
            "embedding",
            [*arguments, {"paddingIndex": -1}],
            lambda i, w: F.embedding(i, w, padding_idx=-1),
            second=False,
        )
    case("dropout", [v("dropout").uniform([5]), 0], lambda x: F.dropout(x, 0.0))
    case("dropout", [v("dropout").uniform([5]), 1], lambda x: F.dropout(x, 1.0))
    case("dropout", [v("dropout").uniform([5]), 0.5, {"training": False}], lambda x: F.dropout(x, 0.5, training=False))


# Where the two differ


def differences():
    tie = [t64([[[3.0, 3.0, 1.0], [2.0, 3.0, 1.0]]]), [2, 3]]
    disagreement(
        "maxPool2d",
        "ties inside of a window",
        tie,
        lambda x: F.max_pool2d(x, (2, 3)),
        1.5,
        {"value": t64([[[3.0]]]), "gradients": [t64([[[0.5, 0.5, 0.0], [0.0, 0.5, 0.0]]])]},
        "ties share equally: the subgradient of smallest norm, which does not depend on the order of elements",
    )
    disagreement(
        "maxPool2d",
        "a window that reads padding alone",
        [t64([[[1.0, 2.0], [3.0, 4.0]]]), 2, {"dilation": 3, "padding": 1, "stride": 1}],
        # Not differentiated: PyTorch's backward pass writes in front of the image there.
        lambda x: F.max_pool2d(x.detach(), 2, 1, 1, 3),
        1.0,
        {"throws": "ShapeError"},
        "nothing has no maximum; a −∞ in its place poisons what follows",
    )
    disagreement(
        "dropout",
        "NaN that is dropped",
        [t64([float("nan"), 1.0]), 1],
        lambda x: F.dropout(x, 1.0),
        1.0,
        {"value": t64([0.0, 0.0]), "gradients": [t64([0.0, 0.0])]},
        "dropping selects, it does not multiply",
    )


def content():
    for group in (windows, convolutions, pooling, normalisation, attention, lookups, differences):
        group()
    return book.content()
