"""Findings that nobody could name, gathered under codes."""

from __future__ import annotations

from typing import Any

import pytest

from lims import audit, people, review, unknown_care, unknown_queries
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.model import Role
from lims.unknown_model import ClusterState
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tests.unknown_builders import BENZYL, ENERGIES, FURAN, an_ion, an_unknown, diluted


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


def found(lab, folder, *entries: dict[str, Any], sample: str = "", **more: Any):
    number = sample or a_sample(lab).number
    return a_finding(lab, folder, number, *entries, **more)


def codes(lab, **which):
    return [each.code for each in unknown_queries.listed(lab, **which)]


def test_first_unknown_opens_a_cluster_with_the_letters_of_its_class(lab, tmp_path):
    found(lab, tmp_path, an_unknown(class_name="fentanyl"))
    assert codes(lab) == ["UNK-FEN-0001"]


def test_without_a_class_the_letters_are_gen(lab, tmp_path):
    found(lab, tmp_path, an_unknown())
    assert codes(lab) == ["UNK-GEN-0001"]


def test_the_same_spectrum_dilute_joins_and_says_how_alike(lab, tmp_path):
    found(lab, tmp_path, an_unknown(class_name="fentanyl"))
    found(lab, tmp_path, an_unknown(diluted(FURAN)))
    [cluster] = unknown_queries.listed(lab)
    assert len(cluster.samples) == 2
    second = unknown_queries.show(lab, cluster.code).members[1]
    assert second.score is not None
    assert second.score >= 0.9
    assert "alike" in second.why


def test_another_compound_opens_its_own(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN, class_name="fentanyl"))
    found(lab, tmp_path, an_unknown(BENZYL, class_name="fentanyl"))
    assert sorted(codes(lab)) == ["UNK-FEN-0001", "UNK-FEN-0002"]


def test_retention_indices_too_far_apart_part_what_looks_alike(lab, tmp_path):
    found(lab, tmp_path, an_unknown(index=2300.0))
    found(lab, tmp_path, an_unknown(index=2308.0))
    found(lab, tmp_path, an_unknown(index=2340.0))
    found(lab, tmp_path, an_unknown())
    by_code = {each.code: len(each.samples) for each in unknown_queries.listed(lab)}
    assert sorted(by_code.values()) == [1, 3]


def test_what_has_no_index_is_no_bridge_between_two_that_differ(lab, tmp_path):
    found(lab, tmp_path, an_unknown(index=2300.0))
    found(lab, tmp_path, an_unknown())
    found(lab, tmp_path, an_unknown(index=2340.0))
    assert sorted(len(each.samples) for each in unknown_queries.listed(lab)) == [1, 2]


def test_what_a_person_told_apart_stays_apart_when_its_sample_is_measured_again(lab, tmp_path):
    found(lab, tmp_path, an_unknown())
    two = found(lab, tmp_path, an_unknown())
    unknown_care.split(lab, "ana", "1", [two.sample], "another isomer")
    found(lab, tmp_path, an_unknown(), sample=two.sample)
    assert [len(unknown_queries.show(lab, code).members) for code in ("1", "2")] == [1, 2]


def test_a_cluster_learns_its_class_and_keeps_its_code(lab, tmp_path):
    found(lab, tmp_path, an_unknown())
    found(lab, tmp_path, an_unknown(class_name="nitazene"))
    [cluster] = unknown_queries.listed(lab)
    assert (cluster.code, cluster.class_name) == ("UNK-GEN-0001", "nitazene")


