"""Cases of ops: a call as ndgrad takes it, and what PyTorch computes for it.

A case holds the call's positional arguments, the options object last, and, for its float inputs x₁ … xₖ in order of
appearance, with s = Σ ⟨value, cotangent⟩ over the float outputs:

    gradients[i] = ∂s/∂xᵢ
    hvp[i]       = ∂/∂xᵢ Σⱼ ⟨∂s/∂xⱼ, vectors[j]⟩

Left out are gradients where no output is float, and second-order products where PyTorch's own are not to be trusted
(exact kinks and coincidences).
"""

import math

import torch

from values import Values

INF = math.inf
NAN = math.nan
f64 = torch.float64


def t64(data):
    return torch.tensor(data, dtype=f64)


def t32(data):
    return torch.tensor(data, dtype=torch.int32)


def tensors_in(x):
    """The tensors of a call or a result, in order of appearance."""
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, dict):
        return [t for entry in x.values() for t in tensors_in(entry)]
    return [t for entry in x for t in tensors_in(entry)] if isinstance(x, (list, tuple)) else []


def replaced(x, tensors):
    """`x` with its tensors taken from an iterator: float leaves, or cotangents in place of values."""
    if isinstance(x, torch.Tensor):
        return next(tensors)
    if isinstance(x, dict):
        return {key: replaced(entry, tensors) for key, entry in x.items()}
    return [replaced(entry, tensors) for entry in x] if isinstance(x, (list, tuple)) else x


def zeros_for(missing, inputs):
    return [torch.zeros_like(x) if g is None else g for g, x in zip(missing, inputs)]


def derivatives(arguments, compute, draw, second):
    """What a case holds besides its call; see the top."""
    given = tensors_in(arguments)
    leaves = [t.detach().clone().requires_grad_(t.is_floating_point()) for t in given]
    inputs = [t for t in leaves if t.requires_grad]
    result = compute(*leaves)
    outputs = tensors_in(result)
    entry = {"value": replaced(result, iter([t.detach() for t in outputs]))}
    through = [t for t in outputs if t.requires_grad]
    if not through:
        return entry
    cotangents = [draw(t) for t in through]
    one = isinstance(result, torch.Tensor)
    entry["cotangent"] = cotangents[0] if one else cotangents
    gradients = torch.autograd.grad(through, inputs, cotangents, create_graph=True, allow_unused=True)
    gradients = zeros_for(gradients, inputs)
    entry["gradients"] = [g.detach() for g in gradients]
    if second:
        vectors = [draw(x) for x in inputs]
        live = [(g, w) for g, w in zip(gradients, vectors) if g.requires_grad]
        hvp = [None] * len(inputs)
        if live:
            hvp = torch.autograd.grad([g for g, _ in live], inputs, [w for _, w in live], allow_unused=True)
        entry["vectors"] = vectors
        entry["hvp"] = [h.detach() for h in zeros_for(hvp, inputs)]
    return entry


class Cases:
    """The cases and disagreements of one file."""

    def __init__(self):
        self.cases = []
        self.disagreements = []
        self.streams = {}

    def values(self, op):
        """The op's own stream of values."""
        return self.streams.setdefault(op, Values(op))

    def case(self, op, arguments, compute, second=True, special=None, relative=False):
        """
        `compute` gets the tensors of `arguments` in order and closes over everything else, in PyTorch's terms. `relative` asks
        for relative agreement where numbers are small: tails that an absolute tolerance would not see.
        """

        def draw(like):
            return self.values(op).uniform(like.shape, -2, 2, like.dtype)

        entry = {"op": op}
        if special is not None:
            entry["special"] = special
        if relative:
            entry["relative"] = True
        entry["arguments"] = arguments
        entry.update(derivatives(arguments, compute, draw, second))
        # No case may rest on a NaN that PyTorch made on the way.
        for key in ("value", "gradients", "hvp"):
            for t in tensors_in(entry.get(key, [])):
                sound = not t.is_floating_point() or special == "NaN" or not torch.isnan(t).any()
                assert sound and (special is not None or torch.isfinite(t).all()), (op, arguments, entry)
        self.cases.append(entry)

    def disagreement(self, op, point, arguments, compute, cotangent, rule, reason, expression=None):
        """
        A point where PyTorch and ndgrad differ on purpose. `rule` is what ndgrad gives there: {value?, gradients?} or {throws}.
        `expression` names a composition that stands in for the op (the test has them by this name).
        """
        entry = {"op": op, "point": point}
        if expression is not None:
            entry["expression"] = expression
        entry["arguments"] = arguments
        try:
            found = derivatives(arguments, compute, lambda like: torch.full_like(like, cotangent), False)
        except (RuntimeError, IndexError) as error:
            found = {"throws": str(error).split("\n")[0]}
        if "cotangent" in found:
            entry["cotangent"] = found.pop("cotangent")
        entry["torch"] = found
        entry["ndgrad"] = rule
        entry["reason"] = reason
        self.disagreements.append(entry)

    def content(self):
        return {
            "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
            "cases": self.cases,
            "disagreements": self.disagreements,
        }
