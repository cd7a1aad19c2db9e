"""Reference numbers for linear algebra: factorisations, equations, determinants, diagonals, einsum."""

import torch

from cases import NAN, Cases, f64, t32, t64

book = Cases()
case = book.case
disagreement = book.disagreement
v = book.values


def regular(op, shape):
    """Matrices that are far from singular and not symmetric."""
    return v(op).uniform(shape) + 5 * torch.eye(shape[-1], dtype=f64)


def definite(op, shape):
    """Symmetric positive definite matrices."""
    x = v(op).uniform(shape)
    return x @ x.mT + torch.eye(shape[-1], dtype=f64)


STACKS = ([1, 1], [2, 2], [4, 4], [2, 3, 3], [2, 1, 2, 2])


def factors():
    for shape in STACKS:
        case("cholesky", [definite("cholesky", shape)], torch.linalg.cholesky)
    for shape in ([3, 3], [2, 2, 2]):
        given = [definite("cholesky", shape), {"upper": True}]
        case("cholesky", given, lambda x: torch.linalg.cholesky(x, upper=True))
    lower = t64([[4.0, 77.0], [2.0, 5.0]])
    case("cholesky", [lower], torch.linalg.cholesky, special="the upper triangle is not read")
    case("cholesky", [t32([[4, 2], [2, 5]])], lambda x: torch.linalg.cholesky(x.to(torch.float32)))
    case("cholesky", [torch.zeros([0, 0], dtype=f64)], torch.linalg.cholesky, special="n = 0")


SIDES = (
    ([3, 3], [3]),
    ([3, 3], [3, 2]),
    ([1, 1], [1, 2]),
    ([2, 3, 3], [2, 3, 2]),
    ([3, 3], [2, 3, 1]),
    ([2, 1, 2, 2], [3, 2, 2]),
    ([2, 2, 2], [2, 3]),
)


def equations():
    for a, b in SIDES:
        op = "solve"
        arguments = [regular(op, a), v(op).uniform(b)]
        if len(b) == 2 and len(a) == 3:
            # NumPy 2: a matrix; PyTorch would take it for vectors.
            case(op, arguments, lambda m, x: torch.linalg.solve(m, x.expand(a[0], *b)))
        else:
            case(op, arguments, torch.linalg.solve)
    for a, b in SIDES:
        op = "solveTriangular"
        for upper, transpose, unit in ((False, False, False), (True, False, False), (False, True, True), (True, True, False)):
            options = {"upper": upper, "transpose": transpose, "unitriangular": unit}
            given = {key: value for key, value in options.items() if value}
            arguments = [regular(op, a), v(op).uniform(b)] + ([given] if given else [])

            def compute(m, x):
                columns = x.unsqueeze(-1) if x.dim() == 1 else x
                m = (m.triu() if upper else m.tril())
                m = m.mT if transpose else m
                y = torch.linalg.solve_triangular(m, columns, upper=upper != transpose, unitriangular=unit)
                return y.squeeze(-1) if x.dim() == 1 else y

            case(op, arguments, compute)
    for shape in STACKS:
        case("inverse", [regular("inverse", shape)], torch.linalg.inv)
    hilbert = torch.tensor([[1 / (i + j + 1) for j in range(4)] for i in range(4)], dtype=f64)
    case("solve", [hilbert, t64([1.0, 2.0, -1.0, 0.5])], torch.linalg.solve, special="Hilbert's matrix", second=False)


