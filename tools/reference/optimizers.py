"""Reference numbers for @ndgrad/nn: steps of SGD and Adam, and a small perceptron forward and backward.

Trajectories: `parameters` at the start, one list of `gradients` per step (as given, before weight decay), and what the
parameters are after each step (`after[step][parameter]`). Options carry ndgrad's names; those left out are at PyTorch's
defaults, except for the learning rate, which is always there. float32 numbers are written as the doubles they are.
"""

import torch
import torch.nn.functional as F

from values import Values

STEPS = 12

TORCH_NAMES = {
    "learningRate": "lr",
    "momentum": "momentum",
    "dampening": "dampening",
    "nesterov": "nesterov",
    "weightDecay": "weight_decay",
    "betas": "betas",
    "epsilon": "eps",
}

RUNS = [
    ("SGD", {"learningRate": 0.1}),
    ("SGD", {"learningRate": 0.05, "momentum": 0.9}),
    ("SGD", {"learningRate": 0.05, "momentum": 0.8, "dampening": 0.3}),
    ("SGD", {"learningRate": 0.02, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learningRate": 0.1, "weightDecay": 0.05}),
    ("SGD", {"learningRate": 0.03, "momentum": 0.7, "nesterov": True, "weightDecay": 0.1}),
    ("SGD", {"learningRate": 0.03, "momentum": 0.7, "dampening": 0.5, "weightDecay": 0.1}),
    ("Adam", {"learningRate": 0.001}),
    ("Adam", {"learningRate": 0.1}),
    ("Adam", {"learningRate": 0.05, "betas": [0.8, 0.95]}),
    ("Adam", {"learningRate": 0.05, "betas": [0.4, 0.99]}),
    ("Adam", {"learningRate": 0.05, "epsilon": 0.01}),
    ("Adam", {"learningRate": 0.05, "weightDecay": 0.1}),
    ("Adam", {"learningRate": 0.2, "betas": [0.7, 0.9], "epsilon": 1e-4, "weightDecay": 0.3}),
]


def trajectory(optimizer, options, dtype):
    values = Values(f"{optimizer} {options}")
    shapes = [[2, 3], [3]]
    start = [values.uniform(shape, -1, 1, dtype) for shape in shapes]
    # The first parameter's gradients shrink from step to step, the second's keep their size.
    gradients = [
        [values.uniform(shape, -2, 2, dtype) / (1 if i else 1 + step) for i, shape in enumerate(shapes)]
        for step in range(STEPS)
    ]
    parameters = [p.clone().requires_grad_(True) for p in start]
    arguments = {TORCH_NAMES[key]: tuple(x) if isinstance(x, list) else x for key, x in options.items()}
    stepper = getattr(torch.optim, optimizer)(parameters, foreach=False, **arguments)
    after = []
    for step in gradients:
        for p, g in zip(parameters, step):
            p.grad = g.clone()
        stepper.step()
        after.append([p.detach().clone() for p in parameters])
    return {
        "optimizer": optimizer,
        "dtype": str(dtype).removeprefix("torch."),
        "options": options,
        "parameters": start,
        "gradients": gradients,
        "after": after,
    }


def perceptron(activation, dtype):
    """4-5-3 with `activation` between; weights are [out, in]. Gradients of Σ output · cotangent."""
    values = Values(f"perceptron {activation}")
    tensors = {
        "input": values.uniform([6, 4], -1, 1, dtype),
        "weight1": values.uniform([5, 4], -1, 1, dtype),
        "bias1": values.uniform([5], -1, 1, dtype),
        "weight2": values.uniform([3, 5], -1, 1, dtype),
        "bias2": values.uniform([3], -1, 1, dtype),
    }
    leaves = {name: t.clone().requires_grad_(True) for name, t in tensors.items()}
    hidden = getattr(torch, activation)(F.linear(leaves["input"], leaves["weight1"], leaves["bias1"]))
    output = F.linear(hidden, leaves["weight2"], leaves["bias2"])
    cotangent = values.uniform([6, 3], -1, 1, dtype)
    gradients = torch.autograd.grad(output, list(leaves.values()), cotangent)
    return {
        "activation": activation,
        "dtype": str(dtype).removeprefix("torch."),
        **tensors,
        "output": output.detach(),
        "cotangent": cotangent,
        "gradients": dict(zip(leaves, gradients)),
    }


def linear(shape, bias):
    values = Values(f"linear {shape} {bias}")
    x = values.uniform(shape, -1, 1)
    w, b = values.uniform([2, shape[-1]], -1, 1), values.uniform([2], -1, 1) if bias else None
    leaves = [t.clone().requires_grad_(True) for t in (x, w, b) if t is not None]
    y = F.linear(*leaves)
    cotangent = values.uniform(y.shape, -1, 1)
    gradients = torch.autograd.grad(y, leaves, cotangent)
    parts = {"input": x, "weight": w, **({"bias": b} if bias else {})}
    return {**parts, "output": y.detach(), "cotangent": cotangent, "gradients": dict(zip(parts, gradients))}


def content():
    dtypes = (torch.float64, torch.float32)
    return {
        "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
        "trajectories": [trajectory(name, options, dtype) for dtype in dtypes for name, options in RUNS],
        "linear": [linear(shape, bias) for shape, bias in (([4, 3], True), ([2, 4, 3], True), ([4, 3], False), ([3], True))],
        "perceptrons": [perceptron(activation, dtype) for activation in ("relu", "tanh") for dtype in dtypes],
    }
