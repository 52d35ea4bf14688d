"""An unknown gets a name: everybody with a sample of it is told, and its code stays."""

from __future__ import annotations

from typing import Any

import pytest

from lims import (
    alerts,
    audit,
    candidate_requests,
    conclusion,
    review,
    unknown_care,
    unknown_queries,
)
from lims.candidate_requests import Answer
from lims.errors import PermissionDenied, RecordError, StateError
from lims.queries import HIDDEN
from lims.unknown_model import ClusterState
from tests.lims_builders import a_finding, a_lab, a_match, a_sample, an_entry
from tests.unknown_builders import BENZYL, FURAN, an_unknown, diluted


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


def found(lab, folder, *entries: dict[str, Any], sample: str = "", **more: Any):
    return a_finding(lab, folder, sample or a_sample(lab).number, *entries, **more)


def told(lab, kind="unknown_named"):
    return sorted(each.sample for each in alerts.open_alerts(lab) if each.kind == kind)


def compared_again(lab, finding, *entries):
    """The same run with a newer library: a finding that refers to the old one, accepted."""
    from lims import submission
    from lims.workflow import Verb

    match = a_match(*entries)(_Export(), ())
    with lab.writing("abe") as act:
        act.allow(Verb.SEARCH_AGAIN)
        summary = submission.summary_of(match)
        new = submission.append_finding(
            act, finding.sample, finding.run, finding.technique, summary,
            {**match, "again_of": finding.id},
        )  # fmt: skip
        act.append(
            "finding.searched_again",
            {
                "finding": finding.id,
                "sample": finding.sample,
                "was": finding.level,
                "now": summary.level,
                "headline": summary.headline,
                "gain": "named",
                "new_finding": new,
                "libraries": [],
            },
        )
    return review.review(lab, "rex", new, accept=True)


class _Export:
    path = "x"

    class technique:  # noqa: N801 - stands for an enum member
        value = "gcms"


