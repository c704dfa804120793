"""Identities of the whole text language: what is equal is proved, what is not is refuted, and what only floats know is numeric."""

import pytest

from wrt.language.read import read
from wrt.proof.views import equal

SHAPES = "A: m n, B: n p, C: n n, D: n n, S: n n symmetric, P: n n spd, M: m n, x: n, y: n, z: m, w: n positive, k: 3, a:, b:, c:, s: positive, T: m n p, q: l integer, i4: integer"

EXACT = """
x*x | x**2
(a + b)**2 | a**2 + 2*a*b + b**2
a/b/c | a/(b*c)
x.T @ y | sum(x*y)
x.T @ y | dot(y, x)
x @ y.T | outer(x, y)
C @ x | C @ x*1
z.T @ A @ x @ x.T | x.T*(x.T @ A.T @ z)
A*x.T | A @ diag(x)
z*A | diag(z) @ A
A + z | A + z @ ones(n).T
A - x.T | A - ones(m) @ x.T
tr(C @ D) | tr(D @ C)
tr(C.T @ D) | sum(C*D)
trace(C) | sum(C[i, i] for i in range(n))
det(C @ D) | det(C)*det(D)
det(2*C) | 2**n*det(C)
det(C.T) | det(C)
inv(C @ D) | inv(D) @ inv(C)
inv(C + D) | inv(C) - inv(C) @ inv(inv(C) + inv(D)) @ inv(C)
adj(C) @ C | det(C)*eye(n)
adj(x @ y.T) | zeros(n, n)
logdet(P) | log(det(P))
solve(C, x) | inv(C) @ x
pinv(A) @ A @ pinv(A) | pinv(A)
pinv(A).T | pinv(A.T)
matpow(C, 3) | C @ C @ C
matpow(C, -2) | inv(C) @ inv(C)
matpow(C, 0) | eye(n)
matpow(C, i4) @ C | C @ matpow(C, i4)
cholesky(P) @ cholesky(P).T | P
vec(A @ B) | kron(B.T, eye(m)) @ vec(A)
commutation(m, n) @ vec(A) | vec(A.T)
kron(x, y) | vec(y @ x.T)
kron(A, x).T | kron(A.T, x.T)
diag(diag(C)) | C*eye(n)
tril(C) + triu(C) | C + diag(diag(C))
conv1d(x, k)[0] | x[0]*k[0] + x[1]*k[1] + x[2]*k[2]
conv2d(C, k @ k.T)[0, 0] | k.T @ C[0:3, 0:3] @ k
einsum("ij,jk->ik", A, B) | A @ B
einsum("ii->i", C) | diag(C)
einsum("ijk,k->ij", T, B[0, :].T) | array(sum(T[i, j, r]*B[0, r] for r in range(p)) for i in range(m) for j in range(n))
sum(A, axis=0) | ones(m).T @ A
mean(A, axis=1) | A @ ones(n)/n
var(x) | mean(x**2) - mean(x)**2
var(A, axis=0) | mean(A**2, axis=0) - mean(A, axis=0)**2
prod(x) | x[0]*prod(x[1:])
prod(A, axis=1)*z | prod(A, axis=1)*z
cumsum(x) | tril(ones(n, n)) @ x
cumsum(C, axis=1) | C @ triu(ones(n, n))
sum(A[i, j]*x[j] for i in range(m) for j in range(n)) | sum(A @ x)
sum(C[i, j] for i in range(n) for j in range(i)) | sum(tril(C)) - tr(C)
sum(C[i, j] for i in range(n) for j in range(n) if i > j) | sum(tril(C)) - tr(C)
sum(x[i]*x[i + 1] for i in range(n - 1)) | sum(x[1:]*x[0:n - 1])
sum(x[i]*x[i + 1] for i in range(n) if i < n - 1) | sum(x[1:]*x[0:n - 1])
sum(A[i, :].T @ A[i, :] for i in range(m)) | A.T @ A
sum(i*x[i] for i in range(n)) | array(i for i in range(n)).T @ x
sum((-1)**i*x[i] for i in range(n)) | x[0] - x[1] + sum((-1)**i*x[i] for i in range(2, n))
array((i == j)*1 for i in range(n) for j in range(n)) | eye(n)
array(C[i, j] for j in range(n) for i in range(n)) | C.T
[x, a, y] | [[x], [a], [y]][:, 0]
[[C, x], [y.T, a]] | [[C.T, y], [x.T, a]].T
x[::-1][0] | x[n - 1]
x[-1] | x[n - 1]
C[:, -2] | C[:, n - 2]
C[1, :] @ x | (C @ x)[1]
sum(x[q]) | sum(sum((q == i)*x[i]) for i in range(n))
u = C @ x; v = u*u; sum(v) | norm(C @ x)**2
norm(x) | sqrt(x.T @ x)
norm(A)**2 | tr(A.T @ A)
norm(x, 1) | sum(abs(x))
norm(x, inf) | max(abs(x))
norm(w, 3)**3 | sum(w**3)
max(x) | -min(-x)
sqrt(x**2) | abs(x)
sqrt(w*s)*sqrt(w*s) | w*s
sqrt(8)*s | 2*sqrt(2)*s
w**0.5 | sqrt(w)
w**(1/3)*w**(2/3) | w
w**a*w**b | w**(a + b)
(w**a)**b | w**(a*b)
2**x*3**x | 6**x
exp(x + y) | exp(x)*exp(y)
exp(exp(a + b)) | exp(exp(a)*exp(b))
exp(exp(exp(a + b))) | exp(exp(exp(a)*exp(b)))
exp(-norm(x - y)**2) | exp(-x.T @ x + 2*x.T @ y - y.T @ y)
log(s*2) | log(s) + log(2)
log(s**a) | a*log(s)
log(a**2) | 2*log(abs(a))
log(4) | 2*log(2)
log(exp(a)) | a
log(1/s) | -log(s)
log(prod(w)) | sum(log(w))
log(softmax(x)) | log_softmax(x)
logsumexp(x) | log(sum(exp(x)))
logsumexp(A, axis=1) | log(sum(exp(A), axis=1))
softmax(x + a) | softmax(x)
softmax(A, axis=0) | softmax(A.T, axis=1).T
log_softmax(x) | x - logsumexp(x)
sigmoid(-a) | 1 - sigmoid(a)
tanh(a) | 2*sigmoid(2*a) - 1
softplus(a) | log1p(exp(a))
log(sigmoid(a)) | -softplus(-a)
silu(a) - silu(-a)*exp(a)*0 | a*sigmoid(a)
expm1(a) | exp(a) - 1
cosh(a)**2 - sinh(a)**2 | 1
sin(a)**2 + cos(a)**2 | 1
sin(a + b) | sin(a)*cos(b) + cos(a)*sin(b)
cos(3*a) | 4*cos(a)**3 - 3*cos(a)
tan(a) | sec(a)/csc(a)
cot(a)*tan(a) | 1
exp(sin(a + b)) | exp(sin(a)*cos(b) + cos(a)*sin(b))
erf(-a) | -erf(a)
gelu(a) + gelu(-a) | a*erf(a/sqrt(2))
arctan(-a) + arctan(a) | 0
relu(a) | (a > 0)*a
relu(a) - relu(-a) | a
abs(a) | sign(a)*a
maximum(a, b) + minimum(a, b) | a + b
maximum(a, 0) | relu(a)
where(a > b, a, b) | maximum(a, b)
(a > 0) + (a < 0) + (a == 0) | 1
(a != b)*1 | 1 - (a == b)
n*x/n | x
pi*x/pi | x
polygamma(0, s) | digamma(s)
"""

