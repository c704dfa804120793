"""Facts that may be declared of a variable, one row each."""

from wrt.tables.rows import Fact as F

_ROWS = (
    F("symmetric", needs="square", linear=True, says="X.T = X"),
    F("spd", needs="square", implies=("symmetric", "invertible", "det_positive"), linear=True, says="symmetric positive definite"),
    F("diagonal", needs="square", implies=("symmetric", "lower", "upper"), linear=True),
    F("lower", needs="square", linear=True, says="lower triangular"),
    F("upper", needs="square", linear=True, says="upper triangular"),
    F("orthogonal", needs="matrix", says="columns orthonormal: Q.T @ Q = I"),
    F("idempotent", needs="square", says="P @ P = P"),
    F("toeplitz", needs="square", linear=True, says="constant along diagonals"),
    F("symmetric_toeplitz", needs="square", implies=("symmetric", "toeplitz"), linear=True),
    F("invertible", needs="square", open=True),
    F("det_positive", needs="square", implies=("invertible",), open=True),
    F("positive", implies=("nonzero",), open=True, says="every entry > 0"),
    F("nonzero", open=True, says="no entry 0"),
    F("unit_interval", implies=("positive", "nonzero"), open=True, says="every entry in (0, 1)"),
    F("simplex", needs="vector", implies=("positive",), says="entries positive, summing to 1"),
    F("onehot", says="one entry 1, the others 0 (each row of a matrix)"),
    F("labels_pm1", implies=("nonzero",), says="entries 1 or -1"),
    F("integer", says="whole numbers"),
    F("index", needs="scalar", implies=("integer",), says="a whole number that counts entries, from 0 in code and from 1 in mathematics"),
)

FACTS: dict[str, F] = {row.name: row for row in _ROWS}


def closure(facts: frozenset[str] | set[str]) -> frozenset[str]:
    """The facts and all that they imply.

    >>> sorted(closure({"spd"}))
    ['det_positive', 'invertible', 'spd', 'symmetric']
    """
    out = set(facts)
    while True:
        more = {implied for fact in out for implied in FACTS[fact].implies} - out
        if not more:
            return frozenset(out)
        out |= more
