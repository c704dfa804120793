r"""Answers spelt as people type them, put into a spelling that can be read: X.transpose(), a if c else b, X.T^-1, A_ij, \mathbf 1 without its size."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from itertools import product

from wrt.derivation.terms import all_replaced
from wrt.errors import WrtError
from wrt.language.hints import filled
from wrt.language.latex_words import GREEK
from wrt.language.parser import parse
from wrt.language.rewrite import exchanged
from wrt.language.signatures import known_functions
from wrt.language.surface import Binary, Call, FunctionDeclaration, Index, Name, Node, Number, Source, Unary, postorder
from wrt.language.unparse import unparse
from wrt.tables.foreign import SPELLINGS

FEW = 3  # places for which every choice of sizes is tried
LONGEST_CODE = 2000  # characters of Python code that is looked at
FUNCTIONS = {
    **dict.fromkeys(("sigma", "σ", "Sigma"), "sigmoid({0})"),
    "cof": "adj({0}).T",
    "cofactor": "adj({0}).T",
    "Cof": "adj({0}).T",
    "sech": "1/cosh({0})",
}
MODULES = ("np", "numpy", "jnp", "torch", "math", "linalg", "scipy", "special", "F")
METHODS = {
    "transpose": "{0}.T",
    "t": "{0}.T",
    "inverse": "inv({0})",
    "inv": "inv({0})",
    "dot": "({0} @ {1})",
    "matmul": "({0} @ {1})",
    "mm": "({0} @ {1})",
}
_FONT = r"\\(?:mathbf|mathbb|mathrm|bm|boldsymbol)\s*"
_SIZED = re.compile(rf"{_FONT}\{{?\s*[1I]\s*\}}?(?!\s*_)|𝟏(?!_)|\\(?:one|ones)\b(?!_)|(?<![\w\\])(?<![a-z]\{{)I(?![\w_])|(?<=frac\{{)I(?![\w_])")
_PLAIN_ONE = re.compile(r"(?<![\w.^_{\\/])(1\s*)?1(?=\s*(?:\^\s*\{?\s*(?:\\top|\\intercal|T\b)|'))")
_SUBSCRIPT = re.compile(r"_\{?([a-zA-Z]{1,4})\}?")
_BOUND = re.compile(r"(?:\\(?:sum|prod)|∑|∏|\bsum|Σ)(?:\\limits)?_\{?\s*([a-zA-Z])")
_INDICES = frozenset("ijklmnpqrst")
_LISTED = re.compile(
    r"\s*[(\[](?P<first>[^()\[\]]*),\s*(?:\\[lc]?dots|\.\.\.|…)\s*,(?P<last>[^()\[\],]*)[)\]]\s*(?:\^\s*\{?\s*(?:\\top|\\intercal|T)\s*\}?|\.T|')?\s*"
)
_RAISED = re.compile(r"\^\{?\s*(\d)\s*\}?")


def braced(text: str) -> str:
    """A_ij as A_{ij}, and sum_j as a sum."""
    text = re.sub(r"_([ijklmnpqrst]{2,4})(?![\w}])", r"_{\1}", text)
    return re.sub(r"(?<![\\\w])(?:sum|Σ)_", r"\\sum_", text)


def free_indices(text: str, known: Container[str]) -> list[list[str]]:
    """The letters that stand as indices in a LaTeX text and mean nothing else: those that no sum binds; all of them, where that is more."""
    found = sorted({c for script in _SUBSCRIPT.findall(braced(text)) for c in script if c in _INDICES and c not in known})
    bound = set(_BOUND.findall(text))
    free = [c for c in found if c not in bound]
    return [free] if free == found else [free, found]


def only_python(text: str) -> bool:
    """Whether a text holds what only the Python spelling has."""
    return "@" in text or ".T" in text or "**" in text


def unmixed(text: str) -> str:
    """A text spelt partly for Python and partly for Matlab, spelt for Matlab: X.T^-1 as X'^-1."""
    if "^" not in text and "'" not in text:
        return text
    return text.replace(".T", "' ").replace("**", "^ ").replace("@", "*")


def ticked(text: str) -> str:
    """transpose(A) as (A)', where the text is Matlab's otherwise."""
    return text if "@" in text or ".T" in text else re.sub(r"\btranspose\((\w+)\)", r"(\1)'", text)


