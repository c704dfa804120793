"""What notation knows of functions beyond the tables: which commute with transposition, which are elementwise, which are never negative."""

from __future__ import annotations

from wrt.language.functions_declared import is_whole
from wrt.language.surface import Name
from wrt.notation.tree import SCALAR, Atom, Box, Call, Tree, union
from wrt.tables.operators import OPERATORS

COMPARE = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}  # each sign with its mirror image
TURNS = frozenset(("inv", "adj", "pinv", "expm", "matpow", "logm", "sqrtm"))  # f(A.T) = f(A).T
REDUCES = frozenset(("sum", "mean", "max", "min", "prod", "logsumexp", "var"))  # one axis, or all, goes
ALONG = frozenset(("softmax", "log_softmax", "cumsum"))  # along an axis, the shape stays
SCALARS = frozenset(("det", "logdet", "tr", "norm", "dot"))


class _Whole(frozenset[str]):
    """Names of functions that are not elementwise: those listed, every row of the table of matrix functions, declared functions of arrays."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in OPERATORS or (isinstance(name, str) and is_whole(name))


WHOLE = _Whole(
    TURNS
    | REDUCES
    | ALONG
    | SCALARS
    | frozenset(
        (
            "diag",
            "kron",
            "vec",
            "frechet",
            "conv1d",
            "conv2d",
            "tril",
            "triu",
            "commutation",
            "cholesky",
            "eigvalsh",
            "eigvecsh",
            "svdvals",
            "svd_u",
            "svd_v",
            "polar",
            "solve",
            "outer",
        )
    )
)  # functions that are not elementwise
RATIOS = {"sinh": ("cosh", "tanh"), "sin": ("cos", "tan")}  # sinh/cosh = tanh
PARTNERS = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"}  # functions that are each other's derivative
SQUARES = {  # f(u)**a + 1 = g(u)**a, or 1 - f(u)**a where the sign is -1
    ("tan", 2, 1): "sec",
    ("cot", 2, 1): "csc",
    ("tan", -2, 1): "sin",
    ("sinh", 2, 1): "cosh",
    ("sin", 2, -1): "cos",
    ("cos", 2, -1): "sin",
}
IDIOMS = {"softmax": 0.3, "logsumexp": 0.2, "sigmoid": 0.1, "norm": 0.1}  # length forgiven to what has a name


def nonnegative(t: Tree) -> bool:
    """Whether a tree is surely not negative."""
    return is_pi(t) or (isinstance(t, Call) and t.function in ("norm", "exp", "abs", "sigmoid", "softplus", "cosh"))


def is_pi(t: Tree) -> bool:
    """Whether a tree is the number pi."""
    return isinstance(t, Atom) and isinstance(t.node, Name) and t.node.name == "pi"


def call_box(function: str, arguments: tuple[Tree, ...], axis: int | None) -> Box:
    """The box of a call, from those of its arguments."""
    first = arguments[0].box if arguments else SCALAR
    if function in SCALARS or (function in REDUCES and axis is None):
        return SCALAR
    if function in REDUCES:
        return (first[0], None) if axis == 1 else (None, first[1])
    if function == "pinv":
        return first[1], first[0]
    return first if function in WHOLE else union([a.box for a in arguments])
