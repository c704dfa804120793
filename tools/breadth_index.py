"""Questions written by index, for breadth_questions.py: name | declarations | text | variables | body over jax.numpy [| form].

The body "!Error" is a refusal; "row" after the name says that the function's value is a row.
"""

GROUPS: dict[str, str] = {}

GROUPS["tensor"] = """
three-contracted | T: m n p, x: m, y: n, z: p | sum(T[i, j, k]*x[i]*y[j]*z[k] for i in range(m) for j in range(n) for k in range(p)) | y | jnp.einsum('ijk,i,j,k->', T, x, y, z)
three-by-it | T: m n p, x: m, y: n, z: p | sum(T[i, j, k]*x[i]*y[j]*z[k] for i in range(m) for j in range(n) for k in range(p)) | T | jnp.einsum('ijk,i,j,k->', T, x, y, z)
three-mixed-second | T: m n p, x: m, y: n, z: p | sum(T[i, j, k]*x[i]*y[j]*z[k] for i in range(m) for j in range(n) for k in range(p)) | x z | jnp.einsum('ijk,i,j,k->', T, x, y, z)
three-cubic-twice | T: n n n, x: n | sum(T[i, j, k]*x[i]*x[j]*x[k] for i in range(n) for j in range(n) for k in range(n)) | x x | jnp.einsum('ijk,i,j,k->', T, x, x, x)
three-to-matrix | T: m n p, z: p | array(sum(T[i, j, k]*z[k] for k in range(p)) for i in range(m) for j in range(n)) | z | jnp.einsum('ijk,k->ij', T, z)
three-norm | T: m n p | sum(T[i, j, k]**2 for i in range(m) for j in range(n) for k in range(p)) | T | jnp.sum(T**2)
three-norm-twice | T: p n p | sqrt(sum(T[i, j, k]**2 for i in range(p) for j in range(n) for k in range(p))) | T T | jnp.sqrt(jnp.sum(T**2))
three-elementwise | T: m n p, a: m | sum(a[i]*tanh(T[i, j, k]) for i in range(m) for j in range(n) for k in range(p)) | T | jnp.einsum('i,ijk->', a, jnp.tanh(T))
three-slice-of-front | T: m n n, x: n | sum(x.T @ T[i, :, :] @ x for i in range(m)) | x | jnp.einsum('ijk,j,k->', T, x, x)
three-slice-determinants | T: p n n | sum(logdet(T[i, :, :]) for i in range(p)) | T | jnp.sum(jnp.linalg.slogdet(T)[1])
three-array-by-matrix | A: m n, x: p | array(A[i, j]*x[k]**2 for i in range(m) for j in range(n) for k in range(p)) | A | jnp.einsum('ij,k->ijk', A, x**2)
three-array-by-vector | A: m n, x: p | array(A[i, j]*x[k]**2 for i in range(m) for j in range(n) for k in range(p)) | x | jnp.einsum('ij,k->ijk', A, x**2)
three-of-vector | x: n | array(x[i]*x[j]*x[k] for i in range(n) for j in range(n) for k in range(n)) | x | jnp.einsum('i,j,k->ijk', x, x, x)
three-softmax-by-hand | T: m n p | sum(log(sum(exp(T[i, j, k]) for k in range(p))) for i in range(m) for j in range(n)) | T | jnp.sum(jax.nn.logsumexp(T, axis=-1))
three-diagonal | T: n n n, a: n | sum(a[i]*T[i, i, i]**2 for i in range(n)) | T | jnp.einsum('i,iii->', a, T**2)
three-partial-diagonal | T: n n p, a: p | sum(a[k]*T[i, i, k] for i in range(n) for k in range(p)) | T | jnp.einsum('k,iik->', a, T)
three-permuted | T: n n n, S: n n n | sum(T[i, j, k]*S[k, i, j] for i in range(n) for j in range(n) for k in range(n)) | S | jnp.einsum('ijk,kij->', T, S)
three-entry | T: m n p | T[0, 1, 0]*T[1, 0, 1] | T | T[0, 1, 0]*T[1, 0, 1]
three-times-matrix | T: m n p, W: p q, C: m n q | sum(C[i, j, l]*T[i, j, k]*W[k, l] for i in range(m) for j in range(n) for k in range(p) for l in range(q)) | W | jnp.einsum('ijl,ijk,kl->', C, T, W)
three-max | T: m n p | sum(max(T[i, j, :]) for i in range(m) for j in range(n)) | T | jnp.sum(jnp.max(T, axis=-1))
four-contracted | T: m n p q, A: m n, B: p q | sum(A[i, j]*T[i, j, k, l]*B[k, l] for i in range(m) for j in range(n) for k in range(p) for l in range(q)) | B | jnp.einsum('ij,ijkl,kl->', A, T, B)
four-by-it | T: m n p p, A: m n, B: p p | sum(A[i, j]*T[i, j, k, l]*B[k, l] for i in range(m) for j in range(n) for k in range(p) for l in range(p)) | T | jnp.einsum('ij,ijkl,kl->', A, T, B)
four-quartic | T: p p p p, x: p | sum(T[i, j, k, l]*x[i]*x[j]*x[k]*x[l] for i in range(p) for j in range(p) for k in range(p) for l in range(p)) | x x | jnp.einsum('ijkl,i,j,k,l->', T, x, x, x, x)
four-quadratic-in-matrix | T: p n p n, X: p n | sum(X[i, j]*T[i, j, k, l]*X[k, l] for i in range(p) for j in range(n) for k in range(p) for l in range(n)) | X X | jnp.einsum('ij,ijkl,kl->', X, T, X)
four-array | A: m n, B: p p | array(A[i, j]*B[k, l] for i in range(m) for j in range(n) for k in range(p) for l in range(p)) | B | jnp.einsum('ij,kl->ijkl', A, B)
four-trace | T: n p n p | sum(T[i, k, i, k]**2 for i in range(n) for k in range(p)) | T | jnp.einsum('ikik->', T**2)
batch-of-matrices | A: p m n, X: p n, Y: p m | sum((A[b, i, j]*X[b, j] - Y[b, i]/n)**2 for b in range(p) for i in range(m) for j in range(n)) | X | jnp.sum((A*X[:, None, :] - Y[:, :, None]/X.shape[1])**2)
batch-of-inverses | T: p n n, a: n | array((inv(T[i, :, :]) @ a)[j] for i in range(p) for j in range(n)) | a | jnp.linalg.inv(T) @ a
inverse-of-slice | T: p n n, a: n | a.T @ inv(T[0, :, :]) @ a | T | a @ jnp.linalg.inv(T[0]) @ a
einsum-chain | A: m n, B: n p, C: m p | sum(C*einsum("ij,jk->ik", A, B)) | B | jnp.einsum('ik,ij,jk->', C, A, B) | A.T @ C
einsum-trace | A: n n, B: n n | einsum("ij,ji->", A, B) | A | jnp.einsum('ij,ji->', A, B) | B.T
einsum-diagonal | A: n n, a: n | a.T @ einsum("ii->i", A) | A | jnp.einsum('i,ii->', a, A) | diag(a)
einsum-bilinear-twice | A: n n, x: n | einsum("i,ij,j->", x, A, x) | x x | x @ A @ x | A + A.T
einsum-row-sums | A: m n, a: m | a.T @ einsum("ij->i", A) | A | a @ jnp.sum(A, axis=1) | a @ ones(n).T
einsum-tensor-result | A: m n, x: p | einsum("ij,k->ikj", A, x) | A | jnp.einsum('ij,k->ikj', A, x)
einsum-batched | A: p m n, X: p n | einsum("bij,bj->bi", A, X) | X | jnp.einsum('bij,bj->bi', A, X)
einsum-hadamard | A: m n, B: m n, C: m n | sum(C*einsum("ij,ij->ij", A, B)) | A | jnp.sum(C*A*B) | B*C
"""

