"""What recognises an MS/MS unknown again, whatever the collision energy."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra import unknown_signature as us
from spectra import unknown_tandem as ut
from spectra.errors import SpectrumError
from tests.unknown_builders import ENERGIES

# Apart by more than twice the merging gap, so that what is built is what is compared.
PEAKS = st.dictionaries(
    st.integers(50, 330).map(lambda n: n + 0.0371), st.integers(15, 999), min_size=3, max_size=22
)


def ion(peaks, precursor=337.2274, polarity=1, **more):
    made = ut.of_peaks(
        np.array(list(peaks), dtype=float),
        np.array(list(peaks.values()), dtype=float),
        precursor,
        polarity=polarity,
        **more,
    )
    assert made is not None
    return made


def slow_likeness(one, other):
    """The definition, fragment by fragment."""

    def share(mine, theirs):
        met, could = 0.0, 0.0
        lowest = min(height for _, height in theirs.peaks)
        shared = 0
        for mz, height in mine.peaks:
            near = any(abs(mz - at) <= 0.01 + 1e-9 for at, _ in theirs.peaks)
            shared += near
            if near:
                met += height**0.5
            if near or height >= 1.5 * lowest:
                could += height**0.5
        return (met / could if could else 0.0), shared

    (a, n), (b, m) = share(one, other), share(other, one)
    return (a + b) / 2 if min(n, m) >= 3 else 0.0


@given(PEAKS, PEAKS)
def test_likeness_agrees_with_the_definition_and_is_symmetric(first, second):
    one, other = ion(first), ion(second)
    assert ut.likeness(one, other) == pytest.approx(slow_likeness(one, other), abs=1e-12)
    assert ut.likeness(one, other) == pytest.approx(ut.likeness(other, one), abs=1e-12)
    assert 0.0 <= ut.likeness(one, other) <= 1.0


@given(PEAKS, st.floats(0.01, 1e6))
def test_a_signature_is_like_itself_whatever_the_scale(peaks, scale):
    again = ion({mz: height * scale for mz, height in peaks.items()})
    assert ut.likeness(ion(peaks), again) >= 0.99


@given(PEAKS)
def test_what_is_written_reads_back_the_same(peaks):
    one = us.of_fragments(ion(peaks, retention_time_s=312.46))
    assert us.parsed(json.loads(json.dumps(us.plain(one)))) == one


def same(one, other):
    return ut.likeness(one, other) >= ut.threshold(one, other)


def test_neighbouring_energies_are_one_ion_and_the_ends_are_met_through_the_middle():
    ions = [ion(peaks) for peaks in ENERGIES.values()]
    assert all(same(one, other) for one, other in pairwise(ions))
    assert not same(ions[0], ions[-1])


def test_another_precursor_is_never_the_same_unknown_however_alike():
    one = ion(ENERGIES[30])
    assert ut.likeness(one, ion(ENERGIES[30], precursor=337.2400)) == 0.0
    assert ut.likeness(one, ion(ENERGIES[30], precursor=351.2431)) == 0.0
    assert same(one, ion(ENERGIES[30], precursor=337.2300))


def test_polarities_never_compare_unless_one_is_not_stated():
    one = ion(ENERGIES[30])
    assert ut.likeness(one, ion(ENERGIES[30], polarity=-1)) == 0.0
    assert same(one, ion(ENERGIES[30], polarity=0))


def test_whole_masses_meet_accurate_ones_and_must_share_more():
    whole = ion({round(mz, 1): h for mz, h in ENERGIES[30].items()}, precursor=337.2)
    accurate = ion(ENERGIES[30])
    assert whole.is_whole
    assert not accurate.is_whole
    assert same(whole, accurate)
    assert ut.threshold(whole, accurate) > ut.threshold(accurate, accurate)
    # What 4-byte floats make of a number with one decimal is still one.
    stored = np.array([mz for mz, _ in whole.peaks], dtype=np.float32).astype(float)
    assert ion(dict(zip(stored, [9.0] * stored.size, strict=True))).is_whole


def test_two_shared_fragments_are_no_likeness():
    one = ion({150.05: 999, 120.04: 900, 90.03: 20})
    assert ut.likeness(one, ion({150.05: 999, 120.04: 900, 77.04: 20})) == 0.0


def test_too_little_below_the_precursor_recognises_nothing():
    mz, height = np.array([337.22, 320.2, 200.1]), np.array([999.0, 9.0, 9.0])
    assert ut.of_peaks(mz, height, 337.2274) is None
    assert ut.of_peaks(mz, height, None) is None
    assert ut.of_peaks(np.array([]), np.array([]), 337.2) is None
    assert ut.of_peaks(np.full(9, np.nan), np.ones(9), 337.2) is None


def test_only_its_own_reasons_join_two_ions_of_one_sample():
    low, high = ion(ENERGIES[10]), ion(ENERGIES[90])
    assert "energy" in ut.of_one_sample(low, high, same_run=True)
    negative = ion(ENERGIES[90], precursor=335.2129, polarity=-1)
    assert "polarity" in ut.of_one_sample(low, negative, same_run=False)
    assert "polarity" in ut.of_one_sample(negative, low, same_run=False)
    assert ut.of_one_sample(low, ion(ENERGIES[90], precursor=359.2093), same_run=False) == ""


def test_peaks_of_one_run_that_lie_apart_are_two_whatever_their_precursor():
    early = ion(ENERGIES[10], retention_time_s=200.0)
    late = ion(ENERGIES[90], retention_time_s=230.0)
    assert ut.of_one_sample(early, late, same_run=True) == ""
    assert ut.of_one_sample(early, late, same_run=False)


def test_the_few_kept_cover_the_energies():
    held = [ion(ENERGIES[each]) for each in (30, 30, 60, 30, 90, 10)]
    chosen = ut.unlike_first(held, 3)
    assert len({held[at] for at in chosen}) == 3
    assert 4 in chosen
    assert ut.unlike_first([], 4) == []
    assert len(ut.unlike_first(held, 9)) == 6


GOOD = {"kind": "msms", "precursor_mz": 300.1, "polarity": 1}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"fragments": []},
        {"fragments": [[100.1, 9]] * 3},
        {"fragments": [[100.1, 9], [101.1, 10], [102.1, 3]]},
        {"fragments": [[100.1, True], [101.1, 1], [102.1, 1]]},
        {"fragments": [[400.1, 9], [101.1, 8], [102.1, 3]]},
        {"fragments": [[float("nan"), 9], [101.1, 8], [102.1, 3]]},
        {"fragments": [[100.1 + n, 99] for n in range(25)]},
        {"fragments": "AAAA"},
        {"precursor_mz": 0.1},
        {"precursor_mz": float("inf")},
        {"precursor_mz": True},
        {"polarity": 2},
        {"polarity": None},
        {"polarity": True},
        {"whole": "yes"},
        {"retention_time_s": -1},
        {"retention_time_s": "x"},
    ],
)
def test_what_is_no_signature_is_refused(said):
    fragments = [[100.1, 99], [101.1, 80], [102.1, 30]]
    whole = GOOD | ({"fragments": fragments} if said and "fragments" not in said else {}) | said
    with pytest.raises(SpectrumError):
        us.parsed(whole)
