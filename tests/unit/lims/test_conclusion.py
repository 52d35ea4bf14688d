import pytest

from lims import alerts, bench_tests, conclusion, examination, intake, queries, review, rules
from lims.errors import PermissionDenied, StateError
from lims.model import ConclusionLevel as Level
from tests.lims_builders import a_file, a_finding, a_match, a_sample, an_entry

COCAINE = an_entry("match", "cocaine", hazard="H3")


def concluded(lab, bench, *runs, **more):
    """Conclude a sample after reviewed runs given as (technique, entry, …)."""
    sample = a_sample(lab).number
    for kind, *entries in runs:
        a_finding(lab, bench, sample, *entries, kind=kind, reviewed=True, **more)
    return conclusion.conclude(lab, "ana", sample)


def test_one_technique_is_presumptive_and_says_what_is_missing(lab, bench):
    made = concluded(lab, bench, ("ftir", COCAINE))
    assert (made.level, made.text) == (Level.PRESUMPTIVE, "presumptive: cocaine")
    assert made.missing == ("a second technique that agrees (so far ftir)",)
    assert made.classes == ("cocaine family",)


def test_two_runs_of_one_technique_are_still_presumptive(lab, bench):
    assert concluded(lab, bench, ("ftir", COCAINE), ("ftir", COCAINE)).level is Level.PRESUMPTIVE


def test_two_techniques_that_agree_confirm(lab, bench):
    made = concluded(lab, bench, ("ftir", COCAINE), ("raman", COCAINE))
    assert (made.level, made.text, made.missing) == (Level.CONFIRMED, "confirmed: cocaine", ())
    assert "SWGDRUG" in made.rule


def test_two_techniques_that_disagree_confirm_neither(lab, bench):
    other = an_entry("match", "caffeine")
    made = concluded(lab, bench, ("ftir", COCAINE), ("raman", other))
    assert made.level is Level.PRESUMPTIVE
    assert made.substances == ("caffeine", "cocaine")


def test_group_narrows_to_the_member_another_technique_names(lab, bench):
    group = an_entry("match_group", "butyryl fentanyl", "isobutyryl fentanyl")
    alone = an_entry("match", "butyryl fentanyl")
    made = concluded(lab, bench, ("ftir", group), ("raman", alone))
    assert (made.level, made.substances) == (Level.CONFIRMED, ("butyryl fentanyl",))


def test_group_alone_is_named_as_a_group(lab, bench):
    group = an_entry("match_group", "b", "a")
    made = concluded(lab, bench, ("ftir", group), ("raman", group))
    assert (made.level, made.text) == (Level.PRESUMPTIVE, "presumptive: one of a, b")


def test_isomers_a_match_cannot_exclude_hold_back_confirmation(lab, bench):
    entry = an_entry("match", "cocaine", isomers=["pseudococaine"])
    made = concluded(lab, bench, ("ftir", entry), ("raman", entry))
    assert made.level is Level.PRESUMPTIVE
    assert any("tells apart" in item for item in made.missing)


def test_weakest_part_of_a_mixture_sets_the_level(lab, bench):
    mixture = an_entry("mixture", "cocaine", "levamisole")
    made = concluded(lab, bench, ("ftir", mixture), ("raman", COCAINE))
    assert made.level is Level.PRESUMPTIVE
    assert any(item.startswith("levamisole: ") for item in made.missing)
    assert not any(item.startswith("cocaine: ") for item in made.missing)


def test_candidate_never_carries_a_name(lab, bench):
    entry = an_entry("analogue_candidate", class_name="fentanyl", hazard="H1")
    made = concluded(lab, bench, ("ftir", entry))
    assert made.level is Level.CANDIDATE
    assert made.text == "not in library: candidate analogue of fentanyl"
    assert (made.substances, made.classes) == ((), ("fentanyl",))


