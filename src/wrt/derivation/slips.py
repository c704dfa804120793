"""The slips that marking can name: a closed list, one row a kind (name, the edits that undo it, what is said).

A kind is named only if undoing that one slip makes the answer right. Rows stand in the order in which they are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wrt.derivation import edits, matrix_edits
from wrt.derivation.edits import Edit, Subject


@dataclass(frozen=True, slots=True)
class Slip:
    """`undo`: single edits of the answer; None where the slip is recognised by another question (the other layout, another variable)."""

    name: str
    says: str
    undo: Callable[[Subject], Iterator[Edit]] | None = None


_ROWS = (
    Slip("layout", "it is the derivative in another layout"),
    Slip("transpose", "a transpose is missing or one too many", matrix_edits.transpose),
    Slip("sign", "a sign is turned", edits.sign),
    Slip("power-rule", "the power rule: the exponent comes down as a factor and drops by one", edits.power),
    Slip("factor", "a factor is wrong", edits.factor),
    Slip("wrong-variable", "it is the derivative by another variable"),
    Slip("product-order", "the factors of a matrix product are in the wrong order", matrix_edits.order),
    Slip("elementwise-vs-matrix", "an elementwise product stands for a matrix product, or the other way round", matrix_edits.elementwise),
    Slip("inverse", "an inverse is forgotten or one too many", matrix_edits.inverse),
    Slip("chain-rule-inner-lost", "the inner derivative of the chain rule is forgotten"),
    Slip("product-rule-term-lost", "the product rule has a term for every factor that holds the variable; one is lost"),
    Slip("log-exp", "log and exp, or the function's own value, are mixed up", edits.log_exp),
    Slip("trace-vs-sum", "trace and sum are mixed up", matrix_edits.trace_sum),
    Slip("constant-kept", "a constant's derivative is zero, but its term was kept", edits.constant_kept),
    Slip("symmetric-assumed", "it is right only when the matrices are symmetric"),
    Slip("shape", "it has the wrong shape", matrix_edits.shape),
    Slip("only-for-1x1", "it is right only for 1 x 1 matrices"),
)

SLIPS: dict[str, Slip] = {row.name: row for row in _ROWS}
