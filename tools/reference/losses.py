"""Reference numbers for @ndgrad/losses: values under each reduction and gradients.

A case is a call: loss(…arguments, {…options, reduction}). Where `matrix` is there, the first argument is the matrix
distance(…of). `gradients` are those of the float tensors of matrix.of and of the arguments, in order (weights are
options and have none). Under 'none' they are the gradients of Σ value · cotangent.

`by` says whose numbers they are: 'torch' for PyTorch's own function (with which the formula must agree to 1e-11 before
either is written), 'formula' for a formula written in torch below. Means follow ndgrad's contract, Σwℓ / Σw over the
terms that count; meanActive is over the terms above 0. Where PyTorch's own mean is another one it stands in
`disagreements`.
"""

import math
import warnings

import torch
import torch.nn.functional as F

from values import Values

INF = math.inf
f64 = torch.float64

cases = []
disagreements = []
distances = []
streams = {}


def v(name):
    return streams.setdefault(name, Values(name))


def t64(data):
    return torch.tensor(data, dtype=f64)


def t32(data):
    return torch.tensor(data, dtype=torch.int32)


def leaf(t):
    return t.detach().clone().requires_grad_(t.is_floating_point())


def tensors_in(x):
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, dict):
        return [t for entry in x.values() for t in tensors_in(entry)]
    return [t for entry in x for t in tensors_in(entry)] if isinstance(x, list) else []


def evaluate(given, compute, cotangent=None):
    """Value and gradients of one number, or of a tensor under a cotangent."""
    leaves = [leaf(t) for t in given]
    inputs = [t for t in leaves if t.requires_grad]
    value = compute(*leaves)
    g = torch.autograd.grad(value, inputs, cotangent, allow_unused=True)
    gradients = [torch.zeros_like(x) if d is None else d for d, x in zip(g, inputs)]
    entry = {"value": value.detach()}
    if cotangent is not None:
        entry["cotangent"] = cotangent
    entry["gradients"] = gradients
    return entry


def same(a, b):
    """The formula and PyTorch's function must agree before either is written down."""
    for x, y in zip([a["value"], *a["gradients"]], [b["value"], *b["gradients"]]):
        assert torch.allclose(x, y, rtol=1e-11, atol=1e-13), (x, y)


def case(loss, arguments, options, terms, torch_loss=None, share=None, counted=None, torch_mean=True, matrix=None, special=None):
    """
    `terms(…tensors)` gives wℓ per term, `share(…tensors)` what each adds to the denominator of the mean (default 1),
    `counted` which terms count. `torch_loss(reduction, …tensors)` is PyTorch's own function, whose numbers are then taken;
    `torch_mean=False` where its mean has another denominator.
    """
    given = tensors_in([matrix["of"] if matrix else [], arguments])

    def chosen(*tensors):
        x = terms(*tensors)
        return x if counted is None else torch.where(counted, x, torch.zeros_like(x))

    def mean(active):
        def compute(*tensors):
            x = chosen(*tensors)
            each = torch.ones_like(x) if share is None else share(*tensors).expand_as(x)
            mask = torch.ones_like(x, dtype=torch.bool) if counted is None else counted
            mask = x > 0 if active else mask
            zero = torch.zeros_like(x)
            total = torch.where(mask, each, zero).sum()
            # Selected, not multiplied: a term of 0 that is not active may still have a slope.
            return torch.where(mask, x, zero).sum() / total if total > 0 else x.sum() * 0

        return compute

    shape = chosen(*[leaf(t) for t in given]).shape
    cotangent = v(loss).uniform(shape)
    formulas = {
        "none": evaluate(given, chosen, cotangent),
        "sum": evaluate(given, lambda *x: chosen(*x).sum()),
        "mean": evaluate(given, mean(False)),
        "meanActive": evaluate(given, mean(True)),
    }
    entry = {"loss": loss}
    if special is not None:
        entry["special"] = special
    if matrix is not None:
        entry["matrix"] = matrix
    entry.update({"arguments": arguments, "options": options, "reductions": {}})
    for reduction, numbers in formulas.items():
        by = "formula"
        if torch_loss is not None and reduction != "meanActive" and (reduction != "mean" or torch_mean):
            own = evaluate(given, lambda *x: torch_loss(reduction, *x), cotangent if reduction == "none" else None)
            same(own, numbers)
            by, numbers = "torch", own
        for t in [numbers["value"], *numbers["gradients"]]:
            assert torch.isfinite(t).all(), (loss, options, reduction, numbers)
        entry["reductions"][reduction] = {"by": by, **numbers}
    cases.append(entry)


