r"""Families of typed LaTeX, one law each: what the words around a name, a sum or a bracket decide."""

from __future__ import annotations

import pytest

import wrt

DECLARED = "A: n n, X: m n, x: n, y: m, z: n, c:, h: q, W: n (n+q), y_pred: m, u_o: n, U: r n"


def read(typed: str, names: dict[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """The text that a typed formula is read as, and what was told."""
    formula = wrt.parse(typed, DECLARED, syntax="latex", names=names or {})
    return str(formula), formula.assumed


def refused(typed: str, names: dict[str, str] | None = None) -> str:
    with pytest.raises(wrt.WrtError) as caught:
        read(typed, names)
    return caught.value.message


@pytest.mark.parametrize("typed", ["Loss = x^\\top x", "MSE = x^\\top x", "TotalLoss(x) = x^\\top x", r"{\displaystyle L_c(x) = x^\top x}."])
def test_words_before_the_equality_are_a_label(typed):
    assert read(typed) == ("x.T @ x", ())


def test_a_product_of_declared_letters_before_the_equality_is_an_equation():
    assert refused("Ax = z") == "this is an equation: which side is the function, Ax or z?"


def test_the_last_side_is_read_where_those_before_hold_what_is_not_declared():
    told = ("the last side is read: those before it hold what is not declared",)
    assert read(r"\ell(c) = \log p(x \mid c) = \log c") == ("log(c)", told)
    assert refused(r"\ell(c) = \log c = \log p(x \mid c)").startswith("p stands before an argument")


def test_a_definition_of_every_entry_is_the_array():
    assert read(r"K_{ij} = x_i z_j") == (
        "array(x[i]*z[j] for i in range(n) for j in range(n))",
        ("K_{ij} gives every entry: the whole array is read",),
    )
    assert read(r"x^\top Q z, \quad Q_{ij} = A_{ij} c")[0] == "x.T @ array(A[i, j]*c for i in range(n) for j in range(n)) @ z"


def test_a_declared_name_goes_before_a_spelling_with_an_index():
    assert read(r"u_o^\top x + \sum_{j=1}^r u_j^\top x", {"u_j": "U[j,:].T"})[0] == "u_o.T @ x + sum(U[j, :] @ x for j in range(r))"


@pytest.mark.parametrize("typed", [r"\sum_{i=1}^m (y_i - y_{pred,i})^2", r"\sum_{i=1}^m (y_i - y_{i,\text{pred}})^2"])
def test_an_index_may_stand_beside_the_word_in_a_subscript(typed):
    assert read(typed)[0] == "sum((y[i] - y_pred[i])**2 for i in range(m))"


def test_a_spelling_that_counts_from_one_says_so_of_a_sum_from_zero():
    assert refused(r"\sum_{k=0}^{m-1} x_k^\top x_k", {"x_k": "X[k,:].T"}) == "this index starts at 0; in LaTeX indices count from 1."
    assert read(r"\sum_{k=0}^{m-1} x_k^\top x_k", {"x_k": "X[k + 1,:].T"})[0] == "sum(X[k, :] @ X[k, :].T for k in range(m))"


def test_columns_of_two_heights_in_brackets_stand_one_above_the_other():
    assert read(r"W[x, h]")[0] == "W @ [x, h]"
    assert refused(r"A[x, z]") == "a list in brackets: is it a row, a column or an interval?"
    assert refused(r"[x, z]^\top A") == "are the columns of [x, z] one above the other or side by side?"


def test_a_plain_one_that_is_transposed_is_the_vector_of_ones():
    assert read(r"(I - \frac1n 11^\top)x")[0] == "(eye(n) - 1/n*ones(n) @ ones(n).T) @ x"
    assert read(r"1'A1 + c - 1")[0] == "ones(n).T @ A @ ones(n) + c - 1"


def test_a_sum_without_an_index_runs_over_entries():
    assert read(r"\sum (x - z)^2 + \sum |x|")[0] == "sum((x - z)**2) + sum(abs(x))"


def test_bars_that_are_divided_by_are_a_norm_and_said_to_be():
    assert read(r"\frac{c}{|x - z|}") == ("c/norm(x - z)", ("|x - z| is read as the norm, a number that is divided by",))
    assert refused(r"\frac{x}{|x|}") == "is |x| the norm or the absolute value of each entry?"


def test_absolute_values_are_told_by_what_stands_beside_their_maximum():
    assert read(r"\operatorname{sign}(x) \odot \max(|x| - c, 0)")[0] == "sign(x)*maximum(abs(x) - c, 0)"
    assert refused(r"\max(|x| - c, 0)") == "is \\max(|x| - c, 0) the norm or the absolute value of each entry?"


def test_what_is_left_out_by_dots_is_no_remark():
    assert refused(r"x_1, x_2, \ldots, x_n") == "'x_2, \\ldots, x_n' after the formula is not understood."
    assert read(r"x^\top x, \quad i = 1, 2, \dots, n")[0] == "x.T @ x"


def test_an_arrow_to_the_minimum_is_an_objective():
    assert read(r"\|Ax - z\|^2 \to \min_x") == ("norm(A @ x - z)**2", (r"\min_x is left out: the objective is the function",))


def test_over_divides_what_sized_brackets_enclose():
    assert read(r"\exp\left(-\|x\|^2 \over 2c^2\right)")[0] == "exp(-norm(x)**2/(2*c**2))"


@pytest.mark.parametrize("typed", [r"\text{Softmax}(x)", r"\operatorname{SoftMax}(x)", r"\mathrm { s o f t m a x } (x)"])
def test_functions_are_known_in_other_cases_and_spacings(typed):
    assert read(typed)[0] == "softmax(x)"


def test_a_condition_on_data_below_a_sum_multiplies_what_is_summed():
    assert read(r"\sum_{i: y_i > 0} y_pred_i^2", {"y_pred_i": "y_pred[i]"})[0] == "sum((y[i] > 0)*y_pred[i]**2 for i in range(m))"
    assert read(r"\prod_{i \mid y_i = 1} y_i")[0] == "prod(array(where(y[i] == 1, y[i], 1) for i in range(m)))"
    assert refused(r"\max_{i: y_i > 0} y_i") == "a condition under max is not supported."


def test_idle_braces_group_nothing():
    assert read(r"{{x}_{1}}^{2} + {{z}^{T}}x")[0] == "x[0]**2 + z.T @ x"
    assert read(r"{\left\| x \right\|}_{1} + \parallel z{\parallel }_{2}^{2}")[0] == "norm(x, 1) + norm(z)**2"
    assert read(r"{c^{2}}^{3} + \sin{c}^2")[0] == "(c**2)**3 + sin(c)**2"


def test_an_editors_array_of_cases_is_a_choice():
    typed = r"\left\{ {\begin{array}{*{20}{c}} {{c^2},}&{c > 0}\\ 0&{otherwise} \end{array}} \right."
    assert read(typed)[0] == "where(c > 0, c**2, 0)"


def test_a_raised_number_in_brackets_is_the_subscript_of_a_declared_name():
    told = ("U^{(1)} is read as U_1",)
    assert (str(f := wrt.parse(r"U^{(1)}x", "U_1: m n, x: n", syntax="latex")), f.assumed) == ("U_1 @ x", told)


def test_a_bracket_of_dirac_is_a_form_and_a_dagger_of_a_vector_its_transpose():
    assert read(r"\langle x | A | z \rangle")[0] == "x.T @ A @ z"
    assert read(r"x^\dagger A z") == ("x.T @ A @ z", ("the dagger of x is read as its transpose: numbers are real",))
    assert refused(r"A^\dagger x") == "what does A^\\dagger mean?"


def test_a_transpose_may_stand_in_front():
    assert read(r"{}^t x A z")[0] == "x.T @ A @ z"


@pytest.mark.parametrize(
    ("typed", "text", "assumed"),
    [
        (r"(I - \frac1n\mathbf 1\mathbf 1^\top)X", "(eye(n) - 1/n*ones(n) @ ones(n).T) @ X", ("X: n x m",)),
        (r"I_n - \frac1n 11^\top", "eye(n) - 1/n*ones(n) @ ones(n).T", ("n: a size",)),
        (r"\frac1n\|x\|_p", "1/n*norm(x, p)", ("p: scalar", "x: n")),
        (r"\sum_{i: y_i>0} x_i", "sum((y[i] > 0)*x[i] for i in range(n))", ("x: n", "y: n")),
    ],
)
def test_undeclared_letters_are_the_sizes_and_numbers_that_their_places_say(typed, text, assumed):
    formula = wrt.parse(typed, syntax="latex")
    assert (str(formula), formula.assumed) == (text, assumed)
