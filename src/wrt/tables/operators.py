"""Matrix functions, one row each: signature, differential (linear in dX), condition, notation, source.

MC is the Matrix Cookbook (15 November 2012), by equation number; GP is Golub & Pereyra 1973.
"""

from wrt.tables.rows import Matrix as M
from wrt.tables.rows import Reduction as R

# Differentials with a condition m >= n; the gaps 1/(l_j - l_i) of eigenvalues, and of squared singular values, have a zero diagonal.
_CHOLESKY = "cholesky(X) @ (tril(inv(cholesky(X)) @ (dX + dX.T) @ inv(cholesky(X)).T) - diag(diag(inv(cholesky(X)) @ dX @ inv(cholesky(X)).T)))/2"
_EIGVECSH = "eigvecsh(X) @ ((1/(ones(n) @ eigvalsh(X).T - eigvalsh(X) @ ones(n).T + eye(n)) - eye(n))*(eigvecsh(X).T @ (dX + dX.T) @ eigvecsh(X)))/2"
_GAPS = "(1/(ones(n) @ svdvals(X).T**2 - svdvals(X)**2 @ ones(n).T + eye(n)) - eye(n))"
_SVD_U = (
    f"svd_u(X) @ ({_GAPS}*(svd_u(X).T @ dX @ svd_v(X) @ diag(svdvals(X)) + diag(svdvals(X)) @ svd_v(X).T @ dX.T @ svd_u(X)))"
    " + (eye(m) - svd_u(X) @ svd_u(X).T) @ dX @ svd_v(X) @ diag(1/svdvals(X))"
)
_SVD_V = f"svd_v(X) @ ({_GAPS}*(diag(svdvals(X)) @ svd_u(X).T @ dX @ svd_v(X) + svd_v(X).T @ dX.T @ svd_u(X) @ diag(svdvals(X))))"
_POLAR = (
    "svd_u(X) @ ((1/(svdvals(X) @ ones(n).T + ones(n) @ svdvals(X).T))*(svd_u(X).T @ dX @ svd_v(X) - svd_v(X).T @ dX.T @ svd_u(X))) @ svd_v(X).T"
    " + (eye(m) - svd_u(X) @ svd_u(X).T) @ dX @ svd_v(X) @ diag(1/svdvals(X)) @ svd_v(X).T"
)