def disagreement(loss, point, arguments, options, reduction, torch_loss, rule, reason):
    given = tensors_in(arguments)
    disagreements.append(
        {
            "loss": loss,
            "point": point,
            "arguments": arguments,
            "options": options,
            "reduction": reduction,
            "torch": evaluate(given, torch_loss),
            "ndgrad": rule,
            "reason": reason,
        }
    )


# One prediction against one target


def pointwise():
    for loss, function in (("mseLoss", F.mse_loss), ("l1Loss", F.l1_loss)):
        for shape in ([2, 3], [4], []):
            x, t = v(loss).uniform(shape), v(loss).uniform(shape)
            terms = lambda x, t: function(x, t, reduction="none")  # noqa: E731
            case(loss, [x, t], {}, terms, lambda r, x, t: function(x, t, reduction=r))
        x, t, w = v(loss).uniform([3, 2]), v(loss).uniform([3, 2]), v(loss).uniform([3, 2], 0.1, 2)
        w[1, 0] = 0
        terms = lambda x, t: function(x, t, reduction="none", weight=w)  # noqa: E731
        own = lambda r, x, t: function(x, t, reduction=r, weight=w)  # noqa: E731
        case(loss, [x, t], {"weight": w}, terms, own, share=lambda *_: w, counted=w != 0)
        x, t = t64([1.5, -0.5, 2.0]), t64([1.5, 0.5, -1.0])
        terms = lambda x, t: function(x, t, reduction="none")  # noqa: E731
        case(loss, [x, t], {}, terms, lambda r, x, t: function(x, t, reduction=r), special="an exact fit")

    for delta in (None, 0.5, 2.5):
        d = 1.0 if delta is None else delta
        options = {} if delta is None else {"delta": delta}
        x, t = v("huberLoss").uniform([3, 4], -3, 3), v("huberLoss").uniform([3, 4], -3, 3)
        terms = lambda x, t: F.huber_loss(x, t, reduction="none", delta=d)  # noqa: E731
        case("huberLoss", [x, t], options, terms, lambda r, x, t: F.huber_loss(x, t, reduction=r, delta=d))
    x, t, w = v("huberLoss").uniform([5], -3, 3), v("huberLoss").uniform([5], -3, 3), v("huberLoss").uniform([5], 0.1, 2)
    own = lambda r, x, t: F.huber_loss(x, t, reduction=r, weight=w)  # noqa: E731
    case("huberLoss", [x, t], {"weight": w}, lambda x, t: own("none", x, t), own, lambda *_: w, torch_mean=False)
    disagreement(
        "huberLoss",
        "mean with weights",
        [x, t],
        {"weight": w},
        "mean",
        lambda x, t: own("mean", x, t),
        evaluate([x, t], lambda x, t: own("sum", x, t) / w.sum()),
        "Σwℓ / Σw for every loss; PyTorch divides this one by the number of elements",
    )

    loss = "hingeLoss"
    for shape in ([2, 3], [5]):
        t = v(loss).integers(shape, 0, 2, f64) * 2 - 1
        case(loss, [v(loss).uniform(shape), t], {}, lambda x, t: torch.relu(1 - t * x))
    x, t, w = v(loss).uniform([4]), t64([1.0, -1.0, -1.0, 1.0]), v(loss).uniform([4], 0.1, 2)
    case(loss, [x, t], {"weight": w}, lambda x, t: w * torch.relu(1 - t * x), share=lambda *_: w)
    x, t = t64([1.0, -1.0, 0.5, 3.0]), t64([1.0, -1.0, 1.0, 1.0])
    case(loss, [x, t], {}, lambda x, t: torch.relu(1 - t * x), special="on the hinge the gradient is 0")


