"""Reference numbers for retrieval metrics, in plain loops from the definitions of 'A Metric Learning Reality Check' §3.2.

For a query of class c, R is the number of references of class c, itself not counted. Sorted by rising distance, the
query itself left out:

    precision@1 = is the nearest one of class c
    R-precision = share of class c among the R nearest
    MAP@R       = (1/R) Σ over i = 1 … R with the i-th nearest of class c of (share of class c among the i nearest)

each averaged over the queries with R > 0. No case has ties.
"""

import torch

from values import Values


def metrics(distances, query_labels, reference_labels, self_paired):
    totals = [0.0, 0.0, 0.0]
    queries = excluded = 0
    for q, c in enumerate(query_labels):
        others = [j for j in range(len(reference_labels)) if not (self_paired and j == q)]
        ranked = sorted(others, key=lambda j: distances[q][j])
        assert len({distances[q][j] for j in others}) == len(others), "ties"
        relevant = [reference_labels[j] == c for j in ranked]
        r = sum(relevant)
        if r == 0:
            excluded += 1
            continue
        queries += 1
        totals[0] += relevant[0]
        totals[1] += sum(relevant[:r]) / r
        totals[2] += sum(sum(relevant[:i]) / i for i in range(1, r + 1) if relevant[i - 1]) / r
    means = [total / queries for total in totals]
    return dict(zip(("precisionAt1", "rPrecision", "mapAtR"), means)) | {"queries": queries, "excluded": excluded}


def euclidean(x, references):
    return [[sum((a - b) ** 2 for a, b in zip(p, q)) ** 0.5 for q in references.tolist()] for p in x.tolist()]


def clustered(name, labels, width, noise):
    """Points around one centre per class, so that the metrics are neither 0 nor 1."""
    values = Values(name)
    centres = {c: values.uniform([width], -1, 1) for c in dict.fromkeys(labels)}
    spread = values.uniform([len(labels), width], -noise, noise)
    return torch.stack([centres[c] + spread[i] for i, c in enumerate(labels)]).round(decimals=3)


def content():
    labels = [0, 1, 0, 2, 1, 0, 1, 3, 2, 0, 0, 1]
    among = clustered("retrieval among themselves", labels, 3, 1.2)
    query_labels, reference_labels = [4, 5, 6, 4, 9], [5, 4, 4, 6, 5, 4, 6, 7]
    everything = clustered("retrieval against references", query_labels + reference_labels, 2, 1.0)
    queries, references = everything[: len(query_labels)], everything[len(query_labels) :]
    # Larger classes: R is large, and with it the room for errors in the order.
    many = [i % 2 for i in range(40)] + [2] * 7
    large = clustered("retrieval, large classes", many, 4, 1.6)
    return {
        "about": "Made by tools/reference/make.py; see tools/reference/README.md. Do not edit.",
        "cases": [
            {"embeddings": among, "labels": labels, **metrics(euclidean(among, among), labels, labels, True)},
            {
                "embeddings": queries,
                "labels": query_labels,
                "references": references,
                "referenceLabels": reference_labels,
                **metrics(euclidean(queries, references), query_labels, reference_labels, False),
            },
            {"embeddings": large, "labels": many, **metrics(euclidean(large, large), many, many, True)},
        ],
    }