def test_all_samples_of_the_cluster_are_told_without_the_name(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"))
    two = found(lab, tmp_path, an_unknown(diluted(FURAN)))
    other = found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.name(lab, "rex", "1", "2-furanylfentanyl", "certified reference")
    assert told(lab) == sorted((one.sample, two.sample))
    assert other.sample not in told(lab)
    for alert in alerts.open_alerts(lab):
        assert "furanyl" not in f"{alert.headline} {alert.detail}".casefold()
    shown = unknown_queries.show(lab, "1").cluster
    assert (shown.code, shown.state, shown.name) == (
        "UNK-FEN-0001",
        ClusterState.NAMED,
        "2-furanylfentanyl",
    )
    assert shown.named_by == "rex"
    assert shown.named_at is not None
    assert shown.inchikey


def test_a_sample_that_comes_later_is_told_too(lab, tmp_path):
    found(lab, tmp_path, an_unknown())
    unknown_care.name(lab, "rex", "1", "heroin", "reference")
    later = found(lab, tmp_path, an_unknown(diluted(FURAN)))
    assert later.sample in told(lab)


def test_a_sample_measured_many_times_is_told_once(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown())
    unknown_care.name(lab, "rex", "1", "heroin", "reference")
    found(lab, tmp_path, an_unknown(), sample=one.sample)
    found(lab, tmp_path, an_unknown(), an_unknown(), sample=one.sample)
    assert told(lab) == [one.sample]


def test_a_reviewed_finding_of_a_newer_library_names_the_cluster(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"), reviewed=True)
    two = found(lab, tmp_path, an_unknown(diluted(FURAN)), reviewed=True)
    done = compared_again(lab, one, an_entry("match", "2-furanylfentanyl"))
    cluster = unknown_queries.show(lab, "1").cluster
    assert cluster.name == "2-furanylfentanyl"
    assert done.id in cluster.named_how
    assert told(lab) == sorted((one.sample, two.sample))
    assert audit.verify(lab).ok


def test_a_group_that_cannot_be_told_apart_is_named_as_such(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(), reviewed=True)
    compared_again(lab, one, an_entry("match_group", "A", "B"))
    assert unknown_queries.show(lab, "1").cluster.name == "A or B (not distinguished)"


def test_only_the_peak_that_was_unknown_gets_the_name(lab, tmp_path):
    heroin = an_entry("match", "heroin", retention_time_s=300.0)
    peak = an_unknown(area_fraction=0.4, retention_time_s=600.0)
    one = found(lab, tmp_path, heroin, peak, reviewed=True)
    now = an_entry("match", "2-furanylfentanyl", retention_time_s=600.4)
    compared_again(lab, one, heroin, now)
    assert unknown_queries.show(lab, "1").cluster.name == "2-furanylfentanyl"


def test_a_peak_that_is_gone_in_a_new_reading_names_nothing(lab, tmp_path):
    peak = an_unknown(area_fraction=0.4, retention_time_s=600.0)
    solvent = an_entry("insufficient", retention_time_s=200.0)
    one = found(lab, tmp_path, solvent, peak, reviewed=True)
    compared_again(lab, one, an_entry("match", "heroin", retention_time_s=300.0))
    assert unknown_queries.show(lab, "1").cluster.name == ""


def test_a_mixture_of_several_names_no_unknown(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(), reviewed=True)
    compared_again(lab, one, an_entry("mixture", "heroin", "caffeine"))
    assert unknown_queries.show(lab, "1").cluster.name == ""


def confirm_heroin(lab, folder, sample):
    for kind in ("ftir", "raman"):
        a_finding(
            lab, folder, sample, an_entry("match", "heroin"), kind=kind, reviewed=True, by="ana"
        )


def test_a_trace_beside_a_confirmed_substance_is_not_called_by_its_name(lab, tmp_path):
    sample = a_sample(lab).number
    peaks = (an_entry("match", "heroin"), an_unknown(area_fraction=0.1, retention_time_s=9.0))
    a_finding(lab, tmp_path, sample, *peaks, reviewed=True)
    confirm_heroin(lab, tmp_path, sample)
    conclusion.conclude(lab, "ana", sample)
    assert unknown_queries.show(lab, "1").cluster.name == ""


def test_a_second_name_needs_again_and_both_stay_on_record(lab, tmp_path):
    found(lab, tmp_path, an_unknown())
    unknown_care.name(lab, "rex", "1", "heroin", "mistaken")
    with pytest.raises(StateError):
        unknown_care.name(lab, "rex", "1", "cocaine", "reference")
    shown = unknown_care.name(lab, "rex", "1", "cocaine", "reference", again=True)
    assert [act.name for act in shown.acts] == ["heroin", "cocaine"]
    assert shown.cluster.name == "cocaine"


def test_a_contradiction_is_told_and_the_name_stays(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(), reviewed=True)
    unknown_care.name(lab, "rex", "1", "heroin", "reference")
    compared_again(lab, one, an_entry("match", "cocaine"))
    assert unknown_queries.show(lab, "1").cluster.name == "heroin"
    assert told(lab, "unknown_conflict") == [one.sample]


def test_a_name_is_hidden_while_a_hazard_notice_waits(lab, tmp_path):
    found(lab, tmp_path, an_unknown(class_name="fentanyl", hazard="H1"))
    unknown_care.name(lab, "rex", "1", "2-furanylfentanyl", "reference")
    shown = unknown_queries.show(lab, "1")
    assert shown.cluster.name == HIDDEN
    assert shown.cluster.inchikey == ""
    assert [act.name for act in shown.acts] == [HIDDEN]
    [alert] = [each for each in alerts.open_alerts(lab) if each.kind == "hazard"]
    alerts.acknowledge(lab, "olga", alert.id)
    assert unknown_queries.show(lab, "1").cluster.name == "2-furanylfentanyl"


def test_clusters_with_two_names_do_not_merge(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN))
    found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.name(lab, "rex", "1", "heroin", "reference")
    unknown_care.name(lab, "rex", "2", "cocaine", "reference")
    with pytest.raises(StateError):
        unknown_care.merge(lab, "ana", "2", "1", "the same")


def test_merging_into_a_named_cluster_tells_those_who_came_along(lab, tmp_path):
    found(lab, tmp_path, an_unknown(FURAN))
    two = found(lab, tmp_path, an_unknown(BENZYL))
    unknown_care.name(lab, "rex", "1", "heroin", "reference")
    unknown_care.merge(lab, "ana", "2", "1", "the same")
    assert two.sample in told(lab)


# A candidate's way through people.


def test_a_candidate_waits_for_its_answer_and_the_answer_stands_beside(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"), reviewed=True)
    before = conclusion.conclude(lab, "ana", one.sample)
    sent = candidate_requests.send(lab, "ana", one.id, "Southwest Regional", remark="please")
    assert (sent.answer, sent.sent_to) == (None, "Southwest Regional")
    assert [each.finding for each in candidate_requests.listed(lab)] == [one.id]
    done = candidate_requests.answer(
        lab, "rex", one.id, substance="2-furanylfentanyl", reference="SW-1"
    )
    assert done.answer is Answer.IDENTIFIED
    assert candidate_requests.listed(lab) == ()
    assert told(lab, "candidate_answered") == [one.sample]
    assert unknown_queries.show(lab, "1").cluster.name == "2-furanylfentanyl"
    assert conclusion.conclude(lab, "ana", one.sample) == before
    assert audit.verify(lab).ok


def test_an_answer_without_a_name_says_why_and_may_be_asked_again(lab, tmp_path):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"), reviewed=True)
    candidate_requests.send(lab, "ana", one.id, "Southwest Regional")
    with pytest.raises(RecordError):
        candidate_requests.answer(lab, "rex", one.id)
    done = candidate_requests.answer(lab, "rex", one.id, remark="no standard yet")
    assert done.answer is Answer.NOT_IDENTIFIED
    with pytest.raises(StateError):
        candidate_requests.answer(lab, "rex", one.id, remark="again")
    candidate_requests.send(lab, "ana", one.id, "National")
    assert [each.sent_to for each in candidate_requests.listed(lab, everything=True)] == [
        "Southwest Regional",
        "National",
    ]


def test_only_an_accepted_candidate_is_sent_and_only_once_at_a_time(lab, tmp_path):
    waiting = found(lab, tmp_path, an_unknown(class_name="fentanyl"))
    with pytest.raises(StateError):
        candidate_requests.send(lab, "ana", waiting.id, "Regional")
    plain = found(lab, tmp_path, an_unknown(BENZYL), reviewed=True)
    with pytest.raises(StateError):
        candidate_requests.send(lab, "ana", plain.id, "Regional")
    one = review.review(lab, "rex", waiting.id, accept=True)
    candidate_requests.send(lab, "ana", one.id, "Regional")
    with pytest.raises(StateError):
        candidate_requests.send(lab, "ana", one.id, "Regional")
    two = found(lab, tmp_path, an_unknown(class_name="nitazene"), reviewed=True)
    review.judge_candidate(lab, "rex", two.id, confirm=False, remark="bleed")
    with pytest.raises(StateError):
        candidate_requests.send(lab, "ana", two.id, "Regional")


@pytest.mark.parametrize("person", ["olga", "cus", "lia", "root"])
def test_only_scientists_send_candidates(lab, tmp_path, person):
    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"), reviewed=True)
    with pytest.raises(PermissionDenied):
        candidate_requests.send(lab, person, one.id, "Regional")


def test_a_candidate_beside_a_named_cut_is_confirmed_and_can_be_dismissed(lab, tmp_path):
    one = found(
        lab, tmp_path, an_entry("match", "caffeine"), an_unknown(class_name="fentanyl"),
        reviewed=True,
    )  # fmt: skip
    assert one.verdict == "confirmed"
    assert conclusion.conclude(lab, "ana", one.sample).level == "candidate"
    review.judge_candidate(lab, "rex", one.id, confirm=False, remark="column bleed")
    now = conclusion.conclude(lab, "ana", one.sample)
    assert (now.level, now.substances) == ("presumptive", ("caffeine",))


def test_a_dismissed_candidate_leaves_the_conclusion_at_once(lab, tmp_path):
    from lims import queries

    one = found(lab, tmp_path, an_unknown(class_name="fentanyl"), reviewed=True)
    conclusion.conclude(lab, "ana", one.sample)
    review.judge_candidate(lab, "rex", one.id, confirm=False, remark="column bleed")
    shown = queries.sample_record(lab, one.sample).sample.conclusion
    assert shown is not None
    assert shown.level != "candidate"
    assert "candidate" not in shown.text
    assert audit.verify(lab).ok