def binary():
    loss = "binaryCrossEntropyWithLogits"
    function = F.binary_cross_entropy_with_logits

    def both(x, t, options, w=None, c=None, special=None):
        own = lambda r, x, t: function(x, t, reduction=r, weight=w, pos_weight=c)  # noqa: E731
        share = None if w is None else lambda *_: w
        case(loss, [x, t], options, lambda x, t: own("none", x, t), own, share, torch_mean=w is None, special=special)
        return own

    both(v(loss).uniform([2, 3], -4, 4), v(loss).integers([2, 3], 0, 2, f64), {})
    both(v(loss).uniform([5], -4, 4), v(loss).uniform([5], 0, 1), {}, special="soft targets")
    c = v(loss).uniform([3], 0.2, 4)
    both(v(loss).uniform([4, 3], -4, 4), v(loss).integers([4, 3], 0, 2, f64), {"positiveWeight": c}, c=c)
    both(v(loss).uniform([4, 2], -4, 4), v(loss).uniform([4, 2], 0, 1), {"positiveWeight": 2.5}, c=t64(2.5))
    x, t, w = v(loss).uniform([2, 3], -4, 4), v(loss).uniform([2, 3], 0, 1), v(loss).uniform([2, 3], 0.1, 2)
    own = both(x, t, {"weight": w, "positiveWeight": c}, w, c)
    both(t64([40.0, -40.0, 800.0, -800.0]), t64([0.0, 1.0, 1.0, 0.0]), {}, special="saturation")
    disagreement(
        loss,
        "mean with weights",
        [x, t],
        {"weight": w, "positiveWeight": c},
        "mean",
        lambda x, t: own("mean", x, t),
        evaluate([x, t], lambda x, t: own("sum", x, t) / w.sum()),
        "Σwℓ / Σw for every loss; PyTorch divides this one by the number of elements",
    )
    disagreement(
        loss,
        "an infinite logit on the right side",
        [t64([INF]), t64([1.0])],
        {},
        "mean",
        lambda x, t: function(x, t),
        {"value": t64(0.0)},
        "a sure and right answer costs 0; PyTorch has ∞ − ∞",
    )


