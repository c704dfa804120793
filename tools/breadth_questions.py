"""The questions of the project's own breadth file: every function of the text language by a vector, twice and by a matrix, facts, tensors, index forms.

A row says a name, declarations, the text and its body over jax.numpy; families make several questions from one row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from breadth_index import GROUPS


class Question(NamedTuple):
    """`by`: the variables, two for a second derivative; `refused`: the error that fits, when there is no answer."""

    group: str
    name: str
    declared: str
    expr: str
    by: str
    body: str
    expected: str | None = None
    refused: str = ""
    row: bool = False

    @property
    def id(self) -> str:
        return f"own-{self.group}-{self.name}"

    @property
    def sizes(self) -> dict[str, tuple[str | int, ...]]:
        return {name: tuple(int(w) if w.isdigit() else w for w in words if w not in FACTS) for name, words in self._words()}

    @property
    def facts(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(w for w in words if w in FACTS) for name, words in self._words()}

    @property
    def fn(self) -> str:
        return f"lambda {', '.join(name for name, _ in self._words())}: {self.body}"

    def _words(self) -> list[tuple[str, list[str]]]:
        return [(name.strip(), words.split()) for name, _, words in (part.partition(":") for part in self.declared.split(","))]


FACTS = frozenset(
    "symmetric spd diagonal lower upper orthogonal idempotent toeplitz symmetric_toeplitz invertible det_positive"
    " positive nonzero unit_interval simplex onehot labels_pm1 integer index".split()
)


def questions() -> Iterator[Question]:
    yield from elementwise()
    yield from pairs()
    yield from reductions()
    yield from norms()
    yield from matrix_functions()
    yield from structure()
    for group, text in GROUPS.items():
        yield from rows(group, text)


def rows(group: str, text: str) -> Iterator[Question]:
    """One question a line: name | declarations | text | variables | body [| expected]; "!Error" as the body is a refusal, "row" after the name a row."""
    for line in text.strip().splitlines():
        name, declared, expr, by, body, *expected = (part.strip() for part in line.split(" | "))
        refused = body[1:] if body.startswith("!") else ""
        yield Question(group, name.removesuffix(" row"), declared, expr, by, body, expected[0] if expected else None, refused, name.endswith(" row"))


# ------------------------------------------------------------------------------------------------ elementwise functions
# name | body | derivative | facts of the argument
ELEMENTWISE = """
exp | jnp.exp(u) | exp(x) |
log | jnp.log(u) | 1/x | positive
log1p | jnp.log1p(u) | 1/(1 + x) | positive
expm1 | jnp.expm1(u) | exp(x) |
sqrt | jnp.sqrt(u) | 1/(2*sqrt(x)) | positive
abs | jnp.abs(u) | sign(x) | nonzero
sign | jnp.sign(u) | 0*x | nonzero
sin | jnp.sin(u) | cos(x) |
cos | jnp.cos(u) | -sin(x) |
tan | jnp.tan(u) | 1 + tan(x)**2 | unit_interval
sec | 1/jnp.cos(u) | sec(x)*tan(x) | unit_interval
csc | 1/jnp.sin(u) | -csc(x)*cot(x) | unit_interval
cot | 1/jnp.tan(u) | -1 - cot(x)**2 | unit_interval
arcsin | jnp.arcsin(u) | 1/sqrt(1 - x**2) | unit_interval
arccos | jnp.arccos(u) | -1/sqrt(1 - x**2) | unit_interval
arctan | jnp.arctan(u) | 1/(1 + x**2) |
sinh | jnp.sinh(u) | cosh(x) |
cosh | jnp.cosh(u) | sinh(x) |
tanh | jnp.tanh(u) | 1 - tanh(x)**2 |
arcsinh | jnp.arcsinh(u) | 1/sqrt(1 + x**2) |
arctanh | jnp.arctanh(u) | 1/(1 - x**2) | unit_interval
sigmoid | jax.nn.sigmoid(u) | sigmoid(x)*(1 - sigmoid(x)) |
softplus | jax.nn.softplus(u) | sigmoid(x) |
relu | jax.nn.relu(u) | x > 0 | nonzero
gelu | jax.nn.gelu(u, approximate=False) | (1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi) |
silu | jax.nn.silu(u) | sigmoid(x) + x*sigmoid(x)*(1 - sigmoid(x)) |
erf | jsp.special.erf(u) | 2*exp(-x**2)/sqrt(pi) |
gammaln | jsp.special.gammaln(u) | digamma(x) | positive
digamma | jsp.special.digamma(u) | polygamma(1, x) | positive
"""


def elementwise() -> Iterator[Question]:
    for line in ELEMENTWISE.strip().splitlines():
        name, body, slope, facts = (part.strip() for part in (line + " ").split(" | "))
        F = f"(lambda u: {body})"
        yield Question("ew", f"{name}-gradient", f"a: n, x: n {facts}", f"a.T @ {name}(x)", "x", f"jnp.sum(a*{F}(x))", _times("a", slope))
        yield Question("ew", f"{name}-hessian", f"a: n, x: n {facts}", f"sum(a*{name}(x))", "x x", f"jnp.sum(a*{F}(x))")
        yield Question("ew", f"{name}-by-matrix", f"C: m n, X: m n {facts}", f"sum(C*{name}(X))", "X", f"jnp.sum(C*{F}(X))", _times("C", slope, "X"))
    yield from rows("ew", ELEMENTWISE_MORE)


def _times(weight: str, slope: str, x: str = "x") -> str:
    if slope == "0*x":
        return "zeros(n)" if x == "x" else "zeros(m, n)"
    slope = re.sub(r"\bx\b", x, slope)
    return f"{weight}*({slope})"


ELEMENTWISE_MORE = """
arccosh-gradient | a: n, x: n positive | a.T @ arccosh(1 + x) | x | jnp.sum(a*jnp.arccosh(1 + x)) | a/sqrt((1 + x)**2 - 1)
arccosh-hessian | a: n, x: n positive | a.T @ arccosh(1 + x) | x x | jnp.sum(a*jnp.arccosh(1 + x))
arccosh-by-matrix | C: m n, X: m n positive | sum(C*arccosh(1 + X)) | X | jnp.sum(C*jnp.arccosh(1 + X)) | C/sqrt((1 + X)**2 - 1)
polygamma1-gradient | a: n, x: n positive | a.T @ polygamma(1, x) | x | jnp.sum(a*jsp.special.polygamma(1, x)) | a*polygamma(2, x)
polygamma2-hessian | a: n, x: n positive | a.T @ polygamma(2, x) | x x | jnp.sum(a*jsp.special.polygamma(2, x)) | diag(a*polygamma(4, x))
polygamma0-by-matrix | C: m n, X: m n positive | sum(C*polygamma(0, X)) | X | jnp.sum(C*jsp.special.digamma(X)) | C*polygamma(1, X)
power-integer-gradient | a: n, x: n | a.T @ x**3 | x | jnp.sum(a*x**3) | 3*a*x**2
power-negative-hessian | a: n, x: n nonzero | a.T @ x**-2 | x x | jnp.sum(a/x**2) | diag(6*a/x**4)
power-half-by-matrix | C: m n, X: m n positive | sum(C*X**1.5) | X | jnp.sum(C*X**1.5) | 1.5*C*X**0.5
power-symbol-gradient | a: n, x: n positive, c: | a.T @ x**c | x | jnp.sum(a*x**c) | c*a*x**(c - 1)
power-symbol-by-exponent | a: n, x: n positive, c: | a.T @ x**c | c | jnp.sum(a*x**c) | sum(a*x**c*log(x))
power-symbol-twice-by-exponent | a: n, x: n positive, c: | a.T @ x**c | c c | jnp.sum(a*x**c)
power-base-scalar | a: n, x: n, c: positive | a.T @ c**x | x | jnp.sum(a*c**x) | log(c)*a*c**x
power-elementwise-exponent | X: m n positive, Y: m n | sum(X**Y) | Y | jnp.sum(X**Y) | X**Y*log(X)
power-itself | x: n positive | sum(x**x) | x x | jnp.sum(x**x)
quotient-by-numerator | C: m n, X: m n, Y: m n nonzero | sum(C*X/Y) | X | jnp.sum(C*X/Y) | C/Y
quotient-by-denominator | C: m n, X: m n, Y: m n nonzero | sum(C*X/Y) | Y | jnp.sum(C*X/Y) | -C*X/Y**2
quotient-by-denominator-twice | a: n, x: n, y: n nonzero | sum(a*x/y) | y y | jnp.sum(a*x/y) | diag(2*a*x/y**3)
comparison-by-vector | a: n, x: n, y: n | sum(a*(x > y)*x) | x | jnp.sum(a*jnp.where(x > y, x, 0)) | a*(x > y)
comparison-less-equal | a: n, x: n, y: n | sum(a*(x <= y)*x**2) | x x | jnp.sum(a*jnp.where(x <= y, x**2, 0)) | diag(2*a*(x <= y))
comparison-with-scalar-by-matrix | C: m n, X: m n | sum(C*(X >= 1/2)*X) | X | jnp.sum(C*jnp.where(X >= 0.5, X, 0)) | C*(X >= 1/2)
constant-pi | x: n, a: n | a.T @ sin(pi*x) | x | jnp.sum(a*jnp.sin(jnp.pi*x)) | pi*a*cos(pi*x)
decimals-kept | x: n | sum(0.5*x**2 + 0.25*x) | x | jnp.sum(0.5*x**2 + 0.25*x) | x + 0.25
stretch-column | X: m n, c: m, C: m n | sum(C*(X*c)**2) | c | jnp.sum(C*(X*c[:, None])**2)
stretch-row | X: m n, r: n, C: m n | sum(C*exp(X + r.T)) | r | jnp.sum(C*jnp.exp(X + r)) | sum(C*exp(X + r.T), axis=0).T
stretch-scalar | X: m n, c:, C: m n | sum(C*tanh(c*X)) | c c | jnp.sum(C*jnp.tanh(c*X))
"""


def pairs() -> Iterator[Question]:
    """maximum, minimum, where: by each argument."""
    for name, op in (("maximum", ">"), ("minimum", "<")):
        body = f"jnp.sum(a*jnp.{name}(x, y))"
        yield Question("pair", f"{name}-first", "a: n, x: n, y: n", f"a.T @ {name}(x, y)", "x", body, f"a*(x {op} y)")
        yield Question("pair", f"{name}-second", "a: n, x: n, y: n", f"a.T @ {name}(x, y)", "y", body, f"a*(y {op} x)")
        yield Question("pair", f"{name}-zero", "a: n, x: n", f"a.T @ {name}(x, 0)", "x", f"jnp.sum(a*jnp.{name}(x, 0))", f"a*(x {op} 0)")
        yield Question("pair", f"{name}-squared-twice", "a: n, x: n, y: n", f"a.T @ {name}(x**3, y)", "x x", f"jnp.sum(a*jnp.{name}(x**3, y))")
        yield Question("pair", f"{name}-by-matrix", "X: m n, Y: m n", f"norm({name}(X, Y))**2", "Y", f"jnp.sum(jnp.{name}(X, Y)**2)")
    yield from rows("pair", PAIRS)


PAIRS = """
where-condition | x: n, y: n, a: n | a.T @ where(x > y, x**2, y) | x | jnp.sum(a*jnp.where(x > y, x**2, y)) | 2*a*x*(x > y)
where-else | x: n, y: n, a: n | a.T @ where(x > y, x**2, sin(y)) | y | jnp.sum(a*jnp.where(x > y, x**2, jnp.sin(y)))
where-twice | x: n, a: n | a.T @ where(x > 0, x**3, exp(x)) | x x | jnp.sum(a*jnp.where(x > 0, x**3, jnp.exp(x)))
where-guards-log | x: n, a: n | a.T @ where(x > 0, log(x), x) | x | jnp.sum(a*jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1)), x))
where-guards-root-twice | x: n, a: n | a.T @ where(x > 1, sqrt(x), x**2) | x x | jnp.sum(a*jnp.where(x > 1, jnp.sqrt(jnp.where(x > 1, x, 1)), x**2))
where-by-matrix | X: m n, C: m n | sum(C*where(X > 0, X, X/10)) | X | jnp.sum(C*jnp.where(X > 0, X, X/10))
huber-by-hand | x: n, c: positive | sum(where(abs(x) <= c, x**2/2, c*(abs(x) - c/2))) | x | jnp.sum(jnp.where(jnp.abs(x) <= c, x**2/2, c*(jnp.abs(x) - c/2)))
hinge-by-vector | X: m n, y: m labels_pm1, w: n | sum(maximum(1 - y*(X @ w), 0)) | w | jnp.sum(jnp.maximum(1 - y*(X @ w), 0)) | -X.T @ (y*(1 - y*(X @ w) > 0))
clip-by-matrix | X: m n, C: m n | sum(C*minimum(maximum(X, -1), 1)) | X | jnp.sum(C*jnp.minimum(jnp.maximum(X, -1), 1))
"""


# ------------------------------------------------------------------------------------------------ reductions
# name | body, {0} the array and {1} the axis
REDUCTIONS = """
sum | jnp.sum({0}{1})
mean | jnp.mean({0}{1})
prod | jnp.prod({0}{1})
max | jnp.max({0}{1})
min | jnp.min({0}{1})
logsumexp | jsp.special.logsumexp({0}{1})
var | jnp.var({0}{1})
"""
KEPT = """
cumsum | jnp.cumsum({0}{1})
softmax | jax.nn.softmax({0}{1})
log_softmax | jax.nn.log_softmax({0}{1})
"""


def reductions() -> Iterator[Question]:
    for line in REDUCTIONS.strip().splitlines():
        name, body = line.split(" | ")
        whole, down, along = (lambda u, axis=axis, body=body: body.format(u, axis) for axis in ("", ", axis=0", ", axis=1"))
        yield Question("red", f"{name}-gradient", "x: n nonzero", f"{name}(x**2)", "x", whole("x**2"))
        yield Question("red", f"{name}-hessian", "x: n nonzero", f"{name}(x**2)", "x x", whole("x**2"))
        yield Question("red", f"{name}-layer-by-matrix", "W: m n, x: n", f"{name}(W @ x)", "W", whole("W @ x"))
        yield Question("red", f"{name}-axis0", "X: m n, a: n", f"{name}(X, axis=0) @ a", "X", f"jnp.sum({down('X')}*a)")
        yield Question("red", f"{name}-axis1", "X: m n, a: m", f"a.T @ {name}(X, axis=1)", "X", f"jnp.sum({along('X')}*a)")
        yield Question("red", f"{name}-axis1-hessian", "X: m n, a: m", f"a.T @ {name}(X, axis=1)", "X X", f"jnp.sum({along('X')}*a)")
        yield Question("red", f"{name}-axis0-row", "X: m n", f"{name}(X, axis=0)", "X", down("X"), row=True)
        if name != "logsumexp":
            yield Question("red", f"{name}-all-of-matrix", "X: m n, C: m n", f"{name}(C*X)", "X", whole("C*X"))
    for line in KEPT.strip().splitlines():
        name, body = line.split(" | ")
        whole, down, along = (lambda u, axis=axis, body=body: body.format(u, axis) for axis in ("", ", axis=0", ", axis=1"))
        yield Question("red", f"{name}-gradient", "x: n, a: n", f"a.T @ {name}(x)", "x", f"jnp.sum(a*{whole('x')})")
        yield Question("red", f"{name}-hessian", "x: n, a: n", f"a.T @ {name}(x)**2", "x x", f"jnp.sum(a*{whole('x')}**2)")
        yield Question("red", f"{name}-jacobian", "x: n", f"{name}(x)", "x", whole("x"))
        yield Question("red", f"{name}-layer-by-matrix", "W: m n, x: n, a: m", f"a.T @ {name}(W @ x)", "W", f"jnp.sum(a*{whole('W @ x')})")
        yield Question("red", f"{name}-axis0", "X: m n, C: m n", f"sum(C*{name}(X, axis=0))", "X", f"jnp.sum(C*{down('X')})")
        yield Question("red", f"{name}-axis1", "X: m n, C: m n", f"sum(C*{name}(X, axis=1))", "X", f"jnp.sum(C*{along('X')})")
        yield Question("red", f"{name}-axis1-jacobian", "X: m n", f"{name}(X, axis=1)", "X", along("X"))
        yield Question("red", f"{name}-axis0-hessian", "X: m n, C: m n", f"sum(C*{name}(X, axis=0)**2)", "X X", f"jnp.sum(C*{down('X')}**2)")


# ------------------------------------------------------------------------------------------------ norms
# name | text of the norm of {0} | body
NORMS = """
euclidean | norm({0}) | jnp.sqrt(jnp.sum(({0})**2))
squared | norm({0})**2 | jnp.sum(({0})**2)
one | norm({0}, 1) | jnp.sum(jnp.abs({0}))
three | norm({0}, 3) | jnp.sum(jnp.abs({0})**3)**(1/3)
half | norm({0}, 3/2) | jnp.sum(jnp.abs({0})**1.5)**(2/3)
infinity | norm({0}, inf) | jnp.max(jnp.abs({0}))
"""
MATRIX_NORMS = """
frobenius | norm({0}) | jnp.sqrt(jnp.sum(({0})**2))
frobenius-squared | norm({0}, "fro")**2 | jnp.sum(({0})**2)
nuclear | norm({0}, "nuc") | jnp.sum(jnp.linalg.svd({0}, compute_uv=False))
spectral | norm({0}, "spec") | jnp.linalg.svd({0}, compute_uv=False)[0]
"""


def norms() -> Iterator[Question]:
    for line in NORMS.strip().splitlines():
        name, text, body = line.split(" | ")
        for what, u, v, declared, by in (
            ("gradient", "x", "x", "x: n nonzero", "x"),
            ("hessian", "x", "x", "x: n nonzero", "x x"),
            ("residual", "A @ x - b", "A @ x - b", "A: m n, x: n, b: m", "x"),
            ("residual-hessian", "A @ x - b", "A @ x - b", "A: m n, x: n, b: m", "x x"),
            ("residual-by-matrix", "A @ x - b", "A @ x - b", "A: m n, x: n, b: m", "A"),
            ("by-scalar-twice", "x + t*y", "x + t*y", "x: n, y: n, t:", "t t"),
        ):
            yield Question("norm", f"{name}-{what}", declared, text.format(u), by, body.format(v))
    for line in MATRIX_NORMS.strip().splitlines():
        name, text, body = line.split(" | ")
        for what, u, declared, by in (
            ("gradient", "X", "X: m n", "X"),
            ("by-left-factor", "A @ X - B", "A: q m, X: m n, B: q n", "X"),
            ("by-scalar", "X + t*Y", "X: m n, Y: m n, t:", "t"),
            ("by-vector", "y*X", "X: m n, y: m nonzero", "y"),
            ("by-scalar-twice", "X + t*Y", "X: m n, Y: m n, t:", "t t"),
            ("hessian", "X", "X: m n", "X X"),
        ):
            yield Question("norm", f"{name}-{what}", declared, text.format(u), by, body.format(u.replace("y*", "y[:, None]*")))
    yield from rows("norm", NORMS_MORE)


NORMS_MORE = """
variance-of-residual | A: m n, x: n, b: m | var(A @ x - b) | x | jnp.var(A @ x - b)
variance-of-residual-by-matrix | A: m n, x: n, b: m | var(A @ x - b) | A | jnp.var(A @ x - b)
symbol-order | x: n positive, c: positive | norm(x, 1 + c) | x | jnp.sum(x**(1 + c))**(1/(1 + c))
inverse-of-distance | x: n, y: n | 1/norm(x - y) | x | 1/jnp.linalg.norm(x - y) | -(x - y)/norm(x - y)**3
direction | x: n, a: n | a.T @ x/norm(x) | x x | jnp.dot(a, x)/jnp.linalg.norm(x)
"""


# ------------------------------------------------------------------------------------------------ matrix functions of a square matrix
SQRTM = "(lambda M: lax.fori_loop(0, 14, lambda i, P: ((P[0] + jnp.linalg.inv(P[1]))/2, (P[1] + jnp.linalg.inv(P[0]))/2), (M, jnp.eye(len(M))))[0])"
LOGM = f"""(lambda M: (lambda R, N: 2**R*sum(w/2*jnp.linalg.solve(jnp.eye(len(M)) + (t + 1)/2*N, N) for t, w in zip(*{{NODES}})))(
6, lax.fori_loop(0, 6, lambda i, Q: {SQRTM}(Q), M) - jnp.eye(len(M))))""".replace("\n", "").replace(
    "{NODES}", "(jnp.array(p) for p in __import__('numpy').polynomial.legendre.leggauss(10))"
)
# name | text | body | facts
SQUARE = f"""
inv | inv({{0}}) | jnp.linalg.inv({{0}}) | invertible
adj | adj({{0}}) | (lambda M: jnp.linalg.det(M)*jnp.linalg.inv(M))({{0}}) | invertible
pinv | pinv({{0}}) | jnp.linalg.inv({{0}}) | invertible
expm | expm({{0}}/2) | jsp.linalg.expm({{0}}/2) |
logm | logm({{0}}) | {LOGM}({{0}}) | spd
sqrtm | sqrtm({{0}}) | {SQRTM}({{0}}) | spd
cholesky | cholesky({{0}}) | (lambda M: jnp.linalg.cholesky((M + M.T)/2))({{0}}) | spd
matpow2 | matpow({{0}}, 2) | jnp.linalg.matrix_power({{0}}, 2) |
matpow3 | matpow({{0}}, 3) | jnp.linalg.matrix_power({{0}}, 3) |
tril | tril({{0}}) | jnp.tril({{0}}) |
triu | triu({{0}}) | jnp.triu({{0}}) |
polar | polar({{0}}) | (lambda M: (lambda U, s, V: U @ V)(*jnp.linalg.svd(M, full_matrices=False)))({{0}}) |
eigvecsh | (eigvecsh({{0}}) @ diag(eigvalsh({{0}})**3) @ eigvecsh({{0}}).T) | (lambda M: M @ M @ M)(({{0}} + ({{0}}).T)/2) | symmetric
svd | (svd_u({{0}}) @ diag(svdvals({{0}})**3) @ svd_v({{0}}).T) | (lambda M: M @ M.T @ M)({{0}}) |
transpose | ({{0}}).T | ({{0}}).T |
"""
# name | text | body | facts: scalars
SCALARS = """
tr | tr({0}) | jnp.trace({0}) |
trace | trace({0})**2 | jnp.trace({0})**2 |
det | det({0}) | jnp.linalg.det({0}) |
logdet | logdet({0}) | jnp.linalg.slogdet({0})[1] | invertible
logdet-spd | logdet({0}) | jnp.linalg.slogdet({0})[1] | spd
log-det | log(det({0})) | jnp.log(jnp.linalg.det({0})) | spd
tr-inv | tr(inv({0})) | jnp.trace(jnp.linalg.inv({0})) | invertible
sum-eigenvalues-squared | sum(eigvalsh({0})**2) | jnp.sum(((({0}) + ({0}).T)/2)**2) | symmetric
top-eigenvalue | eigvalsh({0})[-1] | (lambda M: jnp.linalg.eigvalsh((M + M.T)/2)[-1])({0}) | symmetric
condition-number | svdvals({0})[0]/svdvals({0})[-1] | (lambda s: s[0]/s[-1])(jnp.linalg.svd({0}, compute_uv=False)) |
"""


def matrix_functions() -> Iterator[Question]:
    for line in SQUARE.strip().splitlines():
        name, text, body, facts = (part.strip() for part in (line + " ").split(" | "))

        def F(u: str, text: str = text) -> str:
            return text.format(u)

        def J(u: str, body: str = body) -> str:
            return body.format(f"({u})" if "@" in u or "+" in u else u)

        X, by = f"X: n n {facts}", "a: n, b: n"
        yield Question("mat", f"{name}-weighted", f"{X}, C: n n", f"sum(C*{F('X')})", "X", f"jnp.sum(C*{J('X')})")
        yield Question("mat", f"{name}-bilinear", f"{X}, {by}", f"a.T @ {F('X')} @ b", "X", f"a @ {J('X')} @ b")
        yield Question("mat", f"{name}-order4", X, F("X"), "X", J("X"))
        spread = facts in ("spd", "symmetric")
        along, jalong = ("X + y*y.T", "X + jnp.outer(y, y)") if spread else ("diag(y) @ X", "y[:, None]*X")
        along, jalong = ("X + y @ y.T", jalong) if spread else (along, jalong)
        yield Question("mat", f"{name}-by-vector", f"{X}, C: n n, y: n nonzero", f"sum(C*{F(along)})", "y", f"jnp.sum(C*{J(jalong)})")
        yield Question("mat", f"{name}-scalar-twice", f"{X}, {by}, t: positive", f"a.T @ {F('(t*X)')} @ b", "t t", f"a @ {J('(t*X)')} @ b")
        if name not in ("cholesky", "polar"):  # whose second derivatives take the reference evaluator of texts longer than a case may
            yield Question("mat", f"{name}-hessian", f"{X}, C: n n", f"sum(C*{F('X')})", "X X", f"jnp.sum(C*{J('X')})")
    for line in SCALARS.strip().splitlines():
        name, text, body, facts = (part.strip() for part in (line + " ").split(" | "))
        X = f"X: n n {facts}"
        yield Question("mat", f"{name}-gradient", X, text.format("X"), "X", body.format("X"))
        yield Question("mat", f"{name}-hessian", X, text.format("X"), "X X", body.format("X"))
        yield Question("mat", f"{name}-scalar-twice", f"{X}, t: positive", text.format("(t*X)"), "t t", body.format("(t*X)"))
        if facts in ("spd", "symmetric"):
            yield Question("mat", f"{name}-by-vector", f"{X}, y: n", text.format("(X + y @ y.T)"), "y", body.format("(X + jnp.outer(y, y))"))
        else:
            yield Question("mat", f"{name}-by-vector", f"{X}, y: n nonzero", text.format("(diag(y) @ X)"), "y", body.format("(y[:, None]*X)"))
    yield from rows("mat", MATRIX_MORE)


MATRIX_MORE = """
svdvals-log-determinant | X: m n | sum(log(1 + svdvals(X)**2)) | X | jnp.linalg.slogdet(jnp.eye(3) + X.T @ X)[1] | 2*X @ inv(X.T @ X + eye(n))
svdvals-log-determinant-twice | X: n p | sum(log(1 + svdvals(X)**2)) | X X | jnp.linalg.slogdet(jnp.eye(2) + X.T @ X)[1]
svdvals-fourth-powers | X: m n | sum(svdvals(X)**4) | X | jnp.sum((X.T @ X)**2) | 4*X @ X.T @ X
svdvals-logarithm | X: m n | sum(log(svdvals(X))) | X | jnp.linalg.slogdet(X.T @ X)[1]/2 | pinv(X).T
svdvals-cubes | X: m n, A: q m | sum(svdvals(A @ X)**3) | X | jnp.sum(jnp.linalg.svd(A @ X, compute_uv=False)**3)
eigenvalue-ratio-of-gram | X: m n | eigvalsh(X.T @ X)[-1]/eigvalsh(X.T @ X)[0] | X | (lambda l: l[-1]/l[0])(jnp.linalg.eigvalsh(X.T @ X))
eigenvalue-product | S: n n symmetric | prod(eigvalsh(S)) | S S | jnp.linalg.det((S + S.T)/2)
pinv-tall-weighted | X: m n, C: n m | sum(C*pinv(X)) | X | jnp.sum(C*jnp.linalg.solve(X.T @ X, X.T))
pinv-tall-order4 | X: m n | pinv(X) | X | jnp.linalg.solve(X.T @ X, X.T)
svdvals-jacobian | X: m n | svdvals(X) | X | jnp.linalg.svd(X, compute_uv=False)
svdvals-log-scalar-twice | X: m n, Y: m n, t: | sum(log(svdvals(X + t*Y))) | t t | jnp.linalg.slogdet((X + t*Y).T @ (X + t*Y))[1]/2
svd-u-projector | X: m n, C: m m | sum(C*(svd_u(X) @ svd_u(X).T)) | X | jnp.sum(C*(X @ jnp.linalg.solve(X.T @ X, X.T)))
svd-v-leading | X: m n, a: n | (a.T @ svd_v(X)[:, 0])**2 | X | (a @ jnp.linalg.svd(X, full_matrices=False)[2][0])**2
polar-tall-weighted | X: m n, C: m n | sum(C*polar(X)) | X | (lambda U, s, V: jnp.sum(C*(U @ V)))(*jnp.linalg.svd(X, full_matrices=False))
eigvalsh-weighted | S: n n symmetric, a: n | a.T @ eigvalsh(S) | S | a @ jnp.linalg.eigvalsh((S + S.T)/2)
eigvalsh-scalar-twice | S: n n symmetric, B: n n symmetric, t:, a: n | a.T @ eigvalsh(S + t*B) | t t | a @ jnp.linalg.eigvalsh(S + t*B)
solve-by-matrix | A: n n invertible, b: n, a: n | a.T @ solve(A, b) | A | a @ jnp.linalg.solve(A, b) | -inv(A).T @ a @ b.T @ inv(A).T
solve-by-vector | A: n n invertible, b: n, a: n | a.T @ solve(A, b) | b | a @ jnp.linalg.solve(A, b) | solve(A.T, a)
solve-by-both | A: n n invertible, b: n, a: n | a.T @ solve(A, b) | A b | a @ jnp.linalg.solve(A, b)
solve-matrix-by-matrix | A: n n invertible, B: n p, C: n p | sum(C*solve(A, B)) | A | jnp.sum(C*jnp.linalg.solve(A, B))
diag-of-vector | x: n, C: n n | sum(C*diag(x)) | x | jnp.sum(C*jnp.diag(x)) | diag(C)
diag-of-matrix | X: n n, a: n | a.T @ diag(X) | X | jnp.sum(a*jnp.diagonal(X)) | diag(a)
diag-of-product | X: m n, Y: n m, a: m | a.T @ diag(X @ Y) | X | jnp.sum(a*jnp.diagonal(X @ Y)) | diag(a) @ Y.T
diag-inside-inverse-twice | x: n positive, A: n n spd | logdet(A + diag(x)) | x x | jnp.linalg.slogdet(A + jnp.diag(x))[1]
vec-weighted | X: m n, a: m*n | a.T @ vec(X) | X | jnp.sum(a*X.T.reshape(-1))
vec-jacobian | X: m n, A: p m | vec(A @ X) | X | (A @ X).T.reshape(-1)
vec-outer-hessian | x: n, y: m, a: m*n | a.T @ vec(y @ x.T)**2 | x x | jnp.sum(a*jnp.outer(y, x).T.reshape(-1)**2)
kron-weighted-left | X: m n, B: p q, C: m*p n*q | sum(C*kron(X, B)) | X | jnp.sum(C*jnp.kron(X, B))
kron-weighted-right | A: m n, X: p q, C: m*p n*q | sum(C*kron(A, X)) | X | jnp.sum(C*jnp.kron(A, X))
kron-vectors | x: n, y: m, a: n*m | a.T @ kron(x, y) | x | jnp.sum(a*jnp.kron(x, y))
kron-norm-hessian | X: m p, B: p n | norm(kron(X, B))**2 | X X | jnp.sum(X**2)*jnp.sum(B**2)
kron-trace | X: n n, B: m m | tr(kron(X, B)) | X | jnp.trace(X)*jnp.trace(B) | tr(B)*eye(n)
kron-quadratic-by-vector | x: n, y: m, A: n n, B: m m | kron(x, y).T @ kron(A, B) @ kron(x, y) | x | (x @ A @ x)*(y @ B @ y)
dot-gradient | x: n, y: n | dot(x, sin(y)) | y | jnp.dot(x, jnp.sin(y)) | x*cos(y)
dot-by-matrix | X: m n, x: n, y: m | dot(X @ x, y) | X | jnp.dot(X @ x, y) | y @ x.T
dot-twice | x: n, A: n n | dot(x, A @ x) | x x | jnp.dot(x, A @ x) | A + A.T
outer-weighted | x: m, y: n, C: m n | sum(C*outer(x, y)) | x | jnp.sum(C*jnp.outer(x, y)) | C @ y
outer-jacobian | x: m, y: n | outer(x, y) | x | jnp.outer(x, y)
outer-twice | x: n, C: n n | sum(C*outer(x, x)) | x x | x @ C @ x | C + C.T
outer-by-matrix | X: m n, x: n, y: p, C: m p | sum(C*outer(X @ x, y)) | X | jnp.sum(C*jnp.outer(X @ x, y)) | C @ y @ x.T
eye-scalar | t: positive, A: n n spd | logdet(A + t*eye(n)) | t t | jnp.linalg.slogdet(A + t*jnp.eye(len(A)))[1]
eye-by-matrix | X: n n | norm(X - eye(n))**2 | X | jnp.sum((X - jnp.eye(len(X)))**2) | 2*(X - eye(n))
ones-by-vector | x: n, A: m n | ones(m).T @ A @ x**2 | x | jnp.sum(A @ x**2) | 2*x*(A.T @ ones(m))
ones-matrix | X: m n | norm(X - ones(m, n))**2 | X | jnp.sum((X - 1)**2) | 2*(X - ones(m, n))
zeros-matrix | X: m n, C: m n | norm(X + zeros(m, n))**2 + sum(C*zeros(m, n)) | X | jnp.sum(X**2) | 2*X
matpow-symbol | X: n n, k: integer | tr(matpow(X, k)) | X | jnp.trace(jnp.linalg.matrix_power(X, 2))*(k == 2) + jnp.trace(jnp.linalg.matrix_power(X, 3))*(k == 3) | k*matpow(X, k - 1).T
matpow-zero | X: n n, C: n n | sum(C*matpow(X, 0)) | X | jnp.sum(jnp.diagonal(C)) + 0*jnp.sum(X) | zeros(n, n)
matpow-negative-symbol | A: n n invertible, k: integer | tr(matpow(A, -k)) | A | (lambda B: jnp.trace(B @ B)*(k == 2) + jnp.trace(B @ B @ B)*(k == 3))(jnp.linalg.inv(A)) | -k*matpow(inv(A), k + 1).T
matpow-negative-symbol-bilinear | A: n n invertible, k: integer, x: n | x.T @ matpow(A, -k) @ x | A | (lambda B: x @ B @ B @ x*(k == 2) + x @ B @ B @ B @ x*(k == 3))(jnp.linalg.inv(A))
matpow-negative | X: n n invertible, C: n n | tr(C @ matpow(X, -2)) | X | jnp.trace(C @ jnp.linalg.inv(X) @ jnp.linalg.inv(X))
commutation-by-matrix | X: m n, a: m*n | a.T @ commutation(m, n) @ vec(X) | X | jnp.sum(a*X.reshape(-1))
commutation-twice | X: m n | vec(X).T @ commutation(n, m) @ vec(X.T) | X X | jnp.sum(X**2)
frechet-expm-direction | A: n n, E: n n, C: n n | sum(C*frechet("expm", A, E)) | E | jnp.sum(C*jax.jvp(jsp.linalg.expm, (A,), (E,))[1])
frechet-expm-point | A: n n, E: n n, C: n n | sum(C*frechet("expm", A, E)) | A | jnp.sum(C*jax.jvp(jsp.linalg.expm, (A,), (E,))[1])
frechet-expm-both | S: n n, C: n n | sum(C*frechet("expm", S/5, S.T)) | S | jnp.sum(C*jax.jvp(jsp.linalg.expm, (S/5,), (S.T,))[1])
frechet-expm-both-order4 | S: n n | frechet("expm", S/5, S.T) | S | jax.jvp(jsp.linalg.expm, (S/5,), (S.T,))[1]
frechet-expm-scalar-twice | A: 2 2, E: 2 2, C: 2 2, t: | sum(C*frechet("expm", t*A, E)) | t t | jnp.sum(C*jax.jvp(jsp.linalg.expm, (t*A,), (E,))[1])
frechet-sqrtm-direction | S: n n spd, E: n n, C: n n | sum(C*frechet("sqrtm", S, E)) | E | jnp.sum(C*jax.jvp(SQRTM, (S,), (E,))[1])
frechet-logm-direction | S: n n spd, E: n n, C: n n | sum(C*frechet("logm", S, E)) | E | jnp.sum(C*jax.jvp(LOGM, (S,), (E,))[1])
frechet-sqrtm-point | S: n n spd, E: n n, C: n n | sum(C*frechet("sqrtm", S, E)) | S | jnp.sum(C*jax.jvp(SQRTM, (S,), (E,))[1])
det-rank-deficient-once | y: n, A: p n | det(diag(y) @ A.T @ A) | y | jnp.linalg.det(jnp.diag(y) @ A.T @ A)
det-gram | X: m n | det(X.T @ X) | X | jnp.linalg.det(X.T @ X)
det-gram-scaled-twice | y: n, A: m n | det(diag(y) @ A.T @ A) | y y | jnp.linalg.det(jnp.diag(y) @ A.T @ A)
det-outer-twice | x: n, y: n | det(x @ y.T + eye(n)) | x x | 1 + jnp.dot(x, y) + 0*x[0] | zeros(n, n)
logdet-gram | X: m n | logdet(X.T @ X) | X | jnp.linalg.slogdet(X.T @ X)[1] | 2*pinv(X).T
logdet-gram-scalar-twice | X: m n, Y: m n, t: | logdet((X + t*Y).T @ (X + t*Y)) | t t | jnp.linalg.slogdet((X + t*Y).T @ (X + t*Y))[1]
inv-gram | X: m n, a: n | a.T @ inv(X.T @ X) @ a | X | a @ jnp.linalg.inv(X.T @ X) @ a
projection-residual | X: m n, y: m | norm(y - X @ inv(X.T @ X) @ X.T @ y)**2 | X | y @ y - y @ X @ jnp.linalg.solve(X.T @ X, X.T @ y)
""".replace("SQRTM", SQRTM).replace("LOGM", LOGM)


# ------------------------------------------------------------------------------------------------ facts
# fact | sizes | a text that uses it, of F and x: n | body
STRUCTURE = """
symmetric | n n | x.T @ F @ x | x @ F @ x | 2*F @ x
spd | n n | sqrt(x.T @ F @ x) | jnp.sqrt(x @ F @ x) | F @ x/sqrt(x.T @ F @ x)
diagonal | n n | x.T @ F @ F.T @ x | x @ F @ F.T @ x | 2*F @ F @ x
lower | n n | norm(F @ x)**2 | jnp.sum((F @ x)**2) | 2*F.T @ F @ x
upper | n n | norm(solve(F, x))**2 | jnp.sum(jnp.linalg.solve(F, x)**2) |
orthogonal | m n | norm(F @ x)**2 | jnp.sum((F @ x)**2) | 2*x
idempotent | n n | a.T @ F @ F @ x | a @ F @ F @ x | F.T @ a
toeplitz | n n | x.T @ F @ x | x @ F @ x | (F + F.T) @ x
symmetric_toeplitz | n n | x.T @ F @ x | x @ F @ x | 2*F @ x
invertible | n n | a.T @ inv(F) @ F @ x | a @ jnp.linalg.inv(F) @ F @ x | a
det_positive | n n | a.T @ x*log(det(F)) | jnp.dot(a, x)*jnp.log(jnp.linalg.det(F)) | logdet(F)*a
positive | m n | sum(abs(F) @ x) | jnp.sum(jnp.abs(F) @ x) | F.T @ ones(m)
nonzero | m n | sum((F/F) @ x**2) | jnp.sum((F/F) @ x**2) | 2*m*x
unit_interval | m n | sum(log(1 - F) @ x) | jnp.sum(jnp.log(1 - F) @ x) |
onehot | m n | sum((F*F) @ x) | jnp.sum((F*F) @ x) | F.T @ ones(m)
labels_pm1 | m n | sum((F*F) @ x**2) | jnp.sum((F*F) @ x**2) | 2*m*x
"""
# fact | sizes | a text by F itself | body
BY_ITSELF = """
symmetric | n n | tr(A @ F) + norm(F)**2 | jnp.trace(A @ F) + jnp.sum(F**2)
spd | n n | logdet(F) + tr(A @ inv(F)) | jnp.linalg.slogdet(F)[1] + jnp.trace(A @ jnp.linalg.inv(F))
diagonal | n n | a.T @ F @ A @ F @ a | a @ F @ A @ F @ a
lower | n n | norm(F @ F.T - A)**2 | jnp.sum((F @ F.T - A)**2)
upper | n n | a.T @ inv(F) @ a | a @ jnp.linalg.inv(F) @ a
orthogonal | m n | tr(F.T @ B @ F @ A) | jnp.trace(F.T @ B @ F @ A)
idempotent | n n | tr(A @ F @ F) | jnp.trace(A @ F @ F)
toeplitz | n n | norm(F @ a)**2 | jnp.sum((F @ a)**2)
symmetric_toeplitz | n n | a.T @ F @ F @ a | a @ F @ F @ a
invertible | n n | log(abs(det(F))) | jnp.linalg.slogdet(F)[1]
det_positive | n n | log(det(F)) | jnp.log(jnp.linalg.det(F))
positive | m n | sum(F*log(F)) | jnp.sum(F*jnp.log(F))
nonzero | m n | sum(1/F) | jnp.sum(1/F)
unit_interval | m n | sum(log(F) + log(1 - F)) | jnp.sum(jnp.log(F) + jnp.log(1 - F))
labels_pm1 | m n | sum((F @ a)**2) | jnp.sum((F @ a)**2)
onehot | m n | sum((F @ a)**3) | jnp.sum((F @ a)**3)
"""


def structure() -> Iterator[Question]:
    """Every fact used, used for a second derivative, and the variable itself; simplex and integer, which vectors have, are rows of their own."""
    for line in STRUCTURE.strip().splitlines():
        fact, sizes, text, body, expected = (part.strip() for part in (line + " ").split(" | "))
        facts = fact + (" invertible" if fact == "upper" else "")
        declared = f"F: {sizes} {facts}, x: n, a: n"
        if "a" not in text.replace("abs", "").replace("sqrt", ""):
            declared = declared.removesuffix(", a: n")
        yield Question("fact", f"{fact}-used", declared, text, "x", body, expected or None)
        yield Question("fact", f"{fact}-used-twice", declared, text, "x x", body)
    for line in BY_ITSELF.strip().splitlines():
        fact, sizes, text, body = line.split(" | ")
        facts = fact + (" invertible" if fact in ("upper", "lower") else "")
        yield Question("fact", f"{fact}-by-it", f"F: {sizes} {facts}, A: n n, B: m m, a: n", text, "F", body)
    yield from rows("fact", FACTS_MORE)


FACTS_MORE = """
simplex-used | q: n simplex, x: n | -sum(q)*logsumexp(x) + q.T @ x | x | -jsp.special.logsumexp(x) + q @ x | q - softmax(x)
simplex-by-it | q: n simplex, a: n | sum(q*log(q)) - a.T @ q | q | jnp.sum(q*jnp.log(q)) - a @ q | log(q) + 1 - a
simplex-twice | q: n simplex, c: n simplex | sum(q*log(q/c)) | q q | jnp.sum(q*jnp.log(q/c)) | diag(1/q)
integer-used | k: integer, x: n positive | sum(x**k) | x | jnp.sum(x**k) | k*x**(k - 1)
index-used | i: integer index, x: 9 | sum(x**2) + x[i]**3 | x | jnp.sum(x**2) + x[i]**3 | 2*x + 3*x[i]**2*eye(9)[:, i]
integer-vector-used | k: n integer, x: n positive | sum(x**k) | x x | jnp.sum(x**k)
integer-by-it | k: integer, x: n positive | sum(x**k) | k | !NotDifferentiableError
integer-vector-by-it | k: n integer, x: n | sum(k*x) | k | !NotDifferentiableError
positive-power | x: n positive, c: | sum(sqrt(x**2)*x**c) | x | jnp.sum(x**(1 + c)) | (1 + c)*x**c
positive-scalar | c: positive, x: n | norm(c*x) | x | jnp.linalg.norm(c*x) | c*x/norm(x)
spd-quadratic-inverse | S: n n spd, x: n | x.T @ inv(S) @ x/2 | x | x @ jnp.linalg.inv(S) @ x/2 | inv(S) @ x
spd-logdet-twice | S: n n spd | logdet(S) | S S | jnp.linalg.slogdet(S)[1]
symmetric-sandwich-order4 | S: n n symmetric, A: m n | A @ S @ A.T | S | A @ S @ A.T
symmetric-square-order4 | S: n n symmetric | S @ S | S | S @ S
orthogonal-sandwich | Q: m n orthogonal, A: n n, x: n | x.T @ Q.T @ Q @ A @ x | A | x @ A @ x | x @ x.T
diagonal-inverse | D: n n diagonal invertible, x: n | x.T @ inv(D) @ x | x | jnp.sum(x**2/jnp.diagonal(D)) | 2*inv(D) @ x
diagonal-twice | D: n n diagonal, a: n | a.T @ D @ D @ a | D D | a @ D @ D @ a
onehot-cross-entropy | Y: m n onehot, X: m n | -sum(Y*log_softmax(X, axis=1)) | X | -jnp.sum(Y*jax.nn.log_softmax(X, axis=1)) | softmax(X, axis=1) - Y
"""
