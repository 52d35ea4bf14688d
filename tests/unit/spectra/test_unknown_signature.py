"""What recognises an unknown again."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra import unknown_signature as us
from spectra.errors import SpectrumError

IONS = st.dictionaries(
    st.integers(us.LEAST_MZ, 500), st.integers(1, 999), min_size=us.LEAST_IONS, max_size=60
)


def signature(ions, **more):
    made = us.of_ions(
        np.array(list(ions), dtype=float), np.array(list(ions.values()), dtype=float), **more
    )
    assert made is not None
    return made


def slow_likeness(one, other):
    """The definition, ion by ion, over dense rows."""
    if one.base_mz not in other.tallest or other.base_mz not in one.tallest:
        return 0.0
    a, b = np.zeros(us.MOST_MZ + 1), np.zeros(us.MOST_MZ + 1)
    for row, mine in ((a, one), (b, other)):
        for mz, height in mine.ions:
            row[mz] = height
    low_a, low_b = a[a > 0].min(), b[b > 0].min()
    could_a = (b > 0) | (a >= us.FLOOR_MARGIN * low_b)
    could_b = (a > 0) | (b >= us.FLOOR_MARGIN * low_a)
    mz = np.arange(us.MOST_MZ + 1)
    x, y = mz * np.sqrt(a) * could_a, mz * np.sqrt(b) * could_b
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


@given(IONS, IONS)
def test_likeness_agrees_with_the_definition_and_is_symmetric(first, second):
    one, other = signature(first), signature(second)
    found = us.likeness(one, [other])[0]
    assert found == pytest.approx(slow_likeness(one, other), abs=1e-12)
    assert found == pytest.approx(us.likeness(other, [one])[0], abs=1e-12)
    assert 0.0 <= found <= 1.0


@given(IONS, st.floats(0.001, 1e6))
def test_a_signature_is_like_itself_whatever_the_scale(ions, scale):
    one = signature(ions)
    again = signature({mz: h * scale for mz, h in ions.items()})
    assert us.likeness(one, [again])[0] >= 0.99


@given(IONS)
def test_what_is_written_reads_back_the_same(ions):
    one = signature(ions, retention_index=1234.5, phase="polar")
    assert us.parsed(json.loads(json.dumps(us.plain(one)))) == one


def test_too_few_ions_recognise_nothing():
    assert us.of_ions(np.array([58.0, 91.0, 120.0]), np.array([9.0, 9.0, 9.0])) is None
    assert us.of_ions(np.array([]), np.array([])) is None
    assert us.of_ions(np.array([np.nan] * 9), np.array([1.0] * 9)) is None
    assert us.of_ions(np.arange(50.0, 60.0), np.zeros(10)) is None


def test_mass_defects_round_as_whole_mass_libraries_do():
    found = signature({57.07: 500.0, 171.95: 999.0, 250.87: 300.0, 81.05: 200.0})
    assert {mz for mz, _ in found.ions} == {57, 172, 251, 81}


def test_a_mass_shift_is_never_the_same_unknown():
    ions = {245: 999, 146: 500, 189: 400, 105: 300, 91: 200}
    shifted = {mz + 14: h for mz, h in ions.items()}
    assert us.likeness(signature(ions), [signature(shifted)])[0] == 0.0


def test_retention_index_parts_only_on_one_phase():
    ions = {245: 999, 146: 500, 189: 400, 105: 300, 91: 200}
    one = signature(ions, retention_index=2300.0, phase="polar")
    for index, phase, same in (
        (2309.0, "polar", True),
        (2311.0, "polar", False),
        (2500.0, "standard non-polar", True),
        (None, "", True),
    ):
        other = signature(ions, retention_index=index, phase=phase)
        assert us.is_same(one, other) is same


def curve(*positions, kind="ftir", slope=0.0, first=400.0):
    x = np.arange(first, 1900.0, 2.0)
    y = slope * x + sum(np.exp(-0.5 * ((x - at) / 9.0) ** 2) for at in positions)
    return us.of_curve(kind, x, np.asarray(y))


def test_curves_ignore_a_sloping_background_and_a_lost_end():
    one = curve(700.0, 1100.0, 1650.0)
    assert us.is_same(one, curve(700.0, 1100.0, 1650.0, slope=0.001))
    assert us.is_same(one, curve(700.0, 1100.0, 1650.0, first=650.0))
    assert not us.is_same(one, curve(760.0, 1180.0, 1510.0))


def test_techniques_never_compare():
    assert us.likeness(curve(700.0), [curve(700.0, kind="raman")])[0] == 0.0


def test_a_curve_that_covers_too_little_or_is_flat_recognises_nothing():
    assert curve(1700.0, first=1500.0) is None
    x = np.arange(400.0, 1900.0, 2.0)
    assert us.of_curve("ftir", x, np.ones(x.size)) is None
    assert us.of_curve("ftir", x, np.full(x.size, np.nan)) is None
    with pytest.raises(SpectrumError):
        us.of_curve("nmr", x, x)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": "ei"},
        {"kind": "ei", "ions": []},
        {"kind": "ei", "ions": [[100, 9]] * 4},
        {"kind": "ei", "ions": [[100, 9], [101, 10], [102, 3], [103, 2]]},
        {"kind": "ei", "ions": [[100, True], [101, 1], [102, 1], [103, 1]]},
        {"kind": "ei", "ions": [[10**9, 9], [101, 8], [102, 3], [103, 2]]},
        {"kind": "ei", "ions": [[100.5, 9], [101, 8], [102, 3], [103, 2]]},
        {"kind": "ei", "ions": [[100 + n, 99] for n in range(25)]},
        {"kind": "ei", "ions": [[100 + n, 99] for n in range(5)], "retention_index": math.nan},
        {"kind": "ei", "ions": [[100 + n, 99] for n in range(5)], "phase": 5},
        {"kind": "ftir", "curve": "!!"},
        {"kind": "ftir", "curve": ""},
        {"kind": "raman", "curve": None},
        {"kind": ["ei"]},
    ],
)
def test_what_is_no_signature_is_refused(said):
    with pytest.raises(SpectrumError):
        us.parsed(said)