def categorical():
    loss = "crossEntropy"
    ignored = -100

    def indices(x, y, options, w=None, smoothing=0.0, ignore=ignored, special=None):
        """Classes along axis 1 of x, as in PyTorch; ndgrad's `axis` is among the options."""
        own = lambda r, x, y: F.cross_entropy(  # noqa: E731
            x, y.to(torch.int64), w, reduction=r, ignore_index=ignore, label_smoothing=smoothing
        )
        counted = y != ignore
        share = None if w is None else lambda x, y: w[torch.where(counted, y, 0).to(torch.int64)]
        terms = lambda x, y: own("none", x, y)  # noqa: E731
        case(loss, [x, y], options, terms, own, share, counted, special=special)

    w = v(loss).uniform([4], 0.2, 2)
    indices(v(loss).uniform([3, 4], -4, 4), t32([2, 0, 3]), {})
    indices(v(loss).uniform([5, 3], -4, 4), t32([1, -100, 0, 2, -100]), {}, special="ignored rows")
    indices(v(loss).uniform([3, 4], -4, 4), t32([1, 7, 3]), {"ignoreIndex": 7}, ignore=7)
    indices(v(loss).uniform([3, 4], -4, 4), t32([1, 2, 2]), {"weight": w}, w)
    indices(v(loss).uniform([4, 4], -4, 4), t32([1, -100, 0, 3]), {"weight": w}, w)
    indices(v(loss).uniform([3, 4], -4, 4), t32([2, 0, 3]), {"labelSmoothing": 0.1}, smoothing=0.1)
    options = {"labelSmoothing": 0.1, "weight": w}
    indices(v(loss).uniform([4, 4], -4, 4), t32([2, 0, -100, 1]), options, w, 0.1)
    indices(v(loss).uniform([2, 4, 3], -4, 4), t32([[2, 0, 3], [1, 1, -100]]), {"axis": 1})
    options = {"axis": 1, "weight": w, "labelSmoothing": 0.1}
    indices(v(loss).uniform([2, 4, 3], -4, 4), t32([[2, 0, 3], [1, 1, 0]]), options, w, 0.1)
    indices(t64([[900.0, -900.0, 0.0], [-900.0, -900.0, -899.0]]), t32([1, 2]), {}, special="large logits")

    def probabilities(x, t, options, w=None, smoothing=0.0, special=None):
        own = lambda r, x, t: F.cross_entropy(x, t, w, reduction=r, label_smoothing=smoothing)  # noqa: E731
        share = None if w is None else lambda x, t: (t * w).sum(-1)
        case(loss, [x, t], options, lambda x, t: own("none", x, t), own, share, torch_mean=w is None, special=special)
        return own

    def targets(shape):
        return v(loss).distributions(shape)

    probabilities(v(loss).uniform([3, 4], -4, 4), targets([3, 4]), {})
    x, t = v(loss).uniform([3, 4], -4, 4), targets([3, 4])
    own = probabilities(x, t, {"weight": w}, w)
    probabilities(v(loss).uniform([2, 4], -4, 4), targets([2, 4]), {"labelSmoothing": 0.1}, smoothing=0.1)
    disagreement(
        loss,
        "probabilities: mean with weights",
        [x, t],
        {"weight": w},
        "mean",
        lambda x, t: own("mean", x, t),
        evaluate([x, t], lambda x, t: own("sum", x, t) / (t * w).sum()),
        "Σwℓ / Σw for both kinds of target; PyTorch divides this one by the number of rows",
    )
    x, y = v(loss).uniform([2, 3]), t32([-100, -100])
    disagreement(
        loss,
        "all rows ignored",
        [x, y],
        {},
        "mean",
        lambda x, y: F.cross_entropy(x, y.to(torch.int64)),
        {"value": t64(0.0), "gradients": [torch.zeros_like(x)]},
        "nothing counted is exactly 0 with gradient 0",
    )
    x, y = v(loss).uniform([2, 3]), t32([1, 1])
    disagreement(
        loss,
        "all weights 0",
        [x, y],
        {"weight": t64([1.0, 0.0, 1.0])},
        "mean",
        lambda x, y: F.cross_entropy(x, y.to(torch.int64), t64([1.0, 0.0, 1.0])),
        {"value": t64(0.0), "gradients": [torch.zeros_like(x)]},
        "nothing counted is exactly 0 with gradient 0",
    )
    x, t = t64([[0.5, -INF, 1.0]]), t64([[0.25, 0.0, 0.75]])
    kept = evaluate([x[:, [0, 2]], t[:, [0, 2]]], lambda x, t: F.cross_entropy(x, t))
    gradient = t64([[kept["gradients"][0][0, 0].item(), 0.0, kept["gradients"][0][0, 1].item()]])
    disagreement(
        loss,
        "probabilities: a masked class (logit −∞) that the target rules out",
        [x, t],
        {},
        "mean",
        lambda x, t: F.cross_entropy(x, t),
        {"value": kept["value"], "gradients": [gradient]},
        "0 · log 0 is 0: the class is absent; PyTorch has NaN",
    )


def divergence():
    loss = "klDivergence"
    for shape in ([2, 3], [4, 5]):
        q, p = v(loss).distributions(shape).log(), v(loss).distributions(shape)
        own = {"none": lambda q, p: F.kl_div(q, p, reduction="none").sum(-1)}
        own["sum"] = lambda q, p: F.kl_div(q, p, reduction="sum")
        own["mean"] = lambda q, p: F.kl_div(q, p, reduction="batchmean")
        case(loss, [q, p], {}, own["none"], lambda r, q, p: own[r](q, p))
        log_own = {"none": lambda q, p: F.kl_div(q, p, reduction="none", log_target=True).sum(-1)}
        log_own["sum"] = lambda q, p: F.kl_div(q, p, reduction="sum", log_target=True)
        log_own["mean"] = lambda q, p: F.kl_div(q, p, reduction="batchmean", log_target=True)
        case(loss, [q, p.log()], {"logTarget": True}, log_own["none"], lambda r, q, p: log_own[r](q, p))
    w = v(loss).uniform([2], 0.1, 2)
    q, p = v(loss).distributions([2, 3]).log(), v(loss).distributions([2, 3])
    terms = lambda q, p: w * F.kl_div(q, p, reduction="none").sum(-1)  # noqa: E731
    case(loss, [q, p], {"weight": w}, terms, share=lambda *_: w)
    disagreement(
        loss,
        "mean",
        [q, p],
        {},
        "mean",
        lambda q, p: F.kl_div(q, p, reduction="mean"),
        evaluate([q, p], lambda q, p: F.kl_div(q, p, reduction="batchmean")),
        "one term per distribution; PyTorch's mean divides by the number of elements, its batchmean is ours",
    )
    q, p = t64([[0.2, 0.8]]).log(), t64([[0.0, 1.0]])
    disagreement(
        loss,
        "a target of 0",
        [q, p],
        {},
        "mean",
        lambda q, p: F.kl_div(q, p, reduction="batchmean"),
        {"value": t64(-math.log(0.8)), "gradients": [t64([[0.0, -1.0]]), t64([[0.0, 1.0 - math.log(0.8)]])]},
        "the gradient to a target of 0 is taken as 0; PyTorch has NaN or −∞",
    )


