"""Recursive descent without recursion: a rule is a generator that yields the rules it needs and receives their values."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

Task = Generator[Any, Any, Any]


def run(task: Task) -> Any:
    """The value that a rule returns; the rules it yields run on a list, not on Python's stack.

    >>> def depth(n):
    ...     return 0 if n == 0 else 1 + (yield depth(n - 1))
    >>> run(depth(10_000))
    10000
    """
    stack: list[Task] = [task]
    value: Any = None
    while True:
        try:
            stack.append(stack[-1].send(value))
            value = None
        except StopIteration as done:
            stack.pop()
            value = done.value
            if not stack:
                return value
