"""PyTorch as a contender, on one thread. Arguments: the folder with the data, the workload. The protocol: serve.ts."""

import json
import os
import sys
import time

import torch
from torch import nn


def read_workload(folder, name):
    with open(os.path.join(folder, name + ".json")) as file:
        workload = json.load(file)
    with open(os.path.join(folder, name + ".f32"), "rb") as file:
        values = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    widths, batch = workload["layers"], workload["batch"]
    shapes = [shape for i, o in zip(widths, widths[1:]) for shape in ((o, i), (o,))]
    shapes += [(batch, widths[0]), (batch,)]
    sizes = [torch.Size(shape).numel() for shape in shapes]
    arrays = [part.reshape(shape).clone() for part, shape in zip(values.split(sizes), shapes)]
    return workload, arrays[:-2], arrays[-2], arrays[-1]


class Perceptron(nn.Module):
    def __init__(self, widths, normalized):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(widths, widths[1:]))
        self.normalized = normalized

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        x = self.layers[-1](x)
        return nn.functional.normalize(x) if self.normalized else x


def gram_distances(x):
    squares = (x * x).sum(1)
    products = squares.unsqueeze(1) + squares.unsqueeze(0) - 2 * (x @ x.T)
    # The root has no slope at 0, and rounding may go below it.
    return products.clamp_min(1e-12).sqrt()


def batch_hard(distances_of, margin):
    def loss(embeddings, labels):
        distances = distances_of(embeddings)
        same = labels.unsqueeze(1) == labels.unsqueeze(0)
        itself = torch.eye(len(labels), dtype=torch.bool)
        farthest = distances.masked_fill(~same | itself, float("-inf")).amax(1)
        nearest = distances.masked_fill(same, float("inf")).amin(1)
        return torch.relu(farthest - nearest + margin).mean()

    return loss


def trainee(folder, name, form):
    workload, first, x, labels = read_workload(folder, name)
    kind = workload["loss"]
    model = Perceptron(workload["layers"], normalized=kind == "batchHardTriplet")
    if kind == "crossEntropy":
        criterion, labels = nn.functional.cross_entropy, labels.long()
    elif kind == "batchHardTriplet":
        distances = (lambda e: torch.cdist(e, e)) if form == "cdist" else gram_distances
        criterion, labels = batch_hard(distances, workload["margin"]), labels.long()
    else:
        criterion, labels = nn.functional.binary_cross_entropy_with_logits, labels.unsqueeze(1)
    rate = workload["learningRate"]
    if workload["optimizer"] == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    elif form == "foreach":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, foreach=True)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)

    def restore():
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), first):
                parameter.copy_(value)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    restore()
    return restore, step


def say(message):
    print(json.dumps(message), flush=True)


def main():
    folder, name = sys.argv[1:]
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    say({"version": torch.__version__})
    living = {}
    for line in sys.stdin:
        command, form, count = line.split()
        try:
            if command == "losses":
                _, step = trainee(folder, name, form)
                say({"losses": [step().item() for _ in range(int(count))]})
            else:
                if form not in living:
                    living[form] = trainee(folder, name, form)
                restore, step = living[form]
                restore()
                began = time.perf_counter_ns()
                for _ in range(int(count)):
                    loss = step()
                loss.item()
                say({"nanoseconds": time.perf_counter_ns() - began})
        except Exception as error:
            say({"error": "{}: {}".format(type(error).__name__, error)})


main()