# Distances


def euclidean(x, r=None):
    r = x if r is None else r
    return torch.linalg.vector_norm(x.unsqueeze(1) - r.unsqueeze(0), 2, -1)


def squared(x, r=None):
    r = x if r is None else r
    return (x.unsqueeze(1) - r.unsqueeze(0)).square().sum(-1)


def cosine(x, r=None):
    r = x if r is None else r
    length = lambda t: torch.linalg.vector_norm(t, 2, -1, keepdim=True)  # noqa: E731
    unit = lambda t: torch.where(length(t) == 0, 0.0, t / torch.where(length(t) == 0, 1.0, length(t)))  # noqa: E731
    return unit(x) @ unit(r).T


MATRICES = {"euclideanDistances": euclidean, "squaredEuclideanDistances": squared, "cosineSimilarities": cosine}


def distance_matrices():
    for name, compute in MATRICES.items():
        far = v(name).uniform([3, 2])
        same_row = torch.cat([far[:2], far[:1]])
        inputs = [
            ([v(name).uniform([4, 3])], None),
            ([v(name).uniform([2, 5]), v(name).uniform([3, 5])], None),
            ([far, same_row], "coincident rows"),
        ]
        if name == "cosineSimilarities":
            inputs[2] = ([torch.cat([far, torch.zeros(1, 2, dtype=f64)])], "a zero row")
        for given, special in inputs:
            shape = compute(*given).shape
            entry = {"distance": name}
            if special is not None:
                entry["special"] = special
            distances.append({**entry, "arguments": given, **evaluate(given, compute, v(name).uniform(shape))})


# Pairs and triplets


def labels_same(labels, references=None):
    """Which pairs are positive, which negative; an item is no pair with itself."""
    other = labels if references is None else references
    equal = labels.unsqueeze(1) == other.unsqueeze(0)
    alone = torch.eye(len(labels), dtype=torch.bool) if references is None else torch.zeros_like(equal)
    return equal & ~alone, ~equal & ~alone


def contrast(d, y, margin, form):
    gap = torch.relu(margin - d)
    return y * d + (1 - y) * gap if form == "linear" else y * d.square() / 2 + (1 - y) * gap.square() / 2


def contrastive():
    loss = "contrastiveLoss"
    for form in ("linear", "squared"):
        for margin in (1, 2.5):
            x1, x2, y = v(loss).uniform([5, 3]), v(loss).uniform([5, 3]), t64([1, 0, 0, 1, 0]).to(torch.bool)
            options = {"form": form, "margin": margin}

            def terms(a, b, y):
                return contrast(torch.linalg.vector_norm(a - b, 2, -1), y.to(f64), margin, form)

            case(loss, [x1, x2, y], options, terms)
        w = v(loss).uniform([5], 0.1, 2)
        case(loss, [x1, x2, y], {**options, "weight": w}, lambda *x: w * terms(*x), share=lambda *_: w)
        together = [t64([[1.0, 2.0], [0.5, 1.0]]), t64([[1.0, 2.0], [0.5, 1.0]]), torch.tensor([True, False])]
        case(loss, together, options, terms, special="coincident vectors: gradient 0")
    degrees = t64([0.25, 1.0, 0.0, 0.7])
    x1, x2 = v(loss).uniform([4, 2]), v(loss).uniform([4, 2])
    options = {"form": "linear", "margin": 2}

    def soft(a, b, y):
        return contrast(torch.linalg.vector_norm(a - b, 2, -1), y, 2, "linear")

    case(loss, [x1, x2, degrees], options, soft, special="degrees")

    loss = "contrastiveLossFromDistances"
    labels = t32([0, 1, 0, 2, 1, 0])
    positive, negative = labels_same(labels)
    for form, margin, distance in (
        ("linear", 1.5, "euclideanDistances"),
        ("squared", 2, "euclideanDistances"),
        ("linear", 4, "squaredEuclideanDistances"),
    ):
        matrix = {"distance": distance, "of": [v(loss).uniform([6, 3], -1, 1)]}

        def pairs(x, y):
            return contrast(MATRICES[distance](x), positive.to(f64), margin, form)

        options = {"form": form, "margin": margin}
        case(loss, [labels], options, pairs, counted=positive | negative, matrix=matrix)
    references = t32([1, 0, 5, 2])
    positive_r, negative_r = labels_same(labels, references)
    matrix = {"distance": "euclideanDistances", "of": [v(loss).uniform([6, 2], -1, 1), v(loss).uniform([4, 2], -1, 1)]}

    def crossed(x, r, y):
        return contrast(euclidean(x, r), positive_r.to(f64), 1.5, "linear")

    options = {"form": "linear", "margin": 1.5, "referenceLabels": references.tolist()}
    case(loss, [labels], options, crossed, counted=positive_r | negative_r, matrix=matrix)


