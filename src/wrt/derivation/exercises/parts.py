"""Parts from which functions for exercises are put together, one maker a topic: (source of chance, size 1 to 7) -> row.

A maker says nothing of difficulty: whoever asks counts the rules that the steps need and asks again.
"""

from __future__ import annotations

from random import Random

from wrt.derivation.exercises.row import Row

FUNCTIONS = ("sin", "cos", "exp", "tanh", "sinh", "arctan", "sigmoid")
ELEMENTWISE = ("sin", "exp", "tanh", "sigmoid", "cos")
OUTER = ("exp({})", "log(1 + ({})**2)", "sin({})", "({})**2", "sqrt(1 + ({})**2)", "tanh({})")


def _row(
    topic: str, text: str, by: str, shapes: str, kind: str = "derivative", detail: str = "", order: int = 1, asks: str = "", answer: str = ""
) -> Row:
    return Row("", "", topic, 1, text, by, shapes, kind, detail, order, asks, answer)


def _number(rng: Random, most: int = 5) -> int:
    return rng.randint(2, most)


def _times(c: int, text: str) -> str:
    return text if c == 1 else f"{c}*{text}"


# ---------------------------------------------------------------------------------------------------- one variable
def _inner(rng: Random, x: str) -> str:
    """A polynomial of one term or two."""
    c, k = _number(rng), _number(rng, 4)
    return rng.choice((f"{c}*{x}", f"{x}**{k}", f"{x}**{k} + {c}", f"{c}*{x} + 1", f"{x}**2 - {c}*{x}"))


def _scalar(rng: Random, size: int, x: str) -> str:
    """A function of x that takes about `size` rules."""
    if size <= 1:
        f = rng.choice(FUNCTIONS)
        return rng.choice((f"{x}**{_number(rng, 7)}", f"{f}({x})", f"sqrt({x})", f"log({x})", f"{_number(rng)}*{f}({x})"))
    half = rng.randint(1, size - 1)
    match rng.choice(("chain", "chain", "product", "quotient", "sum", "inner")):
        case "chain":
            return rng.choice(OUTER).format(_scalar(rng, size - 1, x))
        case "product":
            return f"({_scalar(rng, half, x)})*({_scalar(rng, size - half, x)})"
        case "quotient":
            return f"({_scalar(rng, size - 1, x)})/({rng.choice((f'1 + {x}**2', f'2 + cos({x})', f'1 + exp({x})'))})"
        case "sum":
            return f"{_scalar(rng, half, x)} + {_scalar(rng, size - half, x)}"
    return f"{rng.choice(FUNCTIONS)}({_inner(rng, x)})"


def _domain(text: str, x: str) -> str:
    """The declaration of x: positive where a root or logarithm of it asks for that."""
    return f"{x}: positive" if any(word in text for word in ("sqrt(", f"log({x})")) else f"{x}:"


def scalar(rng: Random, size: int) -> Row:
    """A function of one variable; now and then its derivative at a point."""
    x = rng.choice("xtuz")
    if size <= 2 and rng.random() < 0.2:
        text = rng.choice(
            (f"{x}**{_number(rng)}", f"{_number(rng)}*{x}**2 + {_number(rng)}*{x}", f"({_number(rng)}*{x} + 1)**{_number(rng)}", f"1/{x}")
        )
        return _row("scalar", text, x, f"{x}:", "value", f"{x}={rng.randint(1, 4)}")
    text = _scalar(rng, size, x)
    return _row("scalar", text, x, _domain(text, x))


