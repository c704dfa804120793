r"""The names of functions in LaTeX, and what is refused by name, as data."""

from __future__ import annotations

from wrt.language.signatures import known_functions

ENTRY = {
    "exp": "exp", "log": "log", "ln": "log", "sin": "sin", "cos": "cos", "tan": "tan", "tg": "tan", "sec": "sec", "csc": "csc", "cosec": "csc", "cot": "cot", "ctg": "cot",
    "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "arctg": "arctan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "arcsinh": "arcsinh", "arsinh": "arcsinh", "asinh": "arcsinh", "arccosh": "arccosh", "arcosh": "arccosh", "acosh": "arccosh", "arctanh": "arctanh",
    "artanh": "arctanh", "atanh": "arctanh", "sigmoid": "sigmoid", "sigm": "sigmoid", "logistic": "sigmoid", "expit": "sigmoid", "softplus": "softplus", "relu": "relu",
    "ReLU": "relu", "Relu": "relu", "gelu": "gelu", "GELU": "gelu", "silu": "silu", "SiLU": "silu", "swish": "silu", "Swish": "silu", "erf": "erf", "sign": "sign", "sgn": "sign",
    "abs": "abs", "sqrt": "sqrt", "digamma": "digamma", "gammaln": "gammaln", "lgamma": "gammaln", "log1p": "log1p", "expm1": "expm1",
}  # fmt: skip
MATRIX = {
    "tr": "tr", "Tr": "tr", "trace": "tr", "Trace": "tr", "TR": "tr", "det": "det", "Det": "det", "logdet": "logdet", "vec": "vec", "Vec": "vec", "vect": "vec", "diag": "diag",
    "Diag": "diag", "dg": "diag", "inv": "inv", "pinv": "pinv", "adj": "adj", "expm": "expm", "Exp": "expm", "logm": "logm", "sqrtm": "sqrtm", "chol": "cholesky",
    "cholesky": "cholesky", "polar": "polar", "tril": "tril", "triu": "triu", "eigvalsh": "eigvalsh", "svdvals": "svdvals",
}  # fmt: skip
SPECIAL = frozenset(
    "max min softmax logsumexp lse LSE log_softmax logsoftmax KL D_KL logit erfc gamma mean sum norm dot kron trigamma prod sech csch coth".split()
)
REFUSED = {
    "int": "an integral is not supported.",
    "nabla": "a gradient is asked of a function, not written in it.",
    "partial": "a derivative is asked of a function, not written in it.",
    "ldots": "dots are not read: what is left out must be written.",
    "infty": "infinity has no place here.",
    "lim": "a limit is not supported.",
    "arg": "arg min and arg max are points, not functions to differentiate.",
    "argmin": "arg min is a point, not a function to differentiate.",
    "argmax": "arg max is a point, not a function to differentiate.",
    "sup": "a supremum is not supported.",
    "inf": "an infimum is not supported.",
    "choose": "a binomial coefficient is not supported.",
    "top": "the transpose sign stands alone.",
    "binom": "a binomial coefficient is not supported.",
    "rank": "the rank has no derivative.",
    "lfloor": "rounding has no derivative.",
    "lceil": "rounding has no derivative.",
    "Re": "complex numbers are not supported.",
    "Im": "complex numbers are not supported.",
    "E": "an expectation is not supported.",
    "in": "what a name is an element of is said by its declaration.",
    "const": "a constant without a name is left out, or declared.",
    "forall": "a statement about all of something is not a function.",
    "exists": "a statement is not a function.",
    "to": "an arrow is not part of a function.",
    "leftarrow": "an assignment is not a function: give its right-hand side alone.",
    "gets": "an assignment is not a function: give its right-hand side alone.",
    "not": "this relation is not known.",
    "pm": "two signs at once are two formulas.",
    "mp": "two signs at once are two formulas.",
    "Pr": "an expectation or probability is not supported.",
    "limsup": "a limit is not supported.",
    "liminf": "a limit is not supported.",
    "cond": "the condition number is of a norm that must be said.",
    **dict.fromkeys(("bmod", "pmod", "mod", "gcd", "lcm"), "whole numbers have no derivatives."),
    **dict.fromkeys(("dim", "ker", "hom", "deg"), "what is meant is no function of numbers."),
}
HINTS = {
    "top": r"write x^\top.",
    "ldots": r"write \sum_{i=1}^n for a sum with dots.",
    "nabla": "give the function alone, and derive it.",
    "partial": "give the function alone, and derive it.",
    "arg": "give what is minimised, and minimize it.",
    "argmin": "give what is minimised, and minimize it.",
    "argmax": "give what is maximised, and derive it.",
    "pm": "write + or -.",
    "mp": "write + or -.",
    "cond": r"write \|A\|_2 \|A^{-1}\|_2.",
}
WORDS: dict[str, str] = {
    **ENTRY,
    **MATRIX,
    **{name: name for name in SPECIAL if "_" not in name},
    **{n: n for n in known_functions() if len(n) > 2 and n not in ENTRY and n not in MATRIX},
}
SAYS_SO = {
    "lg": r"is \lg the logarithm to base 2 or 10?",
    "Cov": "is the covariance divided by n or by n - 1?",
    "Var": "is the variance divided by n or by n - 1?",
    "cov": "is the covariance divided by n or by n - 1?",
}
