"""How reference data looks on disk: JSON, one case per line, doubles with full precision."""

import json
import math
import pathlib

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]

DTYPES = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.int32: "int32",
    torch.int64: "int32",
    torch.bool: "bool",
}


def encode(x):
    """A tensor as {shape, dtype, data}; numbers that JSON lacks as strings; everything else as itself."""
    if isinstance(x, torch.Tensor):
        # Some zero gradients have no storage; copying gives them one.
        data = torch.empty(x.shape, dtype=x.dtype).copy_(x.detach()).reshape(-1).tolist()
        return {"shape": list(x.shape), "dtype": DTYPES[x.dtype], "data": [encode(v) for v in data]}
    if isinstance(x, float):
        if math.isnan(x):
            return "NaN"
        if math.isinf(x):
            return "Infinity" if x > 0 else "-Infinity"
        return x
    if isinstance(x, (list, tuple)):
        return [encode(v) for v in x]
    if isinstance(x, dict):
        return {key: encode(v) for key, v in x.items()}
    return x


def text(x):
    """Compact JSON. 1.0 is written 1 (-0.0 stays): the numbers that JavaScript reads are the same."""
    if isinstance(x, bool) or x is None or isinstance(x, str):
        return json.dumps(x, ensure_ascii=False)
    if isinstance(x, float):
        whole = x.is_integer() and abs(x) < 1e15 and repr(x) != "-0.0"
        return str(int(x)) if whole else repr(x)
    if isinstance(x, list):
        return "[" + ",".join(map(text, x)) + "]"
    if isinstance(x, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(v)}" for key, v in x.items()) + "}"
    return str(x)


def document(content):
    """A dict of plain entries and of lists of cases, the lists one case per line."""
    lines = []
    for key, value in encode(content).items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + text(row) for row in value)
            lines.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {text(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def difference(old, new, path="$"):
    """The first place where two documents differ by more than rounding, or None."""
    numbers = (int, float)
    if isinstance(old, numbers) and isinstance(new, numbers) and not isinstance(old, bool):
        close = abs(old - new) <= 1e-11 * max(1.0, abs(old))
        return None if close else f"{path}: {old} on disk, {new} now"
    if type(old) is not type(new):
        return f"{path}: {old!r} on disk, {new!r} now"
    if isinstance(old, list):
        if len(old) != len(new):
            return f"{path}: {len(old)} entries on disk, {len(new)} now"
        return next(filter(None, (difference(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(old, new)))), None)
    if isinstance(old, dict):
        if old.keys() != new.keys():
            return f"{path}: keys {sorted(old)} on disk, {sorted(new)} now"
        return next(filter(None, (difference(old[key], new[key], f"{path}.{key}") for key in old)), None)
    return None if old == new else f"{path}: {old!r} on disk, {new!r} now"
