"""Deterministic inputs: a Park-Miller generator seeded by a name, rounded to few decimals so that the data stays short.

state <- 16807 * state mod (2^31 - 1), starting from 1 + crc32(name) mod (2^31 - 2). Each op and each loss has a stream of
its own, so a new case changes only those after it of the same op. Within one float tensor the values are distinct
(redrawn while they repeat): no ties but those that a case writes down itself.
"""

import math
import zlib

import torch


class Values:
    def __init__(self, name):
        self.state = 1 + zlib.crc32(name.encode()) % (2**31 - 2)

    def fraction(self):
        """A number in (0, 1)."""
        self.state = 16807 * self.state % (2**31 - 1)
        return self.state / (2**31 - 1)

    def uniform(self, shape, low=-2.0, high=2.0, dtype=torch.float64, away=0.01):
        """Distinct values in (low, high) with three decimals, none within `away` of an integer (kinks live there)."""
        drawn = {}
        while len(drawn) < math.prod(shape):
            value = round(low + (high - low) * self.fraction(), 3)
            if abs(value - round(value)) >= away:
                drawn[value] = True
        return torch.tensor(list(drawn), dtype=dtype).reshape(shape)

    def integers(self, shape, low, high, dtype=torch.int32):
        """Integers in [low, high); repeats allowed."""
        data = [low + int((high - low) * self.fraction()) for _ in range(math.prod(shape))]
        return torch.tensor(data, dtype=dtype).reshape(shape)

    def booleans(self, shape):
        return self.integers(shape, 0, 2, torch.bool)

    def distributions(self, shape):
        """Positive numbers that sum to 1 along the last axis."""
        x = self.uniform(shape, 0.05, 1.0)
        return x / x.sum(-1, keepdim=True)
