r"""Pairs of brackets that are one sign: \left|\left| x \right|\right| is a norm, \left\{ \begin{array} ... \right. are cases."""

from __future__ import annotations

from collections.abc import Sequence

from wrt.errors import TextError
from wrt.language.latex_raw import Token

LEFT, RIGHT = ("left", "open"), ("right", "close")


def closings(words: list[Token]) -> dict[int, int]:
    """Where the brace or bracket that opens at a place closes; a bracket without a partner is left out."""
    out: dict[int, int] = {}
    opened: list[int] = []
    for k, word in enumerate(words):
        if word.kind not in ("brace", "op"):
            continue
        if word.text in ("{", "(", "[", "\\{"):
            opened.append(k)
        elif word.text == "}":
            while words[at := opened.pop()].text != "{":
                pass
            out[at] = k
        elif word.text in (")", "]", "\\}") and opened and words[opened[-1]].text != "{":
            out[opened.pop()] = k
    return out


def once(words: Sequence[Token], text: str) -> None:
    r"""Refuse a^2^3, which TeX refuses too; a^{2}{}^{3} and {a^2}^3 say what is raised first."""
    partner = closings(list(words))
    for k, word in enumerate(words[:-1]):
        if word.kind != "op" or word.text not in ("^", "_") or k + 1 not in partner or partner[k + 1] + 1 >= len(words):
            continue
        last, after = words[partner[k + 1]], words[partner[k + 1] + 1]
        typed = after.end > after.start and word.end > word.start and not text[last.end : after.start].strip()
        if after.kind == "op" and after.text == word.text and typed:
            what = "superscript" if word.text == "^" else "subscript"
            hint = f"put braces: a{word.text}{{b{word.text}{{c}}}} or {{a{word.text}{{b}}}}{word.text}{{c}}."
            raise TextError(f"a double {what}: which comes first?", text=text, span=(word.start, after.end), hint=hint)


def double_bars(words: Sequence[Token], text: str) -> list[Token]:
    r"""Two sized bars that open and close together, read as one double bar."""
    words = _typed_twice(_mid_mid(words), text)
    opened: list[int] = []
    partner: dict[int, int] = {}
    for k, word in enumerate(words):
        if word.kind == "op" and word.font in LEFT:
            opened.append(k)
        elif word.kind == "op" and word.font in RIGHT and opened:
            partner[opened.pop()] = k
    gone: set[int] = set()
    out = list(words)
    for left, right in partner.items():
        bars = [words[k] for k in (left, left + 1, right - 1, right)]
        if partner.get(left + 1) == right - 1 and all(bar.text == "|" for bar in bars) and not gone & {left, right}:
            out[left] = bars[0]._replace(text="||", end=bars[1].end)
            out[right] = bars[3]._replace(text="||", start=bars[2].start)
            gone |= {left + 1, right - 1}
        elif right + 1 < len(words) and bars[0].text == bars[3].text == "|" and _plain(words, left, left + 1) and _plain(words, right, right + 1):
            between = sum(w.text == "|" and not w.font for w in words[left + 2 : right])
            if between % 2 == 0:  # \left|| x \right||; in \left||x| - 1\right| a bar inside is closed
                out[left], out[right] = bars[0]._replace(text="||", end=bars[1].end), bars[3]._replace(text="||", end=words[right + 1].end)
                gone |= {left + 1, right + 1}
    return [word for k, word in enumerate(out) if k not in gone]


def _typed_twice(words: Sequence[Token], text: str) -> list[Token]:
    r"""\Big|\Big| x \Big|\Big| and \vert\vert x \vert\vert as double bars; \big|x\big|\big|y\big| are single ones."""
    out: list[Token] = []
    opened: list[str] = []
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1] if at + 1 < len(words) else words[at]
        at += 1
        if word.kind != "op" or word.text != "|" or word.font or word.end - word.start < 2:
            out.append(word)
            continue
        twin = after.text == "|" and not after.font and not text[word.end : after.start].strip() and after.end - after.start == word.end - word.start
        double = twin and (not opened or opened[-1] == "||")
        sign = "||" if double else "|"
        opened.pop() if opened and opened[-1] == sign else opened.append(sign)
        out.append(word._replace(text=sign, end=after.end) if double else word)
        at += double
    return out


def _plain(words: Sequence[Token], at: int, after: int) -> bool:
    """Whether an unsized bar is typed right behind another."""
    return words[after].text == "|" and not words[after].font and words[after].start == words[at].end