def with_signs(text: str) -> str:
    """2m and 2(x + 1) with the sign of the product: 2*m, 2*(x + 1)."""
    return re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)\s?(?=[^\W\d_e]|e(?![\d+-])|\()", r"\1*", text)


def side_by_side(text: str) -> str:
    """Python's transposes and products as they stand on paper: 2 A.T (A x - b) as 2 A^T (A x - b)."""
    return text.replace(".T", "^T").replace("**", "^").replace("@", " ")


def entrywise(text: str) -> str:
    r"""Powers entry by entry: a^2 as a^{\odot 2}."""
    return _RAISED.sub(r"^{\\odot \1}", text)


def conditions(text: str) -> str:
    r"""(x > 0) as \mathbb{1}[x > 0]."""
    return re.sub(r"\(([^()]*(?:<|>|≤|≥|\\leq?|\\geq?)[^()]*)\)", r"\\mathbb{1}[\1]", text)


def fractions(text: str) -> str:
    r"""1/2 x as \frac{1}{2} x."""
    return re.sub(r"(?<![\w.^{])(\d+)/(\d+)(?=\s*(?:[^\W\d_]|\\|\())", r"\\frac{\1}{\2}", text)


def of_frobenius(text: str) -> str:
    r"""\|X\| as \|X\|_F, where it has no index of its own."""
    return re.sub(r"(\\\||‖|\\Vert\b|\|\|)([^|‖]*?)(\\\||‖|\\Vert\b|\|\|)(?!\s*_)", r"\1\2\3_F", text)


def with_powers(text: str) -> str:
    """sech^2(x) as sech(x)^2, for functions that LaTeX has no command for."""
    names = "|".join(sorted({n for n in (*FUNCTIONS, *SPELLINGS) if n.isalpha() and len(n) > 2}, key=len, reverse=True))
    power = re.compile(rf"(?<![\w\\{{])({names})\s*(\^\s*\{{?\d+\}}?)\s*(\((?:[^()]|\([^()]*\))*\))")
    return power.sub(r"\1\3\2", text)


def with_slopes(text: str, known: Container[str]) -> str:
    r"""\sigma'(u) and tanh'(u) as what they are: \sigma(u) \odot (1 - \sigma(u)), 1 - tanh(u)^2."""
    times = r"\odot" if not text.isascii() or "\\" in text else "*"

    def said(found: re.Match[str]) -> str:
        name, argument = found[1], found[2]
        if name.removeprefix("\\") in known:
            return found[0]
        value = f"{name}{argument}"
        return f"(1 - {value} {times} {value})" if name.endswith("tanh") else f"({value} {times} (1 - {value}))"

    return re.sub(r"(?<![\w\\])(\\sigma|\\tanh|σ|sigma|sigmoid|tanh)\s*['′]\s*(\((?:[^()]|\([^()]*\))*\))", said, text)


def in_code(text: str) -> str:
    """What stands on paper with the signs of Python: diag(p) - p^T p as diag(p) - p.T @ p."""
    made = re.sub(r"\^\{?T\}?(?!\w)", ".T ", text).replace("^", "**")
    return re.sub(r"(?<=[\w)])\s+(?=[\w(])", " @ ", made)


def with_commands(text: str, known: Container[str]) -> str:
    r"""sigma(x) as \sigma(x), for Greek letters that no declared name spells."""
    words = "|".join(sorted((w for w in GREEK if len(w) > 2 and w not in known), key=len, reverse=True))
    return re.sub(rf"(?<![\\\w{{])({words})(?![a-zA-Z])", r"\\\1", text)


def of_listed(text: str) -> tuple[str, list[str]]:
    r"""(2x_1, \dots, 2x_n) as the entry 2x_{i}, (1, 1, \dots, 1) as \mathbf 1; and the index. The text itself where it is no such list."""
    found = _LISTED.fullmatch(text)
    if found is None:
        return text, []
    entries = [e.strip() for e in found["first"].split(",")]
    last = found["last"].strip()
    if all(e == last for e in entries) and re.fullmatch(r"-?[\d./]+", last):
        return rf"{last} \mathbf 1", []
    if (size := re.search(r"_\{?([a-zA-Z])\}?", last)) is None:
        return text, []
    at = re.compile(rf"_(?:\{{{size[1]}\}}|{size[1]}(?!\w))")
    fits = all(re.sub(r"\s", "", at.sub(f"_{k}", last)) == re.sub(r"\s|[{}](?=\d|\W|$)", "", e) for k, e in enumerate(entries, 1))
    return (at.sub("_{i}", last), ["i"]) if fits else (text, [])


def with_arguments(text: str, function: Source) -> str:
    """f' and f as f'(x) and f(x), where the function calls a declared f with one argument only."""
    arguments: dict[str, set[str]] = {}
    for node in postorder(function.tree):
        if isinstance(node, Call) and isinstance(function.declarations.get(node.function), FunctionDeclaration):
            arguments.setdefault(node.function, set()).add(", ".join(map(unparse, node.arguments)))
    if letters := "".join(re.escape(n) for n in arguments if len(n) == 1):  # fg' is f g'
        text = re.sub(rf"(?<!\\)(?<![^\W\d])[{letters}]{{2,}}(?!\w)", lambda m: " ".join(m[0]), text)
    for name, found in arguments.items():
        if len(found) == 1:
            alone = rf"(?<!\\)(?<![^\W\d])(?<!D\()(?<!grad\()({re.escape(name)}(?:['′]+|(?!\w)))(?!['′]|\s*\()"  # D(f) is a function
            text = re.sub(rf"(?<=\^){alone}", rf"{{\1({min(found)})}}", text)
            text = re.sub(alone, rf"\1({min(found)})", text)
    return text


def with_transposes(text: str, names: Collection[str]) -> str:
    """AT, XTX and xTA as A^T, X^T X and x^T A, where T is no name and the letters beside it are."""
    if "T" in names:
        return text
    sign = ".T @ " if "@" in text else "^T "
    letters = "|".join(sorted((re.escape(n) for n in names if n.isalpha()), key=len, reverse=True))
    run = re.compile(rf"(?<![\w\\.^])(\d*)((?:(?:{letters})T?)+)(?![\w{{])")

    def said(found: re.Match[str]) -> str:
        word = found[2]
        if "T" not in word or word in names:
            return found[0]
        made = re.sub(rf"({letters})(T?)", lambda m: m[1] + (sign if m[2] else " "), word)
        return f"{found[1]}{made.removesuffix(' @ ')}"

    return run.sub(said, text) if letters else text


def sized(text: str, sizes: Sequence[str]) -> Iterator[str]:
    r"""The text with a size for every \mathbf 1 and I that has none, one size for all first; of several sizes where there are few."""
    text = _PLAIN_ONE.sub(lambda found: r"\mathbf 1 " * (2 if found[1] else 1), text)  # 11^\top: a 1 that is transposed is a vector
    places = list(_SIZED.finditer(text))
    if not places:
        return
    choices = [(size,) * len(places) for size in sizes]
    if len(places) <= FEW:
        choices += [c for c in product(sizes, repeat=len(places)) if len(set(c)) > 1]
    for choice in choices:
        made = text
        for place, size in reversed(list(zip(places, choice, strict=True))):
            made = f"{made[: place.end()]}_{{{size}}} {made[place.end() :]}"
        yield made


def spelt_out(names: Sequence[str]) -> dict[str, str]:
    """How Greek names may be spelt by letters: lam and lambda for λ."""
    letters = {**GREEK, "lam": "λ", "eps": "ε"}
    return {word: name for name in names for word, letter in letters.items() if len(word) > 1 and name == letter}


def calls_of(text: str, names: Sequence[str], functions: Collection[str] = "fFghyLJE") -> str:
    """The text with f for f(x), where the arguments are variables: the function itself."""
    some, called = ("|".join(re.escape(n) for n in words) for words in (names, functions))
    if not called:
        return text
    pattern = re.compile(rf"(?<![\w\\])(?P<f>{called})(?P<rest>\(\s*(?:{some})(?:\s*,\s*(?:{some}))*\s*\))")
    return pattern.sub(lambda found: found["f"] + " " * len(found["rest"]) if found["f"] not in names else found.group(), text) if names else text


def of_code(text: str) -> str | None:
    """Python code with its methods and choices as functions; None where it is none, or has nothing of the kind.

    >>> of_code("A.T.dot(A.dot(x) - b)"), of_code("1 if x > 0 else 0"), of_code("A.sum(axis=0)")
    ('A.T @ (A @ x - b)', 'where(x > 0, 1, 0)', 'sum(A, axis=0)')
    """
    words = re.sub(r"\blambda\b", "λ", text.strip())
    if len(words) > LONGEST_CODE:
        return None
    try:
        before = ast.unparse(ast.parse(words, mode="eval"))
        made = ast.unparse(_Methods().visit(ast.parse(words, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return made if made != before or words != text.strip() else None


class _Methods(ast.NodeTransformer):
    """x.dot(y) as x @ y, X.transpose() as X.T, other methods as functions, a choice as where(...)."""

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        self.generic_visit(node)
        return ast.List(node.elts, ast.Load())

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("where"), [node.test, node.body, node.orelse], [])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        f = node.func
        if not isinstance(f, ast.Attribute):
            return node
        if _module(f.value):
            return ast.Call(ast.Name(f.attr), node.args, node.keywords)
        if f.attr in METHODS and not node.keywords:
            row = METHODS[f.attr]
            given = [ast.unparse(a) for a in (f.value, *node.args)]
            wrapped = [g if re.fullmatch(r"[\w.]+", g) else f"({g})" for g in given]
            return ast.parse(row.format(*wrapped, "", ""), mode="eval").body
        if f.attr in known_functions():
            return ast.Call(ast.Name(f.attr), [f.value, *node.args], node.keywords)
        return node


def _module(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id in MODULES) or (isinstance(node, ast.Attribute) and _module(node.value))


def adapted(tree: Node, declared: Mapping[str, object]) -> Node:
    """The tree with functions that are called otherwise here under their names, s(1 - s) as a product, 1[x > 0] as the comparison."""
    known = known_functions()

    def change(node: Node) -> Node | None:
        match node:
            case Index(base=Number(value=1), parts=(Binary(op="<" | "<=" | ">" | ">=" | "==" | "!=") as compared,)):
                return compared
            case Call(function="matmul" | "mm", arguments=(one, other)) if not node.options:
                return Binary("@", one, other, span=node.span)
            case Call(function="max" | "min" as name, arguments=(one, other)) if not node.options:
                return Call(f"{name}imum", (one, other), span=node.span)
            case Call(function=name, arguments=arguments) if name not in known and name not in declared and not node.options:
                return _called(node, name, arguments)
        return None

    while True:  # one inside another
        made = exchanged(tree, change)
        if made is tree:
            return tree
        tree = made


def dotted(tree: Node) -> Node:
    """The tree with dot(A, x) as the product of matrices that it is in NumPy."""

    def change(node: Node) -> Node | None:
        if isinstance(node, Call) and node.function == "dot" and len(node.arguments) == 2:
            return Binary("@", *(exchanged(a, change) for a in node.arguments), span=node.span)
        return None

    return exchanged(tree, change)


def _called(node: Call, name: str, arguments: tuple[Node, ...]) -> Node | None:
    row = FUNCTIONS.get(name) or SPELLINGS.get(name) or SPELLINGS.get(name.lower())
    if row is not None and "," not in row.partition(")")[2] and ";" not in row:
        try:
            made = parse(filled(row, [unparse(a) for a in arguments]))
        except (WrtError, IndexError):
            return None
        return made if all(not isinstance(n, Call) or n.function in known_functions() for n in postorder(made)) or made == node else None
    if len(name) == 1 and len(arguments) == 1 and not isinstance(arguments[0], (Number, Name, Unary)):
        return Binary("*", Name(name, span=(node.span[0], node.span[0] + 1)), arguments[0], span=node.span)
    return None


def with_euler(tree: Node) -> Node:
    """The tree with exp(x) for e**x."""
    changes: dict[int, Node] = {}
    for node in postorder(tree):
        if isinstance(node, Binary) and node.op == "**" and isinstance(node.left, Name) and node.left.name == "e":
            changes[id(node)] = Call("exp", (all_replaced(node.right, changes),), span=node.span)
    return all_replaced(tree, changes)
