"""Declared functions: f: (n) -> (m) used as f(x), the chain rule in symbols. Values by central differences of a concrete function put in."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
import scipy.linalg
from click.testing import CliRunner

import wrt
from wrt.cli import main
from wrt.language.surface import FunctionDeclaration

SIZES = {"m": 3, "n": 4, "p": 2, "q": 5}
TERMS = 6  # of a concrete function: more than any argument has entries, so that Hessians are invertible


class Concrete(dict):
    """A smooth function of any signature, with its derivatives of every order: f(u)[a] = sum_r C[a, r] sin(L[r] u + b[r]), u all arguments' entries.

    Called it gives its value; table[k, l] is its derivative k times by the first argument and l times by the second.
    """

    def __init__(self, d: FunctionDeclaration, seed: int) -> None:
        super().__init__()
        draw = np.random.default_rng(seed)
        self.elementwise = d.elementwise
        self.shapes = [tuple(s.value(SIZES) for s in a.sizes) for a in d.arguments]
        self.own = tuple(s.value(SIZES) for s in d.shape.sizes)
        self.slopes = [draw.normal(size=(TERMS, *shape)) for shape in self.shapes]
        self.weights, self.shift = draw.normal(size=(*self.own, TERMS)), draw.normal(size=TERMS)
        if "symmetric" in d.facts:
            self.weights = self.weights + np.swapaxes(self.weights, 0, 1)
        if len(self.own) == 2 and self.own[0] == self.own[1]:  # an invertible matrix
            self.weights[..., 0] += 6 * np.eye(self.own[0])
            self.shift[0], self.slopes = 1.5, [0.3 * slope for slope in self.slopes]

    def __call__(self, *arguments):
        return self[(0,) * len(arguments)](*arguments)

    def __missing__(self, orders):
        orders = orders if isinstance(orders, tuple) else (orders,)

        def derivative(*arguments):
            if self.elementwise:
                return np.vectorize(lambda *scalars: self.at(orders, scalars))(*arguments)
            return self.at(orders, arguments)

        return derivative

    def at(self, orders, arguments):
        inner = self.shift + sum(np.tensordot(slope, x, np.ndim(x)) for slope, x in zip(self.slopes, arguments, strict=True))
        total = np.zeros((*self.own, *[n for shape, k in zip(self.shapes, orders, strict=True) for n in shape * k]))
        for r in range(TERMS):
            term = self.weights[..., r] * np.sin(inner[r] + sum(orders) * np.pi / 2)
            for slope, k in zip(self.slopes, orders, strict=True):
                for _ in range(k):
                    term = np.multiply.outer(term, slope[r])
            total = total + term
        return total if total.ndim else float(total)

    def passed(self, highest=3):
        """What a program is passed: every derivative as a function."""
        count = len(self.shapes)
        return {orders: self[orders] for orders in product(range(highest + 1), repeat=count) if sum(orders) <= highest}


def point(f: wrt.Formula, seed: int = 7):
    """A value for every declared name."""
    draw = np.random.default_rng(seed)
    out = {}
    for k, (name, d) in enumerate(f.declarations.items()):
        if isinstance(d, FunctionDeclaration):
            out[name] = Concrete(d, seed + k)
            continue
        value = draw.normal(size=[s.value(SIZES) for s in d.shape.sizes])
        out[name] = (value + value.T) / 2 if "symmetric" in d.facts else value if value.ndim else float(value)
    return out


def differences(function, values, names, step=1e-3):
    """The derivative of function(values) by names, one after the other, by central differences of sixth order; axes of the function first."""
    if not names:
        return np.asarray(function(values), float)
    *before, last = names
    base = np.asarray(values[last], float)
    slopes = []
    for place in range(base.size):
        move = np.zeros(base.size)
        move[place] = step
        move = move.reshape(base.shape)

        def at(k, move=move):
            moved = base + k * move
            return differences(function, {**values, last: moved if base.ndim else float(moved)}, before, step)

        slopes.append((45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60 * step))
    table = np.array(slopes).reshape((*base.shape, *slopes[0].shape))
    return np.moveaxis(table, range(base.ndim), range(-base.ndim, 0)) if base.ndim else table


# formula, declarations, by what, what is printed, the same function in NumPy
ROWS = [
    ("g(A @ x)", "A: m n, x: n, g: (m) -> ()", "x", "A.T @ grad(g)(A @ x)", lambda A, x, g: g(A @ x)),
    ("g(A @ x)", "A: m n, x: n, g: (m) -> ()", "x x", "A.T @ hess(g)(A @ x) @ A", lambda A, x, g: g(A @ x)),
    ("g(A @ x)", "A: m n, x: n, g: (m) -> ()", "A", "grad(g)(A @ x) @ x.T", lambda A, x, g: g(A @ x)),
    ("g(A @ x - b)**2", "A: m n, x: n, b: m, g: (m) -> ()", "x", "2*g(A @ x - b)*A.T @ grad(g)(A @ x - b)", lambda A, x, b, g: g(A @ x - b)**2),
    ("f(x)*x", "f: (n) -> (), x: n", "x", "x @ grad(f)(x).T + f(x)*eye(n)", lambda f, x: f(x)*x),
    ("f(x)/norm(x)**2", "f: (n) -> (), x: n", "x", "grad(f)(x)/norm(x)**2 - 2*f(x)*x/norm(x)**4", lambda f, x: f(x)/(x @ x)),
    ("exp(f(x))", "f: (n) -> (), x: n", "x x", "exp(f(x))*(hess(f)(x) + grad(f)(x) @ grad(f)(x).T)", lambda f, x: np.exp(f(x))),
    ("f(x) + lam*norm(x)**2", "f: (n) -> (), x: n, lam:", "x x", "hess(f)(x) + 2*lam*eye(n)", lambda f, x, lam: f(x) + lam*x @ x),
    ("f(a + t*v)", "f: (n) -> (), a: n, v: n, t:", "t", "grad(f)(a + t*v).T @ v", lambda f, a, v, t: f(a + t*v)),
    ("f(a + t*v)", "f: (n) -> (), a: n, v: n, t:", "t t", "v.T @ hess(f)(a + t*v) @ v", lambda f, a, v, t: f(a + t*v)),
    ("f(x)/g(x)", "f: (n) -> (), g: (n) -> (), x: n", "x", "(grad(f)(x) - f(x)*grad(g)(x)/g(x))/g(x)", lambda f, g, x: f(x)/g(x)),
    ("f(x)", "f: (n) -> (m), x: n", "x", "D(f)(x)", lambda f, x: f(x)),
    ("x.T @ f(x)", "f: (n) -> (n), x: n", "x", "f(x) + D(f)(x).T @ x", lambda f, x: x @ f(x)),
    ("norm(f(x) - y)**2/2", "f: (n) -> (m), x: n, y: m", "x", "D(f)(x).T @ (f(x) - y)", lambda f, x, y: ((f(x) - y)**2).sum()/2),
    ("norm(f(x) - y)**2/2", "f: (n) -> (m), x: n, y: m", "x x", "D(f)(x).T @ D(f)(x) + sum((f(x) - y)[i]*D(f, 2)(x)[i, :, :] for i in range(m))", lambda f, x, y: ((f(x) - y)**2).sum()/2),
    ("softmax(f(x))", "f: (n) -> (m), x: n", "x", "(diag(softmax(f(x))) - softmax(f(x)) @ softmax(f(x)).T) @ D(f)(x)", lambda f, x: np.exp(f(x))/np.exp(f(x)).sum()),
    ("logsumexp(f(x))", "f: (n) -> (m), x: n", "x", "D(f)(x).T @ softmax(f(x))", lambda f, x: np.log(np.exp(f(x)).sum())),
    ("f(x)[0]*x[1]", "f: (n) -> (m), x: n", "x", "x[1]*D(f)(x)[0, :].T + f(x)[0]*eye(n)[:, 1]", lambda f, x: f(x)[0]*x[1]),
    ("f(a + t*v)", "f: (n) -> (m), a: n, v: n, t:", "t t", "sum(v[i]*D(f, 2)(a + t*v)[:, i, :] @ v for i in range(n))", lambda f, a, v, t: f(a + t*v)),
    ("f(g(x))", "f: (m) -> (p), g: (n) -> (m), x: n", "x", "D(f)(g(x)) @ D(g)(x)", lambda f, g, x: f(g(x))),
    ("f(g(x))", "f: (m) -> (), g: (n) -> (m), x: n", "x", "D(g)(x).T @ grad(f)(g(x))", lambda f, g, x: f(g(x))),
    ("f(g(x))", "f: (m) -> (), g: (n) -> (m), x: n", "x x", "sum(grad(f)(g(x))[i]*D(g, 2)(x)[i, :, :] for i in range(m)) + D(g)(x).T @ hess(f)(g(x)) @ D(g)(x)", lambda f, g, x: f(g(x))),
    ("f(f(x))", "f: (n) -> (n), x: n", "x", "D(f)(f(x)) @ D(f)(x)", lambda f, x: f(f(x))),
    ("f(g(h(x)))", "f: (p) -> (), g: (m) -> (p), h: (n) -> (m), x: n", "x", "D(h)(x).T @ D(g)(h(x)).T @ grad(f)(g(h(x)))", lambda f, g, h, x: f(g(h(x)))),
    ("A(t) @ x(t)", "A: () -> (n, n), x: () -> (n), t:", "t", "D(A)(t) @ x(t) + A(t) @ D(x)(t)", lambda A, x, t: A(t) @ x(t)),
    ("inv(A(t))", "A: () -> (n, n), t:", "t", "-inv(A(t)) @ D(A)(t) @ inv(A(t))", lambda A, t: np.linalg.inv(A(t))),
    ("tr(inv(A(t)) @ B)", "A: () -> (n, n), B: n n, t:", "t", "-tr(inv(A(t)) @ D(A)(t) @ inv(A(t)) @ B)", lambda A, B, t: np.trace(np.linalg.inv(A(t)) @ B)),
    ("logdet(A(t))", "A: () -> (n, n), t:", "t", "tr(inv(A(t)) @ D(A)(t))", lambda A, t: np.linalg.slogdet(A(t))[1]),
    ("logdet(A(t))", "A: () -> (n, n), t:", "t t", "tr(inv(A(t)) @ (D(A, 2)(t) - D(A)(t) @ inv(A(t)) @ D(A)(t)))", lambda A, t: np.linalg.slogdet(A(t))[1]),
    ("det(A(t))", "A: () -> (n, n), t:", "t", "tr(adj(A(t)) @ D(A)(t))", lambda A, t: np.linalg.det(A(t))),
    ("expm(A(t))", "A: () -> (n, n), t:", "t", 'frechet("expm", A(t), D(A)(t))', lambda A, t: scipy.linalg.expm(A(t))),
    ("x(t).T @ A(t) @ x(t)", "x: () -> (n), A: () -> (n, n), t:", "t", "D(x)(t).T @ (A(t) + A(t).T) @ x(t) + x(t).T @ D(A)(t) @ x(t)", lambda x, A, t: x(t) @ A(t) @ x(t)),
    ("x.T @ S(t) @ x", "S: () -> (n, n) symmetric, t:, x: n", "x", "2*S(t) @ x", lambda S, t, x: x @ S(t) @ x),
    ("v.T @ M(q) @ v/2", "M: (n) -> (n, n) symmetric, q: n, v: n", "v", "M(q) @ v", lambda M, q, v: v @ M(q) @ v/2),
    ("x(t).T @ S(t) @ x(t)", "S: () -> (n, n) symmetric, t:, x: () -> (n)", "t", "2*D(x)(t).T @ S(t) @ x(t) + x(t).T @ D(S)(t) @ x(t)", lambda S, t, x: x(t) @ S(t) @ x(t)),
    ("solve(A(t), b)", "A: () -> (n, n), t:, b: n", "t", "-solve(A(t), D(A)(t) @ solve(A(t), b))", lambda A, t, b: np.linalg.solve(A(t), b)),
    ("norm(r(t))", "r: () -> (n), t:", "t", "D(r)(t).T @ r(t)/norm(r(t))", lambda r, t: np.linalg.norm(r(t))),
    ("u(t)*v(t)", "u: () -> (), v: () -> (), t:", "t t", "D(u, 2)(t)*v(t) + 2*D(u)(t)*D(v)(t) + u(t)*D(v, 2)(t)", lambda u, v, t: u(t)*v(t)),
    ("u(v(t))", "u: () -> (), v: () -> (), t:", "t t", "D(u, 2)(v(t))*D(v)(t)**2 + D(u)(v(t))*D(v, 2)(t)", lambda u, v, t: u(v(t))),
    ("f(x(t), y(t))", "f: (n), (m) -> (), x: () -> (n), y: () -> (m), t:", "t", "grad(f, 1, 0)(x(t), y(t)).T @ D(x)(t) + grad(f, 0, 1)(x(t), y(t)).T @ D(y)(t)", lambda f, x, y, t: f(x(t), y(t))),
    ("L(q(t), D(q)(t), t)", "L: (n), (n), () -> (), q: () -> (n), t:", "t", "grad(L, 1, 0, 0)(q(t), D(q)(t), t).T @ D(q)(t) + grad(L, 0, 1, 0)(q(t), D(q)(t), t).T @ D(q, 2)(t) + D(L, 0, 0, 1)(q(t), D(q)(t), t)", lambda L, q, t: L(q(t), q[1](t), t)),
    ("h(x, y)", "h: (n), (m) -> (), x: n, y: m", "x y", "D(h, 1, 1)(x, y)", lambda h, x, y: h(x, y)),
    ("h(x, y)", "h: (n), (m) -> (), x: n, y: m", "y x", "D(h, 1, 1)(x, y).T", lambda h, x, y: h(x, y)),
    ("h(x, x)", "h: (n), (n) -> (), x: n", "x", "grad(h, 1, 0)(x, x) + grad(h, 0, 1)(x, x)", lambda h, x: h(x, x)),
    ("h(x, x)", "h: (n), (n) -> (), x: n", "x x", "D(h, 2, 0)(x, x) + D(h, 1, 1)(x, x) + D(h, 1, 1)(x, x).T + D(h, 0, 2)(x, x)", lambda h, x: h(x, x)),
    ("h(x, t)", "h: (n), () -> (), x: n, t:", "x t", "grad(h, 1, 1)(x, t)", lambda h, x, t: h(x, t)),
    ("h(x, t)", "h: (n), () -> (), x: n, t:", "x x", "D(h, 2, 0)(x, t)", lambda h, x, t: h(x, t)),
    ("u(r*cos(a), r*sin(a))", "u: (), () -> (), r:, a:", "r", "D(u, 1, 0)(r*cos(a), r*sin(a))*cos(a) + D(u, 0, 1)(r*cos(a), r*sin(a))*sin(a)", lambda u, r, a: u(r*np.cos(a), r*np.sin(a))),
    ("u(x + c*t) + v(x - c*t)", "u: () -> (), v: () -> (), x:, c:, t:", "t t", "c**2*(D(u, 2)(x + c*t) + D(v, 2)(x - c*t))", lambda u, v, x, c, t: u(x + c*t) + v(x - c*t)),
    ("f(x) + mu.T @ c(x)", "f: (n) -> (), c: (n) -> (m), x: n, mu: m", "x", "grad(f)(x) + D(c)(x).T @ mu", lambda f, c, x, mu: f(x) + mu @ c(x)),
    ("f(x) + mu.T @ c(x)", "f: (n) -> (), c: (n) -> (m), x: n, mu: m", "x x", "hess(f)(x) + sum(mu[i]*D(c, 2)(x)[i, :, :] for i in range(m))", lambda f, c, x, mu: f(x) + mu @ c(x)),
    ("sum(phi(W @ x + b))", "phi: () -> (), W: m n, x: n, b: m", "x", "W.T @ D(phi)(W @ x + b)", lambda phi, W, x, b: phi(W @ x + b).sum()),
    ("sum(phi(W @ x + b))", "phi: () -> (), W: m n, x: n, b: m", "x x", "W.T @ diag(D(phi, 2)(W @ x + b)) @ W", lambda phi, W, x, b: phi(W @ x + b).sum()),
    ("sum(phi(W @ x + b))", "phi: () -> (), W: m n, x: n, b: m", "W", "D(phi)(W @ x + b) @ x.T", lambda phi, W, x, b: phi(W @ x + b).sum()),
    ("V @ phi(W @ x)", "phi: () -> (), V: p m, W: m n, x: n", "x", "V @ diag(D(phi)(W @ x)) @ W", lambda phi, V, W, x: V @ phi(W @ x)),
    ("k(norm(x - y)**2)", "k: () -> (), x: n, y: n", "x y", "-4*D(k, 2)(norm(x - y)**2)*(x - y) @ (x - y).T - 2*D(k)(norm(x - y)**2)*eye(n)", lambda k, x, y: k(((x - y)**2).sum())),
    ("k(x.T @ S @ x)", "k: () -> (), x: n, S: n n symmetric", "x x", "4*D(k, 2)(x.T @ S @ x)*S @ x @ x.T @ S + 2*D(k)(x.T @ S @ x)*S", lambda k, x, S: k(x @ S @ x)),
    ("sum(phi(X @ w - y))", "phi: () -> (), X: m n, w: n, y: m", "w w", "X.T @ diag(D(phi, 2)(X @ w - y)) @ X", lambda phi, X, w, y: phi(X @ w - y).sum()),
    ("F(A @ X @ B)", "F: (m n) -> (), A: m p, X: p q, B: q n", "X", "A.T @ grad(F)(A @ X @ B) @ B.T", lambda F, A, X, B: F(A @ X @ B)),
    ("F(X @ X.T)", "F: (m m) -> (), X: m n", "X", "(grad(F)(X @ X.T) + grad(F)(X @ X.T).T) @ X", lambda F, X: F(X @ X.T)),
    ("F(X)", "F: (m n) -> (p q), X: m n", "X", "D(F)(X)[i, j, k, l]", lambda F, X: F(X)),
    ("tr(F(X))", "F: (n n) -> (n n), X: n n", "X", "sum(D(F)(X)[i, i, :, :] for i in range(n))", lambda F, X: np.trace(F(X))),
    ("sum(f(X[i, :].T) for i in range(m))", "f: (n) -> (), X: m n", "X", "grad(f)(X[j, :].T)[k]", lambda f, X: sum(f(row) for row in X)),
    ("sum(f(X[i, :].T, w) for i in range(m))", "f: (n), (p) -> (), X: m n, w: p", "w", "sum(grad(f, 0, 1)(X[j, :].T, w) for j in range(m))", lambda f, X, w: sum(f(row, w) for row in X)),
    ("sum(f(W @ X[i, :].T) for i in range(m))", "f: (p) -> (), X: m n, W: p n", "W", "sum(grad(f)(W @ X[j, :].T) @ X[j, :] for j in range(m))", lambda f, X, W: sum(f(W @ row) for row in X)),
    ("grad(g)(x).T @ v", "g: (n) -> (), x: n, v: n", "x", "hess(g)(x) @ v", lambda g, x, v: g[1](x) @ v),
    ("D(g)(x) @ v", "g: (n) -> (), x: n, v: n", "x", "hess(g)(x) @ v", lambda g, x, v: g[1](x) @ v),
    ("D(f)(x) @ v", "f: (n) -> (m), x: n, v: n", "x", "sum(v[i]*D(f, 2)(x)[:, i, :] for i in range(n))", lambda f, x, v: f[1](x) @ v),
    ("v.T @ hess(g)(x) @ v", "g: (n) -> (), x: n, v: n", "v", "2*hess(g)(x) @ v", lambda g, x, v: v @ g[2](x) @ v),
    ("x - solve(hess(g)(x), grad(g)(x))", "g: (n) -> (), x: n", "x", "sum(inv(hess(g)(x))[:, i] @ grad(g)(x).T @ solve(hess(g)(x), D(g, 3)(x)[:, i, :]) for i in range(n))", lambda g, x: x - np.linalg.solve(g[2](x), g[1](x))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "names", "printed", "function"), ROWS, ids=[f"{r[0]} by {r[2]}" for r in ROWS])
def test_the_chain_rule_in_symbols_is_what_differences_say(text, shapes, names, printed, function):
    f = wrt.parse(text, shapes)
    d = wrt.derive(f, *names.split())
    assert sorted(str(d).split(" + ")) == sorted(printed.split(" + "))
    assert d.verified in ("exact", "numeric")
    values = point(f)
    expected = differences(lambda at: function(**at), values, names.split())
    got = d(**{name: v.passed() if isinstance(v, Concrete) else v for name, v in values.items()})
    assert np.allclose(got, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("text", "shapes", "names"), [row[:3] for row in ROWS], ids=[f"{r[0]} by {r[2]}" for r in ROWS])
def test_formula_and_derivative_read_back_in_every_style(text, shapes, names):
    f = wrt.parse(text, shapes)
    d = wrt.derive(f, *names.split())
    for view in [f] if d.matrix is None else [f, d.matrix]:
        for syntax, words in (("python", str(view)), ("unicode", view.unicode()), ("latex", view.latex())):
            again = wrt.parse(words, shapes, syntax=syntax)
            assert str(again) == str(view) or bool(wrt.equal(again, view)), (syntax, words, str(again))


# ---------------------------------------------------------------------------------------------------- notation
@pytest.mark.parametrize(
    ("text", "shapes", "unicode", "latex"),
    [
        ("grad(g)(x)", "g: (n) -> (), x: n", "∇g(x)", r"\nabla g(x)"),
        ("hess(g)(x)", "g: (n) -> (), x: n", "∇²g(x)", r"\nabla^{2} g(x)"),
        ("D(f)(x)", "f: (n) -> (m), x: n", "Df(x)", r"\mathrm{D} f(x)"),
        ("D(f, 2)(x)[0, 1, 2]", "f: (n) -> (m), x: n", "D²f(x)₁₂₃", r"\mathrm{D}^{2} f(x)_{1,2,3}"),
        ("D(A)(t)", "A: () -> (n, n), t:", "A′(t)", "A'(t)"),
        ("D(g, 2)(t)", "g: () -> (), t:", "g′′(t)", "g''(t)"),
        ("D(g, 4)(t)", "g: () -> (), t:", "g⁽⁴⁾(t)", "g^{(4)}(t)"),
        ("D(phi)(A @ x)", "phi: () -> (), A: m n, x: n", "φ′(Ax)", r"\phi'(A x)"),
        ("grad(h, 1, 0)(x, y)", "h: (n), (m) -> (), x: n, y: m", "∇₁h(x, y)", r"\nabla_{1} h(x, y)"),
        ("grad(h, 1, 1)(x, t)", "h: (n), () -> (), x: n, t:", "∇₁∂₂h(x, t)", r"\nabla_{1} \partial_{2} h(x, t)"),
        ("D(h, 1, 2)(x, y)", "h: (), () -> (), x:, y:", "∂₁∂₂²h(x, y)", r"\partial_{1} \partial_{2}^{2} h(x, y)"),
        ("D(f)(x) @ D @ x", "f: (n) -> (m), D: n n, x: n", "∂f(x)Dx", r"\partial f(x) D x"),
        ("loss(x)*x_1", "loss: (n) -> (), x: n, x_1:", "loss(x)x₁", r"\mathrm{loss}(x) x_{1}"),
        ("f_1(x) + f_2(x)", "f_1: (n) -> (), f_2: (n) -> (), x: n", "f₁(x) + f₂(x)", r"f_{1}(x) + f_{2}(x)"),
        ("f(x).T @ f(x)", "f: (n) -> (m), x: n", "f(x)ᵀf(x)", r"f(x)^{\top} f(x)"),
        ("inv(A(t)).T", "A: () -> (n, n), t:", "A(t)⁻ᵀ", r"A(t)^{-\top}"),
    ],
)
def test_notation_is_the_mathematicians(text, shapes, unicode, latex):
    f = wrt.parse(text, shapes)
    assert (f.unicode().replace("⁻⊤", "⁻ᵀ").replace("^{−⊤}", "⁻ᵀ"), f.latex()) == (unicode, latex)
    assert str(wrt.parse(f.latex(), shapes, syntax="latex")) == str(wrt.parse(f.unicode(), shapes, syntax="unicode")) == text


def test_mathml_and_typst_set_the_signs():
    f = wrt.parse("A.T @ grad(g)(A @ x)", "A: m n, x: n, g: (m) -> ()")
    assert f.typst() == "A^(top) nabla g(A x)"
    assert "<mo>∇</mo><mi>g</mi>" in f.mathml()
    assert wrt.parse("D(g, 2)(t)", "g: () -> (), t:").typst() == "g''(t)"
    assert "<msup><mi>g</mi><mi>′</mi></msup>" in wrt.parse("D(g)(t)", "g: () -> (), t:").mathml()


@pytest.mark.parametrize(
    ("latex", "shapes", "text"),
    [
        (r"f(x)", "f: (n) -> (m), x: n", "f(x)"),
        (r"\nabla g(Ax)", "g: (m) -> (), A: m n, x: n", "grad(g)(A @ x)"),
        (r"A^\top \nabla^2 g(Ax) A", "g: (m) -> (), A: m n, x: n", "A.T @ hess(g)(A @ x) @ A"),
        (r"J_f(x) v", "f: (n) -> (m), x: n, v: n", "D(f)(x) @ v"),
        (r"J_{f}(g(x))\, J_{g}(x)", "f: (m) -> (p), g: (n) -> (m), x: n", "D(f)(g(x)) @ D(g)(x)"),
        (r"\mathrm{D}f(x)", "f: (n) -> (m), x: n", "D(f)(x)"),
        (r"Df(x)", "f: (n) -> (m), x: n", "D(f)(x)"),
        (r"\dot{A}(t) x(t) + A(t) \dot{x}(t)", "A: () -> (n, n), x: () -> (n), t:", "D(A)(t) @ x(t) + A(t) @ D(x)(t)"),
        (r"m \ddot{q}(t) + \nabla V(q(t))", "V: (n) -> (), q: () -> (n), m:, t:", "m*D(q, 2)(t) + grad(V)(q(t))"),
        (r"g'(t)^2 + g''(t)", "g: () -> (), t:", "D(g)(t)**2 + D(g, 2)(t)"),
        (r"\phi'(Wx + b)", "phi: () -> (), W: m n, x: n, b: m", "D(phi)(W @ x + b)"),
        (r"\partial_1 h(x, y) + \partial_2^2 h(x, y)", "h: (), () -> (), x:, y:", "D(h, 1, 0)(x, y) + D(h, 0, 2)(x, y)"),
        (r"\nabla_1 L(x, \lambda)", "L: (n), (m) -> (), x: n, lam: m", "grad(L, 1, 0)(x, lam)"),
        (r"-\operatorname{tr}(A(t)^{-1} A'(t) A(t)^{-1} B)", "A: () -> (n, n), B: n n, t:", "-tr(inv(A(t)) @ D(A)(t) @ inv(A(t)) @ B)"),
        (r"\sum_{i=1}^m f(X_{i,:}^\top)", "f: (n) -> (), X: m n", "sum(f(X[i, :].T) for i in range(m))"),
        (r"2 f\left(\frac{x}{2}\right)", "f: (n) -> (), x: n", "2*f(1/2*x)"),
        (
            r"\nabla_x L(x, \lambda) + A^\top \nabla_\lambda L(x, \lambda)",
            "L: (n), (m) -> (), x: n, lam: m, A: m n",
            "grad(L, 1, 0)(x, lam) + A.T @ grad(L, 0, 1)(x, lam)",
        ),
        (r"\nabla^2_{x\lambda} L(x, \lambda)", "L: (n), (m) -> (), x: n, lam: m", "D(L, 1, 1)(x, lam)"),
        (r"\partial_t u(x, t) - c^2 \partial_{xx} u(x, t)", "u: (), () -> (), x:, t:, c:", "D(u, 0, 1)(x, t) - c**2*D(u, 2, 0)(x, t)"),
        (r"\partial_{\theta_1} \ell(\theta_1, x)", "ell: (), (n) -> (), theta_1:, x: n", "D(ell, 1, 0)(theta_1, x)"),
        (r"\sum_{i=1}^m w_i f_i(x)^2", "f: (n) -> (m), x: n, w: m", "sum(w[i]*f(x)[i]**2 for i in range(m))"),
        (r"\sum_{i=1}^m \ell(w^\top x_i, y_i)", "ell: (), () -> (), w: n, X: m n, y: m", "sum(ell(w.T @ X[i, :].T, y[i]) for i in range(m))"),
        (r"\mathbf{J}_{\mathbf{f}}(\mathbf{x})^\top \mathbf{f}(\mathbf{x})", "f: (n) -> (m), x: n", "D(f)(x).T @ f(x)"),
        (r"x'f(x)", "f: (n) -> (n), x: n", "x.T @ f(x)"),
        (r"\mathrm{loss}(Xw - y)", "loss: (m) -> (), X: m n, w: n, y: m", "loss(X @ w - y)"),
    ],
)
def test_latex_as_people_type_it(latex, shapes, text):
    assert wrt.equal(wrt.parse(latex, shapes, syntax="latex"), wrt.parse(text, shapes))


@pytest.mark.parametrize(
    ("latex", "shapes", "says"),
    [
        (r"f^2(x)", "f: (n) -> (), x: n", "is f^2 a power of f or of its value?"),
        (r"\nabla h(x, y)", "h: (n), (n) -> (), x: n, y: n", "h is declared h: (n), (n) -> (): by which of its arguments?"),
        (r"\nabla_x h(x, x)", "h: (n), (n) -> (), x: n", "h is declared h: (n), (n) -> (): by which of its arguments?"),
        (r"h'(x, y)", "h: (), () -> (), x:, y:", "h is declared h: (), () -> (): a prime does not say by which argument."),
        (r"\nabla f(x)", "f: (n) -> (m), x: n", r"is \nabla f(x) the Jacobian or its transpose?"),
        (r"f(y)", "f: (n) -> (), y: m", "f takes n x 1; y is m x 1."),
    ],
)
def test_latex_that_does_not_say_which_derivative_is_asked_about(latex, shapes, says):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(latex, shapes, syntax="latex")
    assert caught.value.message == says


# ---------------------------------------------------------------------------------------------------- declarations
def test_declarations_as_text_and_as_mapping_are_one():
    text = wrt.parse("h(x, F(X))", "h: (n), (p q) -> (); F: (m, n) -> (p, q)\nx: n, X: m n").declarations
    mapping = wrt.parse("h(x, F(X))", {"h": "(n), (p q) -> ()", "F": "(m n) -> (p q)", "x": ("n",), "X": "m n"}).declarations
    assert text == mapping
    assert str(text["h"]) == "h: (n), (p, q) -> ()"


def test_composite_and_literal_sizes_are_declared_like_those_of_variables():
    f = wrt.parse("f(x)", "f: (m+1) -> (3 n), x: m+1")
    assert [str(s) for s in f.declarations["f"].sizes] == ["m + 1", "3", "n"]


def test_arguments_that_nobody_declared_have_the_declared_shapes():
    f = wrt.parse("h(A @ x - b, Y, c)", "h: (m), (p q), () -> ()")
    assert f.source.assumed == ("A: m x n", "x: n", "b: m", "Y: p x q", "c: scalar")


def test_functions_of_scalars_go_entry_by_entry_and_say_nothing_of_their_argument():
    f = wrt.parse("sum(phi(x))", "phi: () -> ()")
    assert f.source.assumed == ("x: n",)
    assert wrt.parse("phi(x)", "phi: () -> ()").source.assumed == ("x: scalar",)


def test_a_function_may_have_any_name_that_is_free():
    for name in ("powers", "pow", "minors", "gt", "onehot", "inv_each", "φ", "f_1", "loss"):
        d = wrt.derive(f"{name}(x)", "x", shapes={name: "(n) -> ()", "x": ("n",)})
        assert (str(d), d.verified) == (f"grad({name})(x)", "exact")


# ---------------------------------------------------------------------------------------------------- what is true of every function, and what is not
@pytest.mark.parametrize(
    ("left", "right", "shapes", "status"),
    [
        ("hess(g)(x)", "hess(g)(x).T", "g: (n) -> (), x: n", "equal"),
        ("D(g)(x)", "grad(g)(x).T", "g: (n) -> (), x: n", "equal"),
        ("D(g, 2)(x)", "hess(g)(x)", "g: (n) -> (), x: n", "equal"),
        ("D(f, 2)(x)[0, 1, 2]", "D(f, 2)(x)[0, 2, 1]", "f: (n) -> (m), x: n", "equal"),
        ("D(f, 2)(x)[0, 1, 2]", "D(f, 2)(x)[1, 0, 2]", "f: (n) -> (m), x: n", "different"),
        ("D(f)(x)", "D(f)(x).T", "f: (n) -> (n), x: n", "different"),
        ("D(h, 1, 1)(x, y)", "D(h, 1, 1)(x, y).T", "h: (n), (n) -> (), x: n, y: n", "different"),
        ("D(h, 1, 1)(x, y)", "D(h, 1, 1)(y, x).T", "h: (n), (n) -> (), x: n, y: n", "different"),
        ("f(x + y)", "f(x) + f(y)", "f: (n) -> (m), x: n, y: n", "different"),
        ("f(x) @ g(x).T", "(g(x) @ f(x).T).T", "f: (n) -> (m), g: (n) -> (p), x: n", "equal"),
        ("phi(x)[0]", "phi(x[0])", "phi: () -> (), x: n", "equal"),
        ("phi(x.T)", "phi(x).T", "phi: () -> (), x: n", "equal"),
        ("phi(-t)", "phi(t)", "phi: () -> (), t:", "different"),
        ("phi(t)*psi(t)", "psi(t)*phi(t)", "phi: () -> (), psi: () -> (), t:", "equal"),
        ("phi(t)", "psi(t)", "phi: () -> (), psi: () -> (), t:", "different"),
        ("D(phi)(2*t)", "2*D(phi)(t)", "phi: () -> (), t:", "different"),
        ("S(t)", "S(t).T", "S: () -> (n, n) symmetric, t:", "equal"),
        ("D(S)(t)", "D(S)(t).T", "S: () -> (n, n) symmetric, t:", "equal"),
        ("S(t)", "S(t).T", "S: () -> (n, n), t:", "different"),
        ("det(hess(g)(x))", "0", "g: (n) -> (), x: n", "different"),
    ],
)
def test_equality_is_of_every_function(left, right, shapes, status):
    assert bool(wrt.equal(left, right, shapes=shapes)) is (status == "equal")


@pytest.mark.parametrize("seed", range(16))
def test_random_formulas_are_proved_and_read_back(seed):
    shapes = {
        "f": "(n) -> (n)",
        "g": "(n) -> ()",
        "h": "(n), (n) -> ()",
        "u": "() -> ()",
        "A": "() -> (n, n)",
        "q": "() -> (n)",
        "k": "(n), () -> (n)",
    }
    shapes |= {"x": ("n",), "y": ("n",), "t": (), "B": ("n", "n")}
    text = random_formula(random.Random(seed))
    d = wrt.derive(text, ("x", "t")[seed % 2], shapes=shapes)
    assert d.verified == "exact"
    for view in [d.formula] if d.matrix is None else [d.formula, d.matrix]:
        for syntax, words in (("python", str(view)), ("unicode", view.unicode()), ("latex", view.latex())):
            again = wrt.parse(words, shapes, syntax=syntax)
            assert str(again) == str(view) or wrt.equal(again, view)


def random_formula(draw: random.Random, depth: int = 3) -> str:
    """A scalar formula of declared functions, nested."""

    def vector(d: int) -> str:
        if d <= 0 or draw.random() < 0.2:
            return draw.choice(["x", "y", "q(t)"])
        a, b, c = vector(d - 1), vector(d - 1), scalar(d - 1)
        return draw.choice(
            [
                f"f({a})",
                f"B @ ({a})",
                f"({a} + {b})",
                f"({a})*({b})",
                f"A({c}) @ ({a})",
                f"k({a}, {c})",
                f"u({a})",
                f"grad(g)({a})",
                f"D(f)({a}) @ ({b})",
            ]
        )

    def scalar(d: int) -> str:
        if d <= 0 or draw.random() < 0.2:
            return draw.choice(["t", "2", "u(t)"])
        a, b, c = vector(d - 1), vector(d - 1), scalar(d - 1)
        return draw.choice(
            [
                f"g({a})",
                f"h({a}, {b})",
                f"u({c})",
                f"(({a}).T @ ({b}))",
                f"({c} + {scalar(d - 1)})",
                f"D(u)({c})",
                f"sum(u({a}))",
                f"D(k, 0, 1)({a}, {c})[0]",
            ]
        )

    return scalar(depth)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("A.T @ grad(g)(A @ x)", True),
        ("(D(g)(A @ x) @ A).T", True),
        ("grad(g)(A @ x)", False),
        ("A.T @ grad(g)(x)", False),
        ("A.T @ A @ grad(g)(A @ x)", False),
        ("A @ grad(g)(A @ x)", False),
        (r"A^\top \nabla g(Ax)", True),
    ],
)
def test_an_answer_made_by_hand_is_marked(answer, right):
    mark = wrt.check("g(A @ x)", "x", answer=answer, shapes="A: n n, x: n, g: (n) -> ()")
    assert mark.right is right
    assert mark.counterexample is None  # at a point a function that nobody knows has no value


def test_mixed_partial_derivatives_commute():
    shapes = "L: (n), (m), () -> (), q: n, v: m, t:"
    one, other = wrt.derive("L(q, v, t)", "q", "t", shapes=shapes), wrt.derive("L(q, v, t)", "t", "q", shapes=shapes)
    assert str(one) == str(other) == "grad(L, 1, 0, 1)(q, v, t)"
    assert str(wrt.derive("L(q, v, t)", "v", "q", shapes=shapes)) == "D(L, 1, 1, 0)(q, v, t).T"


def test_orders_three_and_four_are_printed_by_index():
    d = wrt.derive("g(A @ x)", "x", "x", "x", shapes="A: m n, x: n, g: (m) -> ()")
    assert d.matrix is None
    assert "D(g, 3)(A @ x)" in str(d.index)
    assert d.verified == "exact"


def test_operators_and_expansions_name_the_derivatives():
    shapes = "f: (n) -> (m), g: (n) -> (), x: n, v: n, u: m, a: n"
    assert str(wrt.jvp("f(x)", "x", "v", shapes=shapes)) == "D(f)(x) @ v"
    assert str(wrt.vjp("f(x)", "x", "u", shapes=shapes)) == "D(f)(x).T @ u"
    assert str(wrt.hvp("g(x)", "x", "v", shapes=shapes)) == "hess(g)(x) @ v"
    assert str(wrt.linearize("f(x)", "x", at={"x": "a"}, shapes=shapes)) == "f(a) + D(f)(a) @ (x - a)"
    assert str(wrt.taylor("g(x)", "x", at={"x": "a"}, order=2, shapes=shapes)) == "g(a) + grad(g)(a).T @ (x - a) + (x - a).T @ hess(g)(a) @ (x - a)/2"


@pytest.mark.parametrize("style", ["differential", "chain", "componentwise"])
def test_steps_name_the_chain_rule(style):
    steps = wrt.derive("g(A @ x)", "x", shapes="A: m n, x: n, g: (m) -> ()").steps(style=style)
    assert "grad(g)(A @ x)" in str(steps)
    assert str(steps).splitlines()[-1].startswith("so A.T @ grad(g)(A @ x)")


# ---------------------------------------------------------------------------------------------------- refusals
REFUSED = [
    ("g(A @ x)", "A: m n, x: n", "UnknownNameError", "'g' is not a function of the language.", "g: (n) -> (m)"),
    ("D(g)(x)", "x: n", "UnknownNameError", "'g' is not a declared function.", "g: (n) -> (m)"),
    ("g(A @ x)", "A: m n, x: n, g: (n) -> ()", "ShapeError", "g takes n x 1; A @ x is m x 1.", "g: (n) -> ()"),
    ("g(x.T)", "x: n, g: (n) -> ()", "ShapeError", "g takes n x 1; x.T is 1 x n.", "x.T.T"),
    ("h(x, X)", "x: n, X: m n, h: (n), (m m) -> ()", "ShapeError", "h takes m x m as argument 2; X is m x n.", "h: (n), (m, m) -> ()"),
    ("A(x)", "x: n, A: () -> (n, n)", "ShapeError", "A takes a scalar; x is n x 1.", "A: () -> (n, n)"),
    ("g(x, x)", "x: n, g: (n) -> ()", "TextError", "g takes 1 argument, found 2.", "g: (n) -> ()"),
    ("g() + x", "x: n, g: (n) -> ()", "TextError", "g takes 1 argument, found 0.", "g: (n) -> ()"),
    ("g(x, axis=0)", "x: n, g: (n) -> ()", "TextError", "g takes 1 argument, found 2.", "g: (n) -> ()"),
    ("g + x", "x: n, g: (n) -> ()", "TextError", "g is a function and needs its arguments; it is declared g: (n) -> ().", ""),
    ("D(h)(x, x)", "x: n, h: (n), (n) -> ()", "TextError", "D(h) does not say how often by each of the 2 arguments.", "D(h, 1, 0)"),
    ("D(g, 1, 0)(x)", "x: n, g: (n) -> ()", "TextError", "D(g, 1, 0) does not say how often by each of the 1 arguments.", "D(g, 1)"),
    ("D(g, x)(x)", "x: n, g: (n) -> ()", "TextError", "an order of a derivative is a whole number, not x.", "D(f, 2)(x)"),
    ("D(g, 99)(x)", "x: n, g: (n) -> ()", "TooLargeError", "derivatives up to order 12 may be written.", ""),
    ("D(2)(x)", "x: n, g: (n) -> ()", "TextError", "D takes the name of a declared function.", "D(f)(x)"),
    ("grad(f)(x)", "x: n, f: (n) -> (m)", "ShapeError", "grad is the first derivative of a scalar function by one array; it is declared f: (n) -> (m).", "D(f)(x)"),
    ("hess(F)(X)", "X: m n, F: (m n) -> ()", "ShapeError", "hess needs a scalar function of one vector; it is declared F: (m, n) -> ().", "D(F, 2)"),
    ("f(x)", "x: n, f: n -> m", "TextError", "'n' is no list of arguments: sizes in parentheses for each, () for a scalar.", "f: (n), () -> (m)"),
    ("f(x)", "x: n, f: (n) -> m", "TextError", "'m' is no value: its sizes in parentheses, () for a scalar.", "f: (n) -> (m)"),
    (
        "f(x)",
        "x: n, f: (n) -> (m) onehot",
        "TextError",
        "'onehot' is said of a function: of its value symmetric, spd, invertible, det_positive, positive, nonzero are known.",
        "",
    ),
    ("f(x)", "x: n, f: (n) -> (m) spd", "ShapeError", "f cannot be spd: that needs a square matrix, and its value is m x 1.", ""),
    ("f(x)", "x: n, f: (n) -> (m, n) symmetric", "ShapeError", "f cannot be symmetric: that needs a square matrix, and its value is m x n.", ""),
    ("f(x)", "x: n, exp: (n) -> (m)", "TextError", "'exp' is a function of the language and cannot be declared.", "another name"),
    ("f(x)", "x: n, D: (n) -> (m)", "TextError", "'D' is a function of the language and cannot be declared.", "another name"),
    ("f(x)", "x: n, f: (n) -> (x)", "TextError", "'x' is both a size and a variable.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "kind", "message", "hint"), REFUSED, ids=[f"{r[0]} {r[1]}" for r in REFUSED])
def test_what_does_not_fit_is_refused(text, shapes, kind, message, hint):
    with pytest.raises(wrt.WrtError) as caught:
        wrt.parse(text, shapes)
    assert (type(caught.value).__name__, caught.value.message) == (kind, message)
    assert hint in caught.value.hint


def test_the_caret_stands_under_the_argument_that_does_not_fit():
    with pytest.raises(wrt.ShapeError) as caught:
        wrt.parse("2*g(A @ x)", "A: m n, x: n, g: (n) -> ()")
    assert str(caught.value) == "g takes n x 1; A @ x is m x 1.\n    2*g(A @ x)\n        ^^^^^\n  hint: it is declared g: (n) -> ()."


def test_there_is_no_derivative_by_a_function():
    with pytest.raises(wrt.NotDifferentiableError, match="g is a function: the derivative is by a variable"):
        wrt.derive("g(x)", "g", shapes="g: (n) -> (), x: n")
    assert wrt.derive("g(x)", shapes="g: (n) -> (), x: n").names == ("x",)


def test_two_formulas_must_declare_a_function_alike():
    with pytest.raises(wrt.ShapeError, match=r"g is declared twice, differently: a function \(n\) -> \(\) and a function \(n\) -> \(n\)"):
        wrt.parse("g(x)", "g: (n) -> (), x: n") + wrt.parse("g(x)[0]", "g: (n) -> (n), x: n")


# ---------------------------------------------------------------------------------------------------- programs
def test_a_program_calls_the_functions_that_it_is_passed():
    d = wrt.derive("g(A @ x)", "x", shapes="A: m n, x: n, g: (m) -> ()")
    a, x = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 2.0])
    got = d(A=a, x=x, g=[lambda u: (u**3).sum(), lambda u: 3 * u**2])
    assert np.allclose(got, a.T @ (3 * (a @ x) ** 2))
    assert "A.T @ g[1](A @ x)" in d.compile().source


@pytest.mark.parametrize(
    ("passed", "kind", "message"),
    [
        (np.sum, wrt.NotDifferentiableError, "the program needs grad(g), which was not passed."),
        ([np.sum], wrt.NotDifferentiableError, "the program needs grad(g), which was not passed."),
        ([None, lambda u: u[:, None]], wrt.ShapeError, "grad(g) returned shape (2, 1); it is 2."),
        (3.0, wrt.TextError, "g is a function and is passed as a Python function."),
    ],
)
def test_what_is_passed_for_a_function_is_checked(passed, kind, message):
    d = wrt.derive("g(A @ x)", "x", shapes="A: m n, x: n, g: (m) -> ()")
    with pytest.raises(kind) as caught:
        d(A=np.ones((2, 3)), x=np.ones(3), g=passed)
    assert caught.value.message == message
    assert "pass g=[value, derivative, second derivative, ...]" in caught.value.hint or kind is wrt.ShapeError


def test_a_size_that_only_a_function_shows_is_asked_for_where_the_code_needs_it():
    functions = [lambda x: np.ones(3), lambda x: np.outer([1.0, 2.0, 3.0], x)]
    shapes = "f: (n) -> (m), x: n"
    assert wrt.derive("norm(f(x))**2", "x", shapes=shapes)(x=[1.0, 2.0], f=functions).tolist() == [12.0, 24.0]
    mean = wrt.derive("mean(f(x))", "x", shapes=shapes)
    with pytest.raises(wrt.ShapeError, match="no array shows the size m"):
        mean(x=[1.0, 2.0], f=functions)
    assert mean(x=[1.0, 2.0], f=functions, m=3).tolist() == [2.0, 4.0]


def test_jax_programs_take_functions_too():
    jax = pytest.importorskip("jax")
    d = wrt.derive("sum(f(X[i, :].T, w) for i in range(m))", "w", shapes="f: (n), (p) -> (), X: m n, w: p")
    f = lambda x, w: (x**2).sum() * jax.numpy.sin(w).sum()  # noqa: E731
    x, w = np.arange(6.0).reshape(2, 3), np.array([0.5, 1.5])
    got = d.compile(backend="jax")(X=x, w=w, f={(0, 1): jax.grad(f, argnums=1)})
    assert np.allclose(got, (x**2).sum() * np.cos(w), rtol=1e-5)


def test_verify_draws_a_function():
    found = wrt.verify("tr(inv(A(t)) @ B)", "t", shapes="A: () -> (n, n), B: n n, t:")
    assert found.largest_difference < 1e-9


# ---------------------------------------------------------------------------------------------------- definitions
@pytest.mark.parametrize(
    ("text", "shapes", "names", "definitions"),
    [
        ("g(A @ x)", "A: m n, x: n, g: (m) -> ()", "x", {"g": "u -> norm(u)**2"}),
        ("g(A @ x)", "A: m n, x: n, g: (m) -> ()", "x x", {"g": "u -> logsumexp(u)"}),
        ("g(A @ x)", "A: m n, x: n, g: (m) -> ()", "x", {"g": lambda u: wrt.norm(u) ** 2}),
        ("sum(phi(W @ x))", "W: m n, x: n, phi: () -> ()", "x x", {"phi": "x -> x**2"}),
        ("inv(A(t))", "A: () -> (n n), B: n n, C: n n, t:", "t", {"A": "t -> B + t*C"}),
        ("f(x)", "f: (n) -> (m), B: m n, x: n", "x", {"f": "x -> B @ x"}),
        ("L(q(t), D(q)(t), t)", "L: (n), (n), () -> (), q: () -> (n), k:, t:", "t", {"L": "q, v, t -> v.T @ v/2 - k*q.T @ q"}),
        ("norm(f(x) - y)**2/2", "f: (n) -> (m), B: m n, x: n, y: m", "x x", {"f": "x -> exp(B @ x)"}),
        ("f(g(x))", "f: (m) -> (), g: (n) -> (m), B: m n, x: n", "x", {"g": "x -> tanh(B @ x)", "f": "u -> sum(u**3)"}),
        ("sum(f(X[i, :].T, w) for i in range(m))", "f: (n), (n) -> (), X: m n, w: n", "w", {"f": "x, w -> (w.T @ x)**2"}),
        ("D(g)(x) @ x", "g: (n) -> (), x: n", "x", {"g": "z -> z.T @ z"}),
    ],
)
def test_defining_a_function_and_differentiating_commute(text, shapes, names, definitions):
    f = wrt.parse(text, shapes)
    defined_last = wrt.substitute(wrt.derive(f, *names.split()), definitions)
    defined_first = wrt.derive(wrt.substitute(f, definitions), *names.split())
    assert wrt.equal(defined_last, defined_first.matrix)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("B @ x", wrt.TextError, "f is a function of 1: 'B @ x' does not define it."),
        ("x, y -> x", wrt.TextError, "f is a function of 1: 'x, y -> x' does not define it."),
        ("x -> x.T @ x", wrt.ShapeError, "f is declared f: (n) -> (m); its definition is a scalar."),
        ("i -> array(i[i] for i in range(n))", wrt.TextError, "an index of 'array(i[i] for i in range(n))' has the name of an argument."),
        (3, wrt.TextError, "f is a function, and is defined by a text or a Python function of formulas."),
    ],
)
def test_what_defines_no_function_is_refused(value, kind, message):
    with pytest.raises(kind) as caught:
        wrt.substitute(wrt.parse("f(x)", "f: (n) -> (m), x: n"), f=value)
    assert caught.value.message == message


# ---------------------------------------------------------------------------------------------------- command line
def test_the_command_line_declares_functions():
    done = CliRunner().invoke(main, ["derive", "g(A @ x)", "--wrt", "x", "-v", "g: (m) -> ()"], prog_name="wrt")
    assert done.exit_code == 0
    assert "df/dx       Aᵀ∇g(Ax)" in done.output
    assert "assumed     A: m x n, x: n" in done.output
    refused = CliRunner().invoke(main, ["derive", "h(x, y)", "--wrt", "x", "-v", "h: (n), (m) -> ()", "-v", "y: n"], prog_name="wrt")
    assert refused.exit_code != 0
    assert "h takes m x 1 as argument 2; y is n x 1." in refused.output


@pytest.mark.parametrize(
    ("text", "shapes", "by", "printed"),
    [
        ("log(det(S(t)))", "S: () -> (n, n) spd, t:", "t", "tr(inv(S(t)) @ D(S)(t))"),
        ("abs(phi(x))", "phi: () -> () positive, x:", "x", "D(phi)(x)"),
        ("det(S(t))", "S: () -> (n, n) invertible, t:", "t", "det(S(t))*tr(inv(S(t)) @ D(S)(t))"),
    ],
)
def test_facts_of_a_value_are_used_and_leave_no_condition(text, shapes, by, printed):
    d = wrt.derive(text, by, shapes=shapes)
    assert (str(d), d.conditions) == (printed, ())
    assert d.verified in ("exact", "numeric")