_ROWS = (
    M("inv", "X[n,n] -> [n,n]", d="-inv(X) @ dX @ inv(X)", assumes="X invertible", latex="{0}^{-1}", numpy="np.linalg.inv({0})", source="MC 40"),
    M("det", "X[n,n] -> []", d="tr(adj(X) @ dX)", latex=r"\det", numpy="np.linalg.det({0})", source="MC 41 (Jacobi's formula)"),
    M(
        "logdet",
        "X[n,n] -> []",
        d="tr(inv(X) @ dX)",
        assumes="X invertible",
        latex=r"\log\left|\det {0}\right|",
        numpy="np.linalg.slogdet({0})[1]",
        source="MC 43",
    ),
    M(
        "adj",
        "X[n,n] -> [n,n]",
        d="det(X)*(tr(inv(X) @ dX)*inv(X) - inv(X) @ dX @ inv(X))",
        assumes="X invertible",
        latex=r"\operatorname{adj}",
        source="product rule on det(X)*inv(X); the index form has the minors",
    ),
    M(
        "pinv",
        "X[m,n] -> [n,m]",
        d="-pinv(X) @ dX @ pinv(X) + (eye(n) - pinv(X) @ X) @ dX.T @ pinv(X).T @ pinv(X) + pinv(X) @ pinv(X).T @ dX.T @ (eye(m) - X @ pinv(X))",
        assumes="X of constant rank",
        latex="{0}^{+}",
        numpy="np.linalg.pinv({0})",
        source="GP 1973, (4.12)",
    ),
    M("solve", "A[n,n], B[n,p] -> [n,p]", defined="inv(A) @ B", assumes="A invertible", source="definition"),
    M(
        "expm",
        "X[n,n] -> [n,n]",
        d='frechet("expm", X, dX)',
        latex=r"\operatorname{expm}",
        numpy="linalg.expm({0})",
        source="MC 500; Al-Mohy & Higham 2009",
    ),
    M(
        "logm",
        "X[n,n] -> [n,n]",
        d='frechet("logm", X, dX)',
        assumes="X without eigenvalues <= 0",
        latex=r"\operatorname{logm}",
        numpy="np.real(linalg.logm({0}))",
        source="Higham 2008, (11.9)",
    ),
    M(
        "sqrtm",
        "X[n,n] -> [n,n]",
        d='frechet("sqrtm", X, dX)',
        assumes="X without eigenvalues <= 0",
        latex="{0}^{1/2}",
        numpy="np.real(linalg.sqrtm({0}))",
        source="Higham 2008, (6.3)",
    ),
    M(
        "cholesky",
        "X[n,n] -> [n,n]",
        d=_CHOLESKY,
        assumes="X positive definite",
        latex=r"\operatorname{chol}",
        numpy="np.linalg.cholesky(({0} + {0}.T)/2)",
        source="Murray 2016, (10)",
    ),
    M(
        "eigvalsh",
        "X[n,n] -> [n]",
        d="diag(eigvecsh(X).T @ dX @ eigvecsh(X))",
        assumes="X with distinct eigenvalues",
        latex=r"\operatorname{eigvalsh}",
        numpy="np.linalg.eigvalsh(({0} + {0}.T)/2)",
        source="MC 67",
    ),
    M(
        "eigvecsh",
        "X[n,n] -> [n,n]",
        d=_EIGVECSH,
        assumes="X with distinct eigenvalues",
        latex=r"\operatorname{eigvecsh}",
        numpy="np.linalg.eigh(({0} + {0}.T)/2)[1]",
        source="MC 68; Giles 2008, 3.1",
    ),
    M(
        "svdvals",
        "X[m,n] -> [r]",
        d="diag(svd_u(X).T @ dX @ svd_v(X))",
        assumes="X with distinct, nonzero singular values",
        latex=r"\operatorname{svdvals}",
        numpy="np.linalg.svd({0}, compute_uv=False)",
        source="Giles 2008, 3.2",
    ),
    M(
        "svd_u",
        "X[m,n] -> [m,r]",
        d=_SVD_U,
        assumes="X with distinct, nonzero singular values",
        latex=r"\operatorname{svd\_u}",
        numpy="np.linalg.svd({0}, full_matrices=False)[0]",
        source="Townsend 2016, (3)",
    ),
    M(
        "svd_v",
        "X[m,n] -> [n,r]",
        d=_SVD_V,
        assumes="X with distinct, nonzero singular values",
        latex=r"\operatorname{svd\_v}",
        numpy="np.linalg.svd({0}, full_matrices=False)[2].T",
        source="Townsend 2016, (4)",
    ),
    M(
        "polar",
        "X[m,n] -> [m,n]",
        d=_POLAR,
        assumes="X of full rank",
        latex=r"\operatorname{polar}",
        numpy="linalg.polar({0})[0]",
        source="Higham 2008, (8.9)",
    ),
    M("matpow", "X[n,n], k[] -> [n,n]", d="sum(matpow(X, r) @ dX @ matpow(X, k - 1 - r) for r in range(k))", latex="{0}^{{{1}}}", source="MC 90"),
)

OPERATORS: dict[str, M] = {row.name: row for row in _ROWS}

_REDUCTIONS = (
    R("sum", latex=r"\sum"),
    R("mean"),
    R("prod", latex=r"\prod"),
    R("max", latex=r"\max"),
    R("min", latex=r"\min"),
    R("logsumexp", axis_for_matrix=True, latex=r"\operatorname{logsumexp}"),
    R("var", latex=r"\operatorname{var}", source="divides by n"),
    R("cumsum", result="keep", axis_for_matrix=True),
    R("softmax", result="keep", axis_for_matrix=True, latex=r"\operatorname{softmax}"),
    R("log_softmax", result="keep", axis_for_matrix=True),
)

REDUCTIONS: dict[str, R] = {row.name: row for row in _REDUCTIONS}
