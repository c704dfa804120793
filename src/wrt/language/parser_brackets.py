"""What brackets hold: arguments, lists, entries with slices, generators over ranges."""

from __future__ import annotations

from fractions import Fraction

from wrt.language.hints import OVER_INDEX
from wrt.language.parser_state import KEYWORDS, Frame, State
from wrt.language.surface import Block, Call, Generator, Index, Loop, Node, Number, Slice


class Brackets(State):
    """Items as they end, and brackets as they close."""

    def close_item(self, text: str) -> bool | None:
        self.reduce(0)
        if not self.stack:
            if text in ")]":
                word = self.peek()
                raise self.fail(f"'{text}' closes nothing.", (word.start, word.end))
            return None
        frame = self.stack[-1]
        assert isinstance(frame, Frame)
        value = self.values.pop()
        if text == ":":
            if frame.kind != "index":
                self.values.append(value)
                raise self.expected("an operator")
            return self.colon(frame, value)
        if text == ",":
            self.at += 1
            match frame.kind:
                case "group":
                    raise self.fail(
                        "a comma inside plain parentheses.",
                        (self.words[self.at - 1].start, self.words[self.at - 1].end),
                        hint="a column is written [a, b].",
                    )
                case "index":
                    self.end_part(frame, value)
                case "call" if frame.body is not None:
                    raise self.fail("a generator must be the only argument.", (frame.start, self.words[self.at - 1].end))
                case _:
                    self.end_argument(frame, value)
            if self.peek().text == ")" and frame.kind == "call":
                return self.close_call()
            if self.peek().text == "]" and frame.kind == "list":
                return self.close_list(frame)
            return True
        if text == ")":
            match frame.kind:
                case "group":
                    self.close()
                    word = self.need(")")
                    value.span = (frame.start, word.end)
                    self.values.append(value)
                    return False
                case "call":
                    self.end_argument(frame, value)
                    return self.close_call()
                case "range":
                    frame.items.append(value)
                    return self.close_range(frame)
            raise self.expected("']'")
        match frame.kind:
            case "index":
                self.end_part(frame, value)
                return self.close_index()
            case "list":
                frame.items.append(value)
                return self.close_list(frame)
        raise self.expected("')'")

    def end_argument(self, frame: Frame, value: Node) -> None:
        if frame.pending == "if":
            frame.conditions.append(value)
            frame.pending = ""
        elif frame.keyword:
            frame.keywords.append((frame.keyword, value))
            frame.keyword = ""
        elif frame.keywords and frame.kind == "call":
            raise self.fail("an argument without a name after one with a name.", value.span, OVER_INDEX if frame.name in ("sum", "prod") else "")
        else:
            frame.items.append(value)

    def close_call(self) -> bool:
        word = self.need(")")
        frame = self.close()
        span = (frame.start, word.end)
        if frame.body is not None:
            node: Node = Generator(frame.name, frame.body, tuple(frame.loops), tuple(frame.conditions), span=span)
            if frame.name not in ("sum", "array"):
                raise self.fail(f"{frame.name} of a generator is not supported; sum and array are.", span)
        else:
            node = Call(frame.name, tuple(frame.items), tuple(frame.keywords), span=span)
        self.values.append(node)
        return False

    def close_list(self, frame: Frame) -> bool:
        word = self.need("]")
        self.close()
        inner = [isinstance(i, Block) and not i.nested and self.text[i.span[0] : i.span[0] + 1] == "[" for i in frame.items]
        span = (frame.start, word.end)
        if all(inner) and inner:
            rows = tuple(tuple(c for row in i.rows for c in row) for i in frame.items if isinstance(i, Block))
            self.values.append(Block(rows, True, span=span))
        elif any(inner):
            raise self.fail("a block matrix has a list for every row.", span)
        else:
            self.values.append(Block(tuple((i,) for i in frame.items), False, span=span))
        return False

    def colon(self, frame: Frame, value: Node | None) -> bool:
        self.at += 1
        if frame.slices is None:
            frame.slices = []
            frame.slice_start = self.words[self.at - 1].start if value is None else value.span[0]
        if len(frame.slices) == 2:
            raise self.fail("a slice has at most start, stop and step.", (frame.start, self.words[self.at - 1].end))
        frame.slices.append(value)
        return True

    def end_part(self, frame: Frame, value: Node | None) -> None:
        if frame.slices is None:
            assert value is not None
            frame.items.append(value)
            return
        parts = [*frame.slices, value, None, None][:3] if len(frame.slices) < 3 else frame.slices
        frame.items.append(Slice(parts[0], parts[1], parts[2], span=(frame.slice_start, self.words[self.at - 1].end)))
        frame.slices = None

    def close_index(self) -> bool:
        frame = self.stack[-1]
        assert isinstance(frame, Frame) and frame.base is not None
        if frame.slices is not None:
            self.end_part(frame, None)
        self.close()
        word = self.need("]")
        self.values.append(Index(frame.base, tuple(frame.items), span=(frame.start, word.end)))
        return False

    # ------------------------------------------------------------------------------------------------ generators
    def clause(self, frame: Frame) -> bool:
        """`for name in range(...)` or `if condition` inside a call."""
        self.reduce(0)
        value = self.values.pop()
        if frame.body is None:
            if frame.items or frame.keywords or frame.keyword:
                raise self.fail("a generator must be the only argument.", value.span)
            if self.peek().text == "if":
                raise self.expected("'for'")
            frame.body = value
        elif frame.pending == "if":
            frame.conditions.append(value)
            frame.pending = ""
        return self.next_clause(frame)

    def next_clause(self, frame: Frame) -> bool:
        if self.take("if"):
            frame.pending = "if"
            return True
        self.need("for")
        name = self.peek()
        if name.kind != "name" or name.text in KEYWORDS:
            raise self.expected("the name of an index")
        self.at += 1
        self.need("in")
        if self.peek().text != "range":
            raise self.expected("'range(...)'", "range(n) runs from 0 to n - 1, range(a, b) from a to b - 1.")
        self.at += 1
        self.need("(")
        self.open(Frame("range", name.start, name=name.text))
        return True

    def close_range(self, frame: Frame) -> bool | None:
        word = self.need(")")
        self.close()
        call = self.frame()
        assert call is not None
        if len(frame.items) > 2:
            raise self.fail("range takes a stop, or a start and a stop.", (frame.start, word.end))
        zero = Number(Fraction(0), "0", span=(word.start, word.start))
        start, stop = (zero, frame.items[0]) if len(frame.items) == 1 else frame.items
        call.loops.append(Loop(frame.name, start, stop, span=(frame.start, word.end)))
        if self.peek().text in ("for", "if"):
            return self.next_clause(call)
        if self.peek().text == ")":
            return self.close_call()
        raise self.expected("')'")