GROUPS["slice"] = """
from-start | x: n, a: n | sum((a*x)[:2]**3) | x | jnp.sum((a*x)[:2]**3)
to-end | x: n | sum(x[1:]**2) | x | jnp.sum(x[1:]**2)
to-end-twice | x: n | norm(x[1:]) | x x | jnp.linalg.norm(x[1:])
negative-start | x: n | sum(exp(x[-2:])) | x | jnp.sum(jnp.exp(x[-2:]))
negative-stop | x: n | sum(exp(x[:-1])) | x x | jnp.sum(jnp.exp(x[:-1]))
differences | x: n, a: n-1 | a.T @ (x[1:] - x[:-1])**2 | x | jnp.sum(a*(x[1:] - x[:-1])**2)
differences-twice | x: n, a: n-1 | a.T @ (x[1:] - x[:-1])**2 | x x | jnp.sum(a*(x[1:] - x[:-1])**2)
jacobian | x: n | x[1:n]*x[0:n - 1] | x | x[1:]*x[:-1]
step-two | x: 6, a: 3 | a.T @ x[::2] | x | jnp.sum(a*x[::2])
step-two-symbolic | x: 2*n | norm(x[::2] - x[1::2])**2 | x | jnp.sum((x[::2] - x[1::2])**2)
step-two-longer | x: 2*n+1, a: n+1 | a.T @ x[::2] | x | a @ x[::2]
step-three-twice | x: 3*n | sum(x[::3]*x[1::3]*x[2::3]) | x x | jnp.sum(x[::3]*x[1::3]*x[2::3])
step-two-rows-order4 | X: 2*p n | X[::2, :] + X[1::2, :] | X | X[::2] + X[1::2]
step-two-unknown | x: n | sum(x[::2]) | x | !ShapeError
window | x: q, w: 3 | sum(dot(x[i:i + 3], w)**2 for i in range(q - 2)) | x | jnp.sum(jnp.correlate(x, w, mode='valid')**2)
window-by-weights | x: q, w: 3 | sum(dot(x[i:i + 3], w)**2 for i in range(q - 2)) | w | jnp.sum(jnp.correlate(x, w, mode='valid')**2)
window-symbolic-twice | x: q, w: p | sum((x[i:i + p].T @ w)**2 for i in range(q - p + 1)) | w w | jnp.sum(jnp.correlate(x, w, mode='valid')**2)
window-disjoint | x: 2*n | sum(norm(x[2*i:2*i + 2]) for i in range(n)) | x | jnp.sum(jnp.linalg.norm(x.reshape(3, 2), axis=1))
window-variance | x: q | sum(var(x[i:i + 3]) for i in range(q - 2)) | x | sum(jnp.var(x[i:i + 3]) for i in range(3))
window-backwards | x: q | sum(x[i + 2:i:-1].T @ x[i:i + 2] for i in range(q - 2)) | x | sum(x[i + 2:i:-1] @ x[i:i + 2] for i in range(3))
window-of-matrix | X: q m, K: p p | sum(sum(X[i:i + p, j:j + p]*K)**2 for i in range(q - p + 1) for j in range(m - p + 1)) | K | jnp.sum(jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid')**2)
window-maximum | X: 4 6 | sum(max(X[2*i:2*i + 2, 3*j:3*j + 3]) for i in range(2) for j in range(2)) | X | sum(jnp.max(X[2*i:2*i + 2, 3*j:3*j + 3]) for i in range(2) for j in range(2))
window-out-of-range | x: n | sum(max(x[i:i + 2]) for i in range(n)) | x | !ShapeError
window-of-several-lengths | x: n | sum(max(x[:i + 1]) for i in range(n)) | x | !ShapeError
step-two-odd | x: 6, a: 3 | a.T @ sin(x[1::2]) | x | jnp.sum(a*jnp.sin(x[1::2]))
step-two-twice | x: 6 | norm(x[::2] - x[1::2]) | x x | jnp.linalg.norm(x[::2] - x[1::2])
step-three-literal | x: 7, a: 3 | a.T @ x[::3]**2 | x | jnp.sum(a*x[::3]**2)
step-back | x: n, a: n | a.T @ x[::-1]**2 | x | jnp.sum(a*x[::-1]**2)
step-back-palindrome | x: n | x.T @ x[::-1] | x x | jnp.dot(x, x[::-1])
step-back-jacobian | x: n | exp(x[::-1]) | x | jnp.exp(x[::-1])
matrix-columns | X: m n, C: m n-1 | sum(C*X[:, 1:]**2) | X | jnp.sum(C*X[:, 1:]**2)
matrix-rows | X: m n, C: m-2 n | sum(C*X[1:-1, :]) | X | jnp.sum(C*X[1:-1])
matrix-corner | X: m n | sum(X[:2, :2]**3) | X | jnp.sum(X[:2, :2]**3)
matrix-step | X: 6 m, C: 3 m | sum(C*X[::2, :]) | X | jnp.sum(C*X[::2])
matrix-columns-reversed | X: m n, C: m n | sum(C*exp(X[:, ::-1])) | X | jnp.sum(C*jnp.exp(X[:, ::-1]))
matrix-order4 | X: m n | X[1:, :] - X[:-1, :] | X | X[1:] - X[:-1]
matrix-product-of-blocks | X: 2*n p, C: p p | sum(C*(X[:n, :].T @ X[n:, :])) | X | jnp.sum(C*(X[:X.shape[0]//2].T @ X[X.shape[0]//2:]))
matrix-total-variation | X: m n | sum((X[1:, :] - X[:-1, :])**2) + sum((X[:, 1:] - X[:, :-1])**2) | X | jnp.sum(jnp.diff(X, axis=0)**2) + jnp.sum(jnp.diff(X, axis=1)**2)
row | X: m n, a: n | X[1, :] @ a | X | X[1] @ a
row-value row | X: m n | X[0, :] | X | X[0]
row-negative | X: m n, a: n | exp(X[-1, :] @ a) | X | jnp.exp(X[-1] @ a)
column | X: m n, a: m | a.T @ X[:, 0]**2 | X | jnp.sum(a*X[:, 0]**2)
column-negative-twice | X: m n | norm(X[:, -1])**2*X[0, 0] | X X | jnp.sum(X[:, -1]**2)*X[0, 0]
entry | x: n | x[0]*x[1]**2 | x | x[0]*x[1]**2
entry-negative | x: n | x[-1]**2*x[0] | x x | x[-1]**2*x[0]
entry-of-matrix | X: m n | X[0, 1]*X[-1, -1] | X | X[0, 1]*X[-1, -1]
of-a-product | A: m n, x: n | (A @ x)[0] | x | (A @ x)[0] | A[0, :].T
of-a-product-by-matrix | A: m n, x: n | sum((A @ x)[1:]**2) | A | jnp.sum((A @ x)[1:]**2)
of-inverse | X: n n invertible | inv(X)[0, 1] | X | jnp.linalg.inv(X)[0, 1]
of-inverse-block | X: n n invertible | sum(inv(X)[:2, 1:]) | X | jnp.sum(jnp.linalg.inv(X)[:2, 1:])
of-softmax | x: n | log(softmax(x)[0]) | x x | jax.nn.log_softmax(x)[0]
of-softmax-middle | x: n, a: n-1 | a.T @ softmax(x)[1:] | x | jnp.sum(a*jax.nn.softmax(x)[1:])
of-cumsum | x: n | cumsum(x**2)[1] | x | jnp.cumsum(x**2)[1]
determinant-of-minor | X: m m | det(X[1:, 1:]) | X | jnp.linalg.det(X[1:, 1:])
logdet-of-block | S: m m spd | logdet(S[:2, :2]) | S | jnp.linalg.slogdet(S[:2, :2])[1]
norm-of-block-twice | X: m n | norm(X[:2, :]) | X X | jnp.linalg.norm(X[:2])
schur-complement | S: m m spd | logdet(S[2:, 2:] - S[2:, :2] @ inv(S[:2, :2]) @ S[:2, 2:]) | S | jnp.linalg.slogdet(S)[1] - jnp.linalg.slogdet(S[:2, :2])[1]
out-of-range | x: 3 | x[3] | x | !ShapeError
slice-out-of-range | X: m 2 | sum(X[:, :3]) | X | !ShapeError
"""