NUMERIC = """
logdet(C @ D) | logdet(C) + logdet(D)
logsumexp(x + a) | logsumexp(x) + a
max(x + a) | max(x) + a
gammaln(s + 1) | gammaln(s) + log(s)
digamma(s + 1) | digamma(s) + 1/s
polygamma(1, s + 1) | polygamma(1, s) - 1/s**2
sin(a + pi/2) | cos(a)
softplus(a) - softplus(-a) | a
abs(x.T @ x) | x.T @ x
arcsin(tanh(a)) | arctan(sinh(a))
arcsinh(a) | log(a + sqrt(a**2 + 1))
expm(C) @ expm(C) | expm(2*C)
expm(C.T) | expm(C).T
det(expm(C)) | exp(tr(C))
frechet("expm", C, C) | C @ expm(C)
sqrtm(P) @ sqrtm(P) | P
expm(logm(P)) | P
sum(eigvalsh(S)) | tr(S)
prod(eigvalsh(S)) | det(S)
eigvecsh(S) @ diag(eigvalsh(S)) @ eigvecsh(S).T | S
svd_u(P) @ diag(svdvals(P)) @ svd_v(P).T | P
polar(C).T @ polar(C) | eye(n)
norm(A, "nuc") | sum(svdvals(A))
norm(A, "spec") | max(svdvals(A))
norm(polar(C))**2 | n
"""