def triplet_losses():
    loss = "tripletMarginLoss"
    for options in ({}, {"margin": 0.3}, {"swap": True}, {"p": 1}, {"p": 3, "swap": True, "margin": 2}):
        given = [v(loss).uniform([5, 3]) for _ in range(3)]

        def own(r, a, p, n):
            keys = {"margin": options.get("margin", 1.0), "p": options.get("p", 2), "swap": options.get("swap", False)}
            return F.triplet_margin_loss(a, p, n, reduction=r, eps=0, **keys)

        def terms(a, p, n):
            norm = lambda t: torch.linalg.vector_norm(t, options.get("p", 2), -1)  # noqa: E731
            far = torch.minimum(norm(a - n), norm(p - n)) if options.get("swap") else norm(a - n)
            return torch.relu(options.get("margin", 1) + norm(a - p) - far)

        case(loss, given, options, terms, own)
    w = v(loss).uniform([5], 0.1, 2)
    case(loss, given, {**options, "weight": w}, lambda *x: w * terms(*x), share=lambda *_: w)
    coincident = [t64([[1.0, 2.0], [0.0, 0.5]]), t64([[1.0, 2.0], [3.0, 0.5]]), t64([[2.0, 2.5], [0.0, 0.5]])]
    options = {"margin": 3}
    case(loss, coincident, options, terms, own, special="coincident vectors")
    disagreement(
        loss,
        "eps",
        given,
        {},
        "mean",
        lambda a, p, n: F.triplet_margin_loss(a, p, n),
        evaluate(given, lambda a, p, n: F.triplet_margin_loss(a, p, n, eps=0)),
        "no epsilon; PyTorch adds 1e-6 to every coordinate difference",
    )

    loss = "tripletLoss"
    chosen = {"anchors": [0, 0, 1, 4, 3], "positives": [2, 5, 4, 1, 2], "negatives": [1, 3, 0, 2, 5]}
    a, p, n = (torch.tensor(chosen[key]) for key in ("anchors", "positives", "negatives"))
    for distance, options in (
        ("euclideanDistances", {}),
        ("euclideanDistances", {"margin": 1.5}),
        ("squaredEuclideanDistances", {"margin": 0.5}),
        ("euclideanDistances", {"form": "softMargin"}),
        ("euclideanDistances", {"margin": 1, "swap": True}),
    ):
        matrix = {"distance": distance, "of": [v(loss).uniform([6, 3], -1, 1)]}

        def ranked(x):
            d = MATRICES[distance](x)
            far = torch.minimum(d[a, n], d[p, n]) if options.get("swap") else d[a, n]
            if options.get("form") == "softMargin":
                return F.softplus(d[a, p] - far, threshold=40)
            return torch.relu(options.get("margin", 0.2) + d[a, p] - far)

        case(loss, [{"triplets": chosen}], options, ranked, matrix=matrix)
    w = v(loss).uniform([5], 0.1, 2)
    case(loss, [{"triplets": chosen}], {**options, "weight": w}, lambda x: w * ranked(x), None, lambda *_: w, matrix=matrix)
    matrix = {"distance": "euclideanDistances", "of": [v(loss).uniform([6, 2], -1, 1), v(loss).uniform([7, 2], -1, 1)]}
    chosen = {"anchors": [0, 5, 2], "positives": [6, 1, 0], "negatives": [3, 6, 4]}
    rows, near, far = (torch.tensor(chosen[key]) for key in ("anchors", "positives", "negatives"))

    def crossed(x, r):
        d = euclidean(x, r)
        return torch.relu(1 + d[rows, near] - d[rows, far])

    case(loss, [{"triplets": chosen}], {"margin": 1}, crossed, matrix=matrix)