GROUPS["lookup"] = """
rows-weighted | E: n m, idx: q integer, C: q m | sum(C*E[idx, :]) | E | jnp.sum(C*E[idx])
rows-squared | E: n m, idx: q integer | norm(E[idx, :])**2 | E | jnp.sum(E[idx]**2)
rows-squared-twice | E: n p, idx: q integer | norm(E[idx, :])**2 | E E | jnp.sum(E[idx]**2)
rows-jacobian | E: n p, idx: q integer | E[idx, :] | E | E[idx]
rows-layer | E: n m, W: p m, idx: q integer, C: q p | sum(C*tanh(E[idx, :] @ W.T)) | W | jnp.sum(C*jnp.tanh(E[idx] @ W.T))
rows-layer-by-table | E: n m, W: p m, idx: q integer, C: q p | sum(C*tanh(E[idx, :] @ W.T)) | E | jnp.sum(C*jnp.tanh(E[idx] @ W.T))
columns | E: m n, idx: q integer, C: m q | sum(C*E[:, idx]) | E | jnp.sum(C*E[:, idx])
vector | x: n, idx: q integer, a: q | a.T @ x[idx]**2 | x | jnp.sum(a*x[idx]**2)
vector-twice | x: n, idx: q integer, a: q | a.T @ exp(x[idx]) | x x | jnp.sum(a*jnp.exp(x[idx]))
vector-jacobian | x: n, idx: q integer | x[idx] | x | x[idx]
labels-inside-generator | X: q n, y: q integer | -sum(log_softmax(X, axis=1)[i, y[i]] for i in range(q)) | X | -jnp.sum(jnp.take_along_axis(jax.nn.log_softmax(X, axis=1), y[:, None], 1))
one-label | z: n, y: integer | logsumexp(z) - z[y - 2] | z | jax.nn.logsumexp(z) - z[y - 2]
entries | E: n m, idx: q integer, A: q m | sum(A[i, j]*E[idx[i], j]**2 for i in range(q) for j in range(m)) | E | jnp.sum(A*E[idx]**2)
entries-array | E: n m, idx: q integer | array(E[idx[i], j]**2 for i in range(q) for j in range(m)) | E | E[idx]**2
margin | W: p n, x: n, y: integer | sum(maximum(0, 1 + (W @ x)[j] - (W @ x)[y - 2]) for j in range(p)) | x | jnp.sum(jnp.maximum(0, 1 + W @ x - (W @ x)[y - 2]))
triplets | E: n m, a: q integer, b: q integer, c: q integer | sum(softplus(E[a[i], :] @ (E[c[i], :] - E[b[i], :]).T) for i in range(q)) | E | jnp.sum(jax.nn.softplus(jnp.sum(E[a]*(E[c] - E[b]), 1)))
bias | b: n, E: n m, idx: q integer, w: m | sum((E[idx, :] @ w + b[idx])**2) | b | jnp.sum((E[idx] @ w + b[idx])**2)
pairs | E: n m, u: q integer, v: q integer | sum(sigmoid(sum(E[u, :]*E[v, :], axis=1))) | E | jnp.sum(jax.nn.sigmoid(jnp.sum(E[u]*E[v], axis=1)))
pairs-inside-generator | E: n m, u: q integer, v: q integer | sum(sigmoid(E[u[i], :] @ E[v[i], :].T) for i in range(q)) | E | jnp.sum(jax.nn.sigmoid(jnp.sum(E[u]*E[v], axis=1)))
ratings | P: n p, Q: n p, u: q integer, v: q integer, r: q | norm(r - sum(P[u, :]*Q[v, :], axis=1))**2 | P | jnp.sum((r - jnp.sum(P[u]*Q[v], axis=1))**2)
of-look-up | x: n, u: n integer, v: q integer, a: q | a.T @ x[u[v]] | x | jnp.sum(a*x[u[v]])
by-index | x: n, idx: q integer | sum(x[idx]) | idx | !NotDifferentiableError
"""

