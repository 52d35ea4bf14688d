from __future__ import annotations

import numpy as np
import pytest

from spectra.contrast import statistic
from spectra.peak_tandem import TandemIndex
from spectra.tandem_rank import TandemRows, calibrate_tandem, fragments, rank

PRECURSORS = np.array([300.1500, 300.1550, 300.2042, 310.1, 300.0, np.nan])


def some_rows() -> tuple[list[tuple[np.ndarray, np.ndarray]], TandemIndex, TandemRows]:
    random = np.random.default_rng(0)
    spectra = [
        (np.sort(random.uniform(50, 280, 12)), random.uniform(1, 100, 12)) for _ in PRECURSORS
    ]
    index = TandemIndex.build(spectra, PRECURSORS.tolist())
    rows = np.arange(PRECURSORS.size, dtype=np.int64)
    polarities = np.array([1, -1, 1, 1, 0, 1], dtype=np.int8)
    facts = TandemRows(groups=rows, families=rows, precursors=PRECURSORS, polarities=polarities)
    return spectra, index, facts


def test_only_rows_of_the_precursor_and_polarity_compete() -> None:
    spectra, index, facts = some_rows()
    same, others = rank(index, facts, spectra[0], 300.1501, 1)
    # 300.0 is stated to a tenth: an instrument that cannot tell it from 300.15.
    assert set(same.rows.tolist()) == {0, 4}
    assert same.rows[0] == 0
    assert same.scores[0] == pytest.approx(1.0)
    assert 1 not in others.rows
    assert {2, 3} <= set(others.rows.tolist())


def test_a_rounded_precursor_of_the_query_widens_the_window() -> None:
    spectra, index, facts = some_rows()
    same, _ = rank(index, facts, spectra[0], 300.2, 0)
    assert set(same.rows.tolist()) == {0, 1, 2, 4}


def test_rows_left_out_are_not_found() -> None:
    spectra, index, facts = some_rows()
    same, others = rank(index, facts, spectra[0], 300.15, 1, without=facts.groups == 0)
    assert 0 not in same.rows
    assert 0 not in others.rows


def test_peaks_at_the_precursor_are_no_fragments() -> None:
    mz = np.array([100.0, 150.0, 299.0, 300.1])
    assert fragments((mz, np.array([10.0, 20.0, 30.0, 100.0])), 300.1) == 2


def test_the_calibration_is_the_conformal_place_of_foreign_formulas_of_one_precursor() -> None:
    random = np.random.default_rng(3)
    shared = np.sort(random.uniform(50, 280, 6))
    spectra = []
    for _ in range(60):
        mz = np.sort(np.append(shared, random.uniform(50, 280, 6)))
        spectra.append((mz, random.uniform(1, 100, 12)))
    n = len(spectra)
    index = TandemIndex.build(spectra, [300.15] * n)
    numbers = np.arange(n, dtype=np.int64)
    facts = TandemRows(
        groups=numbers,
        families=numbers // 2,
        precursors=np.full(n, 300.15),
        polarities=np.ones(n, dtype=np.int8),
    )
    made = calibrate_tandem(index, spectra, facts)
    expected = []
    for row in range(n):
        scores = index.scores(spectra[row])
        foreign = np.flatnonzero(facts.families != facts.families[row])
        order = foreign[np.argsort(-scores[foreign], kind="stable")]
        z = np.arctanh(np.minimum(scores[order], 1 - 1e-6))
        beside = (z[0] - z <= 0.05) | (facts.families[order] == facts.families[order[0]])
        expected.append(statistic(scores[order[0]], scores[order[~beside]]))
    place = int(np.ceil((n + 1) * 0.95)) - 1
    assert made.n == n
    assert made.threshold == pytest.approx(max(np.sort(expected)[place], 0.5))