def test_named_cut_does_not_hide_the_candidate_beside_it(lab, bench):
    entry = an_entry("analogue_candidate", class_name="nitazene")
    made = concluded(lab, bench, ("ftir", an_entry("match", "caffeine"), entry))
    assert made.level is Level.CANDIDATE
    assert "candidate analogue of nitazene" in made.text
    assert "presumptive: caffeine" in made.text


def test_dismissed_candidate_is_out(lab, bench):
    sample = a_sample(lab).number
    entry = an_entry("analogue_candidate", class_name="fentanyl")
    found = a_finding(lab, bench, sample, entry, an_entry("no_match"), reviewed=True)
    assert conclusion.conclude(lab, "ana", sample).level is Level.CANDIDATE
    review.judge_candidate(lab, "abe", found.id, confirm=False, remark="solvent")
    assert conclusion.conclude(lab, "ana", sample).level is Level.NO_MATCH


@pytest.mark.parametrize(
    ("entry", "level", "words"),
    [
        (an_entry("no_match"), Level.NO_MATCH, "no match"),
        (an_entry("unexplained"), Level.NO_MATCH, "no match"),
        (an_entry("insufficient"), Level.INCONCLUSIVE, "cannot say"),
        (an_entry("class_only", class_name="nitazene"), Level.INCONCLUSIVE, "nitazene"),
    ],
)
def test_what_names_nothing_says_so(lab, bench, entry, level, words):
    made = concluded(lab, bench, ("ftir", entry))
    assert made.level is level
    assert words in made.text
    assert made.substances == ()
    assert made.missing


def test_nothing_is_concluded_from_unreviewed_work(lab, bench):
    sample = a_sample(lab).number
    with pytest.raises(StateError, match="no reviewed finding"):
        conclusion.conclude(lab, "ana", sample)
    found = a_finding(lab, bench, sample, COCAINE)
    with pytest.raises(StateError, match="waits for review"):
        conclusion.conclude(lab, "ana", sample)
    review.review(lab, "rex", found.id, accept=False, remark="bad")
    with pytest.raises(StateError, match="no reviewed finding"):
        conclusion.conclude(lab, "ana", sample)


def test_unchanged_conclusion_is_not_written_twice(lab, bench):
    made = concluded(lab, bench, ("ftir", COCAINE))
    count = queries.event_count(lab)
    assert conclusion.conclude(lab, "rex", made.sample) == made
    assert queries.event_count(lab) == count


def test_confirmed_stands_beside_presumptive_and_readers_hear_of_a_change(lab, bench):
    made = concluded(lab, bench, ("ftir", COCAINE))
    a_finding(lab, bench, made.sample, COCAINE, kind="raman", reviewed=True)
    assert conclusion.conclude(lab, "ana", made.sample).level is Level.CONFIRMED
    assert alerts.open_alerts(lab) == ()
    other = an_entry("match", "levamisole")
    a_finding(lab, bench, made.sample, other, kind="raman", reviewed=True)
    conclusion.conclude(lab, "ana", made.sample)
    told = alerts.open_alerts(lab)
    assert [notice.kind for notice in told] == ["changed_answer"]
    assert lab.db.execute("SELECT count(*) FROM conclusion").fetchone()[0] == 3


def test_officer_does_not_conclude(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, COCAINE, reviewed=True)
    with pytest.raises(PermissionDenied):
        conclusion.conclude(lab, "olga", sample)


def extract(lab, sample, solvent="methanol"):
    return intake.add_portion(lab, "ana", sample, "extract", [solvent]).id


def run_of(lab, bench, sample, portion, *entries, kind="ftir"):
    number = len(list(bench.glob("*.jdx")))
    path = a_file(bench, f"p{number}.jdx", kind=kind, title=f"p {number}")
    found = examination.ingest(lab, "ana", path, sample, portion=portion, match=a_match(*entries))
    review.review(lab, "rex", found.id, accept=True)