GROUPS["conv"] = """
one-jacobian-by-signal | x: q, k: p | conv1d(x, k) | x | jnp.correlate(x, k, mode='valid')
one-jacobian-by-kernel | x: q, k: p | conv1d(x, k) | k | jnp.correlate(x, k, mode='valid')
one-weighted-by-signal | x: q, k: p, a: q-p+1 | a.T @ conv1d(x, k) | x | jnp.sum(a*jnp.correlate(x, k, mode='valid'))
one-weighted-by-kernel | x: q, k: p, a: q-p+1 | a.T @ conv1d(x, k) | k | jnp.sum(a*jnp.correlate(x, k, mode='valid')) | conv1d(x, a)
one-squared-twice-by-kernel | x: q, k: p | norm(conv1d(x, k))**2 | k k | jnp.sum(jnp.correlate(x, k, mode='valid')**2)
one-squared-twice-by-signal | x: q, k: p | norm(conv1d(x, k))**2 | x x | jnp.sum(jnp.correlate(x, k, mode='valid')**2)
one-mixed | x: q, k: p, a: q-p+1 | a.T @ conv1d(x, k) | x k | jnp.sum(a*jnp.correlate(x, k, mode='valid'))
one-tanh-jacobian | x: q, k: p | tanh(conv1d(x, k)) | x | jnp.tanh(jnp.correlate(x, k, mode='valid'))
one-two-layers | x: q, k: p, h: p | sum(conv1d(tanh(conv1d(x, k)), h)) | k | jnp.sum(jnp.correlate(jnp.tanh(jnp.correlate(x, k, mode='valid')), h, mode='valid'))
one-entry | x: q, k: p | conv1d(x, k)[2]**2 | x | jnp.correlate(x, k, mode='valid')[2]**2
one-logsumexp | x: q, k: p | logsumexp(conv1d(x, k)) | x | jax.nn.logsumexp(jnp.correlate(x, k, mode='valid'))
one-three-filters | x: q, k: p, h: p | sum(conv1d(conv1d(conv1d(x, k), h), k)) | k | jnp.sum(jnp.correlate(jnp.correlate(jnp.correlate(x, k, mode='valid'), h, mode='valid'), k, mode='valid'))
one-of-layer-by-matrix | W: q n, x: n, k: p | sum(conv1d(W @ x, k)**2) | W | jnp.sum(jnp.correlate(W @ x, k, mode='valid')**2)
two-by-kernel | X: q m, K: p n, C: q-p+1 m-n+1 | sum(C*conv2d(X, K)) | K | jnp.sum(C*jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid')) | conv2d(X, C)
two-by-image | X: q m, K: p n, C: q-p+1 m-n+1 | sum(C*conv2d(X, K)) | X | jnp.sum(C*jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid'))
two-squared-twice | X: q m, K: p p | norm(conv2d(X, K))**2 | K K | jnp.sum(jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid')**2)
two-relu-by-kernel | X: q m, K: p p, c: | sum(relu(conv2d(X, K) + c)) | K | jnp.sum(jax.nn.relu(jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid') + c))
two-layers | X: q m, K: p p, L: p p | sum(conv2d(tanh(conv2d(X, K)), L)) | K | jnp.sum(jsp.signal.convolve2d(jnp.tanh(jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid')), L[::-1, ::-1], mode='valid'))
two-order4 | X: m n, K: p p | conv2d(X, K) | K | jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid')
two-order4-by-image | X: m n, K: p p | conv2d(X, K) | X | jsp.signal.convolve2d(X, K[::-1, ::-1], mode='valid')
by-hand | x: q, k: p, a: q-p+1 | sum(a[i]*x[i + j]*k[j] for i in range(q - p + 1) for j in range(p)) | x | jnp.sum(a*jnp.correlate(x, k, mode='valid'))
stride-by-hand | x: 2*n, k: p, a: n | sum(a[i]*x[2*i + j]*k[j] for i in range(n) for j in range(2)) | x | sum(a[i]*x[2*i + j]*k[j] for i in range(3) for j in range(2))
pooling-by-hand | x: 2*n, a: n | sum(a[i]*maximum(x[2*i], x[2*i + 1]) for i in range(n)) | x | jnp.sum(a*jnp.maximum(x[::2], x[1::2]))
channels-by-hand | X: p m n, K: p 2 2 | array(sum(X[c, i + a, j + b]*K[c, a, b] for c in range(p) for a in range(2) for b in range(2)) for i in range(m - 1) for j in range(n - 1)) | K | sum(jsp.signal.convolve2d(X[c], K[c, ::-1, ::-1], mode='valid') for c in range(2))
"""

