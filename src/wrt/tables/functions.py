"""Elementwise functions, one row each: derivative, domain, kink, expansion, notation, spelling for code, source.

DLMF is the NIST Digital Library of Mathematical Functions (section.equation).
"""

from wrt.tables.rows import Elementwise as E

_ROWS = (
    E("exp", ("y",), latex=r"\exp", numpy="np.exp({0})", source="DLMF 4.20.1", at_zero="1"),
    E("log", ("1/x",), domain="positive", latex=r"\log", numpy="np.log({0})", source="DLMF 4.7.1"),
    E("log1p", ("1/(1 + x)",), domain="positive", defined="log(1 + x)", latex=r"\operatorname{log1p}", numpy="np.log1p({0})", source="DLMF 4.7.1", at_zero="0"),
    E("expm1", ("exp(x)",), defined="exp(x) - 1", latex=r"\operatorname{expm1}", numpy="np.expm1({0})", source="DLMF 4.20.1", at_zero="0"),
    E("sqrt", ("1/(2*y)",), domain="positive", latex=r"\sqrt", numpy="np.sqrt({0})", source="DLMF 4.20", at_zero="0"),
    E("abs", ("sign(x)",), kink="x != 0", latex=r"\left|{0}\right|", numpy="np.abs({0})", source="minimal-norm subgradient 0 at 0", even=True, at_zero="0"),
    E("sign", ("0",), kink="x != 0", latex=r"\operatorname{sign}", numpy="np.sign({0})", odd=True, at_zero="0"),
    E("sin", ("cos(x)",), latex=r"\sin", numpy="np.sin({0})", source="DLMF 4.20.1", odd=True, at_zero="0"),
    E("cos", ("-sin(x)",), latex=r"\cos", numpy="np.cos({0})", source="DLMF 4.20.2", even=True, at_zero="1"),
    E("tan", ("1 + y**2",), domain="unit", defined="sin(x)/cos(x)", latex=r"\tan", numpy="np.tan({0})", source="DLMF 4.20.3", odd=True, at_zero="0"),
    E("sec", ("y*tan(x)",), domain="unit", defined="1/cos(x)", latex=r"\sec", numpy="1/np.cos({0})", source="DLMF 4.20.5", even=True, at_zero="1"),
    E("csc", ("-y*cot(x)",), domain="nonzero", defined="1/sin(x)", latex=r"\csc", numpy="1/np.sin({0})", source="DLMF 4.20.4", odd=True),
    E("cot", ("-1 - y**2",), domain="nonzero", defined="cos(x)/sin(x)", latex=r"\cot", numpy="1/np.tan({0})", source="DLMF 4.20.6", odd=True),
    E("arcsin", ("1/sqrt(1 - x**2)",), domain="unit", latex=r"\arcsin", numpy="np.arcsin({0})", source="DLMF 4.24.7", odd=True, at_zero="0"),
    E("arccos", ("-1/sqrt(1 - x**2)",), domain="unit", latex=r"\arccos", numpy="np.arccos({0})", source="DLMF 4.24.8"),
    E("arctan", ("1/(1 + x**2)",), latex=r"\arctan", numpy="np.arctan({0})", source="DLMF 4.24.9", odd=True, at_zero="0"),
    E("sinh", ("cosh(x)",), defined="(exp(x) - exp(-x))/2", latex=r"\sinh", numpy="np.sinh({0})", source="DLMF 4.34.1", odd=True, at_zero="0"),
    E("cosh", ("sinh(x)",), defined="(exp(x) + exp(-x))/2", latex=r"\cosh", numpy="np.cosh({0})", source="DLMF 4.34.2", even=True, at_zero="1"),
    E("tanh", ("1 - y**2",), defined="(exp(x) - exp(-x))/(exp(x) + exp(-x))", latex=r"\tanh", numpy="np.tanh({0})", source="DLMF 4.34.3", odd=True, at_zero="0"),
    E("arcsinh", ("1/sqrt(1 + x**2)",), latex=r"\operatorname{arcsinh}", numpy="np.arcsinh({0})", source="DLMF 4.38.9", odd=True, at_zero="0"),
    E("arccosh", ("1/sqrt(x**2 - 1)",), domain="above_one", latex=r"\operatorname{arccosh}", numpy="np.arccosh({0})", source="DLMF 4.38.10"),
    E("arctanh", ("1/(1 - x**2)",), domain="unit", latex=r"\operatorname{arctanh}", numpy="np.arctanh({0})", source="DLMF 4.38.11", odd=True, at_zero="0"),
    E("sigmoid", ("y*(1 - y)",), defined="1/(1 + exp(-x))", latex=r"\sigma", numpy="special.expit({0})", source="logistic function", at_zero="1/2"),
    E("softplus", ("sigmoid(x)",), defined="log(1 + exp(x))", latex=r"\operatorname{softplus}", numpy="np.logaddexp({0}, 0)", source="Dugas et al. 2001"),
    E("relu", ("x > 0",), kink="x != 0", latex=r"\operatorname{ReLU}", numpy="np.maximum({0}, 0)", source="minimal-norm subgradient 0 at 0", at_zero="0"),
    E("gelu", ("(1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi)",), defined="x*(1 + erf(x/sqrt(2)))/2", latex=r"\operatorname{GELU}", numpy="{0}*special.ndtr({0})", source="Hendrycks & Gimpel 2016", at_zero="0"),
    E("silu", ("sigmoid(x) + y*(1 - sigmoid(x))",), defined="x*sigmoid(x)", latex=r"\operatorname{SiLU}", numpy="{0}*special.expit({0})", source="Elfwing et al. 2018", at_zero="0"),
    E("erf", ("2*exp(-x**2)/sqrt(pi)",), latex=r"\operatorname{erf}", numpy="special.erf({0})", source="DLMF 7.10.1", odd=True, at_zero="0"),
    E("gammaln", ("digamma(x)",), domain="positive", latex=r"\log\Gamma", numpy="special.gammaln({0})", source="DLMF 5.2.2"),
    E("digamma", ("polygamma(1, x)",), domain="positive", latex=r"\psi", numpy="special.digamma({0})", source="DLMF 5.15"),
    E("polygamma", ("", "polygamma(k + 1, x)"), ("k", "x"), domain="positive", latex=r"\psi^{({0})}", numpy="special.polygamma({0}, {1})", source="DLMF 5.15"),
    E("maximum", ("(a > b) + (a == b)/2", "(b > a) + (a == b)/2"), ("a", "b"), kink="a != b", alone=("a > b", "b > a"), latex=r"\max", numpy="np.maximum({0}, {1})", source="minimal-norm subgradient: even split at a tie, none where the other argument is fixed"),
    E("minimum", ("(a < b) + (a == b)/2", "(b < a) + (a == b)/2"), ("a", "b"), kink="a != b", alone=("a < b", "b < a"), latex=r"\min", numpy="np.minimum({0}, {1})", source="minimal-norm subgradient: even split at a tie, none where the other argument is fixed"),
    E("where", ("", "where(c, 1, 0)", "where(c, 0, 1)"), ("c", "a", "b"), latex=r"\operatorname{where}", numpy="np.where({0} != 0, {1}, {2})", source="piecewise definition"),
)

FUNCTIONS: dict[str, E] = {row.name: row for row in _ROWS}
CONSTANTS: dict[str, float] = {"pi": 3.141592653589793}
