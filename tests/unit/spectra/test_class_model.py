from __future__ import annotations

import numpy as np
import pytest

from spectra.class_model import N_FEATURES, features, fit
from spectra.errors import GridMismatchError, SpectrumError

PARENTS = (
    {91: 300, 146: 999, 189: 600, 245: 900},
    {58: 999, 105: 80, 163: 20},
    {77: 500, 120: 999},
)


def references(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spectra of class 1, class 2 and none: homologues of three parents with stray ions."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % 3
    rows, masses = np.zeros((n, 1001)), np.full(n, 200.0)
    for at, made in enumerate(classes):
        shift = 14 * int(rng.integers(0, 3))
        for mz, height in PARENTS[(made - 1) % 3].items():
            rows[at, mz + shift] = height
        rows[at, rng.integers(40, 400, 12)] += rng.integers(3, 150, 12)
        masses[at] = 336.0 + shift
    return rows, masses, classes


def test_features_have_the_stated_length_and_losses_need_a_mass():
    rows, masses, _ = references(4)
    made = features(rows, masses)
    assert made.shape == (4, N_FEATURES)
    blind = features(rows, np.full(4, np.nan))
    assert np.allclose(blind[:, :601], made[:, :601])
    assert not blind[:, 601:822].any()


def test_a_loss_stands_where_it_is():
    row = np.zeros((1, 1001))
    row[0, 245] = 999
    assert features(row, [336.0])[0, 601 + 91] == pytest.approx(1.0)


def test_height_and_scale_of_a_spectrum_do_not_matter():
    rows, masses, _ = references(3)
    rows[rows < 10] = 0
    assert np.allclose(features(rows, masses), features(rows * 7, masses))


def test_an_empty_spectrum_and_masses_out_of_range_are_no_error():
    made = features(np.zeros((3, 1001)), [np.nan, 5_000.0, -3.0])
    assert np.isfinite(made).all()
    assert not made.any()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(GridMismatchError):
        features(np.zeros((3, 400)), np.zeros(3))
    with pytest.raises(GridMismatchError):
        features(np.zeros((3, 1001)), np.zeros(2))


def test_a_class_is_known_again_in_spectra_not_seen():
    model = fit(*references(120)).model
    rows, masses, classes = references(60, seed=5)
    assert np.mean(model.scores(rows, masses).argmax(axis=1) == classes) > 0.95


@pytest.mark.parametrize("n_hidden", [1, 7, 40])
def test_leaving_out_equals_learning_again_without(n_hidden):
    """Against the slow way: the weighted normal equations of the rest, solved anew."""
    rows, masses, classes = references(90)
    hidden = np.zeros(90, dtype=bool)
    hidden[3 : 3 + n_hidden] = True
    quick = fit(rows, masses, classes).without(hidden)
    made = np.concatenate([features(rows, masses), np.ones((90, 1))], axis=1)
    counts = np.bincount(classes)
    weight = np.sqrt(counts.max() / counts[classes])
    left = made[~hidden] * weight[~hidden, None]
    target = np.eye(3)[classes[~hidden]] * weight[~hidden, None]
    slow = np.linalg.solve(
        made[~hidden].T @ left + np.eye(N_FEATURES + 1), made[~hidden].T @ target
    )
    assert quick.weights == pytest.approx(slow, abs=1e-5)


def test_nothing_left_or_no_class_to_learn_from_is_refused():
    rows, masses, classes = references(9)
    with pytest.raises(SpectrumError):
        fit(rows, masses, classes).without(np.ones(9, dtype=bool))
    with pytest.raises(SpectrumError):
        fit(rows, masses, np.zeros(9, dtype=np.int64))