GROUPS["block"] = """
column-of-scalars | a:, b: | [a*b, a + b, exp(a)] | a | jnp.stack([a*b, a + b, jnp.exp(a)])
column-of-scalars-twice | a:, b: | norm([a*b, a**2, b]) | a b | jnp.linalg.norm(jnp.stack([a*b, a**2, b]))
column-of-columns | x: n, y: m, z: n+m | norm([x, y] - z)**2 | x | jnp.sum((jnp.concatenate([x, y]) - z)**2)
column-mixed | x: n, c:, w: n+1 | sigmoid(w.T @ [x, c]) | x | jax.nn.sigmoid(w @ jnp.append(x, c))
column-with-number | x: n, W: m n+1 | norm(W @ [x, 1])**2 | x | jnp.sum((W @ jnp.append(x, 1.0))**2)
column-with-number-by-matrix | x: n, W: m n+1 | norm(W @ [x, 1])**2 | W | jnp.sum((W @ jnp.append(x, 1.0))**2) | 2*W @ [x, 1] @ [x, 1].T
column-jacobian | x: n, A: m n | [x, A @ x] | x | jnp.concatenate([x, A @ x])
column-hessian | x: n, y: n, M: 2*n 2*n | [x, y].T @ M @ [x, y] | x x | (lambda z: z @ M @ z)(jnp.concatenate([x, y]))
column-mixed-second | x: n, y: n, M: 2*n 2*n | [x, y].T @ M @ [x, y] | x y | (lambda z: z @ M @ z)(jnp.concatenate([x, y]))
matrix-determinant-corner | A: n n invertible, B: n p, C: p n, D: p p | det([[A, B], [C, D]]) | D | jnp.linalg.det(jnp.block([[A, B], [C, D]]))
matrix-logdet-corner | A: n n, B: n p, C: p n, D: p p | logdet([[A, B], [C, D]]) | A | jnp.linalg.slogdet(jnp.block([[A, B], [C, D]]))[1]
matrix-logdet-side | A: n n, B: n p, C: p n, D: p p | logdet([[A, B], [C, D]]) | C | jnp.linalg.slogdet(jnp.block([[A, B], [C, D]]))[1]
matrix-trace-of-square | A: n n, t: | tr([[A, t*A], [t*eye(n), A]] @ [[A, t*A], [t*eye(n), A]]) | t t | (lambda M: jnp.trace(M @ M))(jnp.block([[A, t*A], [t*jnp.eye(len(A)), A]])) | 4*tr(A)
matrix-bordered | A: n n, b: n, c: | det([[A, b], [b.T, c]]) | b | jnp.linalg.det(jnp.block([[A, b[:, None]], [b[None], jnp.full((1, 1), c)]]))
matrix-kkt-solve | A: n n spd, B: p n, b: n, c: p, a: n+p | a.T @ solve([[A, B.T], [B, zeros(p, p)]], [b, c]) | b | a @ jnp.linalg.solve(jnp.block([[A, B.T], [B, jnp.zeros((2, 2))]]), jnp.concatenate([b, c]))
matrix-by-block-order4 | A: n p, B: n n | [[A, B], [B, A]] | A | jnp.block([[A, B], [B, A]])
blocks-that-do-not-fit | A: n p, B: n n | [[A, B], [A]] | A | !ShapeError
matrix-stacked-order4 | A: n p, B: m p | [[A], [B]] | A | jnp.concatenate([A, B])
matrix-side-by-side | A: n p, B: n m, C: n p+m | sum(C*[[A, B]]**2) | B | jnp.sum(C*jnp.concatenate([A, B], axis=1)**2)
matrix-rotation | t:, x: 2, y: 2 | y.T @ [[cos(t), -sin(t)], [sin(t), cos(t)]] @ x | t t | y @ jnp.array([[jnp.cos(t), -jnp.sin(t)], [jnp.sin(t), jnp.cos(t)]]) @ x
"""

