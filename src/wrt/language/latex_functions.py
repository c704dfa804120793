r"""Functions by their LaTeX names, with and without parentheses: \log\det X, \sin^2 x, \operatorname{tr}(AX), \max(0, x).

Without parentheses the argument is the product that follows, up to a sign, a bracket or another function: \sin 2x, \tr A B. Where it could end
in two places it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrt.errors import Span, WrtError
from wrt.language import latex_brackets
from wrt.language.latex_function_words import ENTRY, HINTS, MATRIX, REFUSED, SAYS_SO, SPECIAL, WORDS
from wrt.language.latex_norms import Value
from wrt.language.latex_raw import Token
from wrt.language.latex_scripts import Scripts, entry, scripted, take_scripts
from wrt.language.surface import Block, Call, Node, Text
from wrt.language.trampoline import Task

if TYPE_CHECKING:
    from wrt.language.latex_grammar import Parser


def known(name: str) -> bool:
    """Whether a command is a function."""
    return name in WORDS or name in SAYS_SO


# ------------------------------------------------------------------------------------------------ application
def applied(p: Parser, word: Token, name: str) -> Task:
    """The function with its scripts and its argument; `p` stands after the name."""
    if name in SAYS_SO:
        raise p.fail(SAYS_SO[name], word.span)
    s = take_scripts(p)
    if s.primes:
        raise p.fail(REFUSED["partial"], (word.start, p.words[p.at - 1].end), HINTS["partial"])
    if name in ("max", "min") and s.below is not None:
        from wrt.language.latex_sums import reduction

        return (yield reduction(p, word, name, s))
    inverse = s.above is not None and [w.text for w in p.brief(s.above)] in (["-", "1"], ["top"])
    if inverse:
        raise p.fail(
            f"is {p.text[word.start : p.words[p.at - 1].end]} the inverse function or the reciprocal?",
            word.span,
            r"write \arcsin x, or \frac{1}{\sin x}.",
        )
    if name in ("KL", "D_KL"):
        separated(p)
    if latex_brackets.opening(p.word()):
        values: list[Value] = yield latex_brackets.group(p)
        called = True
    elif p.word().kind == "brace" and p.word().text == "{":
        values = [(yield p.braces())]
        if values[0].other is None and values[0].form != "relation":
            values[0] = Value(values[0].node, "group")
        called = True
    else:
        values = [(yield bare(p, word, name))]
        called = False
    span = (word.start, p.words[p.at - 1].end if not p.pending else values[-1].span[1])
    if [w.text for w in p.brief(s.above)] in (["odot"], ["circ"]):  # \exp^{\odot}(X): of each entry
        if name not in ENTRY or len(values) != 1:
            raise p.fail(f"{p.typed(word)} is not a function of each entry.", word.span)
        return (yield scripted(p, Value(p.build.call(ENTRY[name], p.algebra.settled(values[0]).node, span=span), "call")))
    value = call(p, word, name, values, s, span)
    if s.above is not None:
        exponent: Value = yield p.inside(s.above, p.expression())
        value = p.algebra.power(Value(value.node, "function-power"), exponent, span)
    elif called:
        value = yield scripted(p, value)
    return value


SIMPLE = ("symbol", "entry", "number", "transpose", "power", "slice")  # what goes on as an argument without parentheses


def bare(p: Parser, word: Token, name: str) -> Task:
    """The argument without parentheses: the product that follows, where it is clear how far it goes."""
    minus = p.signs()
    if not p.starts(p.word()):
        raise p.fail(f"'{p.typed(word)}' needs an argument.", word.span)
    first = p.word()
    items: list[tuple[str, Value]] = [("", (yield p.factor()))]
    if items[0][1].form == "power" and (is_function(first) or first.text in ("Γ", "ψ", "σ")):
        span = (word.start, items[0][1].span[1])
        raise p.fail(f"is the power in {p.text[slice(*span)]} of {p.typed(word)} or of {p.typed(first)}?", span, "put parentheses.")
    matrix = name in MATRIX
    while not p.pending:
        following, last = p.word(), items[-1][1]
        simple = last.form in SIMPLE
        if p.is_op(following, "/") and (simple or last.form in ("call", "trace")) and MATRIX.get(name) != "tr":
            raise _unclear_end(p, word, following, "the division")
        if not p.starts(following) or (ends(p, following) and (matrix or not simple or is_function(following))):
            break
        if (matrix or simple) and spelt_by_letters(p):
            break
        bracket = latex_brackets.opening(following) or following.text == "{" or following.kind == "begin"
        if bracket and matrix and p.algebra.shape(last).order:
            extra: Value = yield p.factor()
            if p.algebra.shape(extra).order:
                items.append(("", extra))
            else:
                p.pending.append(extra)
            continue
        if simple and (bracket or ends(p, following)):
            raise _unclear_end(p, word, following, f"'{p.typed(following)}'")
        if not simple and last.form != "group":
            break
        items.append(("", (yield p.factor())))
    several = len(items) > 1
    if several and name in ("log", "ln", "exp") and items[0][1].form != "number" and all(p.algebra.scalar(v) for _, v in items):
        span = (word.start, items[-1][1].span[1])
        raise p.fail(f"what is the argument of {p.typed(word)} in {p.text[slice(*span)]}?", span, "put parentheses.")
    value = p.algebra.chain(items)
    return p.negative(Value(value.node, "product", value.other) if several else value, minus)


def _unclear_end(p: Parser, word: Token, following: Token, what: str) -> WrtError:
    return p.fail(f"where does the argument of {p.typed(word)} end: before or after {what}?", (word.start, following.end), "put parentheses.")


def is_function(word: Token) -> bool:
    r"""Whether the word is the name of a function, where an argument before it ends: \sin x \cos y."""
    return word.text in WORDS and word.kind in ("command", "word") and word.text not in ("sqrt", "sum", "prod")


def spelt_by_letters(p: Parser) -> bool:
    """Whether letters without a backslash spell a function here, where an argument before it ends: sin x cos y."""
    first = p.word()
    if first.kind != "name" or first.font:
        return False
    for length in range(p.names.longest, 1, -1):
        name = p.text[first.start : first.start + length]
        apart = [w.kind != "name" or w.start != first.start + k or w.font for k in range(length) if (w := p.word(k))]
        if name in WORDS and not any(apart) and not all(p.names.find(c) is not None or c in p.indices for c in name):
            return p.names.find(name) is None
    return False


def ends(p: Parser, word: Token) -> bool:
    """Whether the word starts another function, a sum, a norm or a fraction, where an argument without parentheses ends."""
    if word.kind == "command":
        return word.text not in ("one", "top")
    if word.kind == "word":
        return word.text in WORDS
    return word.kind == "op" and word.text in ("|", "||", "langle")


def call(p: Parser, word: Token, name: str, values: list[Value], s: Scripts, span: Span) -> Value:
    """The value of the function at the arguments."""
    if name == "frechet" and s.below is not None:
        which = Text("".join(w.text for w in p.some(s.below)), span=span)
        return Value(p.build.call(name, which, *[p.algebra.settled(v).node for v in values], span=span), "call")
    if s.below is not None and not (name in ("log", "ln") or name in ("softmax", "tr", "Tr", "det", "diag", "vec")):
        raise p.fail(f"what does the subscript of {p.typed(word)} mean?", (word.start, p.words[s.below[1]].end))
    axis = next((v.node for v in values if v.form == "option"), None)
    if axis is not None:
        return Value(p.build.call(name, *[p.algebra.settled(v).node for v in values if v.form != "option"], span=span, axis=axis), "call")
    if name in SPECIAL:
        open_bars = [v for v in values if v.other is not None]
        if name in ("max", "min") and len(open_bars) == 1 and len(values) > 1 and all(p.algebra.scalar(v) for v in values):  # \max(|v| - c, 0)
            second = [Value(v.other) if v.other is not None else v for v in values]
            nodes = [[v.node for v in some] for some in (values, second)]
            return Value(extreme(p, name, nodes[0], span).node, "bars", extreme(p, name, nodes[1], span).node)
        return special(p, word, name, values, span, s)
    if len(values) != 1:
        return several(p, word, name, values, span)
    if name in ENTRY:
        value = entry_function(p, ENTRY[name], values[0], span)
        if s.below is not None:
            return based(p, value, s.below, span)
        return value
    return matrix_function(p, MATRIX.get(name, name), values[0], span)


def based(p: Parser, value: Value, place: tuple[int, int], span: Span) -> Value:
    r"""\log_2 x is log(x)/log(2)."""
    words = [w for w in p.some(place) if w.text not in ("{", "}")]
    if len(words) == 1 and words[0].text == "e":
        return value
    found = p.names.find(words[0].text) if len(words) == 1 and words[0].kind == "name" else None
    if len(words) == 1 and words[0].kind == "number":
        node: Node = p.build.number(int(words[0].text), words[0].span, words[0].text)
    elif found is not None:
        node = p.build.name(found[0], found[1], words[0].span)
    else:
        raise p.fail("the base of a logarithm is a number.", span)
    return Value(p.build.binary("/", value.node, p.build.call("log", node, span=span), span), "call")


def several(p: Parser, word: Token, name: str, values: list[Value], span: Span) -> Value:
    """Functions of several arguments: as in the text language; diag(a, b, c) is the matrix with that diagonal."""
    nodes = [p.algebra.settled(v).node for v in values]
    if MATRIX.get(name) == "diag" and all(p.algebra.scalar(n) for n in nodes):
        column = p.build.put(Block(tuple((n,) for n in nodes), False), span)
        return Value(p.build.call("diag", column, span=span), "call")
    if name in ENTRY or name in MATRIX:
        raise p.fail(f"{p.typed(word)} takes one argument, found {len(values)}.", span)
    return Value(p.build.call(name, *nodes, span=span), "call")


def entry_function(p: Parser, name: str, value: Value, span: Span) -> Value:
    """A function of every entry; exp, log and sqrt of a square matrix are asked about, log of a determinant is logdet."""
    if value.other is not None and name in ("log", "sqrt"):
        value = p.algebra.number_of_bars(value)
    value = p.algebra.settled(value)
    node = value.node
    if (
        name == "log"
        and isinstance(node, Call)
        and node.function == "abs"
        and isinstance(node.arguments[0], Call)
        and node.arguments[0].function == "det"
    ):
        return Value(p.build.call("logdet", *node.arguments[0].arguments, span=span), "call")
    if name == "log" and isinstance(node, Call) and node.function == "det" and value.form in ("bars", "call"):
        return Value(p.build.call("logdet", *node.arguments, span=span), "call")
    if name == "log" and value.form == "gamma" and isinstance(node, Call) and node.function == "exp":
        return Value(node.arguments[0], "call")
    if name in ("exp", "log", "sqrt") and p.build.is_square(p.algebra.shape(node)):
        other = {"exp": r"\operatorname{expm}(A) or e^{A}", "log": r"\operatorname{logm}(A)", "sqrt": r"A^{1/2}"}[name]
        raise p.fail(
            f"is {p.text[slice(*span)]} the matrix function or taken of each entry of {p.algebra.says(value)}?",
            span,
            f"write {other} for the matrix function.",
        )
    return Value(p.build.call(name, node, span=span), "call")


def matrix_function(p: Parser, name: str, value: Value, span: Span) -> Value:
    node = p.algebra.settled(value).node
    if name in ("tr", "det", "logdet", "inv") and p.algebra.shape(node).kind not in ("matrix", "scalar"):
        raise p.algebra.misfit(f"{name} takes a square matrix; {p.algebra.says(node)} is {p.algebra.shape(node)}.", span)
    return Value(p.build.call(name, node, span=span), "trace" if name == "tr" else "call")


def special(p: Parser, word: Token, name: str, values: list[Value], span: Span, s: Scripts) -> Value:
    """Functions with a reading of their own."""
    values = [p.algebra.settled(v) for v in values]
    nodes = [v.node for v in values]
    shape = p.algebra.shape(nodes[0])
    match name:
        case "max" | "min":
            return extreme(p, name, nodes, span)
        case "softmax" | "log_softmax" | "logsoftmax":
            function = "softmax" if name == "softmax" else "log_softmax"
            if shape.kind == "scalar":
                raise p.algebra.misfit(f"{name} is of a vector; {p.algebra.says(values[0])} is a scalar.", span)
            if shape.kind == "matrix":
                p.notes[f"{name} of a matrix acts on its rows"] = None
                return Value(p.build.call(function, nodes[0], span=span, axis=p.build.number(1, span, "1")), "call")
            value = Value(p.build.call(function, nodes[0], span=span), "call")
            return value if s.below is None else entry(p, value, s.below, span)
        case "logsumexp" | "lse" | "LSE":
            return Value(p.build.call("logsumexp", *nodes, span=span), "call")
        case "KL" | "D_KL":
            return divergence(p, nodes, span)
        case "logit":
            one = p.build.number(1, span, "1")
            ratio = p.build.binary("/", nodes[0], p.build.binary("-", one, nodes[0], span), span)
            return Value(p.build.call("log", ratio, span=span), "call")
        case "erfc":
            return Value(p.build.binary("-", p.build.number(1, span, "1"), p.build.call("erf", nodes[0], span=span), span), "group")
        case "sech" | "csch" | "coth":
            below = p.build.call({"sech": "cosh", "csch": "sinh", "coth": "tanh"}[name], nodes[0], span=span)
            return Value(p.build.binary("/", p.build.number(1, span, "1"), below, span), "group")
        case "gamma":
            return Value(p.build.call("exp", p.build.call("gammaln", nodes[0], span=span), span=span), "gamma")
        case "trigamma":
            return Value(p.build.call("polygamma", p.build.number(1, span, "1"), nodes[0], span=span), "call")
    return Value(p.build.call(name, *nodes, span=span), "call")


def extreme(p: Parser, name: str, nodes: list[Node], span: Span) -> Value:
    r"""\max(a, b) is maximum(a, b); \max(x) of a vector its greatest entry."""
    if len(nodes) == 1:
        if not p.algebra.shape(nodes[0]).order:
            raise p.fail(f"the {name} of one number.", span, rf"write \{name}(a, b).")
        return Value(p.build.call(name, nodes[0], span=span), "call")
    node = nodes[0]
    for other in nodes[1:]:
        node = p.build.call("maximum" if name == "max" else "minimum", node, other, span=span)
    return Value(node, "call")


def separated(p: Parser) -> None:
    r"""KL(p \| q): the bars between the two arguments read as a comma."""
    depth = 0
    for k in range(p.at, len(p.words)):
        word = p.words[k]
        depth += (word.text in ("(", "[", "\\{")) - (word.text in (")", "]", "\\}"))
        if depth == 1 and word.kind == "op" and word.text in ("||", "|"):
            p.words[k] = word._replace(text=",", font="")
            return
        if depth <= 0:
            return


def divergence(p: Parser, nodes: list[Node], span: Span) -> Value:
    r"""KL(p \| q) of two vectors: sum(p*log(p/q))."""
    if len(nodes) != 2 or not p.build.alike(*(p.algebra.shape(n) for n in nodes)) or p.algebra.shape(nodes[0]).kind != "column":
        raise p.fail("the Kullback-Leibler divergence is of two vectors of one size.", span, r"KL(p \| q).")
    a, b = nodes
    log = p.build.call("log", p.build.binary("/", a, b, span), span=span)
    return Value(p.build.call("sum", p.build.binary("*", a, log, span), span=span), "call")


# ------------------------------------------------------------------------------------------------ eigenvalues and singular values
def spectrum(p: Parser, word: Token) -> Task | None:
    r"""\lambda_{\max}(A), \lambda_{\min}(A), \sigma_{\max}(A), \sigma_i(A), \rho(A): None when no such thing stands here."""
    if not p.is_op(p.word(), "_"):
        return None
    back = p.at
    p.at += 1
    place = p.argument_place()
    after = p.word()
    p.at = back
    if not latex_brackets.opening(after) or word.text not in ("λ", "σ"):
        return None
    return eigenvalue(p, word, place)


def eigenvalue(p: Parser, word: Token, place: tuple[int, int]) -> Task:
    r"""\lambda_{\min}(A) is min(eigvalsh(A)) for a symmetric A; \sigma_1 is the greatest singular value."""
    take_scripts(p)
    values: list[Value] = yield latex_brackets.group(p)
    span = (word.start, p.words[p.at - 1].end)
    if len(values) != 1 or p.algebra.shape(values[0]).kind != "matrix":
        raise p.fail("eigenvalues and singular values are of one matrix.", span)
    node = p.algebra.settled(values[0]).node
    which = "".join(w.text for w in p.some(place) if w.text not in ("{", "}"))
    if which not in ("max", "min", "1"):
        raise p.fail(
            f"which one is {p.text[slice(*span)]}?", span, r"\lambda_{\max}(A), \lambda_{\min}(A), \sigma_{\max}(A) and \sigma_{\min}(A) are known."
        )
    if word.text == "σ":
        function = "svdvals"
    else:
        if not p.build.symmetric(node):
            raise p.fail(
                f"{p.algebra.says(values[0])} is not known to be symmetric: its eigenvalues may be complex.",
                span,
                r"declare it symmetric, or write \sigma_{\max}(A).",
            )
        function = "eigvalsh"
    if word.text == "λ" and which == "1":
        raise p.fail(r"is \lambda_1 the greatest or the least eigenvalue?", span, r"write \lambda_{\max} or \lambda_{\min}.")
    values_node = p.build.call(function, node, span=span)
    return (yield scripted(p, Value(p.build.call("min" if which == "min" else "max", values_node, span=span), "call")))
