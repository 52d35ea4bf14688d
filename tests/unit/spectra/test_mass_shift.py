from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.mass_shift import NOMINAL, AtomChange, counts, explain, written

METHYL = AtomChange(words="one CH2 more", atoms="+CH2")
FLUORO = AtomChange(words="fluorine for hydrogen", atoms="-H +F")
SILYL = AtomChange(words="trimethylsilyl for hydrogen", atoms="-H +SiC3H9", caution="derivative")
ETHYL_LESS = AtomChange(words="two carbons fewer", atoms="-C2H4")
ALL = (METHYL, FLUORO, SILYL, ETHYL_LESS)


def test_the_mass_of_a_change_is_that_of_its_atoms():
    assert [change.delta_da for change in ALL] == [14, 18, 72, -28]


def test_one_change_explains_before_two():
    (found,) = explain(14, ALL)
    assert found.changes == ("one CH2 more",)
    assert found.atoms == "+CH2"


def test_two_changes_say_what_came_and_went_in_all():
    (found,) = explain(32, ALL)
    assert found.changes == ("one CH2 more", "fluorine for hydrogen")
    assert found.atoms == "+CHF"


def test_a_change_made_in_the_laboratory_says_so_and_is_no_half_of_a_pair():
    (found,) = explain(72, ALL)
    assert found.cautions == ("derivative",)
    assert explain(86, ALL) == ()


def test_no_shift_is_explained_by_nothing():
    assert explain(0, ALL) == ()


@pytest.mark.parametrize("text", ["", "CH2", "+Xx", "+CH2 and more", "14"])
def test_a_text_that_is_no_change_of_atoms_is_refused(text):
    with pytest.raises(ValueError, match=r"change|element"):
        counts(text)


@given(st.dictionaries(st.sampled_from(sorted(NOMINAL)), st.integers(-9, 9).filter(bool)))
def test_what_is_written_is_read_back(total):
    if total:
        assert counts(written(total)) == total