GROUPS["gen"] = """
frechet-direction | A: n n, E: n n, x: n | sum(frechet("expm", A/3, x[i]*E)[0, 1] for i in range(n)) | x | jnp.sum(x)*jax.jvp(jsp.linalg.expm, (A/3,), (E,))[1][0, 1]
frechet-direction-by-matrix | A: n n, X: p n | sum(frechet("expm", A/3, X[i, :].T @ X[i, :])[0, 1] for i in range(p)) | X | sum(jax.jvp(jsp.linalg.expm, (A/3,), (jnp.outer(X[i], X[i]),))[1][0, 1] for i in range(2))
frechet-point | A: n n, E: n n, x: n | sum(frechet("expm", x[i]*A, E)[0, 1] for i in range(n)) | x | !NotDifferentiableError
matpow-each | X: n n, t: m | sum(tr(matpow(X + t[i]*eye(n), 3)) for i in range(m)) | t | sum(jnp.trace(jnp.linalg.matrix_power(X + t[i]*jnp.eye(3), 3)) for i in range(4))
matpow-each-inverse | X: n n, t: m | sum(tr(matpow(X + (t[i] + 9)*eye(n), -2)) for i in range(m)) | t | sum(jnp.trace(jnp.linalg.matrix_power(jnp.linalg.inv(X + (t[i] + 9)*jnp.eye(3)), 2)) for i in range(4))
matpow-series | A: n n, c: p, x: n, y: n | sum(c[k]*y.T @ matpow(A, k) @ x for k in range(p)) | A | c[0]*y @ x + c[1]*y @ A @ x
matpow-series-order3 | A: n n, c: m, x: n | sum(c[k]*matpow(A, k) @ x for k in range(m)) | A | c[0]*x + c[1]*A @ x + c[2]*A @ A @ x + c[3]*A @ A @ A @ x
tensor-factors | T: m n p, A: m q, B: n q, C: p q | sum((T[i, j, k] - sum(A[i, r]*B[j, r]*C[k, r] for r in range(q)))**2 for i in range(m) for j in range(n) for k in range(p)) | A | jnp.sum((T - jnp.einsum('ir,jr,kr->ijk', A, B, C))**2)
graph-laplacian-twice | W: m m symmetric, x: m | sum(W[i, j]*(x[i] - x[j])**2 for i in range(m) for j in range(m))/2 | x x | jnp.sum(W*(x[:, None] - x)**2)/2
rosenbrock-twice | x: m | sum(100*(x[i + 1] - x[i]**2)**2 + (1 - x[i])**2 for i in range(m - 1)) | x x | jnp.sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)
factorisation-machine | x: n, V: n p | sum((V[i, :] @ V[j, :].T)*x[i]*x[j] for i in range(n) for j in range(i + 1, n)) | V | sum((V[i] @ V[j])*x[i]*x[j] for i in range(3) for j in range(i + 1, 3))
plain | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n)) | x | jnp.sum(A @ x) | A.T @ ones(m)
unequal | A: n n, x: n | sum(A[i, j]*x[j] for i in range(n) for j in range(n) if i != j) | x | jnp.sum(A @ x) - jnp.sum(jnp.diagonal(A)*x)
unequal-rectangular | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n) if i != j) | x | jnp.sum(A @ x) - sum(A[i, i]*x[i] for i in range(3))
unequal-rectangular-wide | A: n m, x: m | sum(A[i, j]*x[j]**2 for i in range(n) for j in range(m) if i != j) | x | jnp.sum(A @ x**2) - sum(A[i, i]*x[i]**2 for i in range(3))
unequal-rectangular-by-matrix | A: m n, x: n | sum(A[i, j]**2*x[j] for i in range(m) for j in range(n) if i != j) | A | jnp.sum(A**2 @ x) - sum(A[i, i]**2*x[i] for i in range(3))
unequal-rectangular-twice | A: m n, x: n | sum(A[i, j]*x[j]**3 for i in range(m) for j in range(n) if i != j) | x x | jnp.sum(A @ x**3) - sum(A[i, i]*x[i]**3 for i in range(3))
equal-rectangular | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n) if i == j) | x | sum(A[i, i]*x[i] for i in range(3))
equal-rectangular-by-matrix | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n) if i == j) | A | sum(A[i, i]*x[i] for i in range(3))
equal-to-number | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n) if i == 1) | x | A[1] @ x
below-rectangular | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n) if i > j) | x | jnp.sum(jnp.tril(A, -1) @ x)
above-rectangular | A: m n, x: n | sum(A[i, j]*x[j] for i in range(m) for j in range(n) if j >= i) | A | jnp.sum(jnp.triu(A) @ x)
banded | A: n n, x: n | sum(A[i, j]*x[i]*x[j] for i in range(n) for j in range(n) if i <= j + 1 if j <= i + 1) | x x | x @ jnp.triu(jnp.tril(A, 1), -1) @ x
dependent-bound | A: n n, x: n | sum(A[i, j]*x[j] for i in range(n) for j in range(i)) | x | jnp.sum(jnp.tril(A, -1) @ x)
dependent-bound-inclusive | A: n n, x: n | sum(A[i, j]*x[j] for i in range(n) for j in range(i + 1)) | x | jnp.sum(jnp.tril(A) @ x)
dependent-start | A: n n | sum(A[i, j]**2 for i in range(n) for j in range(i + 1, n)) | A | jnp.sum(jnp.triu(A, 1)**2)
dependent-pairs | x: n | sum((x[i] - x[j])**2 for i in range(n) for j in range(i)) | x x | x.size*jnp.sum(x**2) - jnp.sum(x)**2 | 2*n*eye(n) - 2*ones(n, n)
dependent-triple | x: n | sum(x[i]*x[j]*x[k] for i in range(n) for j in range(i) for k in range(j)) | x | x[0]*x[1]*x[2]
dependent-sum-of-bounds | x: n, y: 2*n | sum(x[i]*y[i + j] for i in range(n) for j in range(n)) | x | jnp.sum(x*jnp.array([jnp.sum(y[i:i + 3]) for i in range(3)]))
antidiagonal | A: n n, x: n | sum(A[i, n - 1 - i]*x[i] for i in range(n)) | A | jnp.sum(jnp.diagonal(A[:, ::-1])*x)
hankel | y: 2*n-1, x: n | sum(x[i]*y[i + j]*x[j] for i in range(n) for j in range(n)) | x x | sum(x[i]*y[i + j]*x[j] for i in range(3) for j in range(3))
toeplitz | y: 2*n-1, x: n | sum(x[i]*y[i - j + n - 1]*x[j] for i in range(n) for j in range(n)) | y | sum(x[i]*x[j]*y[i - j + 2] for i in range(3) for j in range(3))
index-as-number | x: n | sum(i*x[i]**2 for i in range(n)) | x | jnp.sum(jnp.arange(3)*x**2)
index-as-exponent | c: n, t: | sum(c[k]*t**k for k in range(n)) | t | jnp.polyval(c[::-1], t)
index-as-exponent-twice | c: n, t: | sum(c[k]*t**k for k in range(n)) | t t | jnp.polyval(c[::-1], t)
weighted-by-index-difference | x: n | sum((i - j)**2*x[i]*x[j] for i in range(n) for j in range(n)) | x x | x @ ((jnp.arange(3)[:, None] - jnp.arange(3))**2) @ x
range-with-step | x: 2*n | sum(x[i]**2 for i in range(0, 2*n, 2)) | x | !TextError
even-entries | x: 2*n | sum(x[2*i]**2 for i in range(n)) | x | jnp.sum(x[::2]**2)
start-at-one | x: n | sum(x[i]*x[i - 1] for i in range(1, n)) | x | jnp.sum(x[1:]*x[:-1])
cyclic-by-two-sums | x: n | sum(x[i]*x[i + 1] for i in range(n - 1)) + x[n - 1]*x[0] | x x | jnp.sum(x*jnp.roll(x, -1))
of-vectors | X: m n, a: m | sum(a[i]*X[i, :].T for i in range(m)) | a | X.T @ a | X.T
of-matrices | X: m n, a: m | sum(a[i]*X[i, :].T @ X[i, :] for i in range(m)) | a | jnp.einsum('i,ij,ik->jk', a, X, X)
of-norms | X: m n, x: n | sum(norm(X[i, :].T - x) for i in range(m)) | x | jnp.sum(jnp.linalg.norm(X - x, axis=1))
of-norms-by-matrix | X: m n, x: n | sum(norm(X[i, :].T - x) for i in range(m)) | X | jnp.sum(jnp.linalg.norm(X - x, axis=1))
of-norms-twice | X: m n, x: n | sum(norm(X[i, :].T - x) for i in range(m)) | x x | jnp.sum(jnp.linalg.norm(X - x, axis=1))
pairwise-squared | X: m n | sum(norm(X[i, :] - X[j, :])**2 for i in range(m) for j in range(m) if i != j) | X | jnp.sum((X[:, None] - X[None])**2)
pairwise-inverse-distance | X: m n | 1/2*sum(1/norm(X[i, :] - X[j, :]) for i in range(m) for j in range(m) if i != j) | X | sum(1/jnp.linalg.norm(X[i] - X[j]) for i in range(4) for j in range(i))
pairwise-inverse-distance-below | X: m n | sum(1/norm(X[i, :] - X[j, :]) for i in range(m) for j in range(i)) | X | sum(1/jnp.linalg.norm(X[i] - X[j]) for i in range(4) for j in range(i))
pairwise-log-distance | X: m n | sum(log(norm(X[i, :] - X[j, :])) for i in range(m) for j in range(m) if i < j) | X | sum(jnp.log(jnp.linalg.norm(X[i] - X[j])) for i in range(4) for j in range(i))
pairwise-distance | X: m n | sum(norm(X[i, :] - X[j, :]) for i in range(m) for j in range(m) if i != j) | X | 2*sum(jnp.linalg.norm(X[i] - X[j]) for i in range(4) for j in range(i))
pairwise-scalars-inverse | x: n | sum(1/(x[i] - x[j])**2 for i in range(n) for j in range(n) if i != j) | x | 2*sum(1/(x[i] - x[j])**2 for i in range(3) for j in range(i))
pairwise-scalars-inverse-twice | x: n | sum(1/(x[i] - x[j])**2 for i in range(n) for j in range(i)) | x x | sum(1/(x[i] - x[j])**2 for i in range(3) for j in range(i))
pairwise-scalars-log | x: n | sum(log(abs(x[i] - x[j])) for i in range(n) for j in range(n) if i != j) | x | 2*sum(jnp.log(jnp.abs(x[i] - x[j])) for i in range(3) for j in range(i))
pairwise-kernel | X: m n, c: positive | sum(exp(-c*norm(X[i, :] - X[j, :])**2) for i in range(m) for j in range(m) if i != j) | X | jnp.sum(jnp.exp(-c*jnp.sum((X[:, None] - X[None])**2, -1))) - 4
array-matrix-of-distances | X: m n | array(norm(X[i, :] - X[j, :])**2 for i in range(m) for j in range(m)) | X | jnp.sum((X[:, None] - X[None])**2, axis=-1)
array-with-condition | x: n, C: n n | sum(C*array((i < j)*x[i]*x[j] for i in range(n) for j in range(n))) | x | jnp.sum(C*jnp.triu(jnp.outer(x, x), 1))
array-vandermonde | x: m, C: m n | sum(C*array(x[i]**j for i in range(m) for j in range(n))) | x | jnp.sum(C*x[:, None]**jnp.arange(3))
array-column | A: m n, x: n | array(sum(A[i, j]*x[j]**2 for j in range(n)) for i in range(m)) | x | A @ x**2
array-determinant | x: n | det(array(x[i]*x[j] + (i == j) for i in range(n) for j in range(n))) | x | 1 + jnp.sum(x**2)
delta-in-body | A: n n, B: n n | sum((i == j)*(A @ B)[i, j] for i in range(n) for j in range(n)) | A | jnp.trace(A @ B) | B.T
delta-shifted | x: n | sum((i == j + 1)*x[i]*x[j]**2 for i in range(n) for j in range(n)) | x | jnp.sum(x[1:]*x[:-1]**2)
nested-sums | A: m n, x: n | sum(exp(sum(A[i, j]*x[j] for j in range(n))) for i in range(m)) | x x | jnp.sum(jnp.exp(A @ x)) | A.T @ diag(exp(A @ x)) @ A
nested-log-partition | A: m n, x: n | log(sum(exp(sum(A[i, j]*x[j] for j in range(n))) for i in range(m))) | x | jax.nn.logsumexp(A @ x) | A.T @ softmax(A @ x)
product-by-prod | x: n, c: | prod(x - c) | c | jnp.prod(x - c)
max-of-rows | X: m n | sum(max(X[i, :]) for i in range(m)) | X | jnp.sum(jnp.max(X, axis=1))
"""

