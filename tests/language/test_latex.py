"""LaTeX as people type it: what each spelling is read as, what is asked because it has two meanings, what is refused and where."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from text_reference import evaluate
from wrt.errors import ShapeError, TextError, TooLargeError, UnknownNameError, WrtError
from wrt.language import latex
from wrt.language.declarations import declare
from wrt.language.shapes import annotate
from wrt.language.surface import Declaration
from wrt.language.unparse import unparse

CASES = Path(__file__).parents[1] / "cases" / "dialects" / "latex.jsonl"
DECLARED = (
    "A: m n, X: m n, B: n p, S: n n symmetric, M: n n, K: m m spd, x: n, z: n, w: n, b: m, y: m, c:, t:, λ:, β_0:, W1: k n, b1: k, v: k, "
    "x_hat: n, x_ref: n, x_star: n, Σ: n n spd, μ: n"
)
NAMES = {"x_i": "X[i,:].T", "y^{(i)}": "y[i]", "W^{(1)}": "W1", r"\tilde{x}": "x_ref"}


def read(typed: str, declared: str = DECLARED, names: dict[str, str] | None = None) -> str:
    """The text that a LaTeX text is read as, after its shapes have been checked."""
    known = declare(declared)
    reading = latex.read(typed, {n: d.shape for n, d in known.items()}, names or {}, {n: d.facts for n, d in known.items()})
    annotate(reading.tree, {**known, **{n: Declaration(n, s) for n, s in reading.assumed.items()}})
    return unparse(reading.tree)


def refused(typed: str, kind: type[WrtError], **given: object) -> WrtError:
    with pytest.raises(kind) as caught:
        read(typed, **given)
    assert caught.value.text == typed
    assert caught.value.span is not None
    return caught.value


PRODUCTS = [
    (r"Ax-b", "A @ x - b"),
    (r"\frac{1}{2} x^\top S x", "1/2*x.T @ S @ x"),
    (r"x^T S x x^T z", "x.T @ S @ x @ x.T @ z"),
    (r"x^T z w", "(x.T @ z)*w"),
    (r"xz^T", "x @ z.T"),
    (r"b^\top A x / x^\top x", "b.T @ A @ x/(x.T @ x)"),
    (r"1/2 x^T S x", "1/2*x.T @ S @ x"),
    (r"c x\cdot z", "(c*x).T @ z"),
    (r"x\cdot S z", "x.T @ (S @ z)"),
    (r"S\cdot x", "S @ x"),
    (r"x \odot z", "x*z"),
    (r"S \circ X^\top X", "S*(X.T @ X)"),
    (r"S \odot M x", "(S*M) @ x"),
    (r"x \oslash z", "x/z"),
    (r"S \otimes M", "kron(S, M)"),
    (r"(I\otimes A)\operatorname{vec}(X^T)", "kron(eye(m), A) @ vec(X.T)"),
    (r"S : xx^T", "sum(S*(x @ x.T))"),
    (r"\langle x, z\rangle", "x.T @ z"),
    (r"\langle A, X\rangle_F", "sum(A*X)"),
    (r"\left\langle x, z \right\rangle_S", "x.T @ S @ z"),
    (r"x^T y^T A z", "x.T*(y.T @ A @ z)"),
]
TRANSPOSES = [
    (r"x^T z", "x.T @ z"),
    (r"x^{\text{t}} z", "x.T @ z"),
    (r"x^\top z", "x.T @ z"),
    (r"x^{\intercal}z", "x.T @ z"),
    (r"x^{\mathsf T}z", "x.T @ z"),
    (r"x^{\rm T} z", "x.T @ z"),
    (r"x'z", "x.T @ z"),
    (r"x^{\prime}z", "x.T @ z"),
    (r"(Ax)'b", "(A @ x).T @ b"),
    (r"S^{-T}x", "inv(S).T @ x"),
    (r"S^{-1\top}x", "inv(S).T @ x"),
    (r"S'^{-1}", "inv(S.T)"),
    (r"{S^T}^{-1}", "inv(S.T)"),
    (r"S^{T}{}^{-1}", "inv(S.T)"),
    (r"W^{(1)\top} v", "W1.T @ v"),
    ("x⊤Sx", "x.T @ S @ x"),
    ("xᵀS⁻¹x", "x.T @ inv(S) @ x"),
]
POWERS = [
    (r"S^2", "matpow(S, 2)"),
    (r"S^{-2}", "matpow(S, -2)"),
    (r"S^{1/2}", "sqrtm(S)"),
    (r"S^{-\frac12}", "inv(sqrtm(S))"),
    (r"A^+ b", "pinv(A) @ b"),
    (r"x^{\odot 2}", "x**2"),
    (r"A^{\circ\frac12}", "A**(1/2)"),
    (r"\tanh^2(Ax)", "tanh(A @ x)**2"),
    (r"1 - \tanh(x)^2", "1 - tanh(x)**2"),
    (r"e^{-c^2}", "exp(-c**2)"),
    (r"e^{tS}x", "expm(t*S) @ x"),
    (r"\mathrm{e}^{x}", "exp(x)"),
    (r"\sqrt[3]{c}", "c**(1/3)"),
    (r"\frac12 c", "1/2*c"),
    (r"\frac c\lambda", "c/λ"),
    (r"{c \over t}", "c/t"),
    (r"\frac{c^{2}}{2}", "c**2/2"),
]
NORMS = [
    (r"\|Ax-b\|_2^2", "norm(A @ x - b)**2"),
    (r"\lVert x\rVert_1", "norm(x, 1)"),
    (r"||x||_\infty", "norm(x, inf)"),
    (r"\left\| x \right\|_3^3", "norm(x, 3)**3"),
    (r"\Vert A \Vert_F^2", "norm(A)**2"),
    (r"\|A\|_{\mathrm{F}}", "norm(A)"),
    (r"\|A\|_*", 'norm(A, "nuc")'),
    (r"\|A\|_2", 'norm(A, "spec")'),
    (r"\|x-\mu\|_{\Sigma^{-1}}^2", "(x - μ).T @ inv(Σ) @ (x - μ)"),
    (r"\|x\|_S", "sqrt(x.T @ S @ x)"),
    (r"|c|", "abs(c)"),
    (r"|x^\top z|", "abs(x.T @ z)"),
    (r"||c|-|t||", "abs(abs(c) - abs(t))"),
    (r"|x|^2", "norm(x)**2"),
    (r"\ln|S|", "logdet(S)"),
    (r"\log\left|\det S\right|", "logdet(S)"),
    (r"\log\det(I + S)", "logdet(eye(n) + S)"),
    (r"\ln(\det S)", "log(det(S))"),
    (r"|X^TX| - \lambda", "det(X.T @ X) - λ"),
    (r"|\Sigma|^{-1/2}", "det(Σ)**(-1/2)"),
    (r"\frac{|S|}{|M|}", "det(S)/det(M)"),
]
FUNCTIONS = [
    (r"\operatorname{tr}(SM)", "tr(S @ M)"),
    (r"\mathrm{tr} \left[ S M \right]", "tr(S @ M)"),
    (r"{\rm Tr}(SM)", "tr(S @ M)"),
    (r"Tr(SM)", "tr(S @ M)"),
    (r"\operatorname{tr}S^{-1}M + c", "tr(inv(S) @ M) + c"),
    (r"\operatorname{tr}S^{-1}(M + S)", "tr(inv(S) @ (M + S))"),
    (r"\det S \det M", "det(S)*det(M)"),
    (r"\sin c\cos t + \sin^2 c", "sin(c)*cos(t) + sin(c)**2"),
    (r"\sin 2c", "sin(2*c)"),
    (r"\frac n2\log 2\pi", "n/2*log(2*pi)"),
    (r"\log_2 c", "log(c)/log(2)"),
    (r"\exp\left\{-\frac{c^2}{2}\right\}", "exp(-c**2/2)"),
    (r"\sigma(w^\top x + c)", "sigmoid(w.T @ x + c)"),
    (r"\operatorname{softmax}(Ax)", "softmax(A @ x)"),
    (r"\max(0, 1-c)", "maximum(0, 1 - c)"),
    (r"\max\{0, c\}^2", "maximum(0, c)**2"),
    (r"[1-c]_+", "relu(1 - c)"),
    (r"\ln\Gamma(c)", "gammaln(c)"),
    (r"\operatorname{diag}(x)^{-1}z", "inv(diag(x)) @ z"),
    (r"\operatorname{diag}(c, t)", "diag([c, t])"),
    (r"\mathrm{KL}(x\,\|\,z)", "sum(x*log(x/z))"),
    (r"\lambda_{\max}(A^\top A)", "max(eigvalsh(A.T @ A))"),
    (r"\sigma_{\min}(A)", "min(svdvals(A))"),
]
SUMS = [
    (r"\sum_{i=1}^n w_i^2", "sum(w[i]**2 for i in range(n))"),
    (r"\sum_i w_i", "sum(w[i] for i in range(n))"),
    (r"-\sum w_i\log w_i", "-sum(w[i]*log(w[i]) for i in range(n))"),
    (r"\sum w", "sum(w)"),
    (r"\sum_{i=1}^n w_i + c", "sum(w[i] for i in range(n)) + c"),
    (r"\sum_{i,j=1}^{n}S_{ij}w_iw_j", "sum(S[i, j]*w[i]*w[j] for i in range(n) for j in range(n))"),
    (r"\sum_{i=1}^n\sum_{j=1}^n S_{ij}", "sum(S[i, j] for i in range(n) for j in range(n))"),
    (r"\sum_{i<j} S_{ij}", "sum(S[i, j] for i in range(n) for j in range(n) if i < j)"),
    (r"\sum_{1\le i<j\le n} (w_i-w_j)^2", "sum((w[i] - w[j])**2 for i in range(n) for j in range(n) if i < j)"),
    (r"\sum_{i=1}^{n}\sum_{j\ne i} S_{ij}", "sum(S[i, j] for i in range(n) for j in range(n) if j != i)"),
    (r"\sum_{i=1}^{n}\sum_{j=i+1}^{n} S_{ij}", "sum(S[i, j] for i in range(n) for j in range(i + 1, n))"),
    (r"\sum_{\substack{i,j=1\\ i\ne j}}^n S_{ij}", "sum(S[i, j] for i in range(n) for j in range(n) if i != j)"),
    (r"\sum_{i=2}^{n} (w_i - w_{i-1})^2", "sum((w[i] - w[i - 1])**2 for i in range(1, n))"),
    (r"\sum_{i\in[n]} w_i", "sum(w[i] for i in range(n))"),
    (r"\sum_{i\in\{1,\dots,n\}} w_i", "sum(w[i] for i in range(n))"),
    (r"\sum_{j=0}^{3} t^j", "sum(t**j for j in range(4))"),
    (r"\sum_{j=1}^n j w_j", "sum((j + 1)*w[j] for j in range(n))"),
    (r"\sum_{n=1}^m b_n", "sum(b[i] for i in range(m))"),
    (r"\prod_{i=1}^n w_i", "prod(array(w[i] for i in range(n)))"),
    (r"\max_i |w_i|", "max(array(abs(w[i]) for i in range(n)))"),
    (r"\log\sum_{i=1}^n e^{w_i}", "log(sum(exp(w[i]) for i in range(n)))"),
    (r"\sum_{i,j}\delta_{ij}S_{ij}", "sum((i == j)*S[i, j] for i in range(n) for j in range(n))"),
    (r"\sum_{i=1}^n\mathbb{1}[w_i>0]", "sum(w[i] > 0 for i in range(n))"),
    (r"\sum_{i=1}^n e_i^\top S e_i", "sum(eye(n)[:, i].T @ S @ eye(n)[:, i] for i in range(n))"),
    ("∑ᵢ wᵢ²", "sum(w[i]**2 for i in range(n))"),
]
ENTRIES = [
    (r"S_{12}", "S[0, 1]"),
    (r"S_{1,2}", "S[0, 1]"),
    (r"(S^{-1})_{12}", "inv(S)[0, 1]"),
    (r"S^{-1}_{12}", "inv(S)[0, 1]"),
    (r"[Ax]_1", "(A @ x)[0]"),
    (r"w_{12}", "w[11]"),
    (r"w_n^2", "w[n - 1]**2"),
    (r"S_{1,:}", "S[0, :]"),
    (r"S_{\cdot 2}", "S[:, 1]"),
    (r"\sum_{i,j} s_{ij}", "sum(S[i, j] for i in range(n) for j in range(n))"),
    (r"\beta_0", "β_0"),
    (r"x_{\text{ref}}", "x_ref"),
    (r"x_{\rm ref}", "x_ref"),
    (r"\hat{x}", "x_hat"),
    (r"\hat{\mathbf x}", "x_hat"),
    ("x̂", "x_hat"),
    (r"x^*", "x_star"),
    (r"W_1 x + b_1", "W1 @ x + b1"),
    (r"\boldsymbol{\mu}", "μ"),
]
CONSTANTS = [
    (r"\mathbf{1}^\top x", "ones(n).T @ x"),
    (r"1_n^\top x", "ones(n).T @ x"),
    (r"\|X - \mathbb{1}w^\top\|_F", "norm(X - ones(m) @ w.T)"),
    (r"S + \lambda I", "S + λ*eye(n)"),
    (r"I_{n\times n}", "eye(n)"),
    (r"\mathbf{0}_{m\times n} + A", "zeros(m, n) + A"),
    (r"\begin{pmatrix}x\\z\end{pmatrix}", "[x, z]"),
    (r"\begin{bmatrix}S & 0\\0 & I\end{bmatrix}\begin{bmatrix}x\\b\end{bmatrix}", "[[S, zeros(n, m)], [zeros(m, n), eye(m)]] @ [x, b]"),
    (r"\begin{vmatrix}c & 1\\0 & t\end{vmatrix}", "det([[c, 1], [0, t]])"),
    (r"\left[\begin{array}{cc} c & 1 \\ 1 & t \end{array}\right]", "[[c, 1], [1, t]]"),
    (r"(c, t)^\top", "[c, t]"),
    (r"\begin{cases}\frac12 c^2 & |c|\le\lambda\\ \lambda|c| & \text{otherwise}\end{cases}", "where(abs(c) <= λ, 1/2*c**2, λ*abs(c))"),
    (r"\begin{cases}c & \text{if } c>0\\ 0 & c\le 0\end{cases}", "where(c > 0, c, 0)"),
]
AROUND = [
    (r"f(x) = x^\top Sx.", "x.T @ S @ x"),
    (r"f(x) := x^\top Sx", "x.T @ S @ x"),
    (r"\mathcal{L}_{\text{reg}}(x;\lambda) = \lambda\|x\|^2", "λ*norm(x)**2"),
    (r"D_{KL}(P\,\|\,Q) = x^\top z", "x.T @ z"),
    (r"-\log p(x) = \frac12 x^\top S x", "1/2*x.T @ S @ x"),
    (r"x\mapsto x^\top Sx", "x.T @ S @ x"),
    (r"f:\mathbb{R}^n\to\mathbb{R},\quad f(x)=x^\top Sx", "x.T @ S @ x"),
    (r"f(x)=x^\top Sx,\qquad x\in\mathbb{R}^n", "x.T @ S @ x"),
    (r"f(x)=x^\top Sx \text{ for } x\in\mathbb{R}^n", "x.T @ S @ x"),
    (r"f(x)=x^\top Sx \qquad (3)", "x.T @ S @ x"),
    (r"\begin{align*}f(x)&=(Ax-b)^T(Ax-b)\\&=x^TA^TAx-2b^TAx+b^Tb\end{align*}", "(A @ x - b).T @ (A @ x - b)"),
    (r"\begin{split}E={}&\lambda\|x\|^2\\{}+{}&\|x-z\|^2\end{split}", "λ*norm(x)**2 + norm(x - z)**2"),
    (r"\begin{aligned}r&=Ax-b\\f&=r^\top r\end{aligned}", "r = A @ x - b; r.T @ r"),
    (r"\|r\|^2 \text{ where } r = Ax-b", "r = A @ x - b; norm(r)**2"),
    (r"h(x)=\tanh(W_1x),\quad f(x)=v^\top h(x)", "h = tanh(W1 @ x); v.T @ h"),
    (r"\[ x^\top S x \]", "x.T @ S @ x"),
    ("$$ x^T S x $$ % a comment", "x.T @ S @ x"),
    (r"\underbrace{\|Ax-b\|^2}_{\text{fit}}+\lambda\|x\|^2", "norm(A @ x - b)**2 + λ*norm(x)**2"),
]


@pytest.mark.parametrize(("typed", "text"), [*PRODUCTS, *TRANSPOSES, *POWERS, *NORMS, *FUNCTIONS, *SUMS, *ENTRIES, *CONSTANTS, *AROUND])
def test_typed_is_read_as(typed, text):
    assert read(typed, names={"W^{(1)}": "W1"}) == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (r"\sum_{i=1}^m (w^\top x_i - y^{(i)})^2", "sum((w.T @ X[i, :].T - y[i])**2 for i in range(m))"),
        (r"\sum_{j}x_jx_j^\top", "sum(X[j, :].T @ X[j, :] for j in range(m))"),
        (r"\sum_{i=2}^m\|\mathbf{x}_{i}-\mathbf{x}_{i-1}\|^2", "sum(norm(X[i, :].T - X[i - 1, :].T)**2 for i in range(1, m))"),
        (r"x_1^\top w", "X[0, :] @ w"),
        (r"x_{\text{ref}}^\top w", "x_ref.T @ w"),
        (r"(x-\tilde x)^\top w", "(x - x_ref).T @ w"),
    ],
)
def test_the_users_spellings_are_patterns_in_their_indices(typed, text):
    assert read(typed, names=NAMES) == text


ASKED = [
    (r"|S|", "is |S| the determinant or the absolute value?"),
    (r"|x|", "is |x| the norm or the absolute value of each entry?"),
    (r"\|A\|^2", "which norm of the matrix A?"),
    (r"\|A\|_1", "the norm 1 of a matrix has several meanings: of A which?"),
    (r"x^2", "x is a vector (n x 1): what is its power?"),
    (r"x^t z", "is x^t the transpose or a power? t is declared."),
    (r"f(x)", "is f(...) the function f or f times what is in parentheses?"),
    (r"\exp(S)", "is \\exp(S) the matrix function or taken of each entry of (S)?"),
    (r"S + c", "c is a number and S a square matrix: is a multiple of the identity added, or the number to every entry?"),
    (r"S * M", "which product is S * M?"),
    (r"S \odot M S", "which product comes first in S \\odot M S?"),
    (r"x \otimes z", "is x \\otimes z the Kronecker product or the outer product?"),
    (r"c/2t", "is t divided by, too, in c/2t?"),
    (r"\log c (1-t)", "where does the argument of \\log end: before or after '('?"),
    (r"\log c/t", "where does the argument of \\log end: before or after the division?"),
    (r"\operatorname{tr}(S)^{-1}", "what is raised in \\operatorname{tr}(S)^{-1}: the matrix or the number?"),
    (r"\sin^{-1} c", "is \\sin^{-1} the inverse function or the reciprocal?"),
    (r"S_1", "is S_1 a row or a column of S?"),
    (r"S_{12}^{-1}", "is S_{12}^{-1} the entry of the inverse or the inverse of the entry?"),
    (r"S^\dagger", "what does S^\\dagger mean?"),
    (r"\begin{cases}c & c>0\\ -c & c<0\end{cases}", "the cases may leave a gap: what holds elsewhere?"),
    (r"f(x)=x^\top x, g(x)=c", "which of f(x), g(x) is the function?"),
    (r"(c, t)", "a list in brackets: is it a row, a column or an interval?"),
]


@pytest.mark.parametrize(("typed", "question"), ASKED)
def test_what_has_two_meanings_is_asked(typed, question):
    declared = DECLARED if typed != "f(x)" else DECLARED + ", f:"
    assert refused(typed, TextError, declared=declared).message == question


REFUSED = [
    ("", TextError, "there is no formula to read."),
    (r"$$ $$", TextError, "there is no formula to read."),
    (r"\frac{x^\top Sx}", TextError, "'\\frac' needs two arguments."),
    (r"\langle x, z", TextError, "'\\langle' is never closed: found the end of the text instead."),
    (r"\left(1 + \exp(c \right)", TextError, "'(' is never closed: '\\right)' closes another bracket."),
    (r"x^\top S x}", TextError, "'}' closes nothing."),
    (r"\int_0^1 c\,dt", TextError, "an integral is not supported."),
    (r"\nabla f", TextError, "a gradient is asked of a function, not written in it."),
    (r"x_1 + \ldots + x_n", TextError, "dots are not read: what is left out must be written."),
    (r"\bx^\top\bx", TextError, "the command \\bx is not known."),
    (r"\sofmax(x)", TextError, "the command \\sofmax is not known."),
    (r"\operatorname{foo}(x)", UnknownNameError, "'foo' is neither a function nor a variable."),
    (r"q^\top x", UnknownNameError, "q is not declared: it is neither a variable, a size nor a bound index."),
    (r"g(Ax)", UnknownNameError, "g stands before an argument and is not declared: it is read as a function, and which is not known."),
    (r"\sum_{i=1}^n w_j", UnknownNameError, "the index j is free: no sum binds it; the index of this sum is i."),
    (r"xz", ShapeError, "cannot multiply x by z: the first is n x 1, the second n x 1."),
    (r"x + b", ShapeError, "the shapes do not fit: x is n x 1, b is m x 1."),
    (r"\begin{pmatrix}c\\t\end{pmatrix}_3", ShapeError, "the index 3 leaves 1 .. 2; in LaTeX indices count from 1."),
    (r"\sum_{i=0}^{n-1} w_i", ShapeError, "this index starts at 0; in LaTeX indices count from 1."),
    (r"x^\top S x = 1", TextError, "this is an equation: which side is the function, x^\\top S x or 1?"),
    (r"x^\top S x \le 1", TextError, "an inequality is not a function."),
    (r"\|x\|^2 \text{ s.t. } x = z", TextError, "a constraint is not part of a function."),
    (r"c + \min_x \|x\|^2", TextError, "the minimum over a variable is an optimisation problem, not a function."),
    (r"\min_{\|x\|=1} x^\top S x", TextError, "a constraint is not part of a function."),
    (r"\sum_i w_i - w_i^2", UnknownNameError, "the index i is free: no sum binds it."),
    (r"c^10", TextError, "'^10' is typeset with '1' alone in the script."),
    (r"1e-3c", TextError, "a power of ten is not typed so in LaTeX."),
    (r"c2", TextError, "a number after a factor: what is c2?"),
    ("\frac12 c", TextError, "the text holds a control character where a command lost its backslash."),
    (r"\overline{xz}", TextError, "\\overline over more than one symbol is not known."),
    (r"I \otimes S", TextError, "the size of I is not known here."),
]


@pytest.mark.parametrize(("typed", "kind", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(typed, kind, message):
    assert refused(typed, kind).message == message


def test_the_caret_stands_under_the_culprit_in_the_latex_text():
    assert str(refused(r"\|Ax-b\|^2 + \lambda\, xz", ShapeError)) == (
        "cannot multiply \\lambda\\, x by z: the first is n x 1, the second n x 1.\n"
        "    \\|Ax-b\\|^2 + \\lambda\\, xz\n"
        "                 ^^^^^^^^^^^^\n"
        "  hint: \\lambda\\, x^\\top z is the inner product, \\lambda\\, x z^\\top the outer product, \\lambda\\, x \\odot z the elementwise one."
    )


UNDECLARED = [
    (r"\|Ax-b\|_2^2", "norm(A @ x - b)**2", {"A": "n x m", "x": "m x 1", "b": "n x 1"}),
    (r"\log\det(I+XX^\top)", "logdet(eye(n) + X @ X.T)", {"X": "n x m"}),
    (r"(x-\mu)^\top\Sigma^{-1}(x-\mu)", "(x - μ).T @ inv(Σ) @ (x - μ)", {"x": "n x 1", "μ": "n x 1", "Σ": "n x n"}),
    (r"e^{-x^2}", "exp(-x**2)", {"x": "a scalar"}),
    (r"\sum_{i=1}^n w_i^2", "sum(w[i]**2 for i in range(n))", {"w": "n x 1"}),
    (r"a^\top X b", "a.T @ X @ b", {"a": "n x 1", "X": "n x m", "b": "m x 1"}),
]


@pytest.mark.parametrize(("typed", "text", "assumed"), UNDECLARED)
def test_undeclared_names_take_the_kinds_that_fit_nearest_to_their_letters(typed, text, assumed):
    reading = latex.read(typed)
    assert unparse(reading.tree) == text
    assert {name: str(shape) for name, shape in reading.assumed.items()} == assumed


HINTED = [  # typed, what the hint says to declare, the spelling it gives, what is read then
    (r"\sum_i \|x_i - c\|^2", "X: n d, c: d", {"x_i": "X[i,:].T"}, "sum(norm(X[i, :].T - c)**2 for i in range(n))"),
    (r"\sum_k \|x - \mu_k\|^2", "M: n d, x: d", {r"\mu_k": "M[k,:].T"}, "sum(norm(x - M[k, :].T)**2 for k in range(n))"),
    (r"w_0 + w^\top x", "w: n, x: n", {"w_0": "w[0]"}, "w[0] + w.T @ x"),
    (r"w_0 + w^\top x", "w_0:, w: n, x: n", {"w_0": "w_0"}, "w_0 + w.T @ x"),
    (r"\|\theta\|^2 + \theta_t^2", "θ: n, t: integer", {r"\theta_t": "θ[t - 1]"}, "norm(θ)**2 + θ[t - 1]**2"),
    (r"\|\theta - \theta_t\|^2", "θ_t: n, θ: n", {r"\theta_t": "θ_t"}, "norm(θ - θ_t)**2"),
]


@pytest.mark.parametrize(("typed", "declared", "names", "text"), HINTED)
def test_what_the_question_about_an_undeclared_subscript_proposes_is_read(typed, declared, names, text):
    with pytest.raises(TextError) as caught:
        latex.read(typed)
    ((spelling, tree),) = names.items()
    assert f'names={{"{spelling}": "{tree}"}}' in caught.value.hint
    known = declare(declared)
    reading = latex.read(typed, {n: d.shape for n, d in known.items()}, names, {n: d.facts for n, d in known.items()})
    assert unparse(reading.tree) == text


def test_a_small_t_is_the_transpose_where_none_is_declared():
    assert read(r"x^tSz", declared="S: n n, x: n, z: n") == "x.T @ S @ z"


def test_what_the_reader_decides_is_said():
    known = declare("Q: n d, K: m d")
    reading = latex.read(r"\operatorname{softmax}(QK^\top)", {n: d.shape for n, d in known.items()})
    assert reading.notes == ("softmax of a matrix acts on its rows",)


@pytest.mark.parametrize(
    "typed", ["x+" * 500_000, "(" * 400_000, "c" * 200_000, "{" * 30_000 + "c" + "}" * 30_000, r"\mathbf{" * 100 + "c" + "}" * 100]
)
def test_what_is_too_large_is_refused_at_once(typed):
    with pytest.raises(TooLargeError):
        latex.parse(typed, {})


def test_long_and_deep_formulas_are_read():
    assert read("+".join(["c"] * 3000)) == " + ".join(["c"] * 3000)
    assert read(r"\sqrt{" * 1500 + "c" + "}" * 1500) == "sqrt(" * 1500 + "c" + ")" * 1500


def lines() -> list[dict]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", lines(), ids=lambda case: case["id"])
def test_formulas_of_papers_and_threads_have_the_value_they_mean(case):
    known = declare({n: tuple(s) for n, s in case["vars"].items()}, case.get("assume"))
    shapes, facts = {n: d.shape for n, d in known.items()}, {n: d.facts for n, d in known.items()}
    if case.get("expect"):
        with suppress(WrtError):
            reading = latex.read(case["latex"], shapes, case.get("names"), facts)
            assert case["expect"] == "ambiguous"
            assert (unparse(reading.tree) in case["readings"], reading.notes != ()) == (True, True)  # what was chosen is said
        return
    text = unparse(latex.read(case["latex"], shapes, case.get("names"), facts).tree)
    draw = np.random.default_rng(3)
    sizes = {s: 3 + k for k, s in enumerate(sorted({s for v in case["vars"].values() for s in v if isinstance(s, str)}))}
    sizes.update(case.get("sizes") or {})
    point = {n: value(draw, [sizes.get(s, s) for s in v], (case.get("assume") or {}).get(n, ())) for n, v in case["vars"].items()}
    point.update({n: float(s) for n, s in sizes.items()})
    got, want = np.asarray(evaluate(text, point)), np.asarray(evaluate(case["expr"], point))
    np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-9, atol=1e-9)


def value(draw, shape, facts):
    """A positive value, symmetric positive definite where it must be."""
    out = draw.uniform(0.2, 0.9, size=shape)
    if len(shape) == 2 and shape[0] == shape[1]:
        out = out @ out.T + np.eye(shape[0]) if {"spd", "symmetric"} & set(facts) else out + 2 * np.eye(shape[0])
    return float(out) if not shape else out[:, None] if len(shape) == 1 else out
