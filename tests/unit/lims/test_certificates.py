"""Reports on a sample: who may take which step, what stands in the way, what is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta
from itertools import pairwise

import pytest

from instruments import registry, sandbox
from lims import (
    alerts,
    audit,
    bench_instruments,
    canonical,
    certificate_changes,
    certificate_checks,
    certificate_copies,
    certificate_freshness,
    certificate_queries,
    certificate_release,
    certificate_wording,
    certificates,
    clock,
    conclusion,
    custody,
    events,
    fold_certificates,
    handover,
    holds,
    irregular,
    keys,
    office_notices,
    other_labs,
    people,
    projections,
    records,
    review,
)
from lims.certificate_model import (
    CertificateState,
    CopyForm,
    ReviewStep,
    Wanted,
)
from lims.errors import (
    AuditBrokenError,
    CustodyError,
    NotFoundError,
    PermissionDenied,
    RecordError,
    StateError,
)
from lims.lab import open_lab
from lims.model import ConclusionLevel, Role
from spectra.spectrum import Technique
from tests.certificate_builders import AGENT, a_reportable, amended, issued, reviewed, withdrawn
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A lab folder with a sample that can be reported, and the sample's number: copied by each."""
    folder = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
        made = a_lab(folder / "lab")
        number = a_reportable(made, folder)
        made.close()
    return folder / "lab", number


@pytest.fixture
def lab(begun, tmp_path):
    shutil.copytree(begun[0], tmp_path / "lab")
    opened = open_lab(tmp_path / "lab")
    yield opened
    opened.close()


@pytest.fixture
def sample(begun):
    return begun[1]


def document(lab, of):
    return certificate_queries.document(lab, of)


def obstacles(lab, of):
    return {each.what.split(":")[0] for each in certificate_checks.obstacles(lab, of)}


# From draft to issue