GROUPS["compose"] = """
layer-by-weights | W: m n, x: n, b: m | u = W @ x + b; f = relu(u) | W | jax.nn.relu(W @ x + b)
two-layers | W: m n, V: p m, x: n, y: p | h = tanh(W @ x); r = V @ h - y; f = norm(r)**2 | W | jnp.sum((V @ jnp.tanh(W @ x) - y)**2)
used-twice | A: n n, x: n | u = A @ x; v = u*x; f = u.T @ v | x x | jnp.sum(x*(A @ x)**2)
batch-layer | X: q n, W: n p, b: p, Y: q p | P = softmax(X @ W + b.T, axis=1); f = -sum(Y*log(P)) | W | -jnp.sum(Y*jax.nn.log_softmax(X @ W + b, axis=1))
batch-layer-bias | X: q n, W: n p, b: p, Y: q p | P = softmax(X @ W + b.T, axis=1); f = -sum(Y*log(P)) | b | -jnp.sum(Y*jax.nn.log_softmax(X @ W + b, axis=1))
attention-by-queries | Q: m p, K: q p, V: q n, C: m n | P = softmax(Q @ K.T/sqrt(p), axis=1); f = sum(C*(P @ V)) | Q | jnp.sum(C*(jax.nn.softmax(Q @ K.T/2**0.5, axis=1) @ V))
attention-by-keys | Q: m p, K: q p, V: q n, C: m n | P = softmax(Q @ K.T/sqrt(p), axis=1); f = sum(C*(P @ V)) | K | jnp.sum(C*(jax.nn.softmax(Q @ K.T/2**0.5, axis=1) @ V))
layer-norm | x: n, g: n, a: n | u = (x - mean(x))/sqrt(var(x) + 1); f = a.T @ (g*u) | x | jnp.sum(a*g*(x - jnp.mean(x))/jnp.sqrt(jnp.var(x) + 1))
layer-norm-rows | X: m n, C: m n | U = X - mean(X, axis=1); f = sum(C*U/sqrt(var(X, axis=1) + 1)) | X | jnp.sum(C*(X - X.mean(1, keepdims=True))/jnp.sqrt(X.var(1, keepdims=True) + 1))
gaussian-process | X: m n, y: m, c: positive | K = X @ X.T + c*eye(m); f = y.T @ solve(K, y)/2 + logdet(K)/2 | c | (lambda K: y @ jnp.linalg.solve(K, y)/2 + jnp.linalg.slogdet(K)[1]/2)(X @ X.T + c*jnp.eye(4))
gaussian-process-by-matrix | X: m n, y: m, c: positive | K = X @ X.T + c*eye(m); f = y.T @ solve(K, y)/2 + logdet(K)/2 | X | (lambda K: y @ jnp.linalg.solve(K, y)/2 + jnp.linalg.slogdet(K)[1]/2)(X @ X.T + c*jnp.eye(4))
size-in-value | X: m n, w: n, y: m | sum((X @ w - y)**2)/m + norm(w)**2/n | w | jnp.mean((X @ w - y)**2) + jnp.mean(w**2) | 2/m*X.T @ (X @ w - y) + 2/n*w
size-in-exponent | x: n positive | sum(x)**n | x x | jnp.sum(x)**3
size-root | x: n | norm(x)/sqrt(n) | x | jnp.linalg.norm(x)/3**0.5 | x/(sqrt(n)*norm(x))
by-size | x: n | sum(x)/n | n | !NotDifferentiableError
by-two-matrices | X: m n, Y: n p, A: p m | tr(X @ Y @ A) | X Y | jnp.trace(X @ Y @ A)
by-matrix-and-scalar | A: n n, t: positive | logdet(A @ A.T + t*eye(n)) | A t | jnp.linalg.slogdet(A @ A.T + t*jnp.eye(3))[1]
third-of-cubic | x: n, a: n | (a.T @ x)**3 | x x x | (a @ x)**3
third-of-logsumexp | x: n | logsumexp(x) | x x x | jax.nn.logsumexp(x)
fourth-of-norm | x: p | norm(x)**4 | x x x x | jnp.sum(x**2)**2
argument-order | A: m n, x: n, y: m | y.T @ A @ x | x A | y @ A @ x
sandwich-order4 | A: p m, X: m n, B: n p | A @ X @ B | X | A @ X @ B
hadamard-order4 | X: m n, A: m n | A*X**2 | X | A*X**2
transpose-order4 | X: m n | X.T | X | X.T
zero-order3 | A: m n, x: n | A @ x | x x | A @ x
absent-variable | x: n, y: n | sum(x**2) + 0*sum(y) | y | jnp.sum(x**2) + 0*jnp.sum(y) | zeros(n)
"""
