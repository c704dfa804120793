"""A question as a row of texts: where it stands, what it is about, the function, and by what; `exercise` makes it answerable."""

from __future__ import annotations

from dataclasses import dataclass

TOPICS = {
    "scalar": "derivatives of one variable: powers, products, quotients, chains",
    "partial": "partial derivatives and gradients of a few variables",
    "chain": "the chain rule through intermediate variables",
    "vector": "scalar functions of a vector: linear and quadratic forms, norms, losses",
    "jacobian": "vector functions of a vector",
    "matrix": "scalar functions of a matrix: traces, determinants, inverses",
    "tensor": "derivatives with three indices or more, entry by entry",
    "index": "sums over indices and Kronecker deltas",
    "second": "second derivatives and Hessians",
    "expansion": "linear approximations and Taylor polynomials",
    "stationary": "where a gradient vanishes",
}

KINDS = ("derivative", "value", "entry", "indices", "expansion", "stationary")


@dataclass(frozen=True, slots=True)
class Row:
    """A question.

    `name`, `where` (section, equation), a `topic` of `TOPICS`, `level` 1 to 5 (the rules needed; held by the tests), the function `text` by the variables
    `by` ("x", or "x x" for a second derivative), its `shapes`, and the `kind`:
    derivative   df/dx, any layout
    value        df/dx at the point `detail` ("x=2")
    entry        one entry of df/dX, with the index names `detail` ("i j k")
    indices      a sum over indices, simplified; `detail` declares the free ones ("k: m, j: n")
    expansion    the Taylor polynomial around the point `detail` up to `order`
    stationary   the value of the variable at which the gradient vanishes
    `asks`: the question in words where the usual sentence does not do; {f} is the function. `answer`: the closed form of a stationary point. `printed`: what the
    source prints as the answer, in the text language, and `misprint` why that is wrong, or "".
    """

    name: str
    where: str
    topic: str
    level: int
    text: str
    by: str
    shapes: str = ""
    kind: str = "derivative"
    detail: str = ""
    order: int = 1
    asks: str = ""
    answer: str = ""
    printed: str = ""
    misprint: str = ""
