"""What a proof says, and what is needed to say where two formulas part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wrt.proof.pairing import Pairing
    from wrt.proof.trial import Question

View = Callable[["Pairing"], Any]


@dataclass(frozen=True)
class Verdict:
    """`status`: "exact", "numeric", "wrong" or "unverified: why". For "wrong": `why` in words, and the trial where it showed."""

    status: str
    why: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    seed: str = ""
    question: Question | None = field(default=None, repr=False, compare=False)
    view: View | None = field(default=None, repr=False, compare=False)

    @property
    def proved(self) -> bool:
        """Whether the two sides were shown to be equal, exactly or numerically."""
        return self.status in ("exact", "numeric")


EXACT = Verdict("exact")
NUMERIC = Verdict("numeric")


def unverified(why: str) -> Verdict:
    """Neither proved nor refuted."""
    return Verdict(f"unverified: {why}", why)