def _mid_mid(words: Sequence[Token]) -> list[Token]:
    r"""p \mid\mid q as p \parallel q."""
    out: list[Token] = []
    for word in words:
        if word.text == "|" and word.font == "mid" and out and (out[-1].text, out[-1].font) == ("|", "mid"):
            out[-1] = out[-1]._replace(text="||", end=word.end, font="")
        else:
            out.append(word)
    return out


PLAIN = frozenset("matrix pmatrix bmatrix vmatrix cases eqalign eqalignno displaylines".split())


def plain_tex(words: list[Token]) -> list[Token]:
    r"""\pmatrix{a & b \cr c & d} of plain TeX as \begin{pmatrix} ... \end{pmatrix}, \eqalign{...} as its lines alone."""
    if not any(w.kind == "command" and w.text in PLAIN for w in words):
        return words
    partner = closings(words)
    out = [word._replace(kind="newline", text="\\\\") if word.kind == "command" and word.text == "cr" else word for word in words]
    gone: set[int] = set()
    for k, word in enumerate(words[:-1]):
        if word.kind != "command" or word.text not in PLAIN or words[k + 1].text != "{" or words[k + 1].kind != "brace":
            continue
        last = partner[k + 1]
        gone.add(k)
        if word.text in ("matrix", "pmatrix", "bmatrix", "vmatrix", "cases"):
            out[k + 1], out[last] = word._replace(kind="begin"), words[last]._replace(kind="end", text=word.text)
        else:
            gone |= {k + 1, last}
    return [word for k, word in enumerate(out) if k not in gone]


def branches(words: Sequence[Token]) -> list[Token]:
    r"""\left\{ \begin{array}{ll} ... \end{array} \right. as \begin{cases} ... \end{cases}; wide spaces inside of cases are left out."""
    out = list(words)
    partner = closings(out)
    gone: set[int] = set()
    depth = 0
    for k, word in enumerate(words):
        if word.kind == "begin" and k and words[k - 1].text == "\\{" and words[k - 1].font == "left":
            last = _end(words, k)
            if last is not None and last + 1 < len(words) and words[last + 1].text == "null":
                gone |= {k - 1, last + 1}
                gone |= {j for j in range(k + 1, last) if words[j].text == "&" and (j == k + 1 or words[j - 1].kind == "newline")}
                out[k], out[last] = word._replace(text="cases"), words[last]._replace(text="cases")
                if word.text == "array" and words[k + 1].text == "{":
                    gone |= set(range(k + 1, partner[k + 1] + 1))
        depth += (out[k].kind == "begin" and out[k].text.endswith("cases")) - (out[k].kind == "end" and out[k].text.endswith("cases"))
        if depth and word.kind == "command" and word.text == "quad":
            gone.add(k)
    return [word for k, word in enumerate(out) if k not in gone]


def plain_ones(words: Sequence[Token]) -> list[Token]:
    r"""1^\top x, 11^\top, 1'\Sigma^{-1}1: a plain 1 that is transposed is the vector of ones, and so is one beside it or behind a factor."""
    marks = {k for k, word in enumerate(words) if word.kind == "number" and set(word.text) == {"1"} and len(word.text) < 3 and _transposed(words, k)}
    if not marks:
        return list(words)
    out: list[Token] = []
    for k, word in enumerate(words):
        before = words[k - 1] if k else word
        beside = k + 1 in marks or (k > 0 and (before.kind in ("name", "word") or before.text in ("}", ")", "]")))
        if k in marks or (word.kind == "number" and word.text == "1" and beside):
            out += [Token("name", "1", word.start + j, word.start + j + 1, "bold") for j in range(len(word.text))]
        else:
            out.append(word)
    return out


def _transposed(words: Sequence[Token], at: int) -> bool:
    """Whether a transpose sign follows."""
    after = [w.text for w in words[at + 1 : at + 5]]
    return after[:1] == ["'"] or (after[:2] == ["^", "{"] and after[2:] in (["top", "}"], ["T", "}"], ["'", "}"]))


def _end(words: Sequence[Token], at: int) -> int | None:
    r"""Where the \end of the \begin at `at` stands."""
    depth = 0
    for k in range(at, len(words)):
        depth += (words[k].kind == "begin") - (words[k].kind == "end")
        if depth == 0:
            return k
    return None
