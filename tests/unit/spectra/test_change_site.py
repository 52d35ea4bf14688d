"""Where the ions put a change: a made class of three parts, its spectra built from its rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.change_site import (
    Certainty,
    agreement,
    found_ions,
    read_site,
)
from spectra.mass_scores import UnitSpectrum
from spectra.site_rule import Site, SiteIon, SiteRule

CHANGES = frozenset({14, 18, 28, 30, -14})


def an_ion(mz: int, *sites: int, seen: float = 0.9) -> SiteIon:
    return SiteIon(words=f"ion {mz}", mz=mz, sites=frozenset(sites), seen=seen, min_relative=0.05)


RULE = SiteRule(
    class_name="made",
    labels=frozenset({"made"}),
    parent="the parent",
    parent_mass=300,
    sites=tuple(
        Site(id=name, words=f"the {name}", letters=(letter,), changes=CHANGES)
        for name, letter in (("head", "A"), ("core", "B"), ("tail", "C"))
    ),
    ions=(an_ion(210, 0, 1), an_ion(150, 1, 2), an_ion(100, 0), an_ion(75, 1), an_ion(60, 2)),
)


def a_spectrum(*masses: int, base: int | None = None) -> UnitSpectrum:
    mz = np.array(sorted(set(masses)), dtype=np.int64)
    heights = np.full(mz.size, 500.0)
    heights[mz == (base if base is not None else masses[0])] = 999.0
    return UnitSpectrum(mz=mz, intensity=heights)


def of(changes: dict[int, int]) -> UnitSpectrum:
    return a_spectrum(*RULE.moved(changes))


@given(site=st.sampled_from((0, 1, 2)), change=st.sampled_from(sorted(CHANGES)))
def test_a_single_change_is_put_where_it_is_and_said_to_be_sure(site, change):
    found = read_site(RULE, of({site: change}), 300 + change, mass_is_measured=True)
    assert found.certainty is Certainty.SURE
    assert [(c.change_da, c.sites) for c in found.changes] == [(change, (RULE.sites[site],))]
    assert found.letters == RULE.sites[site].letters
    assert found.support[RULE.sites[site].id] == max(found.support.values())


def test_nothing_is_sure_while_the_mass_is_only_implied():
    found = read_site(RULE, of({1: 14}), 314, mass_is_measured=False)
    assert found.certainty is Certainty.LIKELY
    assert "implied" in found.reason
    assert found.letters == ("B",)


def test_two_changes_are_read_apart():
    found = read_site(RULE, of({0: 14, 2: 30}), 344, mass_is_measured=True)
    assert {(c.change_da, c.sites[0].id) for c in found.changes} == {(14, "head"), (30, "tail")}


def test_an_unchanged_parent_is_said_to_be_unchanged():
    found = read_site(RULE, of({}), 300, mass_is_measured=True)
    assert found.changes == ()
    assert "no part changed" in found.text


def test_sites_that_the_ions_do_not_part_are_named_together_and_not_guessed():
    # Every ion that moved holds head and core, the one that stayed holds the tail.
    blunt = replace(RULE, ions=(an_ion(210, 0, 1), an_ion(240, 0, 1), an_ion(60, 2)))
    found = read_site(blunt, a_spectrum(60, 224, 254), 314, mass_is_measured=True)
    # +28 at one of them and -14 at the other moves the same ions as far.
    assert found.certainty is Certainty.LIKELY
    assert {s.id for c in found.changes for s in c.sites} == {"head", "core"}
    assert found.letters == ("A", "B")


def test_one_ion_is_not_enough_to_be_sure():
    found = read_site(RULE, a_spectrum(114, 75, 60), 314, mass_is_measured=True)
    assert found.certainty is not Certainty.SURE


def test_a_base_peak_the_reading_does_not_predict_makes_it_unsure():
    masses = RULE.moved({0: 14})
    found = read_site(RULE, a_spectrum(*masses, 277, base=277), 314, mass_is_measured=True)
    assert found.certainty is Certainty.LIKELY
    assert "277" in found.reason


@pytest.mark.parametrize(
    ("spectrum", "mass", "reason"),
    [
        (a_spectrum(41, 43, 55), 314, "not there"),
        (of({0: 14}), 900, "too far"),
    ],
)
def test_where_the_ions_say_nothing_nothing_is_said(spectrum, mass, reason):
    found = read_site(RULE, spectrum, mass, mass_is_measured=True)
    assert found.certainty is Certainty.NOT_SHOWN
    assert found.changes == ()
    assert reason in found.text


@given(masses=st.lists(st.integers(2, 320), min_size=1, max_size=40), mass=st.integers(60, 540))
def test_any_spectrum_is_read_without_a_fault_and_a_sure_reading_adds_up(masses, mass):
    found = read_site(RULE, a_spectrum(*masses), mass, mass_is_measured=True)
    if found.certainty is Certainty.SURE:
        assert sum(change.change_da for change in found.changes) == mass - 300
        assert len(found.ions) >= 2
    assert 0.0 <= max(found.support.values(), default=0.0) <= 1.0001


def test_the_true_changes_agree_best_with_their_own_spectrum():
    spectrum = of({2: 28})
    scores = {site: agreement(RULE, spectrum, {site: 28}) for site in range(3)}
    assert max(scores, key=lambda site: scores[site]) == 2
    assert len(found_ions(RULE, spectrum, {2: 28})) == len(RULE.ions)


def test_a_rule_seen_from_another_substance_reads_the_same_spectrum_against_it():
    seen = RULE.against("a relative", {0: 14})
    found = read_site(seen, of({0: 14, 1: 18}), 332, mass_is_measured=True)
    assert found.parent == "a relative"
    assert [(c.change_da, c.sites[0].id) for c in found.changes] == [(18, "core")]


def test_sites_of_one_side_are_read_as_one():
    sites = (
        RULE.sites[0],
        Site(id="core", words="the core", changes=CHANGES, side="other side"),
        Site(id="tail", words="the tail", changes=CHANGES, side="other side"),
    )
    sided = SiteRule(
        class_name="made",
        labels=frozenset({"made"}),
        parent="the parent",
        parent_mass=300,
        sites=sites,
        ions=(an_ion(100, 0), an_ion(150, 1, 2), an_ion(75, 1, seen=0.3)),
    )
    assert [site.id for site in sided.by_side.sites] == ["head", "other side"]
    assert [ion.mz for ion in sided.by_side.ions] == [100, 150]
    found = read_site(sided, a_spectrum(100, 178), 328, mass_is_measured=True)
    assert [c.sites[0].words for c in found.changes] == ["the other side"]


def test_a_rule_that_was_never_measured_makes_nothing_sure():
    found = read_site(replace(RULE, measured=False), of({1: 14}), 314, mass_is_measured=True)
    assert found.certainty is Certainty.LIKELY
    assert "rule only" in found.text + found.reason