def test_two_techniques_of_one_sample_belong_together(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"))
    found(lab, tmp_path, an_unknown(curve=(700.0, 1650.0), kind="ftir"), sample=one.sample)
    [cluster] = unknown_queries.listed(lab)
    assert cluster.techniques == ("ei", "ftir")
    # The curve of what was pure recognises the next parcel by itself.
    found(lab, tmp_path, an_unknown(curve=(700.0, 1650.0), kind="ftir"))
    [cluster] = unknown_queries.listed(lab)
    assert len(cluster.samples) == 2


def test_what_a_curve_shows_of_a_mixture_attracts_no_other(lab, tmp_path):
    peak = an_unknown(class_name="fentanyl", area_fraction=0.1, retention_time_s=600.0)
    one = found(lab, tmp_path, peak)
    cut = an_unknown(curve=(1080.0, 1420.0), kind="ftir")
    found(lab, tmp_path, cut, sample=one.sample)
    assert codes(lab) == ["UNK-FEN-0001"]
    found(lab, tmp_path, cut)
    assert len(codes(lab)) == 2


def test_a_curve_that_stood_alone_goes_along_when_its_sample_is_recognised(lab, tmp_path):
    found(lab, tmp_path, an_unknown(class_name="fentanyl"))
    later = found(lab, tmp_path, an_unknown(curve=(700.0, 1650.0), kind="ftir"))
    assert len(codes(lab)) == 2
    found(lab, tmp_path, an_unknown(diluted(FURAN)), sample=later.sample)
    assert codes(lab) == ["UNK-FEN-0001"]
    assert unknown_queries.show(lab, "2").cluster.code == "UNK-FEN-0001"
    assert unknown_queries.show(lab, "2").earlier_codes == ("UNK-GEN-0002",)


def test_traces_beside_what_was_named_are_no_unknowns(lab, tmp_path):
    trace = an_unknown(area_fraction=0.01)
    found(lab, tmp_path, an_entry("match", "heroin"), trace)
    assert codes(lab) == []


def test_a_class_beside_what_was_named_is_kept_however_small(lab, tmp_path):
    trace = an_unknown(class_name="fentanyl", area_fraction=0.01)
    found(lab, tmp_path, an_entry("match", "heroin"), trace)
    assert codes(lab) == ["UNK-FEN-0001"]


def test_poor_and_named_answers_are_never_clustered(lab, tmp_path):
    poor = {**an_unknown(), "decision": an_entry("insufficient")["decision"]}
    named = {**an_unknown(), "decision": an_entry("match", "heroin")["decision"]}
    found(lab, tmp_path, poor)
    found(lab, tmp_path, named)
    assert codes(lab) == []


def test_what_cannot_be_recognised_still_gets_a_code_and_no_company(lab, tmp_path):
    entry = {**an_unknown(), "signature": None}
    found(lab, tmp_path, entry)
    found(lab, tmp_path, entry)
    assert len(codes(lab)) == 2


def test_one_ion_at_neighbouring_energies_is_one_unknown_over_samples(lab, tmp_path):
    for energy in (10, 30, 60, 90):
        found(lab, tmp_path, an_ion(ENERGIES[energy]))
    [cluster] = unknown_queries.listed(lab)
    assert (len(cluster.samples), cluster.techniques) == (4, ("msms",))
    members = unknown_queries.show(lab, cluster.code).members
    assert [each.score is None for each in members] == [True, False, False, False]


def test_energies_of_one_sample_belong_together_without_being_alike_and_say_so(lab, tmp_path):
    one = found(lab, tmp_path, an_ion(ENERGIES[10]), an_ion(ENERGIES[90]))
    [cluster] = unknown_queries.listed(lab)
    second = unknown_queries.show(lab, cluster.code).members[1]
    assert (second.score, second.why) == (None, "the same sample and precursor at another energy")
    negative = an_ion({110.0: 999, 93.0: 400, 161.1: 90}, precursor=335.2129, polarity=-1)
    found(lab, tmp_path, negative, sample=one.sample)
    last = unknown_queries.show(lab, cluster.code).members[2]
    assert "the other polarity" in last.why


def test_peaks_of_one_run_that_lie_apart_stay_two_unknowns(lab, tmp_path):
    early = an_ion(ENERGIES[10], retention_time_s=200.0)
    late = an_ion(ENERGIES[90], retention_time_s=260.0)
    found(lab, tmp_path, early, late)
    assert len(codes(lab)) == 2


def test_another_precursor_of_the_sample_is_another_unknown_beside_it(lab, tmp_path):
    found(lab, tmp_path, an_ion(ENERGIES[30]), an_ion(ENERGIES[30], precursor=351.2431))
    first, second = codes(lab)
    assert unknown_queries.show(lab, first).beside == (second,)


def test_a_spectrum_between_two_energies_makes_their_clusters_one_and_says_why(lab, tmp_path):
    found(lab, tmp_path, an_ion(ENERGIES[10]))
    found(lab, tmp_path, an_ion(ENERGIES[90]))
    assert len(codes(lab)) == 2
    both = {**ENERGIES[30], **dict.fromkeys((79.0542, 77.0386, 53.0386, 51.023), 600)}
    found(lab, tmp_path, an_ion(both))
    assert codes(lab) == ["UNK-GEN-0001"]
    shown = unknown_queries.show(lab, "2")
    assert shown.cluster.code == "UNK-GEN-0001"
    assert "alike both (UNK-GEN-0001 0." in shown.acts[0].reason
    assert audit.verify(lab).ok


@pytest.mark.parametrize("touched", ["split", "named", "seen otherwise"])
def test_what_a_person_or_another_technique_settled_is_bridged_by_no_spectrum(
    lab, tmp_path, touched
):
    one = found(lab, tmp_path, an_ion(ENERGIES[10]))
    two = found(lab, tmp_path, an_ion(ENERGIES[90]))
    if touched == "split":
        unknown_care.merge(lab, "ana", "2", "1", "one powder")
        unknown_care.split(lab, "ana", "1", [two.sample], "two after all")
    elif touched == "named":
        unknown_care.name(lab, "rex", "1", "4-ANPP", "certified reference")
    else:
        found(lab, tmp_path, an_unknown(FURAN), sample=one.sample)
        found(lab, tmp_path, an_unknown(BENZYL), sample=two.sample)
    before = len(codes(lab))
    both = {**ENERGIES[30], **dict.fromkeys((79.0542, 77.0386, 53.0386, 51.023), 600)}
    found(lab, tmp_path, an_ion(both))
    assert len(codes(lab)) == before


def test_msms_and_electron_impact_join_by_the_sample_alone_and_say_so(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(FURAN, class_name="fentanyl"))
    found(lab, tmp_path, an_ion(ENERGIES[30]), sample=one.sample)
    [cluster] = unknown_queries.listed(lab)
    assert cluster.techniques == ("ei", "msms")
    last = unknown_queries.show(lab, cluster.code).members[1]
    assert (last.score, last.why) == (None, "the same sample by another technique")
    # The next parcel is recognised by its MS/MS alone.
    found(lab, tmp_path, an_ion(ENERGIES[30]))
    assert len(unknown_queries.listed(lab)) == 1


def test_replay_gives_the_same_clusters(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"), reviewed=True)
    found(lab, tmp_path, an_unknown(BENZYL))
    two = found(lab, tmp_path, an_unknown(diluted(FURAN)))
    unknown_care.merge(lab, "ana", "2", "1", "seen side by side")
    unknown_care.split(lab, "rex", "1", [two.sample], "another isomer after all")
    unknown_care.name(lab, "rex", "1", "furanylfentanyl", "certified reference")
    assert one.sample
    assert audit.verify(lab).ok


def test_merged_codes_lead_to_where_they_went(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.merge(lab, "ana", "UNK-GEN-0002", "UNK-GEN-0001", "one powder, two solvents")
    shown = unknown_queries.show(lab, "unk-gen-2")
    assert (shown.asked, shown.cluster.code) == ("UNK-GEN-0002", "UNK-GEN-0001")
    assert {each.first_code for each in shown.members} == {"UNK-GEN-0001", "UNK-GEN-0002"}
    [act] = shown.acts
    assert (act.kind, act.other, act.reason) == (
        "merged",
        "UNK-GEN-0002",
        "one powder, two solvents",
    )
    assert codes(lab, state="merged") == ["UNK-GEN-0002"]


def test_later_finds_follow_a_merge_and_a_split(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN))
    two = found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.merge(lab, "ana", "2", "1", "the same")
    found(lab, tmp_path, an_unknown(BENZYL))
    assert len(unknown_queries.show(lab, "1").members) == 3
    made = unknown_care.split(lab, "ana", "1", [two.id], "not the same after all")
    assert (made.cluster.code, made.cluster.split_from) == ("UNK-GEN-0003", "UNK-GEN-0001")


def test_a_code_is_never_given_twice(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.merge(lab, "ana", "2", "1", "the same")
    found(lab, tmp_path, an_unknown({57: 999, 300: 800, 210: 500, 120: 100}))
    assert codes(lab)[0] == "UNK-GEN-0003"


@pytest.mark.parametrize("reason", ["", "   "])
def test_merging_and_splitting_need_a_reason(lab, tmp_path, reason):
    found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    with pytest.raises(RecordError):
        unknown_care.merge(lab, "ana", "2", "1", reason)
    with pytest.raises(RecordError):
        unknown_care.split(lab, "ana", "1", ["x"], reason)


def test_what_makes_no_sense_is_refused(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    with pytest.raises(StateError):
        unknown_care.merge(lab, "ana", "1", "1", "x")
    with pytest.raises(StateError):
        unknown_care.split(lab, "ana", "1", [one.sample], "x")
    with pytest.raises(NotFoundError):
        unknown_care.split(lab, "ana", "2", [one.sample], "x")
    for wrong in ("UNK-FEN-0001", "9", "heroin", "1" * 50, "١"):
        with pytest.raises(NotFoundError):
            unknown_queries.show(lab, wrong)
    unknown_care.merge(lab, "ana", "2", "1", "x")
    with pytest.raises(StateError):
        unknown_care.merge(lab, "ana", "2", "1", "x")


@pytest.mark.parametrize("person", ["olga", "cus", "lia", "root"])
def test_only_scientists_sort_unknowns(lab, tmp_path, person):
    found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    with pytest.raises(PermissionDenied):
        unknown_care.merge(lab, person, "2", "1", "x")
    with pytest.raises(PermissionDenied):
        unknown_care.name(lab, person, "1", "x", "x")


def test_an_analyst_alone_names_no_unknown(lab, tmp_path):
    found(lab, tmp_path, an_unknown())
    with pytest.raises(PermissionDenied):
        unknown_care.name(lab, "ana", "1", "furanylfentanyl", "looks like it")


def test_the_same_key_merges_once(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.merge(lab, "ana", "2", "1", "x", key="k")
    assert unknown_care.merge(lab, "ana", "2", "1", "x", key="k").cluster.code == "UNK-GEN-0001"


def test_a_finding_sent_back_counts_no_sample(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown())
    review.review(lab, "rex", one.id, accept=False, remark="wrong vial")
    [cluster] = unknown_queries.listed(lab)
    assert cluster.samples == ()
    assert cluster.state is ClusterState.OPEN


def test_people_of_another_role_can_be_added_without_breaking_codes(lab, tmp_path):
    people.add_person(lab, "lee", "zoe", "Zoe", (Role.ANALYST,))
    found(lab, tmp_path, an_unknown())
    assert codes(lab) == ["UNK-GEN-0001"]
