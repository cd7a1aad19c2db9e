"""PyTorch on the inputs of pitfalls.ts, in float64 where they do not say otherwise: one line of JSON, call to number as text."""

import json
import math

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
INF = math.inf


def t(x):
    return torch.tensor(x, dtype=torch.float64)


def slope(f, at):
    x = t(at).requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x)
    return gradient


def pair(a, b):
    return torch.cdist(torch.tensor([[a]]), torch.tensor([[b]]), compute_mode="use_mm_for_euclid_dist")


calls = {
    "expm1(1e-16)": lambda: torch.expm1(t(1e-16)),
    "log1p(1e-16)": lambda: torch.log1p(t(1e-16)),
    "softplus(20.1)": lambda: F.softplus(t(20.1)),
    "softplus(-40)": lambda: F.softplus(t(-40.0)),
    "softplus(710)": lambda: F.softplus(t(710.0)),
    "logSigmoid(-800)": lambda: F.logsigmoid(t(-800.0)),
    "logSigmoid(40)": lambda: F.logsigmoid(t(40.0)),
    "logSumExp([1000, 1000])": lambda: t([1000.0, 1000.0]).logsumexp(0),
    "logSumExp([0, -40])": lambda: t([0.0, -40.0]).logsumexp(0),
    "logSumExp([-inf, -inf])": lambda: t([-INF, -INF]).logsumexp(0),
    "logSoftmax([40, 0])[0]": lambda: t([40.0, 0.0]).log_softmax(0),
    "softmax([1000, 1000])[0]": lambda: t([1000.0, 1000.0]).softmax(0),
    "softmax([-inf, -inf])[0]": lambda: t([-INF, -INF]).softmax(0),
    "norm([3e200, 4e200])": lambda: torch.linalg.vector_norm(t([3e200, 4e200])),
    "norm([3e-200, 4e-200])": lambda: torch.linalg.vector_norm(t([3e-200, 4e-200])),
    "normalize([3e-200, 4e-200])[0]": lambda: F.normalize(t([3e-200, 4e-200]), dim=0),
    "sum([1e100, 1, -1e100])": lambda: t([1e100, 1.0, -1e100]).sum(),
    "sum of 1e6 float32 0.1": lambda: torch.full((1000000,), 0.1).sum(),
    "mean([1.5e308, 1.7e308])": lambda: t([1.5e308, 1.7e308]).mean(),
    "variance([1e8 - 1, 1e8, 1e8 + 1])": lambda: t([1e8 - 1, 1e8, 1e8 + 1]).var(),
    "cdist of float32 512695 and 512804": lambda: pair(512695.0, 512804.0),
    "sigmoid'(40)": lambda: slope(torch.sigmoid, 40.0),
    "tanh'(20)": lambda: slope(torch.tanh, 20.0),
    "cross-entropy with logits by x at 40, t = 1": lambda: slope(
        lambda x: F.binary_cross_entropy_with_logits(x, t(1.0)), 40.0
    ),
    "prod by its zero at [0, 2, 3]": lambda: slope(torch.prod, [0.0, 2.0, 3.0]),
    "sqrt at 0": lambda: slope(torch.sqrt, 0.0),
    "abs at 0": lambda: slope(torch.abs, 0.0),
    "relu at 0": lambda: slope(torch.relu, 0.0),
    "clamp to [-1, 1] at 1": lambda: slope(lambda x: x.clamp(-1, 1), 1.0),
    "maximum(x, 2) at 2": lambda: slope(lambda x: torch.maximum(x, t(2.0)), 2.0),
    "max of [5, 5] by the first": lambda: slope(lambda x: x.amax(0), [5.0, 5.0]),
    "norm at [0, 0]": lambda: slope(torch.linalg.vector_norm, [0.0, 0.0]),
    "std of [3, 3, 3]": lambda: slope(torch.std, [3.0, 3.0, 3.0]),
    "cdist of identical points": lambda: slope(lambda x: torch.cdist(x, t([[1.0, 2.0]])), [[1.0, 2.0]]),
    "normalize of [0, 0]": lambda: slope(lambda x: F.normalize(x, dim=0), [0.0, 0.0]),
    "logSumExp at [-inf, -inf]": lambda: slope(lambda x: x.logsumexp(0), [-INF, -INF]),
    "where(x > 0, sqrt(x), 0) at -1": lambda: slope(lambda x: torch.where(x > 0, x.sqrt(), 0.0), -1.0),
    "0^b by b at 2": lambda: slope(lambda b: torch.pow(t(0.0), b), 2.0),
    "xlogy(a, 0) by a at 0": lambda: slope(lambda a: torch.xlogy(a, t(0.0)), 0.0),
    "x / x at 0": lambda: slope(lambda x: x / x, 0.0),
}
answers = {call: repr(run().reshape(-1)[0].item()) for call, run in calls.items()}
print(json.dumps({call: answer.replace("inf", "Infinity") for call, answer in answers.items()}))
