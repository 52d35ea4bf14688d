from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.errors import SpectrumError
from spectra.mass_scores import entropy_gain, entropy_weighted
from spectra.peak_tandem import DEFAULT_TOLERANCE, TandemIndex
from spectra.peak_tandem_clean import Cleaning, clean

CLEANING = Cleaning(tolerance=DEFAULT_TOLERANCE)
DA = DEFAULT_TOLERANCE.da


def made(seed: int, n: int) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[float | None]]:
    """Spectra whose fragments and losses often meet, within the tolerance and just outside it."""
    rng = np.random.default_rng(seed)
    rows, precursors = [], []
    for _ in range(n):
        k = int(rng.integers(1, 25))
        precursor = float(rng.choice([190.1, 204.1157, 218.13, 190.114, 301.0]))
        near = rng.integers(50, 90, k) + rng.choice([0.0, 0.015, 0.03, 0.4], k)
        mz = np.where(rng.random(k) < 0.5, near, precursor - near)
        rows.append((mz, rng.lognormal(2, 1.5, k)))
        precursors.append(None if rng.random() < 0.1 else precursor)
    return rows, precursors


def slow(
    query: tuple[np.ndarray, np.ndarray],
    precursor: float,
    row: tuple[np.ndarray, np.ndarray],
    theirs: float | None,
) -> float:
    """The definition, peak by peak: partners in place first, then partners by loss."""
    x, a = clean(*query, CLEANING, precursor)
    y, b = clean(*row, CLEANING, theirs)
    if not x.size or not y.size:
        return 0.0
    a, b = entropy_weighted(a), entropy_weighted(b)
    pairs: list[tuple[int, int]] = []
    shifts = [0.0] if theirs is None else [0.0, precursor - theirs]
    for shift in shifts:
        before = list(pairs)
        for i in range(x.size):
            for j in range(y.size):
                is_free = all(i != k and j != m for k, m in before)
                if is_free and abs(round(x[i] - shift, 9) - y[j]) <= DA + 1e-9:
                    pairs.append((i, j))
    return min(sum(float(entropy_gain(a[[i]], b[[j]])[0]) for i, j in pairs), 1.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_scores_are_those_of_the_definition(seed: int) -> None:
    rows, precursors = made(seed, 12)
    index = TandemIndex.build(rows, precursors)
    asked = next((at for at, each in enumerate(precursors) if each is not None), None)
    if asked is None:
        return
    precursor = float(precursors[asked] or 0.0)
    found = index.hybrid.scores(rows[asked], precursor)
    truth = [slow(rows[asked], precursor, *each) for each in zip(rows, precursors, strict=True)]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-6)


def test_the_scores_are_those_of_ms_entropy() -> None:
    ms_entropy = pytest.importorskip("ms_entropy")
    rng = np.random.default_rng(4)
    rows = [(np.sort(rng.uniform(50, 180, 12)), rng.lognormal(2, 1, 12)) for _ in range(80)]
    precursors = rng.choice([200.0, 214.0157, 228.0313], 80).tolist()
    # Relatives: some fragments as they were, the others moved with the precursor.
    for at in range(40, 80):
        source = at - 40
        moved = rng.random(12) < 0.5
        mz = rows[source][0] + np.where(moved, precursors[at] - precursors[source], 0.0)
        rows[at] = (np.sort(mz), rng.lognormal(2, 1, 12))
    index = TandemIndex.build(rows, precursors)
    peer = ms_entropy.FlashEntropySearch()
    kept = peer.build_index(
        [
            {"precursor_mz": mass, "peaks": np.stack(row, axis=1).astype(np.float32), "row": at}
            for at, (row, mass) in enumerate(zip(rows, precursors, strict=True))
        ]
    )
    place = np.array([entry["row"] for entry in kept])
    for at in range(0, 80, 4):
        peaks = np.stack(rows[at], axis=1).astype(np.float32)
        asked = peer.clean_spectrum_for_search(peaks=peaks, precursor_mz=precursors[at])
        theirs = np.zeros(80)
        theirs[place] = peer.hybrid_search(
            precursor_mz=precursors[at], peaks=asked, ms2_tolerance_in_da=0.02
        )
        found = index.hybrid.scores(rows[at], precursors[at])
        np.testing.assert_allclose(found, theirs, rtol=0, atol=2e-6)


def test_equal_precursors_give_the_plain_similarity() -> None:
    rows, _ = made(7, 30)
    index = TandemIndex.build(rows, [400.0] * 30)
    for at in range(0, 30, 5):
        plain = index.search(rows[at], 30, precursor_mz=400.0)
        found = index.hybrid.scores(rows[at], 400.0)
        np.testing.assert_allclose(found[plain.rows], plain.scores, rtol=0, atol=1e-9)


def test_a_row_of_the_library_is_asked_like_its_spectrum() -> None:
    rows, precursors = made(3, 40)
    index = TandemIndex.build(rows, precursors)
    for at, precursor in enumerate(precursors):
        found = index.hybrid.scores_of_row(at)
        if precursor is None:
            assert not found.any()
        else:
            asked = index.hybrid.scores(rows[at], precursor)
            np.testing.assert_allclose(found, asked, rtol=0, atol=1e-6)


def test_partners_tell_fragments_in_place_from_moved_ones() -> None:
    row = (np.array([105.07, 146.10, 188.143, 202.12]), np.array([60.0, 20.0, 100.0, 5.0]))
    query = (np.array([105.07, 160.1157, 188.143, 93.0]), np.array([50.0, 30.0, 90.0, 10.0]))
    index = TandemIndex.build([row, row], [337.2274, None])
    found = index.hybrid.partners(query, 351.2431, 0)
    np.testing.assert_allclose(found.in_place, [188.143, 105.07])
    np.testing.assert_allclose(found.moved, [160.1157])
    assert index.hybrid.partners(query, 351.2431, 1).moved.size == 0


@pytest.mark.parametrize("precursor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_precursor_that_cannot_be_is_refused(precursor: float) -> None:
    rows, _ = made(1, 3)
    index = TandemIndex.build(rows, [200.0] * 3)
    with pytest.raises(SpectrumError, match="precursor"):
        index.hybrid.scores(rows[0], precursor)


def test_an_empty_library_and_a_query_without_fragments_score_nothing() -> None:
    empty = TandemIndex.build([], [])
    assert empty.hybrid.scores((np.array([60.0]), np.array([1.0])), 200.0).size == 0
    rows, precursors = made(5, 4)
    index = TandemIndex.build(rows, precursors)
    above = (np.array([250.0]), np.array([1.0]))
    assert not index.hybrid.scores(above, 200.0).any()