def circle_terms(s, positive, negative, margin, scale):
    """Eq. 4-8 of the paper per anchor, with the weights alpha as constants; 0 for an anchor without both sides."""
    pull = torch.relu(1 + margin - s).detach()
    push = torch.relu(s + margin).detach()
    empty = torch.tensor(-INF, dtype=f64)
    near = torch.where(positive, -scale * pull * (s - (1 - margin)), empty)
    far = torch.where(negative, scale * push * (s - margin), empty)
    complete = positive.any(1) & negative.any(1)
    rows = torch.where(complete)[0]
    u = torch.logsumexp(near[rows], 1) + torch.logsumexp(far[rows], 1)
    # Softplus by parts: the sign of u is a constant almost everywhere, and neither part overflows.
    terms = torch.relu(u) + torch.log1p(torch.exp(-u.abs()))
    return torch.zeros(len(s), dtype=f64).index_put((rows,), terms), complete


def circle():
    loss = "circleLoss"
    labels = t32([0, 1, 0, 2, 1, 0, 1])
    positive, negative = labels_same(labels)
    _, complete = circle_terms(torch.zeros(7, 7, dtype=f64), positive, negative, 0.25, 1)
    for options, spread in (
        ({}, 1),
        ({"margin": 0.25, "scale": 256}, 0.2),
        ({"margin": 0.4, "scale": 80}, 1),
        ({"margin": 0.4, "scale": 80}, 0.1),
        ({"margin": 0.3, "scale": 2}, 1),
    ):
        x = v(loss).uniform([7, 3], -1, 1)
        # Clusters: with spread 0.1 classes are nearly separated, and α nearly 0.
        centres = v(loss).uniform([3, 3], -1, 1)
        x = (spread * x + (1 - spread) * centres[labels.to(torch.int64)]).round(decimals=3)
        m, scale = options.get("margin", 0.25), options.get("scale", 256)

        def terms(x, y):
            return circle_terms(cosine(x), positive, negative, m, scale)[0]

        case(loss, [x, labels], options, terms, counted=complete)
    w = v(loss).uniform([7], 0.1, 2)
    case(loss, [x, labels], {**options, "weight": w}, lambda *t: w * terms(*t), None, lambda *_: w, complete)

    loss = "circleLossFromSimilarities"
    own = {"distance": "cosineSimilarities", "of": [v(loss).uniform([7, 4], -1, 1)]}
    options = {"margin": 0.4, "scale": 80}

    def within(x, y):
        return circle_terms(cosine(x), positive, negative, 0.4, 80)[0]

    case(loss, [labels], options, within, counted=complete, matrix=own)
    references = t32([1, 0, 5, 2, 0])
    positive_r, negative_r = labels_same(labels, references)
    _, complete_r = circle_terms(torch.zeros(7, 5, dtype=f64), positive_r, negative_r, 0.25, 1)
    matrix = {"distance": "cosineSimilarities", "of": [v(loss).uniform([7, 3], -1, 1), v(loss).uniform([5, 3], -1, 1)]}

    def crossed(x, r, y):
        return circle_terms(cosine(x, r), positive_r, negative_r, 0.25, 256)[0]

    options = {"referenceLabels": references.tolist()}
    case(loss, [labels], options, crossed, counted=complete_r, matrix=matrix)


def content():
    # kl_div warns that its mean is none; that is what the disagreement records.
    warnings.filterwarnings("ignore", "reduction: 'mean' divides")
    for group in (pointwise, binary, categorical, divergence, distance_matrices, contrastive, triplet_losses, circle):
        group()
    return {
        "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
        "cases": cases,
        "distances": distances,
        "disagreements": disagreements,
    }
