"""The fields of the exact proof: the primes are primes, and exp, powers, roots, sine and cosine keep their identities."""

from itertools import pairwise

import pytest

from wrt.proof.field import BASE, LEVELS, PRIMES, K

WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)


def is_prime(n: int) -> bool:
    """Miller and Rabin's test; with these witnesses a proof below 3.3e24 (Sorenson & Webster 2015)."""
    if n < 2 or any(n % q == 0 for q in WITNESSES):
        return n in WITNESSES
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in WITNESSES:
        x = pow(a, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: str(level.p))
def test_every_modulus_is_a_prime_with_minus_one_no_square(level):
    assert is_prime(level.p)
    assert level.p % 4 == 3
    assert level.sign(level.p - 1) == -1


def test_each_prime_of_the_chain_is_twice_the_next_plus_one():
    for p, q in pairwise(PRIMES):
        assert p == 2 * q + 1
    assert PRIMES[0].bit_length() == 60


def test_every_prime_of_the_chain_has_room_for_angles():
    for p in PRIMES:
        assert (p + 1) % K == 0


def test_small_whole_numbers_are_positive_where_signs_are_decided():
    for n in (2, 3, 5, 7, 11, 13):
        assert [level.sign(n) for level in LEVELS[:3]] == [1, 1, 1]


@pytest.mark.parametrize("level", [level for level in LEVELS if level.exp], ids=lambda level: str(level.p))
def test_exponentials_of_a_sum_are_products(level):
    q = level.exp.p
    a, b = 12345678901234567 % q, 98765432109876543 % q
    assert level.exponential(a) * level.exponential(b) % level.p == level.exponential((a + b) % q)
    assert level.exponential(q - 1) * level.exponential(1) % level.p == 1
    assert level.exponential(1) != 1
    assert level.sign(level.exponential(a)) == 1


@pytest.mark.parametrize("level", [level for level in LEVELS if level.trig], ids=lambda level: str(level.p))
def test_sine_and_cosine_obey_the_addition_theorems(level):
    p, a, b = level.p, 1234567890123, 987654321098
    (c, s), (x, y), (u, v) = level.circle(a), level.circle(b), level.circle((a + b) % K)
    assert (c * c + s * s) % p == 1
    assert u == (c * x - s * y) % p
    assert v == (s * x + c * y) % p
    assert level.circle(K - a) == (c, -s % p)
    assert level.circle(1) != (1, 0)


def test_powers_of_a_square_take_fractions_as_exponents():
    p, q = BASE.p, BASE.exp.p
    u = pow(123456789, 2, p)
    assert BASE.power(u, pow(2, -1, q)) == BASE.root(u)
    assert pow(BASE.power(u, pow(3, -1, q)), 3, p) == u
    assert BASE.sign(BASE.root(u)) == 1


def test_oracles_depend_on_their_words_only():
    assert BASE.oracle("f", 3) == BASE.oracle("f", 3) != BASE.oracle("f", 4)
