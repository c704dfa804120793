r"""The words of LaTeX as symbols: fonts and accents join the letter they stand on (`\hat{\mathbf y}` is one name, "y_hat"), upright letters become
one word (`\operatorname{tr}`), a script has braces always (`x^2` as `x^{2}`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wrt.errors import TextError, TooLargeError
from wrt.language.latex_braces import without_idle_braces
from wrt.language.latex_function_words import WORDS
from wrt.language.latex_macros import expanded
from wrt.language.latex_pairs import branches, double_bars, once, plain_ones, plain_tex
from wrt.language.latex_raw import Token, balanced, raw
from wrt.language.latex_words import ACCENTS, FONTS, PROSE, SIZED, SWITCHES, UPRIGHT

STACKED = ("underset", "overset", "stackrel")
MAX_FONTS = 20  # fonts and accents inside one another
_CONTROL = re.compile(r"[\x07\x08\x0b\x0c]")
_REMARK = re.compile(r"\([^()\\$]*[^\W\d_]{3}[^()\\$]*\)")  # \text{(output gate)}
_THIN = re.compile(r"\\[,;:!>]")


def tokens(text: str) -> list[Token]:
    r"""The words of a LaTeX formula, the last one "stop". Raises: TextError with a caret, TooLargeError.

    >>> [t.text for t in tokens(r"\hat{\mathbf y}^\top x_1")]
    ['y_hat', '^', '{', 'top', '}', 'x', '_', '{', '1', '}', '']
    """
    if found := _CONTROL.search(text):
        raise TextError(
            "the text holds a control character where a command lost its backslash.", text=text, span=found.span(), hint='write the text as r"...".'
        )
    words = plain_tex(expanded(balanced(raw(text), text), text))
    out = _scripts(_digits(_Symbols(text, words).read(0, len(words), "", 0)), text)
    once(out, text)
    out = without_idle_braces(out, text)
    out = plain_ones(branches(double_bars(out, text)))
    out.append(Token("stop", "", len(text), len(text)))
    return out


@dataclass(slots=True)
class _Group:
    """A group in braces: its font, whether it is a script (where a bold 1 is a number), whether a command inside has changed the font."""

    font: str
    script: bool = False
    switched: bool = False


class _Symbols:
    """Fonts, accents, sized brackets and upright words."""

    def __init__(self, text: str, words: list[Token]) -> None:
        self.text = text
        self.words = words

    def argument(self, at: int, stop: int, command: Token) -> tuple[int, int, int]:
        """(first, last, next): the words of the argument that starts at `at`, without its braces."""
        if at >= stop or self.words[at].text in ("}", "&", "^", "_") or self.words[at].kind in ("newline", "end"):
            raise TextError(f"\\{command.text} needs an argument.", text=self.text, span=command.span)
        if self.words[at].kind != "brace":
            inner = self.words[at]
            if inner.kind == "command" and (inner.text in FONTS or inner.text in ACCENTS):  # \hat\mathbf{x}
                return (at, *(self.argument(at + 1, stop, inner)[2],) * 2)
            return at, at + 1, at + 1
        depth = 0
        for k in range(at, stop):
            depth += (self.words[k].text == "{" and self.words[k].kind == "brace") - (self.words[k].text == "}" and self.words[k].kind == "brace")
            if depth == 0:
                return at + 1, k, k + 1
        raise TextError("'{' is never closed.", text=self.text, span=self.words[at].span)

    def read(self, at: int, stop: int, font: str, depth: int) -> list[Token]:
        """The symbols of words[at:stop]."""
        if depth > MAX_FONTS:
            raise TooLargeError(f"fonts and accents nested deeper than {MAX_FONTS}.", text=self.text, span=self.words[at].span)
        out: list[Token] = []
        groups = [_Group(font)]
        while at < stop:
            word, group = self.words[at], groups[-1]
            if word.kind == "command" and (word.text in FONTS or word.text in ACCENTS):
                first, last, at = self.argument(at + 1, stop, word)
                end = self.words[at - 1].end
                accent = word.text in ACCENTS
                out += self.accented(word, first, last, group.font, depth, end) if accent else self.styled(word, first, last, depth, end)
                continue
            if word.kind == "command" and word.text in STACKED:
                at = self.stacked(out, word, at, stop, group.font, depth)
                continue
            at += 1
            after_sign = bool(out) and out[-1].text in ("^", "_")
            if word.kind == "command" and word.text in SWITCHES:
                group.font, group.switched = SWITCHES[word.text], True
            elif word.kind == "command" and word.text in SIZED:
                at = self.sized(out, word, at, stop)
            elif word.kind == "brace" and word.text == "{":
                groups.append(_Group(group.font, script=group.script or after_sign))
                out.append(word)
            elif word.kind == "brace" and groups.pop().switched and [w.text for w in out[-2:-1]] == ["{"]:
                out[-2:] = [out[-1]._replace(start=out[-2].start, end=word.end)]  # {\bf x} is one symbol
            elif word.kind in ("name", "number") and group.font:
                self.letter(out, word, "upright" if word.kind == "number" and (group.script or after_sign) else group.font)
            else:
                out.append(word)
        return out

    def stacked(self, out: list[Token], command: Token, at: int, stop: int, font: str, depth: int) -> int:
        r"""\underset{x}{\min} as \min_{x}; what stands over a sign is a remark: \overset{\text{def}}{=} is =."""
        first, last, at = self.argument(at + 1, stop, command)
        remark = self.read(first, last, font, depth + 1)
        first, last, at = self.argument(at, stop, command)
        base = self.read(first, last, font, depth + 1)
        if (name := "".join(w.text for w in base)) in ("argmin", "argmax"):
            base = [Token("word", name, base[0].start, base[-1].end, "upright")]
        out += base
        if command.text == "underset" and base and (base[-1].kind == "word" or base[-1].text in ("min", "max", "argmin", "argmax", "sum", "prod")):
            start, end = self.words[first].start, base[-1].end
            out += [Token("op", "_", end, end), Token("brace", "{", start, start), *remark, Token("brace", "}", end, end)]
        return at

    def letter(self, out: list[Token], word: Token, font: str) -> None:
        """A letter in a font; upright neighbours make a word; bold 1 and 0 are symbols."""
        last = out[-1] if out else None
        if (
            font == "upright"
            and last is not None
            and last.end == word.start
            and last.font == font
            and (last.kind == "word" or (last.kind == "name" and len(last.text) == 1))
        ):
            out[-1] = Token("word", last.text + word.text, last.start, word.end, font)
        elif word.kind == "number" and (font == "upright" or word.text not in ("0", "1")):
            out.append(word)
        else:
            out.append(word._replace(kind="name", font=font if not word.font else word.font))

    def sized(self, out: list[Token], command: Token, at: int, stop: int) -> int:
        r"""\left( and its like: one bracket that knows its side."""
        if at >= stop:
            raise TextError(f"\\{command.text} needs a bracket or bar.", text=self.text, span=command.span)
        word = self.words[at]
        side = SIZED[command.text]
        if word.text == "." and side in ("left", "right"):
            out.append(Token("op", "null", command.start, word.end, side))
        elif word.kind == "op" and word.text in ("(", ")", "[", "]", "\\{", "\\}", "|", "||", "<", ">", "langle", "rangle", "/"):
            sign = {"<": "langle", ">": "rangle"}.get(word.text, word.text) if side in ("left", "right") else word.text
            out.append(Token("op", sign, command.start, word.end, side or word.font))
        elif word.kind == "command" and word.text in ("lfloor", "lceil", "rfloor", "rceil", "backslash"):
            out.append(word._replace(start=command.start))
        else:
            raise TextError(
                f"\\{command.text} needs a bracket or bar, found '{self.text[word.start : word.end]}'.",
                text=self.text,
                span=(command.start, word.end),
            )
        return at + 1

    def styled(self, command: Token, first: int, last: int, depth: int, close: int) -> list[Token]:
        r"""The argument of a font: \mathbf{x} one symbol, \operatorname{tr} one word, \mathbf{AB} a group of symbols."""
        font = FONTS[command.text]
        if first == last:
            return []
        if command.text in PROSE and "$" in self.text[self.words[first].start : self.words[last - 1].end]:
            return self.prose(first, last, depth)
        start, end = command.start, self.words[last - 1].end
        if command.text in UPRIGHT and last - first > 1:
            plain = " ".join(_THIN.sub("", self.text[self.words[first].start : end]).replace("\\_", "_").split())
            if command.text not in PROSE and all(len(piece) == 1 for piece in plain.split()):  # \mathrm { t r }: math has no spaces
                plain = plain.replace(" ", "")
            if all(c.isalnum() or c in " -_.," for c in plain) or _REMARK.fullmatch(plain):
                return [Token("word", plain, start, close, "upright")]
        name = "".join(self.text[self.words[first].start : end].split())
        if len(name) > 1 and (name in WORDS or name in ("argmin", "argmax")) and font != "upright":  # \mathbf{tr}
            return [Token("word", name, start, close, "upright")]
        inner = self.read(first, last, font, depth + 1)
        if command.text in UPRIGHT and (name := "".join(w.text for w in inner)) in ("argmin", "argmax"):  # \mathop{\arg\min}
            return [Token("word", name, start, close, "upright")]
        if len(inner) == 1:
            return [inner[0]._replace(start=start, end=close)]
        return [Token("brace", "{", start, start), *inner, Token("brace", "}", close, close)] if inner else []

    def prose(self, first: int, last: int, depth: int) -> list[Token]:
        r"""\text{if $x > 0$}: words, and what stands between dollars as mathematics."""
        out: list[Token] = []
        inside = False
        at = first
        while at < last:
            end = at + 1
            while end < last and "$" not in self.text[self.words[end - 1].end : self.words[end].start]:
                end += 1
            inside = inside != (self.text.count("$", self.words[at - 1].end, self.words[at].start) % 2 == 1)
            if inside:
                out += self.read(at, end, "", depth + 1)
            else:
                typed = " ".join(self.text[self.words[at].start : self.words[end - 1].end].split())
                out.append(Token("word", typed, self.words[at].start, self.words[end - 1].end, "upright"))
            at = end
        return out

    def accented(self, command: Token, first: int, last: int, font: str, depth: int, close: int) -> list[Token]:
        r"""\hat{y}: one name, y_hat; \hat{y_i} is \hat{y}_i."""
        inner = self.read(first, last, font, depth + 1)
        while inner and inner[0].text == "{" and inner[-1].text == "}" and inner[0].kind == "brace":
            inner = inner[1:-1]
        scripted = len(inner) > 1 and inner[1].text in ("_", "^")
        if not inner or inner[0].kind not in ("name", "word") or inner[0].text[0] in "01" or (len(inner) > 1 and not scripted):
            raise TextError(
                f"\\{command.text} over more than one symbol is not known.",
                text=self.text,
                span=(command.start, close),
                hint="declare a name for it.",
            )
        head = inner[0]
        return [
            head._replace(
                text=f"{head.text}_{ACCENTS[command.text]}", start=command.start, end=close if not scripted else max(head.end, command.end)
            ),
            *inner[1:],
        ]


def _digits(words: list[Token]) -> list[Token]:
    r"""\frac12 and \sqrt2x take one digit: the numbers after them are cut."""
    out: list[Token] = []
    due: list[int] = []  # arguments still to come, innermost last; -1 an open brace inside one
    for word in words:
        plain = word.kind == "number" and word.text[0] != "." and bool(due) and due[-1] > 0
        if plain and len(word.text) > 1:
            for k, c in enumerate(word.text):
                if not due or due[-1] <= 0:
                    rest = word.text[k:]
                    out.append(word._replace(text=rest, start=word.start + k))
                    break
                out.append(word._replace(text=c, start=word.start + k, end=word.start + k + 1))
                _taken(due)
            continue
        out.append(word)
        if word.kind == "brace":
            if word.text == "{":
                due.append(-1)
            else:
                while due and due.pop() != -1:
                    pass
                _taken(due)
        elif word.kind == "command" and word.text in ("frac", "sqrt") and word.end - word.start > 1:  # √ of Unicode takes a whole number
            due.append(2 if word.text == "frac" else 1)
        elif word.text != "[" or word.kind != "op":
            _taken(due)
    return out


def _taken(due: list[int]) -> None:
    """One argument has been read; a command whose last it was is an argument itself."""
    while due and due[-1] > 0:
        due[-1] -= 1
        if due[-1]:
            return
        due.pop()


def _scripts(words: list[Token], text: str) -> list[Token]:
    """Braces around every script; empty groups left out."""
    out: list[Token] = []
    raised: list[int] = []  # where open groups start in `out`; -1 for those that are not raised
    partner = _partners(words)
    due: dict[int, int] = {}  # how many groups that were put around an argument end before a word
    at = 0
    while at <= len(words):
        for _ in range(due.get(at, 0)):
            end = words[at - 1].end
            out.append(Token("brace", "}", end, end))
        if at == len(words):
            break
        word = words[at]
        at += 1
        brace = word.kind == "brace"
        if brace and word.text == "{":
            if partner[at - 1] == at and not (out and out[-1].text in ("^", "_")):
                at += 1
                continue
            raised.append(len(out) if out and out[-1].text == "^" else -1)
        elif brace and raised and (start := raised.pop()) >= 0:
            _transposed(out, start)
        out.append(word)
        if word.kind != "op" or word.text not in ("^", "_"):
            continue
        if at >= len(words) or words[at].text in ("^", "_", "}", "&") or words[at].kind in ("newline", "end"):
            raise TextError(f"'{word.text}' needs what is {'raised' if word.text == '^' else 'lowered'}.", text=text, span=word.span)
        if words[at].kind != "brace":
            if words[at].kind == "number" and len(words[at].text) > 1:
                typed = words[at].text
                message = f"'{word.text}{typed}' is typeset with '{typed[0]}' alone in the script."
                raise TextError(message, text=text, span=(word.start, words[at].end), hint=f"write {word.text}{{{typed}}}.")
            signed = words[at].text == "-" and at + 1 < len(words) and (words[at + 1].kind == "name" or words[at + 1].text in ("top", *"0123456789"))
            end_at = (
                _argument_end(words, at + signed, partner) if words[at].text != "(" else _closing(words, at, text)
            )  # e^(-x), as plain text has it
            due[end_at] = due.get(end_at, 0) + 1
            out.append(Token("brace", "{", words[at].start, words[at].start))
            if end_at == at + 1:  # one word, whatever it is
                out.append(words[at])
                at += 1
    return out


def _partners(words: list[Token]) -> dict[int, int]:
    """Where the brace that opens at a place closes."""
    out: dict[int, int] = {}
    opened: list[int] = []
    for k, word in enumerate(words):
        if word.kind == "brace" and word.text == "{":
            opened.append(k)
        elif word.kind == "brace" and opened:
            out[opened.pop()] = k
    return out


def _transposed(out: list[Token], start: int) -> None:
    r"""W^{(1)\top} as W^{(1)}^{\top}: the transpose at the end of a raised group has a group of its own."""
    last = out[-1]
    inverse = len(out) > 2 and [w.text for w in out[-3:-1]] == ["-", "1"]
    upright = last.kind == "name" and last.text == "T" and (last.font == "upright" or out[-2].text in (")", "]") or inverse)
    if len(out) - start < 3 or not (last.text == "top" or upright) or out[-2].text == "-":
        return
    out.pop()
    end = out[-1].end
    out += [Token("brace", "}", end, end), Token("op", "^", last.start, last.start), Token("brace", "{", last.start, last.start), last]


def _closing(words: list[Token], at: int, text: str) -> int:
    """Where the round bracket that opens at `at` ends."""
    depth = 0
    for k in range(at, len(words)):
        depth += (words[k].text in ("(", "{")) - (words[k].text in (")", "}"))
        if depth <= 0 and words[k].text == ")":
            return k + 1
        if depth <= 0:
            break
    raise TextError("'(' is never closed.", text=text, span=words[at].span)


def _argument_end(words: list[Token], at: int, partner: dict[int, int]) -> int:
    r"""Where the one argument at `at` ends: \frac takes two more, \sqrt one."""
    end = at + 1
    for _ in range({"frac": 2, "sqrt": 1}.get(words[at].text, 0) if words[at].kind == "command" else 0):
        if end >= len(words) or words[end].text in ("^", "_", "}", "&"):
            break
        end = partner.get(end, end) + 1
    return min(end, len(words))
