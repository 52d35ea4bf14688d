"""What changed, what would look the same and what else it may be, as facts of a match."""

from __future__ import annotations

import json

import numpy as np
import pytest

from libraries import artefacts, change_facts, shift_atoms
from libraries.change_facts import Unidentified
from libraries.errors import LibraryError
from libraries.look_alikes import look_alikes
from libraries.other_explanations import BLANK, SAME_RUN, Outcome, checks
from libraries.site_rules import site_rules
from spectra.mass_scores import UnitSpectrum
from tests.unit.libraries.test_proposals import PARA_FLUORO, a_spectrum_of

SPECTRUM = a_spectrum_of(PARA_FLUORO)
HEXANOYL = "CCCCCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"


def facts(**more: object) -> dict[str, object]:
    known: dict[str, object] = {
        "class_name": "fentanyl",
        "spectrum": SPECTRUM,
        "mass": 354,
        "mass_is_measured": True,
        "nearest": [("fentanyl", "", 18)],
    }
    return change_facts.of(Unidentified(**(known | more)))  # type: ignore[arg-type]


def test_the_site_is_said_with_its_letter_and_the_ions_it_rests_on():
    found = facts()
    reading = found["site_reading"]
    assert isinstance(reading, dict)
    assert reading["letters"] == ["D"]
    assert reading["certainty"] == "sure"
    assert len(reading["ions"]) >= 2
    assert found["site"] == "sure: +18 at the aniline ring (D), against fentanyl"


def test_an_implied_mass_makes_no_sure_site():
    reading = facts(mass_is_measured=False)["site_reading"]
    assert isinstance(reading, dict)
    assert reading["certainty"] == "likely"


def test_the_site_is_read_against_the_nearest_known_substance_too():
    found = facts(
        spectrum=a_spectrum_of(HEXANOYL), mass=396, nearest=[("para-fluorofentanyl", "", 42)]
    )
    reading = found["site_from_nearest"]
    assert isinstance(reading, dict)
    assert reading["against"] == "para-fluorofentanyl"
    assert reading["letters"] == ["E"]


def test_a_nearest_whose_mass_does_not_fit_is_not_compared_with():
    # A deuterated standard filed under the parent's name.
    assert facts(nearest=[("para-fluorofentanyl", "", 5)])["site_from_nearest"] is None


def test_isomers_that_would_look_the_same_are_named_as_a_group():
    isomers = facts()["isomers"]
    assert isinstance(isomers, list)
    (group,) = isomers
    assert group["formula"] == "C22H27FN2O"
    assert {"para-fluorofentanyl", "ortho-fluorofentanyl", "meta-fluorofentanyl"} <= set(
        group["names"]
    )
    # The fluorine at the far end moves other ions: it is told apart.
    assert "2'-fluorofentanyl" not in group["names"]


def test_ions_that_speak_against_all_known_ones_name_none():
    sites = site_rules().of_class("fentanyl")
    assert sites is not None
    nothing = UnitSpectrum(mz=np.array([41, 43, 55]), intensity=np.array([999.0, 300, 200]))
    assert look_alikes(sites, nothing, 354) == ()


def test_the_atoms_of_the_shift_are_said():
    assert facts()["shift_atoms"] == [
        {"changes": ["fluorine for hydrogen"], "atoms": "+F -H", "cautions": []}
    ]


def test_every_shipped_mass_change_is_the_mass_of_its_atoms():
    assert len(shift_atoms.atom_changes()) >= 50
    with pytest.raises(LibraryError, match="line 2"):
        list(shift_atoms.parse_atom_changes("delta_da,change,atoms\n14,a,+CH3\n"))
    with pytest.raises(LibraryError, match="line 2"):
        list(shift_atoms.parse_atom_changes("delta_da,change,atoms\n14,a,+Qq\n"))


def test_a_class_without_rules_has_no_site_and_still_its_checks():
    found = facts(class_name="benzodiazepine", nearest=[("diazepam", "", 18)])
    assert found["site"] is None
    assert found["isomers"] == []
    assert found["checks"]


def test_facts_are_plain_values():
    assert json.loads(json.dumps(facts(), allow_nan=False)) == facts()


def made(**more: object) -> dict[str, tuple[Outcome, str]]:
    asked: dict[str, object] = {
        "mass": 354,
        "mass_is_measured": True,
        "nearest": [("fentanyl", 18)],
        "known": (),
        "spectrum": SPECTRUM,
        "references": [],
    }
    return {c.check: (c.outcome, c.words) for c in checks(**(asked | more))}  # type: ignore[arg-type]


def test_what_needs_the_run_is_said_to_be_not_checked():
    found = made()
    assert found[BLANK][0] is Outcome.NOT_CHECKED
    assert found[SAME_RUN][0] is Outcome.NOT_CHECKED


def test_a_by_product_of_the_same_mass_is_named():
    outcome, words = made(mass=280)["a known precursor or by-product"]
    assert outcome is Outcome.POSSIBLE
    assert "4-ANPP" in words
    assert made(mass=999)["a known precursor or by-product"][0] is Outcome.NOTHING_FOUND
    assert made(mass=None)["a known precursor or by-product"][0] is Outcome.NOT_CHECKED


def test_a_derivative_of_the_nearest_is_named():
    asked = "a derivative, labelled standard or degradation product of the nearest"
    outcome, words = made(nearest=[("x", 72)])[asked]
    assert outcome is Outcome.POSSIBLE
    assert "trimethylsilyl" in words
    assert made(nearest=[("x", 13)])[asked][0] is Outcome.NOTHING_FOUND
    assert made(nearest=[])[asked][0] is Outcome.NOT_CHECKED


def test_two_known_substances_together_are_named_and_one_alone_is_not():
    asked = "two known substances together"
    first, second = a_spectrum_of(PARA_FLUORO), a_spectrum_of("CNC(C)C(=O)c1ccccc1",
                                                              "synthetic cathinone")  # fmt: skip
    dense = np.zeros(500)
    dense[first.mz] += first.intensity / first.intensity.sum()
    dense[second.mz] += second.intensity / second.intensity.sum()
    mz = np.flatnonzero(dense)
    both = UnitSpectrum(mz=mz, intensity=dense[mz] * 999 / dense.max())
    references = [("one", first), ("other", second)]
    outcome, words = made(spectrum=both, references=references)[asked]
    assert outcome is Outcome.POSSIBLE
    assert "one" in words
    assert "other" in words
    assert made(spectrum=first, references=references)[asked][0] is Outcome.NOTHING_FOUND


def test_the_shipped_artefacts_are_read_and_damaged_ones_refused():
    assert {each.kind for each in artefacts.artefacts()} >= {"derivative", "degradation"}
    assert [each.delta_da for each in artefacts.explaining(72)] == [72]
    for text in ("", "[[artefact]]\nkind='a'", "artefact = 3", "[", "[[artefact]]\nkind='a'\n"
                 "words='b'\ndelta_da=0"):  # fmt: skip
        with pytest.raises(LibraryError, match=r"artefacts\.toml"):
            artefacts.parse_artefacts(text)