def test_name_that_only_the_extract_showed_rests_on_it(lab, bench):
    sample = a_sample(lab).number
    neat = intake.add_portion(lab, "ana", sample, "neat").id
    run_of(lab, bench, sample, neat, an_entry("no_match"))
    run_of(lab, bench, sample, extract(lab, sample), an_entry("match", "sildenafil"))
    made = conclusion.conclude(lab, "ana", sample)
    assert made.text == "presumptive: sildenafil"
    assert made.limitations[0] == (
        f"rests on the extract ({sample}.2 in methanol); the material as received ({neat}) "
        "did not show it"
    )
    kept = queries.sample_record(lab, sample)
    assert len(kept.findings) == 2


def test_name_the_material_as_received_showed_too_rests_on_both(lab, bench):
    sample = a_sample(lab).number
    neat = intake.add_portion(lab, "ana", sample, "neat").id
    run_of(lab, bench, sample, neat, COCAINE)
    run_of(lab, bench, sample, extract(lab, sample), COCAINE, kind="raman")
    made = conclusion.conclude(lab, "ana", sample)
    assert (made.level, made.limitations) == (Level.CONFIRMED, ())


def test_two_techniques_on_one_portion_are_confirmed_and_it_is_said(lab, bench):
    sample = a_sample(lab).number
    neat = intake.add_portion(lab, "ana", sample, "neat").id
    run_of(lab, bench, sample, neat, COCAINE)
    run_of(lab, bench, sample, neat, COCAINE, kind="raman")
    made = conclusion.conclude(lab, "ana", sample)
    assert made.level is Level.CONFIRMED
    assert made.limitations == (f"all techniques were applied to one portion ({neat})",)


def test_drug_is_listed_before_its_cut(lab, bench):
    mixture = an_entry("mixture", "caffeine", "heroin")
    made = concluded(lab, bench, ("ftir", mixture))
    assert made.text == "presumptive: heroin, caffeine"


def test_vibrational_spectrum_of_a_mixture_does_not_confirm_with_a_colour_test(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, an_entry("mixture", "cocaine", "caffeine"), reviewed=True)
    a_test(lab, sample, indicates="cocaine")
    made = conclusion.conclude(lab, "ana", sample)
    assert made.level is Level.PRESUMPTIVE


def a_test(lab, sample, *, accept=True, **more):
    facts = {
        "technique": "colour test",
        "observed": "blue",
        "indicates": "cocaine family",
        "positive": True,
        "controls": True,
        "reagent": "Scott",
        **more,
    }
    made = bench_tests.record(lab, "ana", sample, **facts)
    return bench_tests.review(lab, "rex", made.id, accept=True) if accept else made


def test_colour_test_of_the_class_is_the_second_technique(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, COCAINE, reviewed=True)
    made = a_test(lab, sample)
    found = conclusion.conclude(lab, "ana", sample)
    assert (found.level, found.tests) == (Level.CONFIRMED, (made.id,))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"indicates": "fentanyl"}, "second technique"),
        ({"controls": False}, "verification"),
        ({"positive": False}, "speaks against"),
    ],
)
def test_colour_test_that_does_not_support_confirms_nothing(lab, bench, more, words):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, COCAINE, reviewed=True)
    a_test(lab, sample, **more)
    made = conclusion.conclude(lab, "ana", sample)
    assert made.level is Level.PRESUMPTIVE
    assert words in "; ".join(made.missing)


def test_negative_test_whose_controls_failed_says_nothing(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, COCAINE, reviewed=True)
    a_test(lab, sample, positive=False, controls=False)
    assert conclusion.conclude(lab, "ana", sample).tests == ()


def test_nothing_is_concluded_while_a_test_waits_for_review(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, COCAINE, reviewed=True)
    a_test(lab, sample, accept=False)
    with pytest.raises(StateError, match=r"T1 still waits"):
        conclusion.conclude(lab, "ana", sample)


def test_test_alone_names_nothing(lab):
    sample = a_sample(lab).number
    a_test(lab, sample)
    with pytest.raises(StateError, match="no reviewed finding"):
        conclusion.conclude(lab, "ana", sample)


def test_edition_in_force_is_named(lab, bench):
    made = concluded(lab, bench, ("ftir", COCAINE))
    assert rules.current().label == made.rule
