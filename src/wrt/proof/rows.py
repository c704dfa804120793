"""Functions that only their row knows: by the formula that defines them, else as random oracles with their row's differential."""

from __future__ import annotations

from wrt.language.macros import bound, expansion, filled
from wrt.language.surface import Call, Name, Node
from wrt.proof.arrays import Flat, UndecidedError, Value, size_of
from wrt.proof.exact import Exact
from wrt.proof.walk import OWN, Env, Rule, Walker, all_of
from wrt.tables.operators import OPERATORS

ORACLE_WORK = 8  # ring multiplications that an entry of an oracle costs


def of_row(walk: Walker, node: Call, env: Env, bits: int) -> Rule:
    """The value of a call by its row: what its formula gives, or an oracle's."""
    made = walk.reading.made
    key = (id(node), "row")
    if key not in made:
        formula = expansion(node)
        walk.reading.kept.append(node)
        made[key] = node if formula is None else formula
    found = made[key]
    if found is not node:
        return (yield found)
    if not isinstance(walk, Exact) or not OPERATORS[node.function].d:
        raise UndecidedError(f"{node.function} has no value but its code's")
    return (yield from _oracle(walk, node, env, bits))


def _oracle(walk: Exact, node: Call, env: Env, bits: int) -> Rule:
    """A random matrix that depends on the arguments' entries, with the row's differential, one infinitesimal after another."""
    values = yield from all_of(node.arguments, env, bits)
    assert node.shape is not None
    if any(walk.bound(v) for v in values):
        raise UndecidedError(f"{node.function} under a sum")
    if not bits or not any(any(v.parts) for v in values):
        dims = walk.dims(node.shape)
        entries = [x for v in values for x in v.parts.get(0, [0] * size_of(v.dims))]
        walk.ring.work += ORACLE_WORK * size_of(dims)
        flat: Flat = [walk.level.oracle(node.function, k, *entries) for k in range(size_of(dims))]
        return Value(OWN.get(node.shape.kind) or tuple(range(node.shape.order)), dims, {0: flat})
    lower = yield (node, env, bits - 1)
    parts, step = dict(lower.parts), 1 << (bits - 1)
    arguments, sizes = bound(node)
    moves: dict[str, Node] = {}
    for (name, argument), value in zip(arguments.items(), values, strict=True):
        tail = {m ^ step: x for m, x in value.parts.items() if m & step}
        move = Name(f"{name}.{len(walk.extra)}", "variable", shape=argument.shape)
        walk.extra[move.name] = Value(value.keys, value.dims, tail or {0: [0] * size_of(value.dims)})
        moves[f"d{name}"] = move
    slope = filled(OPERATORS[node.function].d, {**arguments, **moves}, sizes)
    walk.reading.kept += [slope, *moves.values()]
    moved = walk.arranged((yield (slope, env, bits - 1)), lower.keys, dict(zip(lower.keys, lower.dims, strict=True)))
    for m, x in moved.parts.items():
        parts = walk.ring.add(parts, {m | step: x})
    return Value(lower.keys, lower.dims, parts)
