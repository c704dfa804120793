"""Rules applied by name at a place, the order in which a style applies them, and the replay of a derivation line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wrt.derivation import chain, componentwise, differential, limit
from wrt.derivation.reading import Part, Place, Scene, Setting, is_pending, places, put, scene_at
from wrt.derivation.rules import Rule
from wrt.errors import NoClosedFormError, ProofError, WrtError
from wrt.language.surface import Node, Steps
from wrt.language.unparse import unparse

START, AGAIN, RECOGNISE = "what is asked for", "differentiate again", "recognise"
STYLES: dict[str, tuple[Rule, ...]] = {
    "differential": differential.RULES,
    "componentwise": componentwise.RULES,
    "chain": chain.RULES,
    "limit": limit.RULES,
}
RULES = {style: {rule.name: rule for rule in rules} for style, rules in STYLES.items()}


def rewritten(setting: Setting, text: str, rule: Rule, place: Place) -> str | None:
    """The line after a rule at a place; None where the rule does not apply there, or changes nothing."""
    tree = setting.read(text)
    try:
        node, scene = scene_at(setting, tree, place)
    except IndexError:
        return None
    return _applied(setting, tree, node, scene, rule, place, text)


def _applied(setting: Setting, tree: Node, node: Node, scene: Scene, rule: Rule, place: Place, text: str) -> str | None:
    scene.used.clear()
    new = rule.apply(node, scene)
    if new is None:
        return None
    try:
        made = unparse(setting.read(unparse(put(tree, place, new))))
    except NoClosedFormError:
        raise
    except WrtError:
        return None
    return made if made != text else None


def following(setting: Setting, text: str) -> tuple[Rule, Place, str] | None:
    """(rule, place, next line): calculus at the leftmost place first, of named variables at the last one, then moves; None when nothing applies."""
    tree = setting.read(text)
    waiting = [(place, node) for place, node in places(tree) if is_pending(node)]
    if isinstance(tree, Steps) and waiting:
        waiting = chain.in_turn(tree, waiting)
        if len(waiting) > 1 and (found := _first(setting, tree, text, (chain.COLLECT,), [p for p, _ in places(tree)])) is not None:
            return found
    return _first(setting, tree, text, STYLES[setting.style], [waiting[0][0]] if waiting else [p for p, _ in places(tree)])


def _first(setting: Setting, tree: Node, text: str, rules: Sequence[Rule], where: Sequence[Place]) -> tuple[Rule, Place, str] | None:
    """The first rule that applies at one of the places, in their order."""
    spots = [(place, *scene_at(setting, tree, place)) for place in where]
    for rule in rules:
        for place, node, scene in spots:
            made = _applied(setting, tree, node, scene, rule, place, text)
            if made is not None:
                return rule, place, made
    return None


@dataclass(frozen=True)
class Told:
    """What a replay reads of a line."""

    text: str
    rule: str
    place: Place


def replay(parts: Sequence[Part], lines: Sequence[Told]) -> None:
    """Apply each line's rule to the text of the line before. Raises: ProofError, naming the first line that does not follow."""
    part = -1
    before: Told | None = None
    ended = True
    for k, line in enumerate(lines):
        if ended:
            part += 1
            if part >= len(parts) or (line.text, line.rule, line.place) != (parts[part].start, parts[part].rule, ()):
                raise _wrong(k, line)
        elif line.rule == RECOGNISE:
            assert before is not None
            if line.text != parts[part].end or line.place or _unfinished(parts[part].setting, before.text):
                raise _wrong(k, line)
        else:
            assert before is not None
            _follows(parts[part].setting, before, line, k)
        before, ended = line, line.rule == RECOGNISE
    if not ended or part != len(parts) - 1:
        raise ProofError(f"line {len(lines)} is missing: the derivation does not end in the derivative.")


def _unfinished(setting: Setting, text: str) -> bool:
    try:
        return following(setting, text) is not None
    except WrtError:
        return True


def _follows(setting: Setting, before: Told, line: Told, k: int) -> None:
    rule = RULES[setting.style].get(line.rule)
    try:
        made = rewritten(setting, before.text, rule, line.place) if rule is not None else None
    except WrtError:
        made = None
    if made != line.text:
        raise _wrong(k, line)


def _wrong(k: int, line: Told) -> ProofError:
    return ProofError(f"line {k} does not follow from the line before by the rule '{line.rule}'.", text=line.text, span=(0, len(line.text)))