def partial(rng: Random, size: int) -> Row:
    """A function of two or three scalars, or of the two entries of a vector, by one of them or by the vector."""
    names = rng.choice((("x", "y"), ("s", "t"), ("u", "v"), ("x", "y", "z")))
    entries = size >= 3 and rng.random() < 0.4
    if entries:
        names = ("x[0]", "x[1]")

    def term() -> str:
        a, b = rng.sample(names, 2)
        k = _number(rng, 4)
        return rng.choice(
            (f"{a}**{k}*{b}", f"sin({a}*{b})", f"{a}*exp({b})", f"exp({a} + {b}**2)", f"({a} + {_number(rng)}*{b}**{k})**2", f"{a}/(1 + {b}**2)")
        )

    text = " + ".join(term() for _ in range(max(1, size // 2)))
    if size >= 4:
        text = rng.choice(OUTER).format(text)
    if entries:
        return _row("partial", text, "x", "x: 2", asks="Find the gradient of {f}.")
    by = rng.choice([n for n in names if n in text])
    return _row("partial", text, by, ", ".join(f"{n}:" for n in names))


def chain(rng: Random, size: int) -> Row:
    """A function of intermediate variables of one parameter or two."""
    t, s = rng.choice((("t", "s"), ("r", "q")))
    two = size >= 3 and rng.random() < 0.5
    inner = [f"{t}*{s}", f"{t} - {s}", f"{t} + {s}**2", f"{t}*cos({s})", f"exp({t}*{s})"] if two else []
    inner += [
        f"sin({t})",
        f"cos({t})",
        f"{t}**2",
        f"exp({t})",
        f"{t}**3",
        *([f"{t}*cos({t})", f"{t}*sin({t})", f"log(1 + {t}**2)"] if size >= 3 else []),
    ]
    u, v = rng.sample(inner, 2)
    c = _number(rng)
    outer = ["x1 + x2", f"x1**2 + {c}*x2", "x1*x2"] if size <= 2 else ["x1**2*x2", "x1*x2 + x1**2", "exp(x1)*x2", f"x1*x2**2 + {c}*x1", "sin(x1*x2)"]
    if size >= 4:
        outer = ["exp(x1*x2**2)", "log(1 + x1**2 + x2**2)", "x1**2*exp(x2)", "sqrt(1 + x1**2*x2**2)"]
    shapes = f"{t}:, {s}:" if f"{s}" in u + v and two else f"{t}:"
    return _row("chain", f"x1 = {u}; x2 = {v}; {rng.choice(outer)}", t, shapes)


# ---------------------------------------------------------------------------------------------------- vectors
def _form(rng: Random, x: str, used: dict[str, str]) -> str:
    """A scalar made of a vector x of n entries; `used` collects declarations."""
    A, a, b = rng.choice("ABM"), rng.choice("ac"), "b"
    match rng.choice(("linear", "quadratic", "square", "residual", "sum of f", "bilinear", "norm", "weighted")):
        case "linear":
            used[a] = "n"
            return rng.choice((f"{a}.T @ {x}", f"{x}.T @ {a}"))
        case "quadratic":
            used[A] = rng.choice(("n n", "n n", "n n symmetric"))
            return f"{x}.T @ {A} @ {x}"
        case "square":
            return rng.choice((f"{x}.T @ {x}", f"norm({x})**2", f"sum({x}**{_number(rng, 4)})"))
        case "residual":
            used["D"], used[b] = "m n", "m"
            return rng.choice((f"norm(D @ {x} - {b})**2", f"norm({b} - D @ {x})**2/2"))
        case "sum of f":
            used["D"] = "m n"
            f = rng.choice(ELEMENTWISE)
            return rng.choice((f"sum({f}(D @ {x}))", f"sum({f}({x}))", f"sum(log(1 + exp(D @ {x})))"))
        case "bilinear":
            used["D"], used["w"] = "m n", "m"
            return f"w.T @ D @ {x}"
        case "norm":
            used[a] = "n"
            return rng.choice((f"norm({x})", f"norm({x} - {a})"))
    used["D"], used["w"] = "m n", "m"
    return f"w.T @ {rng.choice(ELEMENTWISE)}(D @ {x})"


def _declared(used: dict[str, str], **more: str) -> str:
    return ", ".join(f"{name}: {sizes}" for name, sizes in {**more, **used}.items())


def vector(rng: Random, size: int) -> Row:
    """A scalar function of a vector."""
    x = rng.choice(("x", "x", "z", "θ"))
    used: dict[str, str] = {}
    text = _form(rng, x, used)
    if size >= 3:
        match rng.choice(("sum", "outer", "product")):
            case "sum":
                text = f"{text} + {_form(rng, x, used)}"
            case "outer":
                text = rng.choice(("exp({})", "log(1 + ({})**2)", "({})**2", "sin({})")).format(text)
            case "product":
                text = f"({text})*({_form(rng, x, used)})"
    if size >= 5:
        text = rng.choice(("exp({})", "log(1 + ({})**2)", "({})**2")).format(text)
    return _row("vector", text, x, _declared(used, **{x: "n"}))


def jacobian(rng: Random, size: int) -> Row:
    """A vector function of a vector."""
    f, g = rng.sample(ELEMENTWISE, 2)
    a = rng.choice("ac")
    simple = (("A @ x", "A: m n"), (f"{f}(x)", ""), ("b - A @ x", "A: m n, b: m"), ("x.T @ B", "B: n m"), (f"{f}(A @ x)", "A: m n"))
    middle = (
        (f"B @ {f}(A @ x)", "A: m n, B: p m"),
        (f"{f}(A @ x + b)", "A: m n, b: m"),
        (f"{f}(x)*{g}(x)", ""),
        (f"({a}.T @ x)*x", f"{a}: n"),
        ("(A @ x)*(B @ x)", "A: m n, B: m n"),
        ("softmax(x)", ""),
    )
    hard = (
        (f"B @ {f}(A @ {g}(x))", "A: m n, B: p m"),
        (f"{f}(A @ {g}(C @ x + b))", "A: m p, C: p n, b: p"),
        (f"(x.T @ M @ x)*{f}(A @ x)", "M: n n, A: m n"),
        (f"{f}(A @ x)*{g}(B @ x)", "A: m n, B: m n"),
        ("x/norm(x)", ""),
        (f"exp({a}.T @ x)*{f}(A @ x + b)", f"{a}: n, A: m n, b: m"),
    )
    hardest = (
        (f"exp({a}.T @ x)*{f}(A @ {g}(C @ x))", f"{a}: n, A: m p, C: p n"),
        (f"(x.T @ M @ x)*{f}(A @ {g}(x))", "M: n n, A: m n"),
        (f"{f}(A @ {g}(C @ x + b))*({a}.T @ x)", f"A: m p, C: p n, b: p, {a}: n"),
        (f"{f}(A @ x)*{g}(B @ {f}(x))", "A: m n, B: m n"),
    )
    text, shapes = rng.choice(simple if size <= 1 else middle if size <= 3 else hard if size <= 4 else hardest)
    return _row("jacobian", text, "x", "x: n" + f", {shapes}" * bool(shapes))


# ---------------------------------------------------------------------------------------------------- matrices
def _of_matrix(rng: Random, used: dict[str, str], *, square: bool) -> str:
    """A scalar made of a matrix X, m x n, or n x n where `square`."""
    m = "n" if square else "m"
    choices = [
        ("tr(A @ X)", {"A": f"n {m}"}),
        ("tr(A @ X @ B)", {"A": f"p {m}", "B": "n p"}),
        ("a.T @ X @ b", {"a": m, "b": "n"}),
        ("tr(X.T @ X)", {}),
        ("norm(X - C)**2", {"C": f"{m} n"}),
        ("norm(X @ b - y)**2", {"b": "n", "y": m}),
        ("b.T @ X.T @ X @ b", {"b": "n"}),
        (f"sum({rng.choice(ELEMENTWISE)}(X))", {}),
        (f"a.T @ {rng.choice(ELEMENTWISE)}(X @ b)", {"a": m, "b": "n"}),
    ]
    if square:
        choices += [
            ("logdet(X)", {}),
            ("tr(inv(X) @ E)", {"E": "n n"}),
            ("a.T @ inv(X) @ b", {"a": "n", "b": "n"}),
            ("tr(X @ X)", {}),
            ("det(X)", {}),
            ("tr(E @ X @ X)", {"E": "n n"}),
        ]
    text, declared = rng.choice(choices)
    for name, sizes in declared.items():
        used.setdefault(name, sizes)
    return text


def matrix(rng: Random, size: int) -> Row:
    """A scalar function of a matrix."""
    used: dict[str, str] = {}
    square = rng.random() < 0.5
    text = "tr(X)" if size == 1 and square else _of_matrix(rng, used, square=square)
    if size >= 4:
        text = rng.choice(("{} + {}", "({})*({})", "{} - {}")).format(text, _of_matrix(rng, used, square=square))
    if size >= 5 or (size >= 3 and rng.random() < 0.4):
        text = rng.choice(("exp({})", "({})**2", "log(1 + ({})**2)")).format(text)
    invertible = " invertible" * any(word in text for word in ("inv(", "det("))
    return _row("matrix", text, "X", _declared(used, X=f"n n{invertible}" if square else "m n"))


def tensor(rng: Random, size: int) -> Row:
    """A function whose derivative has three indices or four, entry by entry."""
    f = rng.choice(ELEMENTWISE)
    easy = (
        ("W @ x", "W", "W: m n, x: n", "i j k"),
        ("W.T @ x", "W", "W: m n, x: m", "i j k"),
        ("X.T", "X", "X: m n", "i j k l"),
        ("A @ X", "X", "A: m n, X: n p", "i j k l"),
        ("X @ B", "X", "X: m n, B: n p", "i j k l"),
        ("a @ x.T", "x", "a: m, x: n", "i j k"),
    )
    middle = (
        ("W @ x + b", "W", "W: m n, x: n, b: m", "i j k"),
        ("x @ x.T", "x", "x: n", "i j k"),
        ("A @ X @ B", "X", "A: m n, X: n p, B: p q", "i j k l"),
        ("X*C", "X", "X: m n, C: m n", "i j k l"),
        ("diag(x)", "x", "x: n", "i j k"),
        ("diag(x) @ A", "x", "x: n, A: n m", "i j k"),
        ("X - X.T", "X", "X: n n", "i j k l"),
        ("A @ X.T", "X", "A: m n, X: p n", "i j k l"),
        ("(a.T @ x)*A", "x", "a: n, x: n, A: m p", "i j k"),
    )
    hard = (
        (f"{f}(W @ x + b)", "W", "W: m n, x: n, b: m", "i j k"),
        ("X.T @ X", "X", "X: m n", "p q i j"),
        ("X @ X.T", "X", "X: m n", "p q i j"),
        ("X @ A @ X", "X", "A: n m, X: m n", "i j k l"),
        ("inv(X)", "X", "X: n n invertible", "i j k l"),
        ("X @ X", "X", "X: n n", "i j k l"),
        ("X.T @ A @ X", "X", "A: m m, X: m n", "p q i j"),
        (f"{f}(X)*X", "X", "X: m n", "i j k l"),
        (f"{f}(A @ X)", "X", "A: m n, X: n p", "i j k l"),
    )
    text, by, shapes, names = rng.choice(easy if size <= 2 else middle if size <= 3 else hard)
    return _row("tensor", text, by, shapes, "entry", names)


def index(rng: Random, size: int) -> Row:
    """A chain of entries joined by deltas and sums: A_ij delta_jk x_k; `order` of the row is the number of deltas."""
    letters = "ijklpq"
    deltas = max(1, min(4, size - 1 if size > 1 else 1))
    links = deltas + rng.randint(0, 1)
    places = list(letters[: links + 1])
    rng.shuffle(places)
    delta_at = set(rng.sample(range(links), deltas))
    factors, shapes, names = [], [], iter("ABCEF")
    for k in range(links):
        a, b = places[k], places[k + 1]
        if k in delta_at:
            factors.append(f"({a} == {b})")
        else:
            name = next(names)
            shapes.append(f"{name}: n n")
            factors.append(f"{name}[{a}, {b}]")
    if not shapes or rng.random() < 0.5:
        shapes.append("x: n")
        factors.append(f"x[{places[-1]}]")
    free = [p for k, p in enumerate(places) if k == 0 or (k == len(places) - 1 and rng.random() < 0.3)]
    loops = " ".join(f"for {p} in range(n)" for p in sorted(set(places) - set(free)))
    rng.shuffle(factors)
    return _row("index", f"sum({'*'.join(factors)} {loops})", "", ", ".join(shapes), "indices", ", ".join(f"{p}: n" for p in free), deltas)


# ---------------------------------------------------------------------------------------------------- beyond the gradient
def second(rng: Random, size: int) -> Row:
    """A second derivative: of a function of one variable, a mixed one, or a Hessian."""
    if size <= 2 and rng.random() < 0.6:
        x = rng.choice("xt")
        text = _scalar(rng, size, x)
        return _row("second", text, f"{x} {x}", _domain(text, x))
    if size <= 3 and rng.random() < 0.4:
        return _twice(partial(rng, 2), "second")
    made = vector(rng, max(1, size - 2))
    return _twice(made, "second")


def _twice(row: Row, topic: str) -> Row:
    """The question about the second derivative."""
    return _row(topic, row.text, f"{row.by} {row.by}", row.shapes)


def expansion(rng: Random, size: int) -> Row:
    """A linear approximation or Taylor polynomial."""
    order = min(3, max(1, size - 1))
    if size >= 3 and rng.random() < 0.35:
        f = rng.choice(ELEMENTWISE)
        text, shapes = rng.choice(((f"{f}(B @ x)", "B: m n"), (f"sum({f}(B @ x))", "B: m n"), ("x.T @ M @ x", "M: n n")))
        return _row("expansion", text, "x", f"x: n, c: n, {shapes}", "expansion", "x=c", 1)
    if rng.random() < 0.3:
        text = rng.choice(("x**2*y", "exp(x)*y", "x*y + y**2", "x**2 + 3*x*y + y**2", "sin(x)*exp(y)"))
        return _row("expansion", text, "x y", "x:, y:", "expansion", f"x={rng.randint(0, 2)}, y={rng.randint(0, 2)}", min(2, order))
    if size >= 4:
        text = rng.choice(("exp(sin({}*x))", "log(1 + x**2)*exp({}*x)", "cos(x)/(1 + {}*x)", "exp({}*x)*sin(x)", "tanh({}*x)*exp(x)"))
        return _row("expansion", text.format(_number(rng)), "x", "x:", "expansion", "x=0", order)
    text, at, shapes = rng.choice(
        (
            ("exp({}*x)", "0", "x:"),
            ("sin({}*x)", "0", "x:"),
            ("cos({}*x)", "0", "x:"),
            ("log(1 + {}*x)", "0", "x:"),
            ("1/(1 + {}*x)", "0", "x:"),
            ("x**{}", "a", "x:, a:"),
            ("sqrt({}*x)", "1", "x: positive"),
        )
    )
    return _row("expansion", text.format(_number(rng)), "x", shapes, "expansion", f"x={at}", order)


def stationary(rng: Random, size: int) -> Row:
    """A function that is quadratic in the unknown, whose gradient vanishes at a point with a closed form."""
    c = _number(rng)
    easy = (
        (f"{c}*x**2 - b*x", "x", "x:, b:", f"b/{2 * c}"),
        ("a*x**2 + b*x + c", "x", "x:, a: positive, b:, c:", "-b/(2*a)"),
        ("sum((x - y)**2)", "x", "x:, y: n", "mean(y)"),
        (f"x - {c}*log(x)", "x", "x: positive", f"{c}"),
    )
    middle = (
        ("sum((a*x - y)**2)", "a", "a:, x: n, y: n", "x.T @ y/norm(x)**2"),
        (f"norm(x - b)**2 + {c}*norm(x)**2", "x", "x: n, b: n", f"b/{c + 1}"),
        ("x.T @ S @ x/2 - b.T @ x", "x", "x: n, S: n n spd, b: n", "inv(S) @ b"),
        ("norm(x - a)**2 + norm(x - b)**2", "x", "x: n, a: n, b: n", "(a + b)/2"),
    )
    hard = (
        ("norm(A @ x - b)**2", "x", "A: m n, x: n, b: m", "inv(A.T @ A) @ A.T @ b"),
        ("norm(A @ x - b)**2 + c*norm(x)**2", "x", "A: m n, x: n, b: m, c: positive", "inv(A.T @ A + c*eye(n)) @ A.T @ b"),
        ("(A @ x - b).T @ S @ (A @ x - b)", "x", "A: m n, x: n, b: m, S: m m spd", "inv(A.T @ S @ A) @ A.T @ S @ b"),
        ("norm(A @ X - B)**2", "X", "A: m n, X: n p, B: m p", "inv(A.T @ A) @ A.T @ B"),
        (f"norm(A @ x - b)**2 + {c}*norm(x - z)**2", "x", "A: m n, x: n, b: m, z: n", f"inv(A.T @ A + {c}*eye(n)) @ (A.T @ b + {c}*z)"),
    )
    text, by, shapes, answer = rng.choice(easy if size <= 2 else middle if size <= 3 else hard)
    return _row("stationary", text, by, shapes, "stationary", answer=answer)
