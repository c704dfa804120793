"""All rules of `simplify`, in the order in which they are tried. A rule is a function (work, node) -> Expr | None: None where it has nothing to do.

A rule for products stands beside the kinds of factor (factors.marks) that it starts from, so that it is tried only where it may apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wrt.algebra import contractions, distribution, elementwise, indices, logistic, piecewise
from wrt.algebra.expr import Expr, Map, Product, Sum
from wrt.algebra.powers import neighbouring_powers

if TYPE_CHECKING:
    from wrt.algebra.simplify import Simplifier

MapRule = Callable[["Simplifier", Map], Expr | None]
SumRule = Callable[["Simplifier", Sum], Expr | None]
ProductRule = Callable[["Simplifier", Product], Expr | None]
Started = tuple[frozenset[str], ProductRule]


def _from(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


MAP_RULES: tuple[MapRule, ...] = (
    elementwise.of_known_sign,
    elementwise.log_of_power,
    logistic.sigmoid_of_minus,
    elementwise.power_of_power,
    elementwise.power_of_fact,
    logistic.power_of_one_plus_exp,
    elementwise.split_positive_power,
    elementwise.odd_in_label,
    elementwise.comparison_scaled,
)

PRODUCT_RULES: tuple[Started, ...] = (
    # factors at the same place
    (_from("sigmoid", "sigmoid sum"), logistic.sigmoid_products),
    (_from("sign", "abs"), elementwise.sign_products),
    (_from("gt", "ge"), elementwise.positive_part_products),
    (_from("sinh"), elementwise.hyperbolic_quotient),
    (_from("exp"), elementwise.exponential_products),
    (_from("where"), piecewise.branch_absorbs),
    # 0/1 arrays of indices
    (_from("indicator"), indices.decided),
    (_from("indicator"), indices.index_put_in),
    (_from("mask sum"), indices.unequal_spread),
    (_from("indicator"), contractions.triangle_of_triangular),
    # factors that meet over a label
    (_from("onehot"), contractions.look_up_sums_to_one),
    (_from("adj"), contractions.adjugate_over_determinant),
    (_from("inv", "adj"), contractions.inverse_of_product),
    (_from("inv", "sqrtm"), contractions.square_root_of_matrix),
    (_from("inv"), contractions.pseudo_inverse_from_gram),
    (_from("pinv"), contractions.pseudo_inverse_projector),
    (_from("powers"), neighbouring_powers),
    (_from("repeated"), contractions.diagonal_entry_of_same_base),
    (_from("pow"), contractions.sum_over_private_label),
    (_from("variable power"), contractions.root_of_same_base),
)
# Only where a fact that cuts the space is declared.
SET_RULES: tuple[Started, ...] = (
    (_from("symbol"), contractions.one_of_a_sum),
    (_from("symbol"), contractions.entries_that_sum_to_one),
    (_from("symbol"), contractions.orthonormal_columns),
    (_from("symbol"), contractions.idempotent_square),
)
# After all others: they hide what those look for.
LATE_RULES: tuple[Started, ...] = ((_from("sigmoid"), logistic.even_logistic),)
LATE_MAP_RULES: tuple[MapRule, ...] = (piecewise.branch_alone,)

SUM_RULES: tuple[SumRule, ...] = (
    logistic.logistic_variance,
    logistic.logistic_difference,
    elementwise.sine_square_plus_cosine_square,
    piecewise.branches_meet,
    indices.complementary_masks,
    indices.collected_entries,
    distribution.turned_sums,
)
