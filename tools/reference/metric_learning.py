"""What pytorch-metric-learning selects, loses and measures, on batches without ties.

`selections`: the triplets of its miners, in rising order of anchor, positive, negative. `losses`: value and gradient of its
losses with all pairs or triplets of the batch. `accuracies`: its AccuracyCalculator on the cases of retrieval.json (whose
loops must agree).

Its conventions: reducers take the mean over non-zero terms; ContrastiveLoss does so for positive and negative pairs
separately and adds the two (form 'linear', margin = neg_margin); CircleLoss drops anchors that lack a side. Embeddings are
normalised only where a case says so. The defects listed in README.md are kept out: every case has at least two positive
and two negative pairs, no identical and no zero embeddings, no NaN.
"""

import pytorch_metric_learning
import torch
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.losses import CircleLoss, ContrastiveLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchEasyHardMiner, BatchHardMiner, TripletMarginMiner
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

import retrieval
from values import Values


def euclidean():
    return LpDistance(normalize_embeddings=False)


def squared():
    return LpDistance(normalize_embeddings=False, power=2)


DISTANCES = {"euclideanDistances": euclidean, "squaredEuclideanDistances": squared, "cosineSimilarities": CosineSimilarity}


def batches():
    """Embeddings, labels and, for the last, references with labels of their own. Labels 3 and 7 are alone."""
    first = Values("batch of twelve").uniform([12, 4], -1, 1)
    second = Values("batch of nine").uniform([9, 2], -1, 1)
    queries = Values("queries").uniform([5, 3], -1, 1)
    references = Values("references").uniform([8, 3], -1, 1)
    return [
        {"embeddings": first, "labels": [0, 1, 0, 2, 1, 0, 3, 2, 1, 0, 0, 2]},
        {"embeddings": second, "labels": [5, 5, 6, 5, 6, 6, 5, 7, 5]},
        {
            "embeddings": queries,
            "labels": [0, 1, 2, 0, 3],
            "references": references,
            "referenceLabels": [1, 0, 0, 2, 1, 2, 0, 1],
        },
    ]


def call(f, batch, embeddings=None):
    """A miner or loss over a batch, with its references where it has some."""
    x = batch["embeddings"] if embeddings is None else embeddings
    labels = torch.tensor(batch["labels"])
    if "references" not in batch:
        return f(x, labels)
    references, reference_labels = batch["references"], torch.tensor(batch["referenceLabels"])
    if isinstance(f, (TripletMarginLoss, ContrastiveLoss, CircleLoss)):
        return f(x, labels, ref_emb=references, ref_labels=reference_labels)
    return f(x, labels, references, reference_labels)


def clear_cut(batch, distance, margins):
    """Whether no choice hangs on rounding: every distance occurs once, and no two differ by just a margin."""
    if "references" in batch:
        d = distance(batch["embeddings"], batch["references"]).flatten()
    else:
        d = distance(batch["embeddings"])
        d = d[tuple(torch.triu_indices(len(d), len(d), 1))]
    gaps = (d.unsqueeze(0) - d.unsqueeze(1))[~torch.eye(len(d), dtype=torch.bool)].abs()
    return all(((gaps - margin).abs() > 1e-9).all() for margin in (0.0, *margins))


def selections():
    kinds = [("all", 0.2), ("all", 0.6), ("hard", 0.2), ("semihard", 0.2), ("semihard", 0.6), ("easy", 0.2), ("easy", 0.6)]
    miners = [("TripletMarginMiner", {"margin": margin, "type": kind}) for kind, margin in kinds]
    miners += [("BatchHardMiner", {})]
    miners += [("BatchEasyHardMiner", {"positive": p, "negative": "semihard"}) for p in ("hard", "easy")]
    found = []
    for index, batch in enumerate(batches()):
        for distance, make in DISTANCES.items():
            assert clear_cut(batch, make(), (0.2, 0.6))
            for name, options in miners:
                if name == "TripletMarginMiner":
                    miner = TripletMarginMiner(options["margin"], options["type"], distance=make())
                elif name == "BatchHardMiner":
                    miner = BatchHardMiner(distance=make())
                else:
                    miner = BatchEasyHardMiner(options["positive"], options["negative"], distance=make())
                lists = [x.tolist() for x in call(miner, batch)]
                # (a, p, a, n) of the easy-hard miner is a list of triplets: both anchors are the same.
                anchors, positives, negatives = lists if len(lists) == 3 else (lists[0], lists[1], lists[3])
                triplets = sorted(zip(anchors, positives, negatives))
                found.append(
                    {
                        "batch": index,
                        "distance": distance,
                        "miner": name,
                        "options": options,
                        "anchors": [t[0] for t in triplets],
                        "positives": [t[1] for t in triplets],
                        "negatives": [t[2] for t in triplets],
                    }
                )
    return found


def losses():
    made = [
        ("TripletMarginLoss", "euclideanDistances", {"margin": 0.2}),
        ("TripletMarginLoss", "euclideanDistances", {"margin": 1.0, "swap": True}),
        ("TripletMarginLoss", "squaredEuclideanDistances", {"margin": 0.5}),
        ("TripletMarginLoss", "euclideanDistances", {"margin": 0.0, "smooth_loss": True}),
        ("ContrastiveLoss", "euclideanDistances", {"pos_margin": 0, "neg_margin": 1.0}),
        ("ContrastiveLoss", "squaredEuclideanDistances", {"pos_margin": 0, "neg_margin": 2.0}),
        ("CircleLoss", "cosineSimilarities", {"m": 0.4, "gamma": 80}),
        ("CircleLoss", "cosineSimilarities", {"m": 0.25, "gamma": 256}),
        ("CircleLoss", "cosineSimilarities", {"m": 0.3, "gamma": 4}),
    ]
    classes = {"TripletMarginLoss": TripletMarginLoss, "ContrastiveLoss": ContrastiveLoss, "CircleLoss": CircleLoss}
    found = []
    for index, batch in enumerate(batches()):
        for name, distance, options in made:
            if options.get("swap") and "references" in batch:
                continue
            loss = classes[name](distance=DISTANCES[distance](), **options)
            x = batch["embeddings"].clone().requires_grad_(True)
            value = call(loss, batch, x)
            (gradient,) = torch.autograd.grad(value, x)
            found.append(
                {
                    "batch": index,
                    "loss": name,
                    "distance": distance,
                    "options": options,
                    "value": value.detach(),
                    "gradient": gradient,
                }
            )
    return found


def accuracies():
    metrics = {"precision_at_1": "precisionAt1", "r_precision": "rPrecision", "mean_average_precision_at_r": "mapAtR"}
    calculator = AccuracyCalculator(
        include=tuple(metrics), k="max_bin_count", knn_func=CustomKNN(euclidean()), device=torch.device("cpu")
    )
    found = []
    for index, case in enumerate(retrieval.content()["cases"]):
        among = "references" not in case
        result = calculator.get_accuracy(
            case["embeddings"],
            torch.tensor(case["labels"]),
            None if among else case["references"],
            None if among else torch.tensor(case["referenceLabels"]),
        )
        row = {ours: float(result[theirs]) for theirs, ours in metrics.items()}
        assert all(abs(row[key] - case[key]) < 1e-6 for key in row), (row, case)
        found.append({"case": index, **row})
    return found


def content():
    return {
        "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
        "versions": {"pytorch-metric-learning": pytorch_metric_learning.__version__},
        "batches": batches(),
        "selections": selections(),
        "losses": losses(),
        "accuracies": accuracies(),
    }