def determinants():
    for shape in STACKS + ([5, 5],):
        case("det", [v("det").uniform(shape)], torch.linalg.det)
    swapped = t64([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    case("det", [swapped], torch.linalg.det, special="a permutation")
    case("det", [torch.zeros([0, 0], dtype=f64)], torch.linalg.det, special="n = 0")
    case("det", [t32([[1, 2], [3, 5]])], lambda x: torch.linalg.det(x.to(torch.float32)))
    for shape in STACKS:
        case("logdet", [definite("logdet", shape)], torch.logdet)

        def both(x):
            sign, logarithm = torch.linalg.slogdet(x)
            return {"sign": sign.detach(), "logAbsDet": logarithm}

        case("slogdet", [v("slogdet").uniform(shape)], both)
    case("logdet", [t64([[0.0, 1.0], [1.0, 0.0]])], lambda x: torch.logdet(x).detach(), special="NaN")


def laplace(x):
    """The determinant by expansion, which has derivatives of every order at every matrix."""
    n = x.shape[-1]
    if n == 1:
        return x[0, 0]
    rest = [torch.cat([x[1:, :j], x[1:, j + 1 :]], 1) for j in range(n)]
    return sum((-1) ** j * x[0, j] * laplace(rest[j]) for j in range(n))


def singular():
    matrices = (
        ("rank 1 of 2", [[1.0, 2.0], [2.0, 4.0]]),
        ("rank 2 of 3", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
        ("rank 1 of 3", [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]]),
        ("rank 0 of 3", [[0.0] * 3] * 3),
        ("rank 3 of 4", [[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, 3.0], [1.0, 3.0, 1.0, 4.0], [2.0, 0.0, 1.0, 1.0]]),
        ("rank 2 of 4", [[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, 3.0], [1.0, 3.0, 1.0, 4.0], [2.0, 5.0, 1.0, 5.0]]),
    )
    for special, matrix in matrices:
        case("det", [t64(matrix)], laplace, special=special)


EQUATIONS = (
    ("ij,jk->ik", [2, 3], [3, 4]),
    ("ij,jk", [2, 3], [3, 2]),
    ("ba,ac", [2, 3], [3, 2]),
    ("ba", [2, 3]),
    ("bA,aB", [2, 2], [3, 2]),
    ("ij->ji", [2, 3]),
    ("ij->i", [2, 3]),
    ("ij->", [2, 3]),
    ("ii", [3, 3]),
    ("ii->i", [3, 3]),
    ("iij->ji", [2, 2, 3]),
    ("i,i->", [4], [4]),
    ("i,j->ij", [2], [3]),
    ("i,i->i", [3], [3]),
    ("ij,ij->i", [2, 3], [2, 3]),
    ("bij,bjk->bik", [2, 2, 3], [2, 3, 2]),
    ("bij,bjk->ikb", [2, 2, 3], [2, 3, 2]),
    ("bhqd,bhkd->bhqk", [2, 1, 3, 2], [2, 1, 2, 2]),
    ("ijk,jkl->il", [2, 2, 3], [2, 3, 2]),
    ("ijk,kjl->li", [2, 2, 3], [3, 2, 2]),
    ("ij,k->k", [2, 3], [2]),
    ("n,nij,m->ijm", [2], [2, 3, 2], [2]),
    ("ij,jk,kl->il", [2, 3], [3, 2], [2, 3]),
    ("i,ij,j->", [2], [2, 3], [3]),
    ("bn,anm,bm->ba", [2, 3], [2, 3, 2], [2, 2]),
    (",ij->ij", [], [2, 3]),
    ("...ij->...ji", [2, 1, 2, 3]),
    ("...ij,...jk->...ik", [2, 2, 3], [3, 2]),
    ("...ij,...jk", [2, 1, 2, 2], [3, 2, 1]),
    ("i...,i...->...", [3, 2], [3, 1]),
    ("i...j,j->i...", [2, 3, 2], [2]),
    ("...ii->...i", [2, 3, 3]),
    ("ij,ij->ij", [2, 1], [1, 3]),
    ("ij,jk->ik", [2, 1], [3, 2]),
    (" i j , j k -> k i ", [2, 3], [3, 2]),
)


def products():
    for equation, *shapes in EQUATIONS:
        operands = [v("einsum").uniform(shape) for shape in shapes]
        case("einsum", [equation, *operands], lambda *x: torch.einsum(equation, *x))
    pair = [v("einsum").integers([2, 3], -5, 5), v("einsum").integers([3, 2], -5, 5)]
    case("einsum", ["ij,jk->ki", *pair], lambda a, b: torch.einsum("ij,jk->ki", a, b))
    for a, b in (([2, 3, 4], [2, 4, 2]), ([1, 2, 2], [1, 2, 1])):
        case("bmm", [v("bmm").uniform(a), v("bmm").uniform(b)], torch.bmm)
    for shape in ([3, 3], [2, 4], [4, 1]):
        case("trace", [v("trace").uniform(shape)], torch.trace)
    case("trace", [v("trace").uniform([2, 3, 3])], lambda x: torch.einsum("bii->b", x))
    for offset in (1, -1, 3, -5):
        given = [v("diagonal").uniform([3, 4]), {"offset": offset}]
        case("diagonal", given, lambda x: torch.diagonal(x, offset))
    for axes, offset in (([0, 1], 0), ([2, 0], 1), ([-3, -1], -1)):
        given = [v("diagonal").uniform([3, 2, 4]), {"axes": axes, "offset": offset}]
        case("diagonal", given, lambda x: torch.diagonal(x, offset, *axes))


def differences():
    spread = "NaN spreads through values: it is neither positive nor not"
    nan = t64([[NAN]])
    disagreement("cholesky", "NaN", [nan], torch.linalg.cholesky, 1.0, {"value": nan}, spread)
    disagreement(
        "slogdet",
        "the sign of NaN (torch: 0)",
        [nan],
        lambda x: dict(zip(("sign", "logAbsDet"), torch.linalg.slogdet(x.detach()))),
        1.0,
        {"value": {"sign": t64(NAN), "logAbsDet": t64(NAN)}},
        "NaN spreads through values",
    )
    disagreement(
        "solveTriangular",
        "a 0 on the diagonal",
        [t64([[0.0]]), t64([[1.0]])],
        lambda a, b: torch.linalg.solve_triangular(a, b, upper=False),
        1.0,
        {"throws": "NumericError"},
        "a singular matrix has no solution, as for solve",
    )
    disagreement(
        "solve",
        "a 2-D right-hand side beside a stack (torch: vectors where its shape is the stack's)",
        [torch.eye(3, dtype=f64).expand(2, 3, 3).clone(), t64([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])],
        torch.linalg.solve,
        1.0,
        {"throws": "ShapeError"},
        "what b is must not hang on the batch's size: only a 1-D b is a vector, as in NumPy 2",
    )
    disagreement(
        "einsum",
        "an ellipsis that the output lacks (torch sums over it)",
        ["...i->i", t64([[1.0, 2.0], [3.0, 4.0]])],
        lambda x: torch.einsum("...i->i", x),
        1.0,
        {"throws": "ArgumentError"},
        "summing over axes that the equation does not show hides mistakes; NumPy refuses too",
    )


def content():
    for group in (factors, equations, determinants, singular, products, differences):
        group()
    return book.content()
