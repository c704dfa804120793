"""Manifolds that a variable may lie on, one row each: tangent projection, Riemannian gradient and Hessian, in the text language.

X is the point, Z an arbitrary direction, G the plain gradient, V a tangent, dG the derivative of G along V; A and B are tangents. AMS is Absil,
Mahony & Sepulchre, Optimization Algorithms on Matrix Manifolds (2008); EAS Edelman, Arias & Smith, The Geometry of Algorithms with Orthogonality
Constraints (1998); B Boumal, An Introduction to Optimization on Smooth Manifolds (2023).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manifold:
    """`needs`: the shape of the point: "any", "vector", "matrix", "square". `fact`: what is declared of the point ("" for the sphere, see `unit`).

    `projection` (in X, Z), `gradient` (in X, G), `inner` product of tangents (in X, A, B), `hessian` along V (in X, G, dG, V; "" when none is
    known), `connection`: the covariant derivative of a field R along V (in X, R, dR, V), by which the Hessian is checked. `says` the set.
    What is true of a tangent V, and taken into account in the Hessian: `tangent` a fact, `vanishing` a scalar that is zero (in X, V).
    """

    name: str
    metric: str
    needs: str
    fact: str
    says: str
    projection: str
    gradient: str
    inner: str = "sum(A*B)"
    hessian: str = ""
    connection: str = ""
    source: str = ""
    unit: bool = False
    tangent: str = ""
    vanishing: str = ""


_SYMMETRIC = "(Z + Z.T)/2"
_STIEFEL = "Z - X @ (X.T @ Z + Z.T @ X)/2"

_ROWS = (
    Manifold(
        "sphere",
        "euclidean",
        needs="any",
        fact="",
        unit=True,
        says="norm({0}) = 1",
        projection="Z - sum(X*Z)*X",
        gradient="G - sum(X*G)*X",
        hessian="dG - sum(X*dG)*X - sum(X*G)*V",
        connection="dR - sum(X*dR)*X",
        vanishing="sum(X*V)",
        source="AMS (3.37), (5.16)",
    ),
    Manifold(
        "stiefel",
        "euclidean",
        needs="matrix",
        fact="orthogonal",
        says="{0}.T @ {0} = I",
        projection=_STIEFEL,
        gradient="G - X @ (X.T @ G + G.T @ X)/2",
        hessian="dG - V @ (X.T @ G + G.T @ X)/2 - X @ (X.T @ (dG - V @ (X.T @ G + G.T @ X)/2) + (dG - V @ (X.T @ G + G.T @ X)/2).T @ X)/2",
        connection="dR - X @ (X.T @ dR + dR.T @ X)/2",
        source="AMS (3.35); B 7.3",
    ),
    Manifold(
        "stiefel",
        "canonical",
        needs="matrix",
        fact="orthogonal",
        says="{0}.T @ {0} = I",
        projection=_STIEFEL,
        gradient="G - X @ G.T @ X",
        inner="sum(A*B) - sum((X.T @ A)*(X.T @ B))/2",
        source="EAS (2.53)",
    ),
    Manifold(
        "grassmann",
        "euclidean",
        needs="matrix",
        fact="orthogonal",
        says="{0}.T @ {0} = I, f a function of the columns' span",
        projection="Z - X @ X.T @ Z",
        gradient="G - X @ X.T @ G",
        hessian="dG - X @ X.T @ dG - V @ X.T @ G",
        connection="dR - X @ X.T @ dR",
        source="EAS (2.70), (2.109); needs f(X @ Q) = f(X)",
    ),
    Manifold(
        "spd",
        "affine-invariant",
        needs="square",
        fact="spd",
        says="{0} symmetric positive definite",
        projection=_SYMMETRIC,
        gradient="X @ (G + G.T)/2 @ X",
        inner="tr(inv(X) @ A @ inv(X) @ B)",
        hessian="X @ (dG + dG.T)/2 @ X + (V @ (G + G.T)/2 @ X + X @ (G + G.T)/2 @ V)/2",
        connection="dR - (V @ inv(X) @ R + R @ inv(X) @ V)/2",
        tangent="symmetric",
        source="B 11.7",
    ),
    Manifold(
        "spd",
        "euclidean",
        needs="square",
        fact="spd",
        says="{0} symmetric positive definite",
        projection=_SYMMETRIC,
        gradient="(G + G.T)/2",
        hessian="(dG + dG.T)/2",
        connection="dR",
        tangent="symmetric",
        source="an open subset of the symmetric matrices",
    ),
    Manifold(
        "simplex",
        "euclidean",
        needs="vector",
        fact="simplex",
        says="entries of {0} positive, sum({0}) = 1",
        projection="Z - mean(Z)",
        gradient="G - mean(G)",
        hessian="dG - mean(dG)",
        connection="dR - mean(dR)",
        vanishing="sum(V)",
        source="an open subset of an affine space",
    ),
    Manifold(
        "simplex",
        "fisher",
        needs="vector",
        fact="simplex",
        says="entries of {0} positive, sum({0}) = 1",
        projection="Z - mean(Z)",
        gradient="X*(G - sum(X*G))",
        inner="sum(A*B/X)",
        source="Shahshahani's metric; Amari 2016, 2.1",
    ),
    Manifold(
        "orthogonal",
        "euclidean",
        needs="square",
        fact="orthogonal",
        says="{0}.T @ {0} = I",
        projection="(Z - X @ Z.T @ X)/2",
        gradient="(G - X @ G.T @ X)/2",
        hessian="(dG - V @ G.T @ X - X @ dG.T @ X - X @ G.T @ V)/4 - X @ (dG - V @ G.T @ X - X @ dG.T @ X - X @ G.T @ V).T @ X/4",
        connection="(dR - X @ dR.T @ X)/2",
        source="AMS 3.6.1, the square case of Stiefel",
    ),
)

MANIFOLDS: dict[tuple[str, str], Manifold] = {(row.name, row.metric): row for row in _ROWS}