FALSE = """
C @ D | D @ C
det(C + D) | det(C) + det(D)
inv(C + D) | inv(C) + inv(D)
x @ y.T | y @ x.T
tril(C) | triu(C)
kron(C, D) | kron(D, C)
vec(C) | vec(C.T)
sqrt(a**2) | a
log(a**2) | 2*log(a)
log(a*b) | log(a) + log(b)
sqrt(a*b) | sqrt(a)*sqrt(b)
relu(a) | a
abs(a) | a
maximum(a, b) | a
(a + b > 0)*1 | (a - b > 0)*1
max(x) | x[0]
sign(a) | 1
exp(a*b) | exp(a) + exp(b)
sin(2*a) | 2*sin(a)
cos(a) | sin(a)
n*a | 3*a
n*a | m*a
sum(C[i, j] for i in range(n) for j in range(n) if i > j) | sum(C[i, j] for i in range(n) for j in range(n) if i >= j)
sum(C[i, j] for i in range(n) for j in range(n) if i < j + 3) | sum(C)
matpow(C, i4) | C @ C @ C @ C
x[q] | x[q]*2
expm(C) @ expm(D) | expm(C + D)
(C @ D - D @ C) @ (C @ D - D @ C) @ S - S @ (C @ D - D @ C) @ (C @ D - D @ C) | zeros(n, n)
norm(A, "nuc") | norm(A)
eigvalsh(S) | diag(S)
arcsin(sin(a)) | a
gammaln(s + 1) | gammaln(s)
digamma(s) | log(s)
"""


def pairs(text):
    return [tuple(part.strip() for part in line.split(" | ")) for line in text.strip().splitlines()]


def verdict(left, right):
    return equal(read(left, SHAPES), read(right, SHAPES)).status


@pytest.mark.parametrize(("left", "right"), pairs(EXACT), ids=str)
def test_an_identity_is_proved_exactly(left, right):
    assert verdict(left, right) == "exact"
    assert verdict(right, left) == "exact"


@pytest.mark.parametrize(("left", "right"), pairs(NUMERIC), ids=str)
def test_what_the_fields_cannot_decide_floats_do(left, right):
    assert verdict(left, right) == "numeric"


@pytest.mark.parametrize(("left", "right"), pairs(FALSE), ids=str)
def test_what_is_not_equal_is_refuted(left, right):
    assert verdict(left, right) == "wrong"


def test_what_has_no_value_is_neither_proved_nor_refuted():
    for text in ("x/0", "inv(x @ x.T)", "1/(a - a)", "log(a - a)"):
        assert verdict(text, text).startswith("unverified")


def test_shapes_and_declarations_that_differ_are_refuted():
    assert verdict("x", "x.T") == "wrong"
    assert equal(read("x", "x: n"), read("x", "x:")).status == "wrong"


def test_a_decimal_that_is_nearly_right_is_not_proved():
    assert verdict("2*pi*a", "6.283185307179586*a") == "wrong"
    assert verdict("exp(1)*a", "2.718281828459045*a").startswith("unverified")
