"""Makes the reference numbers of the tests again: python3 tools/reference/make.py [--check] [ops|digits|losses|nn|mining …]

README.md beside this file says what it makes and what it needs.
"""

import importlib
import json
import platform
import sys

# The scripts' own modules are read once: no __pycache__ in the work tree.
sys.dont_write_bytecode = True

import torch

from record import ROOT, difference, document

FILES = {
    "ops": ("ops", "packages/core/test/reference/ops.json"),
    "opsLinalg": ("ops_linalg", "packages/core/test/reference/opsLinalg.json"),
    "opsIndexing": ("ops_indexing", "packages/core/test/reference/opsIndexing.json"),
    "digits": ("digits", "packages/core/test/reference/digits.json"),
    "opsNeural": ("ops_neural", "packages/core/test/reference/opsNeural.json"),
    "opsFunctions": ("ops_functions", "packages/core/test/reference/opsFunctions.json"),
    "special": ("special_functions", "packages/kernels/test/reference/special.json"),
    "losses": ("losses", "packages/losses/test/reference/losses.json"),
    "nn": ("optimizers", "packages/nn/test/reference/optimizers.json"),
    "mining": ("retrieval", "packages/mining/test/reference/retrieval.json"),
    "metricLearning": ("metric_learning", "packages/mining/test/reference/metricLearning.json"),
}

# Modules that only some files need, by the name that installs them.
OPTIONAL = {"mpmath": "mpmath", "pytorch_metric_learning": "pytorch-metric-learning"}


def main(arguments):
    check = "--check" in arguments
    wanted = [argument for argument in arguments if argument != "--check"] or list(FILES)
    for name in wanted:
        if name not in FILES:
            sys.exit(f"make.py: no data called {name}; there are {', '.join(FILES)}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    stale = False
    for name in wanted:
        module, path = FILES[name]
        try:
            content = importlib.import_module(module).content()
        except ModuleNotFoundError as error:
            if error.name not in OPTIONAL:
                raise
            print(f"{path}: left as it is, {OPTIONAL[error.name]} is not installed")
            continue
        versions = {"python": platform.python_version(), "torch": torch.__version__, **content.pop("versions", {})}
        made = document({"about": content.pop("about"), "versions": versions, **content})
        target = ROOT / path
        if check:
            old, new = json.loads(target.read_text()), json.loads(made)
            for both in (old, new):
                del both["versions"]
            found = difference(old, new)
            stale = stale or found is not None
            print(f"{path}: {found or 'agrees'}")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(made)
            print(f"{path}: {len(made) / 1024:.0f} KiB")
    if stale:
        sys.exit(1)


main(sys.argv[1:])
