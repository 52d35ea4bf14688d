"""A likelihood ratio is what the two populations say, and never more than their number."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from spectra.errors import SpectrumError
from spectra.likelihood import LikelihoodModel, fit, log_likelihood_ratio_cost


def two_kinds(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(2.0, 1.0, n), rng.normal(0.0, 1.0, n)


def test_equal_normals_give_the_exact_ratio():
    # Two unit normals at 2 and 0: ln LR = 2·x − 2.
    model = fit(*two_kinds(20_000))
    assert model.slope == pytest.approx(2.0, abs=0.08)
    assert model.intercept == pytest.approx(-2.0, abs=0.1)


def test_fit_equals_a_general_minimiser():
    present, absent = two_kinds(300, 1)
    x = np.concatenate([present, absent])
    z = (x - x.mean()) / x.std()
    sign = np.concatenate([np.ones(300), -np.ones(300)])

    def loss(beta):
        terms = np.logaddexp(0.0, -sign * (beta[0] + beta[1] * z))
        return terms.mean() + 0.5e-3 * beta[1] ** 2

    best = minimize(loss, np.zeros(2), tol=1e-12).x
    model = fit(present, absent)
    assert model.slope == pytest.approx(best[1] / x.std(), rel=1e-4)
    assert model.intercept == pytest.approx(best[0] - best[1] * x.mean() / x.std(), rel=1e-3)


def test_ratio_never_exceeds_the_number_of_comparisons():
    model = fit(*two_kinds(60))
    assert model.ratio(1e9) == pytest.approx(60.0)
    assert model.ratio(-1e9) == pytest.approx(1 / 60)
    assert "at least 60" in model.words(1e9)
    assert "speaks against" in model.words(-1e9)
    assert "60 absent" in model.words(1e9)


def test_kinds_that_do_not_overlap_give_a_finite_ratio():
    model = fit(np.full(40, 5.0) + np.arange(40) * 1e-3, np.zeros(40))
    assert math.isfinite(model.slope)
    assert model.ratio(5.0) > 1 > model.ratio(0.0)


@pytest.mark.parametrize(
    ("present", "absent"),
    [
        (np.arange(29.0), np.arange(100.0)),
        (np.full(40, np.inf), np.arange(100.0)),
        (np.zeros(40), np.zeros(40)),
        (np.arange(40.0), np.arange(40.0) + 50),
    ],
)
def test_too_few_or_senseless_contrasts_give_no_ratio(present, absent):
    assert fit(present, absent) is None


def test_facts_are_kept_and_damaged_ones_refused():
    model = fit(*two_kinds(100))
    assert LikelihoodModel.from_facts(model.to_facts()) == model
    for damage in ({"slope": -1.0}, {"slope": "2"}, {"n_absent": 0}, {"intercept": float("nan")}):
        with pytest.raises(SpectrumError):
            LikelihoodModel.from_facts(model.to_facts() | damage)


def test_cost_is_one_for_knowing_nothing_and_small_for_knowing_all():
    assert log_likelihood_ratio_cost(np.ones(9), np.ones(9)) == pytest.approx(1.0)
    assert log_likelihood_ratio_cost(np.full(9, 1e6), np.full(9, 1e-6)) < 1e-5