def test_a_report_goes_from_draft_over_two_reviews_to_issue(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    assert (made.state, made.revision) == (CertificateState.DRAFT, 1)
    after = certificate_release.review(lab, "rex", made.number, accept=True)
    assert after.state is CertificateState.TECH_REVIEWED
    after = certificate_release.review(lab, "qm", made.number, accept=True)
    assert after.state is CertificateState.ADMIN_REVIEWED
    done = certificate_release.issue(lab, "lee", made.number)
    assert done.state is CertificateState.ISSUED
    said = document(lab, done)
    assert [each["as"] for each in said["signatures"]] == [
        "author",
        "technical",
        "administrative",
        "authoriser",
    ]
    assert said["end"] == f"End of report {done.number}"
    assert audit.verify(lab).ok


def test_the_signature_is_the_labs_over_the_bytes_kept(lab, sample):
    done = issued(lab, sample)
    data = certificate_queries.document_bytes(lab, done.document_sha256, done.number)
    assert keys.verify(lab.public_key, data, done.signature)
    assert not keys.verify(lab.public_key, data + b" ", done.signature)
    assert canonical.dumps(json.loads(data)) == data


def test_the_log_head_in_a_report_is_the_one_before_its_issue(lab, sample):
    done = issued(lab, sample)
    log = document(lab, done)["issued"]["log"]
    event = next(e for e in events.read(lab.db, 0, 1000) if e.kind == "certificate.issued")
    assert (log["size"], log["head"]) == (event.seq - 1, event.prev.hex())


def test_no_step_can_be_left_out(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    with pytest.raises(StateError, match="draft"):
        certificate_release.issue(lab, "lee", made.number)
    with pytest.raises(StateError, match="no such review"):
        certificate_release.review(
            lab, "qm", made.number, accept=True, step=ReviewStep.ADMINISTRATIVE
        )
    certificate_release.review(lab, "rex", made.number, accept=True)
    with pytest.raises(StateError, match="tech_reviewed") as told:
        certificate_release.issue(lab, "lee", made.number)
    assert "administrative review" in told.value.hint
    certificate_release.review(lab, "qm", made.number, accept=True)
    with pytest.raises(StateError, match="no such review"):
        certificate_release.review(lab, "rex", made.number, accept=True)


def both(lab, person, *roles):
    people.change_person(lab, "lee" if person != "lee" else "root", person, roles=roles, reason="x")


def test_the_author_reviews_nothing_of_it_and_does_not_release_it(lab, bench):
    everything = (Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY)
    both(lab, "abe", *everything)
    sample = a_reportable(lab, bench)
    made = certificates.draft(lab, "abe", sample)
    with pytest.raises(PermissionDenied, match="Abe wrote"):
        certificate_release.review(lab, "abe", made.number, accept=True)
    certificate_release.review(lab, "rex", made.number, accept=True)
    with pytest.raises(PermissionDenied, match="Abe wrote"):
        certificate_release.review(lab, "abe", made.number, accept=True)
    certificate_release.review(lab, "qm", made.number, accept=True)
    with pytest.raises(PermissionDenied, match="Abe wrote"):
        certificate_release.issue(lab, "abe", made.number)
    with pytest.raises(PermissionDenied, match="Abe wrote"):
        certificates.state_open(lab, "abe", made.number, "hold:1", "x")


def test_who_wrote_an_earlier_revision_is_an_author_too(lab, sample):
    both(lab, "abe", Role.ANALYST, Role.REVIEWER)
    certificates.draft(lab, "abe", sample)
    made = certificates.draft(lab, "ana", sample)
    assert made.revision == 2
    assert made.authors == ("abe", "ana")
    with pytest.raises(PermissionDenied, match="Abe wrote"):
        certificate_release.review(lab, "abe", made.number, accept=True)


def test_who_worked_on_the_sample_does_not_review_the_results(lab, bench):
    both(lab, "ana", Role.ANALYST, Role.REVIEWER)
    sample = a_reportable(lab, bench)
    made = certificates.draft(lab, "abe", sample)
    with pytest.raises(PermissionDenied, match="recorded a run"):
        certificate_release.review(lab, "ana", made.number, accept=True)


def test_two_people_are_enough_for_a_small_lab(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    for _ in range(2):
        certificate_release.review(lab, "rex", made.number, accept=True)
    assert certificate_release.issue(lab, "rex", made.number).state is CertificateState.ISSUED


def test_a_remote_second_person_acts_for_themselves_and_the_report_says_where(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    reviewed(lab, made.number, remote="Headquarters")
    done = certificate_release.issue(lab, "lee", made.number)
    signed = {each["as"]: each for each in document(lab, done)["signatures"]}
    assert signed["technical"]["from"] == "Headquarters"
    assert signed["technical"]["person"] == "Rex (rex)"
    assert signed["administrative"]["from"] == ""


def test_what_is_sent_back_needs_a_reason_and_a_new_revision(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    with pytest.raises(RecordError, match="reason"):
        certificate_release.review(lab, "rex", made.number, accept=False)
    back = certificate_release.review(lab, "rex", made.number, accept=False, remark="no portion")
    assert back.state is CertificateState.SENT_BACK
    with pytest.raises(StateError):
        certificate_release.review(lab, "rex", made.number, accept=True)
    again = certificates.draft(lab, "ana", sample, Wanted(reference="HSI-42"))
    assert (again.number, again.revision) == (made.number, 2)
    assert again.state is CertificateState.DRAFT


def test_a_review_of_one_revision_does_not_hold_for_the_next(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    certificate_release.review(lab, "rex", made.number, accept=True)
    certificates.draft(lab, "ana", sample, Wanted(customer="Court of Nogales"))
    with pytest.raises(StateError, match="no such review"):
        certificate_release.review(
            lab, "qm", made.number, accept=True, step=ReviewStep.ADMINISTRATIVE
        )


def test_a_new_revision_keeps_what_was_typed_before(lab, sample):
    certificates.draft(lab, "ana", sample, Wanted(reference="HSI-42", opinions=("a lot",)))
    made = certificates.draft(lab, "ana", sample, Wanted(condition="torn bag"))
    said = certificate_queries.content(lab, made)
    assert (said["reference"], said["opinions"], said["condition"]) == (
        "HSI-42",
        ["a lot"],
        "torn bag",
    )
    cleared = certificates.draft(lab, "ana", sample, Wanted(opinions=()))
    assert certificate_queries.content(lab, cleared)["opinions"] == []


def test_the_same_key_drafts_reviews_and_issues_once(lab, sample):
    first = certificates.draft(lab, "ana", sample, key="d")
    assert certificates.draft(lab, "ana", sample, key="d").revision == 1
    certificate_release.review(lab, "rex", first.number, accept=True, key="r")
    again = certificate_release.review(lab, "rex", first.number, accept=True, key="r")
    assert again.state is CertificateState.TECH_REVIEWED
    certificate_release.review(lab, "qm", first.number, accept=True)
    done = certificate_release.issue(lab, "lee", first.number, key="i")
    assert certificate_release.issue(lab, "lee", first.number, key="i") == done
    certificate_copies.give(lab, "lee", done.number, AGENT, key="g")
    assert certificate_copies.give(lab, "lee", done.number, AGENT, key="g").number == 1


def test_a_dropped_draft_is_not_issued_and_its_number_is_not_used_again(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    dropped = certificates.drop(lab, "ana", made.number, reason="two of them")
    assert dropped.state is CertificateState.DROPPED
    with pytest.raises(StateError):
        certificate_release.review(lab, "rex", made.number, accept=True)
    assert certificates.draft(lab, "ana", sample).number != made.number


@pytest.mark.parametrize("person", ["olga", "cus", "lia", "root", "rex", "qm"])
def test_only_analyst_and_lead_write_reports(lab, sample, person):
    with pytest.raises(PermissionDenied):
        certificates.draft(lab, person, sample)


# What stands in the way


def test_a_sample_without_a_conclusion_is_not_reported_as_final(lab, bench):
    sample = a_sample(lab, officer="olga").number
    made = certificates.draft(lab, "ana", sample)
    assert obstacles(lab, made) == {"finding"}
    a_finding(lab, bench, sample, an_entry("match", "caffeine"))
    assert obstacles(lab, made) == {"finding", "review"}
    review.review(lab, "rex", records.findings(lab.db, sample)[0].id, accept=True)
    assert obstacles(lab, made) == {"conclusion"}
    conclusion.conclude(lab, "ana", sample)
    assert obstacles(lab, made) == set()


def test_a_finding_that_was_reviewed_later_asks_for_a_new_conclusion(lab, bench, sample):
    made = certificates.draft(lab, "ana", sample)
    a_finding(lab, bench, sample, an_entry("match", "cocaine"), kind="raman", reviewed=True)
    assert obstacles(lab, made) == {"conclusion"}


def test_a_report_needs_somebody_it_is_for(lab, bench):
    sample = a_reportable(lab, bench, officer="")
    made = certificates.draft(lab, "ana", sample)
    assert obstacles(lab, made) == {"customer"}
    assert obstacles(lab, certificates.draft(lab, "ana", sample, Wanted(customer="Court"))) == set()


def test_the_refusal_names_what_is_missing_and_the_remedy(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, an_entry("match", "caffeine"), reviewed=True)
    made = certificates.draft(lab, "ana", sample)
    reviewed(lab, made.number)
    with pytest.raises(StateError) as told:
        certificate_release.issue(lab, "lee", made.number)
    assert "nobody is named for whom it is" in told.value.message
    assert "has no conclusion" in told.value.message
    assert "--customer" in told.value.hint


def frozen(lab, sample):
    """Open a discrepancy: the seal is not the one on record."""
    with pytest.raises(CustodyError):
        custody.transfer(
            lab, sample, giver="ana", taker="place:shelf", actor="ana", seal="WRONG", witness="abe"
        )
    return int(lab.db.execute("SELECT max(seq) FROM discrepancy").fetchone()[0])


def test_an_open_discrepancy_is_resolved_or_stated_with_who_accepted_it(lab, sample):
    number = frozen(lab, sample)
    made = certificates.draft(lab, "ana", sample)
    assert obstacles(lab, made) == {"discrepancy"}
    reviewed(lab, made.number)
    with pytest.raises(StateError, match="open discrepancy"):
        certificate_release.issue(lab, "lee", made.number)
    what = f"discrepancy:{number}"
    certificates.state_open(lab, "qm", made.number, what, "The seal was misread, see photo 3.")
    with pytest.raises(StateError, match="has changed"):
        certificate_release.issue(lab, "lee", made.number)
    again = certificates.draft(lab, "ana", sample)
    assert obstacles(lab, again) == set()
    reviewed(lab, again.number)
    said = document(lab, certificate_release.issue(lab, "lee", again.number))
    assert said["stated"][0]["accepted_by"] == "Qm (qm)"
    assert said["stated"][0]["text"] == "The seal was misread, see photo 3."
    assert "WRONG" in said["stated"][0]["matter"]


def test_what_was_stated_and_then_resolved_is_no_open_matter_any_more(lab, sample):
    number = frozen(lab, sample)
    made = certificates.draft(lab, "ana", sample)
    certificates.state_open(lab, "qm", made.number, f"discrepancy:{number}", "misread")
    made = certificates.draft(lab, "ana", sample)
    assert len(certificate_queries.content(lab, made)["stated"]) == 1
    custody.resolve_discrepancy(lab, "qm", sample, reason="read again by two people")
    assert certificate_freshness.stale(lab, made)
    again = certificate_queries.content(lab, certificates.draft(lab, "ana", sample))
    assert again["stated"] == []
    assert "read again" in again["items"][0]["discrepancies"][0]["resolution"]


def test_a_report_that_outgrows_its_bytes_is_refused(lab, sample, monkeypatch):
    monkeypatch.setattr(certificates, "MOST_BYTES", 100)
    with pytest.raises(RecordError, match="at most 100") as told:
        certificates.draft(lab, "ana", sample)
    assert "one by one" in told.value.hint


def test_what_was_accepted_goes_on_into_the_report_that_amends(lab, sample):
    number = frozen(lab, sample)
    made = certificates.draft(lab, "ana", sample)
    certificates.state_open(lab, "lee", made.number, f"discrepancy:{number}", "misread")
    first = issued(lab, sample)
    second = certificates.amend(lab, "ana", first.number, Wanted(customer="Court"), reason="x")
    assert certificate_queries.content(lab, second)["stated"][0]["text"] == "misread"
    reviewed(lab, second.number)
    assert certificate_release.issue(lab, "lee", second.number).stated[0].by == "lee"


def test_who_accepted_an_open_matter_does_not_write_the_report_that_states_it(lab, sample):
    number = frozen(lab, sample)
    made = certificates.draft(lab, "ana", sample)
    certificates.state_open(lab, "lee", made.number, f"discrepancy:{number}", "misread")
    again = certificates.draft(lab, "lee", sample)
    assert certificate_queries.content(lab, again)["stated"] == []
    assert obstacles(lab, again) == {"discrepancy"}


def test_only_what_is_open_can_be_stated(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    for what in ("discrepancy:1", "hold:99", "conclusion:x", "'; drop", ""):
        with pytest.raises(NotFoundError):
            certificates.state_open(lab, "qm", made.number, what, "it is so")
    with pytest.raises(PermissionDenied):
        certificates.state_open(lab, "rex", made.number, "hold:99", "it is so")


def held(lab, sample):
    """Hold the results of the technique the sample was measured by, through a failed control."""
    bench_instruments.add_instrument(lab, "qm", "ir-1", Technique.FTIR)
    with lab.writing("qm") as act:
        holds.place(act, "ir-1", aspect="axis", detail="band 1601 at 1604")
    return holds.holds(lab)[0].number


def test_held_results_are_not_issued_unless_the_report_states_the_hold(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    number = held(lab, sample)
    assert obstacles(lab, made) == {"hold"}
    certificates.state_open(lab, "lee", made.number, f"hold:{number}", "Shift of 3 cm-1 is small.")
    again = certificates.draft(lab, "ana", sample)
    assert obstacles(lab, again) == set()
    assert "band 1601" in certificate_queries.content(lab, again)["stated"][0]["matter"]


def test_a_hold_that_was_released_is_said_in_the_limitations(lab, sample):
    number = held(lab, sample)
    people.add_person(lab, "lee", "qm2", "Qm Two", (Role.QUALITY,))
    holds.release(lab, "qm2", number, reason="the band is not used")
    said = document(lab, issued(lab, sample))
    assert any("released by Qm Two (qm2): the band is not used" in t for t in said["limitations"])


def test_a_waiting_hand_over_and_a_lost_sample_are_in_the_way(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    handover.propose(lab, "ana", sample, taker="cus", seal="A1")
    assert obstacles(lab, made) == {"handover"}
    with clock.running_from(lambda: NOW_LATER):
        assert obstacles(lab, made) == set()
    handover.decline(lab, "cus", sample, reason="no")
    irregular.report_lost(lab, "ana", sample, circumstances="not on the shelf")
    assert obstacles(lab, made) == {"lost"}


NOW_LATER = clock.now() + timedelta(days=40)


def test_custody_gaps_are_where_giver_and_holder_differ(lab, sample):
    custody.transfer(
        lab, sample, giver="ana", taker="place:shelf", actor="ana", seal="A1", witness="abe"
    )
    custody.transfer(
        lab, sample, giver="place:shelf", taker="abe", actor="abe", seal="A1", witness="ana"
    )
    steps = records.transfers(lab.db, sample)
    assert certificate_checks.custody_gaps(steps, "abe") == ()
    assert len(steps) == 3
    missing = [s for s in steps if s.taker != "place:shelf"]
    assert certificate_checks.custody_gaps(missing, "abe") == (
        f"event {steps[-1].seq} is given by place:shelf, held by ana",
    )
    assert certificate_checks.custody_gaps(steps, "cus") == ("held by cus, last taken by abe",)
    assert certificate_checks.custody_gaps((), "abe") == ("no step is on record",)


def test_no_report_is_written_before_the_hazard_notice_was_seen(lab, bench):
    sample = a_sample(lab, officer="olga").number
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"), reviewed=True)
    with pytest.raises(StateError, match="acknowledged"):
        certificates.draft(lab, "ana", sample)
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    made = certificates.draft(lab, "ana", sample)
    assert certificate_queries.content(lab, made)["items"][0]["hazards"]
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"), kind="raman")
    if alerts.open_alerts(lab):
        assert "hazard" in obstacles(lab, made)


def test_a_changed_record_asks_for_a_new_draft(lab, bench, sample):
    made = certificates.draft(lab, "ana", sample)
    reviewed(lab, made.number)
    a_finding(lab, bench, sample, an_entry("match", "cocaine"), kind="raman", reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    with pytest.raises(StateError, match="has changed") as told:
        certificate_release.issue(lab, "lee", made.number)
    assert "raman" in told.value.message or "level" in told.value.message
    assert "reviews begin anew" in told.value.hint


def test_a_sample_that_went_back_to_its_shelf_changes_no_result(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    reviewed(lab, made.number)
    custody.transfer(
        lab, sample, giver="ana", taker="place:shelf", actor="ana", seal="A1", witness="abe"
    )
    assert certificate_freshness.stale(lab, made) == ()
    assert certificate_release.issue(lab, "lee", made.number).state is CertificateState.ISSUED


# Contents


FIELDS = {
    "a title": ("title",),
    "b name of the laboratory": ("lab", "name"),
    "c place of performance": ("place",),
    "d unique number": ("number",),
    "d end mark": ("end",),
    "e customer": ("customer",),
    "f method": ("items", 0, "results", 0, "method", "reader"),
    "g item": ("items", 0, "description"),
    "g seal": ("items", 0, "custody", "seal_received"),
    "h date of receipt": ("items", 0, "received_at"),
    "i dates of performance": ("performed", "first"),
    "j date of issue": ("issued", "at"),
    "m result": ("items", 0, "conclusion", "statement"),
    "o authoriser": ("signatures", 3, "person"),
    "rule": ("rules", 0, "rule"),
    "raw file": ("items", 0, "files", 0, "sha256"),
    "software": ("software",),
}


def test_what_the_standard_asks_of_a_report_is_in_it(lab, sample):
    """ISO/IEC 17025:2017, 7.8.2.1."""
    said = document(lab, issued(lab, sample))
    for name, keys_to in FIELDS.items():
        place = said
        for key in keys_to:
            place = place[key]
        assert isinstance(place, str), name
        assert place, name


def test_a_report_relates_only_to_the_items_tested(lab, sample):
    said = document(lab, issued(lab, sample))["limitations"]
    assert any("relate only to the items tested" in each for each in said)


@pytest.mark.parametrize("level", ConclusionLevel)
def test_only_a_confirmed_level_says_identified(level):
    said = certificate_wording.conclusion(level.value, f"{level.value}: x", ["y"], "rule 1")
    assert said.startswith("Identified") is (level is ConclusionLevel.CONFIRMED)
    if level is not ConclusionLevel.CONFIRMED:
        assert (
            said.split(":")[0]
            .lower()
            .startswith(
                ("presumptive result, not an", "not identified", "not detected", "inconclusive")
            )
        )


def test_presumptive_and_confirmed_stand_beside_each_other(lab, bench, sample):
    issued(lab, sample)
    a_finding(lab, bench, sample, an_entry("match", "cocaine"), kind="raman", reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    made = certificates.amend(lab, "ana", "R000001-U", reason="a second technique")
    item = certificate_queries.content(lab, made)["items"][0]
    assert item["conclusion"]["level"] == "confirmed"
    assert [each["level"] for each in item["earlier_conclusions"]] == ["presumptive"]


def test_results_of_another_laboratory_are_kept_apart_from_ours(lab, sample):
    other_labs.send(lab, "ana", sample, "Southwest Regional")
    made = certificates.draft(lab, "ana", sample)
    waiting = certificate_queries.content(lab, made)["items"][0]["external"]
    assert [each["result"] for each in waiting] == ["no answer yet"]
    other_labs.answer(lab, "ana", sample, substance="levamisole", reference="SW-9")
    for each in alerts.open_alerts(lab):
        alerts.acknowledge(lab, "olga", each.id)
    made = certificates.draft(lab, "ana", sample)
    item = certificate_queries.content(lab, made)["items"][0]
    assert [each["result"] for each in item["external"]] == ["identified there as levamisole"]
    assert "levamisole" not in json.dumps(item["results"]) + json.dumps(item["conclusion"])


def test_what_was_sent_back_is_no_result_but_is_said(lab, bench, sample):
    found = a_finding(lab, bench, sample, an_entry("match", "heroin"), kind="raman")
    review.review(lab, "rex", found.id, accept=False, remark="wrong sample on the stage")
    item = certificate_queries.content(lab, certificates.draft(lab, "ana", sample))["items"][0]
    assert [each["finding"] for each in item["left_out"]] == [found.id]
    assert "heroin" not in json.dumps(item["results"])
    assert item["left_out"][0]["remark"] == "wrong sample on the stage"


def test_a_shipments_report_covers_all_its_samples_and_waits_for_each(lab, bench):
    parcel = a_shipment(lab).number
    first = a_reportable(lab, bench, shipment=parcel)
    second = a_sample(lab, shipment=parcel, officer="olga").number
    made = certificates.draft(lab, "ana", parcel)
    assert made.samples == (first, second)
    assert obstacles(lab, made) == {"finding"}
    a_finding(lab, bench, second, an_entry("no_match"), reviewed=True)
    conclusion.conclude(lab, "ana", second)
    assert obstacles(lab, made) == set()
    assert [c.number for c in certificate_queries.listed(lab, subject=second)] == [made.number]


def test_a_shipment_without_samples_has_no_report(lab):
    with pytest.raises(StateError, match="no sample"):
        certificates.draft(lab, "ana", a_shipment(lab).number)


def test_the_same_record_gives_the_same_content(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    was = certificate_queries.content(lab, made)
    now = certificate_freshness.recollected(lab, made)
    assert {**now, "record": was["record"]} == was


@pytest.mark.parametrize("bad", ["a\x1b[2Jb", "a\u202eb", "x" * 5_000, "a\x00b"])
def test_hidden_characters_and_endless_texts_are_refused(lab, sample, bad):
    for wanted in (Wanted(customer=bad), Wanted(opinions=(bad,)), Wanted(condition=bad)):
        with pytest.raises(RecordError):
            certificates.draft(lab, "ana", sample, wanted)
    with pytest.raises(RecordError, match="opinions"):
        certificates.draft(lab, "ana", sample, Wanted(opinions=("x",) * 21))


# Preliminary


def test_a_preliminary_report_may_precede_the_conclusion_and_ends(lab, bench):
    sample = a_sample(lab, officer="olga").number
    a_finding(lab, bench, sample, an_entry("match", "cocaine"), reviewed=True)
    done = issued(lab, sample, Wanted(valid_days=3), preliminary=True)
    said = document(lab, done)
    assert said["limitations"][0].startswith("Preliminary")
    assert said["items"][0]["conclusion"] is None
    assert not done.expired
    with clock.running_from(lambda: NOW_LATER):
        assert certificate_queries.certificate(lab, done.number).expired


def test_a_preliminary_report_is_not_amended_into_a_final_one(lab, sample):
    done = issued(lab, sample, preliminary=True)
    with pytest.raises(StateError, match="preliminary") as told:
        certificates.amend(lab, "ana", done.number, reason="now final")
    assert "draft" in told.value.hint
    final = certificates.draft(lab, "ana", sample)
    assert final.number != done.number
    earlier = certificate_queries.content(lab, final)["earlier"]
    assert [(each["number"], each["kind"]) for each in earlier] == [(done.number, "preliminary")]


def test_only_a_preliminary_report_ends(lab, sample):
    with pytest.raises(RecordError, match="does not end"):
        certificates.draft(lab, "ana", sample, Wanted(valid_days=3))
    with pytest.raises(RecordError, match="365"):
        certificates.draft(lab, "ana", sample, Wanted(valid_days=0), preliminary=True)


# Amended and withdrawn


def test_an_amended_report_names_the_earlier_one_the_reason_and_each_change(lab, sample):
    first = issued(lab, sample)
    second = amended(lab, first.number, Wanted(customer="Court of Nogales"), "wrong addressee")
    said = document(lab, second)
    assert second.number != first.number
    assert said["amends"] == {
        "number": first.number,
        "reason": "wrong addressee",
        "changes": ['customer: was "Olga (olga)", is "Court of Nogales"'],
    }
    old = certificate_queries.certificate(lab, first.number)
    assert (old.state, old.amended_by) == (CertificateState.AMENDED, second.number)
    assert document(lab, old)["customer"] == "Olga (olga)"


def test_nothing_is_amended_by_a_report_that_says_the_same(lab, sample):
    first = issued(lab, sample)
    with pytest.raises(StateError, match="nothing differs"):
        certificates.amend(lab, "ana", first.number, reason="just so")


def test_only_a_report_that_stands_is_amended(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    with pytest.raises(StateError, match="draft"):
        certificates.amend(lab, "ana", made.number, reason="x")
    reviewed(lab, made.number)
    first = certificate_release.issue(lab, "lee", made.number)
    second = amended(lab, first.number, Wanted(customer="Court"))
    with pytest.raises(StateError, match="amended by") as told:
        certificates.amend(lab, "ana", first.number, Wanted(customer="C"), reason="x")
    assert second.number in told.value.hint
    withdrawn(lab, second.number)
    with pytest.raises(StateError, match="withdrawn"):
        certificates.amend(lab, "ana", second.number, Wanted(customer="C"), reason="x")


def test_the_earlier_report_stands_until_the_amending_one_is_issued(lab, sample):
    first = issued(lab, sample)
    made = certificates.amend(lab, "ana", first.number, Wanted(customer="Court"), reason="x")
    reviewed(lab, made.number)
    assert certificate_queries.certificate(lab, first.number).state is CertificateState.ISSUED
    withdrawn(lab, first.number)
    with pytest.raises(StateError, match="only a report that stands"):
        certificate_release.issue(lab, "lee", made.number)


def test_a_report_is_withdrawn_by_quality_manager_and_lead_together(lab, sample):
    done = issued(lab, sample)
    with pytest.raises(RecordError, match="reason"):
        certificate_copies.withdraw(lab, "qm", done.number)
    asked = certificate_copies.withdraw(lab, "qm", done.number, reason="contaminated control")
    assert (asked.state, asked.withdrawal_asked_by) == (CertificateState.ISSUED, "qm")
    with pytest.raises(PermissionDenied, match="asked for"):
        certificate_copies.withdraw(lab, "qm", done.number)
    people.add_person(lab, "lee", "qm2", "Qm Two", (Role.QUALITY,))
    with pytest.raises(PermissionDenied, match="not quality manager and lead"):
        certificate_copies.withdraw(lab, "qm2", done.number)
    with pytest.raises(PermissionDenied):
        certificate_copies.withdraw(lab, "rex", done.number)
    gone = certificate_copies.withdraw(lab, "lee", done.number)
    assert (gone.state, gone.withdrawn_by) == (CertificateState.WITHDRAWN, "lee")
    assert document(lab, gone)["number"] == done.number
    with pytest.raises(StateError, match="withdrawn"):
        certificate_copies.withdraw(lab, "lee", done.number)


def test_there_are_never_two_final_reports_on_one_subject(lab, sample):
    done = issued(lab, sample)
    with pytest.raises(StateError, match="stands") as told:
        certificates.draft(lab, "ana", sample)
    assert f"amend {done.number}" in told.value.hint
    parcel = certificates.draft(lab, "ana", done.shipment)
    earlier = certificate_queries.content(lab, parcel)["earlier"]
    assert [each["number"] for each in earlier] == [done.number]
    withdrawn(lab, done.number)
    assert certificates.draft(lab, "ana", sample).revision == 1


def test_a_withdrawal_asked_for_by_somebody_who_left_is_asked_anew(lab, sample):
    done = issued(lab, sample)
    people.add_person(lab, "lee", "qm2", "Qm Two", (Role.QUALITY,))
    certificate_copies.withdraw(lab, "qm2", done.number, reason="first")
    people.change_person(lab, "lee", "qm2", active=False, reason="left")
    asked = certificate_copies.withdraw(lab, "lee", done.number, reason="second")
    assert (asked.withdrawal_asked_by, asked.withdrawal_reason) == ("lee", "second")
    gone = certificate_copies.withdraw(lab, "qm", done.number)
    assert gone.state is CertificateState.WITHDRAWN


def test_who_has_a_copy_is_told_of_the_amendment_and_of_the_withdrawal(lab, sample):
    first = issued(lab, sample)
    certificate_copies.give(lab, "lee", first.number, AGENT, form=CopyForm.PAPER, how="by hand")
    certificate_copies.give(lab, "lee", first.number, AGENT)
    certificate_copies.give(lab, "ana", first.number, "Regional lab")
    second = amended(lab, first.number, Wanted(customer="Court"))
    told = office_notices.listed(lab, everything=True)
    assert [each.recipient for each in told] == [AGENT, "Regional lab"]
    assert told[0].because == (f"was given copy 1 of {first.number}, copy 2 of {first.number}")
    certificate_copies.give(lab, "lee", second.number, "Court")
    withdrawn(lab, second.number)
    told = office_notices.listed(lab, everything=True)[2:]
    assert [each.recipient for each in told] == ["Court", AGENT, "Regional lab"]
    assert all("withdrawn" in each.text for each in told)
    notices = [each.kind for each in alerts.open_alerts(lab)]
    assert notices == ["withdrawn_report"]


def test_copies_are_numbered_and_only_of_what_was_issued(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    with pytest.raises(StateError, match="not issued"):
        certificate_copies.give(lab, "lee", made.number, AGENT)
    reviewed(lab, made.number)
    certificate_release.issue(lab, "lee", made.number)
    given = [certificate_copies.give(lab, "lee", made.number, who) for who in ("A", "B", "A")]
    assert [each.number for each in given] == [1, 2, 3]
    with pytest.raises(PermissionDenied):
        certificate_copies.give(lab, "olga", made.number, AGENT)


# The record


def test_replay_gives_the_same_rows(lab, sample):
    first = issued(lab, sample, Wanted(opinions=("a lot",)))
    certificate_copies.give(lab, "lee", first.number, AGENT)
    second = amended(lab, first.number, Wanted(customer="Court"))
    withdrawn(lab, second.number)
    draft = certificates.draft(lab, "ana", sample)
    frozen(lab, sample)
    what = certificate_checks.obstacles(lab, draft)[0].what
    certificates.state_open(lab, "qm", draft.number, what, "it is known")
    certificates.draft(lab, "ana", sample)
    certificates.drop(lab, "ana", draft.number, reason="not wanted")
    report = audit.verify(lab)
    assert report.problems == ()
    kinds = {event.kind for event in events.read(lab.db, 0, 10_000)}
    assert set(fold_certificates.HANDLERS) <= kinds
    assert set(fold_certificates.HANDLERS) <= set(projections.HANDLERS)


def test_verification_names_a_report_whose_bytes_were_altered(lab, sample):
    done = issued(lab, sample)
    path = lab.store.path
    lab.close()
    raw = sqlite3.connect(path)
    trigger = raw.execute("SELECT sql FROM sqlite_master WHERE name='document_nu'").fetchone()[0]
    raw.execute("DROP TRIGGER document_nu")
    raw.execute(
        "UPDATE document SET body=CAST(replace(body, 'cocaine', 'caffein') AS BLOB) WHERE sha256=?",
        [done.document_sha256],
    )
    raw.execute(trigger)
    raw.commit()
    raw.close()
    again = open_lab(path.parent)
    assert any(done.number in each for each in audit.verify(again).problems)
    with pytest.raises(AuditBrokenError, match=done.number):
        certificate_queries.document(again, done)
    again.close()


def test_a_number_is_found_by_its_end_and_a_slip_of_the_finger_is_not(lab, sample):
    made = certificates.draft(lab, "ana", sample)
    assert certificate_queries.certificate(lab, made.number[-9:]) == made
    with pytest.raises(NotFoundError):
        certificate_queries.certificate(lab, made.number[:-1] + "0")
    with pytest.raises(NotFoundError):
        certificate_queries.certificate(lab, sample)


def test_lists_hold_what_is_open_or_stands_and_of_a_sample_everything(lab, sample):
    first = issued(lab, sample)
    second = amended(lab, first.number, Wanted(customer="Court"))
    third = certificates.draft(lab, "ana", sample, preliminary=True)
    shown = [each.number for each in certificate_queries.listed(lab)]
    assert shown == [third.number, second.number]
    every = [each.number for each in certificate_queries.listed(lab, subject=sample)]
    assert every == [third.number, second.number, first.number]


def test_changes_name_what_was_added_changed_and_taken_away():
    was = {"items": [{"sample": "S1", "n": 1, "old": "x"}], "number": "R1", "opinions": ["a"]}
    now = {"items": [{"sample": "S1", "n": 2, "new": "y"}], "number": "R2", "opinions": ["a", "b"]}
    assert certificate_changes.changes(was, now) == (
        "items S1 n: was 1, is 2",
        'items S1 new: added "y"',
        'opinions 2: added "b"',
        'items S1 old: no longer there, was "x"',
    )
    many = certificate_changes.changes({}, {str(n): n for n in range(500)})
    assert len(many) == certificate_changes.MOST_SHOWN + 1
    assert many[-1] == "and 300 more changes"


def test_two_parts_of_one_name_are_told_apart():
    was = {"external": [{"lab": "X", "result": "a"}, {"lab": "X", "result": "b"}]}
    now = {"external": [{"lab": "X", "result": "c"}, {"lab": "X", "result": "b"}]}
    assert certificate_changes.changes(was, now) == ('external X result: was "a", is "c"',)


def test_states_follow_one_another_in_the_log(lab, sample):
    done = issued(lab, sample)
    seen = [e.seq for e in events.read(lab.db, 0, 1000) if e.kind.startswith("certificate.")]
    assert all(after == before + 1 for before, after in pairwise(seen))
    assert done.issued_by == "lee"
