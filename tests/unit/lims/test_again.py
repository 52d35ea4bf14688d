"""Stored unknowns searched again: what answers, what is told, and what a crash leaves."""

import math
import pickle
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

import pytest

from instruments import raw
from lims import (
    again,
    alerts,
    audit,
    clock,
    disposition,
    leads,
    library_care,
    queries,
    records,
    review,
    unknowns,
)
from lims.again import Gain
from lims.again_worker import Task, search_again
from lims.conclusion import conclude
from lims.errors import PermissionDenied, RecordError
from lims.model import ConclusionLevel, FindingState
from tests.lims_builders import a_finding, a_sample, an_entry
from tests.unit.libraries.reference_builders import a_curve, a_mass_spectrum, drafts
from tests.unit.lims.own_references import (
    a_street_library,
    export,
    installed,
    measured,
    with_unknown,
)


@pytest.fixture
def street(lab, bench):
    a_street_library(lab, bench)
    return lab


def kinds(lab):
    return [event.kind for event in audit.events(lab, 0, 10_000)]


def test_old_unknown_that_now_matches_is_submitted_and_told(street, bench):
    old = measured(street, bench)
    assert old.level == "no_match"
    with_unknown(street, bench)
    report = again.search(street, "ana")
    (found,) = report.found
    assert (report.searched, report.problems, report.left) == (1, (), 0)
    assert (found.finding, found.gain, found.disposition) == (old.id, Gain.NAMED, "held")
    assert "no match" in found.was
    assert "xylazine like 77" in found.now
    new = records.finding(street.db, found.new_finding)
    assert (new.state, new.run, new.by) == (FindingState.SUBMITTED, old.run, "ana")
    assert new.match["again_of"] == old.id
    assert records.finding(street.db, old.id) == old  # nothing is rewritten
    (notice,) = alerts.open_alerts(street)
    assert (notice.kind, notice.sample) == ("again", old.sample)
    assert "xylazine" not in notice.headline + notice.detail  # nobody reviewed it yet
    assert found.new_finding in notice.detail
    assert audit.verify(street).ok
    assert audit.replay(street) == audit.projected(street)


def test_second_search_does_nothing(street, bench):
    measured(street, bench)
    with_unknown(street, bench)
    again.search(street, "ana")
    before = kinds(street)
    report = again.search(street, "ana")
    assert (report.searched, report.found, kinds(street)) == (0, (), before)


def test_what_still_does_not_answer_is_on_record_and_submits_nothing(street, bench):
    old = measured(street, bench, seed=500)
    with_unknown(street, bench)
    assert again.search(street, "ana").found == ()
    assert len(records.findings(street.db, old.sample)) == 1
    assert alerts.open_alerts(street) == ()
    (listed,) = again.listed(street, everything=True)
    assert (listed.finding, listed.gain) == (old.id, Gain.NONE)
    assert again.listed(street) == ()
    assert unknowns.waiting(street) == []


def test_named_finding_is_no_unknown_and_a_poor_measurement_stays_poor(street, bench):
    named = a_finding(street, bench, a_sample(street).number, an_entry("match", "cocaine"))
    poor = an_entry("insufficient")
    poor["quality"] = {"ok": False, "reasons": ["flat"]}
    a_finding(street, bench, a_sample(street).number, poor)
    assert unknowns.waiting(street) == []
    assert not unknowns.is_unknown(named)


@pytest.mark.parametrize(
    ("state", "more"),
    [
        ("no_match", {}),
        ("unexplained", {}),
        ("class_only", {"class_name": "fentanyl"}),
        ("analogue_candidate", {"class_name": "fentanyl"}),
        ("insufficient", {}),
    ],
)
def test_every_kind_of_unknown_waits_for_a_new_library(lab, bench, state, more):
    found = a_finding(lab, bench, a_sample(lab).number, an_entry(state, **more))
    assert unknowns.waiting(lab) == []
    a_street_library(lab, bench, "other")
    (waits,) = unknowns.waiting(lab)
    assert waits.finding.id == found.id
    assert [each.name for each in waits.fresh] == ["other"]


def test_unnamed_part_beside_a_named_one_is_an_unknown(lab, bench):
    parts = an_entry("match", "cocaine"), an_entry("analogue_candidate", class_name="fentanyl")
    assert unknowns.is_unknown(a_finding(lab, bench, a_sample(lab).number, *parts))


def test_library_of_another_technique_is_nothing_new(street, bench):
    measured(street, bench)
    installed(street, "ei", drafts([a_mass_spectrum(seed) for seed in range(25)]), licence="CC0")
    assert unknowns.waiting(street) == []


def test_sent_back_finding_is_no_longer_asked_about(street, bench):
    old = measured(street, bench, accepted=False)
    review.review(street, "rex", old.id, accept=False, remark="wrong sample")
    with_unknown(street, bench)
    assert unknowns.waiting(street) == []


def test_accepted_answer_takes_the_place_of_the_old_one(street, bench):
    old = measured(street, bench)
    assert conclude(street, "ana", old.sample).level is ConclusionLevel.NO_MATCH
    with_unknown(street, bench)
    (found,) = again.search(street, "ana").found
    row = records.sample_row(street.db, old.sample)
    assert row["status"] == "to review"
    review.review(street, "rex", found.new_finding, accept=True)
    assert records.finding(street.db, old.id).state is FindingState.SUPERSEDED
    made = conclude(street, "ana", old.sample)
    assert made.level is ConclusionLevel.PRESUMPTIVE
    assert made.findings == (found.new_finding,)
    assert audit.replay(street) == audit.projected(street)


def test_candidate_loses_its_place_to_the_name_that_was_found(street, bench):
    real = measured(street, bench)
    body = dict(records.rows(street.db, "SELECT * FROM finding WHERE id=?", real.id)[0])
    assert body["level"] == "no_match"
    with_unknown(street, bench)
    (found,) = again.search(street, "ana").found
    review.review(street, "rex", found.new_finding, accept=False, remark="look again")
    assert records.finding(street.db, real.id).state is FindingState.REVIEWED
    assert unknowns.waiting(street) == []  # the same library is not asked twice


def test_submitter_does_not_review_the_new_finding(street, bench):
    measured(street, bench)
    with_unknown(street, bench)
    (found,) = again.search(street, "abe").found
    with pytest.raises(PermissionDenied):
        review.review(street, "abe", found.new_finding, accept=True)


def test_only_who_may_searches(lab):
    for person in ("olga", "rex", "cus", "root", "lia"):
        with pytest.raises(PermissionDenied):
            again.search(lab, person)


def test_disposition_and_days_are_told(street, bench):
    old = measured(street, bench)
    conclude(street, "ana", old.sample)
    disposition.seize(street, "olga", old_shipment(street, old), "suspect")
    with_unknown(street, bench)
    later = clock.now() + timedelta(days=12)
    with clock.running_from(lambda: later):
        (found,) = again.search(street, "ana").found
    assert found.disposition == "seized"
    assert 11.9 < found.days < 12.1
    assert "is seized" in alerts.open_alerts(street)[0].detail


def old_shipment(lab, finding):
    return str(records.sample_row(lab.db, finding.sample)["shipment"])


def test_officer_who_submitted_it_is_told_too(street, bench):
    sample = a_sample(street, held_by="ana", officer="olga").number
    measured(street, bench, sample=sample)
    with_unknown(street, bench)
    again.search(street, "ana")
    assert [each.kind for each in alerts.alerts_for(street, "olga")] == ["again"]


def test_hazard_comes_before_any_name(street, bench, monkeypatch):
    old = measured(street, bench)
    with_unknown(street, bench)
    hazard = {"group": "H1", "text": "t", "because": "b", "acknowledge": True}
    monkeypatch.setattr("lims.match_hazard.notice", lambda _: hazard)
    (found,) = again.search(street, "ana").found
    by_kind = {each.kind: each for each in alerts.open_alerts(street)}
    assert set(by_kind) == {"hazard", "again"}
    assert by_kind["hazard"].id < by_kind["again"].id
    told = f"{found.was} {found.now} {by_kind['again'].headline} {by_kind['again'].detail}"
    assert "xylazine" not in told
    assert queries.HIDDEN in told
    alerts.acknowledge(street, "ana", by_kind["hazard"].id)
    assert "xylazine" in again.listed(street)[0].now
    assert again.listed(street)[0].finding == old.id


def test_hazard_is_told_though_nothing_can_be_named(street, bench, monkeypatch):
    measured(street, bench, seed=500)
    with_unknown(street, bench)
    hazard = {"group": "H1", "text": "t", "because": "b", "acknowledge": True}
    monkeypatch.setattr("lims.match_hazard.notice", lambda _: hazard)
    assert again.search(street, "ana").found == ()
    assert [each.kind for each in alerts.open_alerts(street)] == ["hazard"]


def test_small_library_gives_a_lead_and_no_name(lab, bench):
    a_street_library(lab, bench)
    found = measured(lab, bench)
    stranger = measured(lab, bench, seed=900)
    installed(lab, "own", drafts([a_curve(77, name="testonite")]), licence="CC0")
    report = again.search(lab, "ana")
    (lead,) = report.found
    assert report.searched == 2
    assert (lead.finding, lead.gain, lead.new_finding) == (found.id, Gain.LEAD, "")
    assert lead.now.startswith("not identified; the nearest entry is now testonite of own 1")
    assert "in street 1" in lead.now
    (notice,) = alerts.open_alerts(lab)
    assert (notice.kind, notice.sample) == ("again", found.sample)
    assert "testonite" not in notice.headline + notice.detail
    assert len(records.findings(lab.db, found.sample)) == 1
    assert stranger.sample != found.sample  # nearest to the same entry, and as far as from any


def test_small_library_alone_gives_not_even_a_lead(lab, bench):
    measured(lab, bench)
    installed(lab, "own", drafts([a_curve(77, name="testonite")]), licence="CC0")
    assert again.search(lab, "ana").found == ()
    (listed,) = again.listed(lab, everything=True)
    assert listed.now.startswith("insufficient data")


def test_lead_stands_out_as_the_threshold_of_the_larger_library_asks():
    rule = leads.Yardstick(library="street 1", threshold=0.5, alpha=0.05, tie_delta_z=0.05)
    others = [0.3, 0.25, 0.2]

    def answer(score, **more):
        hits = [
            {"name": f"n{at}", "library": "own", "library_version": "1", "hqi": value}
            for at, value in enumerate((score, *others))
        ]
        return an_entry("insufficient") | {"compared_as": "ftir", "hits": hits} | more

    def found(*given):
        return leads.of_match({"spectra": list(given)}, {"ftir": rule})

    # D = 0.3 atanh s + 0.7 (atanh s - mean of the others), by hand.
    mean = sum(math.atanh(each) for each in others) / 3
    height = math.tanh(0.5 + 0.7 * mean)
    assert found(answer(height - 1e-4)) == []
    (lead,) = found(answer(height + 1e-4))
    assert lead.contrast == pytest.approx(0.5, abs=1e-3)
    high, low = found(answer(0.8), answer(0.95))
    assert high.hqi > low.hqi
    assert found(answer(0.95, quality={"ok": False})) == []
    assert found(answer(0.95) | {"decision": {"state": "no_match"}}) == []
    assert found(answer(0.95) | {"hits": []}) == []
    assert leads.of_match({"spectra": [answer(0.95)]}, {"raman": rule}) == []


class OneByOne(Executor):
    """A foreign executor: runs each task in a thread of its own, handing it over as bytes."""

    def __init__(self):
        self.tasks = 0

    def submit(self, fn, /, *args, **kwargs):
        self.tasks += 1
        done: Future = Future()
        call = pickle.dumps((fn, args, kwargs))

        def work():
            function, given, named = pickle.loads(call)
            done.set_result(pickle.loads(pickle.dumps(function(*given, **named))))

        threading.Thread(target=work).start()
        return done


@pytest.fixture
def several(street, bench):
    findings = [measured(street, bench, seed=seed, shake=seed) for seed in (77, 78, 500)]
    with_unknown(street, bench, seeds=(77, 78))
    return street, findings


def answers_of(report):
    return {(each.finding, each.now) for each in report.found}


def test_any_executor_gives_the_same_answers(several):
    lab, findings = several
    foreign = OneByOne()
    report = again.search(lab, "ana", executor=foreign)
    assert foreign.tasks >= 1
    assert {each.finding for each in report.found} == {findings[0].id, findings[1].id}
    assert {"xylazine like 77" in now or "xylazine like 78" in now for _, now in answers_of(report)}
    assert report.searched == 3


def test_threads_give_the_same_answers(several):
    lab, findings = several
    with ThreadPoolExecutor(2) as pool:
        report = again.search(lab, "ana", executor=pool)
    assert {each.finding for each in report.found} == {findings[0].id, findings[1].id}
    assert audit.replay(lab) == audit.projected(lab)


def test_processes_give_the_same_answers(several):
    lab, findings = several
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        report = again.search(lab, "ana", executor=pool)
    assert {each.finding for each in report.found} == {findings[0].id, findings[1].id}


def test_stopped_search_goes_on_where_it_was(several, monkeypatch):
    lab, _ = several
    monkeypatch.setattr(again, "_PER_TASK", 1)
    seen = []
    report = again.search(
        lab, "ana", progress=lambda done, _: seen.append(done), is_cancelled=lambda: bool(seen)
    )
    assert (report.searched, report.left, seen) == (1, 2, [1])
    rest = again.search(lab, "ana")
    assert (rest.searched, rest.left) == (2, 0)
    assert len(again.listed(lab, everything=True)) == 3
    assert kinds(lab).count("finding.searched_again") == 3


def test_crash_between_two_loses_and_repeats_nothing(several, monkeypatch):
    lab, _ = several
    real, calls = again._written, []

    def failing(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(again, "_written", failing)
    with pytest.raises(KeyboardInterrupt):
        again.search(lab, "ana")
    assert kinds(lab).count("finding.searched_again") == 1
    monkeypatch.setattr(again, "_written", real)
    assert again.search(lab, "ana").searched == 2
    assert kinds(lab).count("finding.searched_again") == 3
    new = [each.new_finding for each in again.listed(lab)]
    assert len(new) == len(set(new)) == 2


def test_broken_pool_is_told_and_keeps_what_was_done(several):
    lab, _ = several

    class Broken(Executor):
        def submit(self, fn, /, *args, **kwargs):
            done: Future = Future()
            done.set_exception(OSError("the worker died"))
            return done

    with pytest.raises(RecordError, match="the worker died"):
        again.search(lab, "ana", executor=Broken())
    assert again.search(lab, "ana").searched == 3


def test_two_at_once_write_each_answer_once(several, monkeypatch):
    lab, _ = several
    todo = unknowns.waiting(lab)
    first = again.search(lab, "ana")
    monkeypatch.setattr(unknowns, "waiting", lambda *_: todo)  # what another program still believes
    second = again.search(lab, "abe")
    assert (len(first.found), second.found) == (2, ())
    assert kinds(lab).count("finding.searched_again") == 3


def test_missing_bytes_are_a_problem_of_that_one_only(several):
    lab, findings = several
    run = records.runs(lab.db, findings[0].sample)[0]
    raw.place(lab.raw_folder, run.raw_sha256).unlink()
    report = again.search(lab, "ana")
    assert [each.finding for each in report.problems] == [findings[0].id]
    assert "missing" in report.problems[0].problem
    assert report.searched == 2
    assert [each.finding.id for each in unknowns.waiting(lab)] == [findings[0].id]


def test_altered_bytes_never_answer(several):
    lab, findings = several
    run = records.runs(lab.db, findings[0].sample)[0]
    place = raw.place(lab.raw_folder, run.raw_sha256)
    place.chmod(0o644)
    place.write_bytes(place.read_bytes() + b" ")
    report = again.search(lab, "ana")
    assert [each.finding for each in report.problems] == [findings[0].id]


def test_frozen_sample_waits(several):
    lab, findings = several
    lab.db.conn.execute("UPDATE sample SET frozen=1 WHERE number=?", (findings[0].sample,))
    lab.db.conn.commit()
    report = again.search(lab, "ana")
    assert ["frozen" in each.problem for each in report.problems] == [True]


def test_bug_in_one_search_stops_only_that_one(several, monkeypatch):
    lab, findings = several
    (first, *_) = unknowns.waiting(lab)
    task = next(again._tasks(lab, unknowns.waiting(lab)))
    assert isinstance(task, Task)
    from lims import kept_runs

    real = kept_runs.read_again

    def broken(kept):
        if kept.sha256 == task.unknowns[0].kept.sha256:
            raise ZeroDivisionError
        return real(kept)

    monkeypatch.setattr(kept_runs, "read_again", broken)
    outcomes = search_again(task)
    assert [bool(each.problem) for each in outcomes] == [True, False, False]
    assert "ZeroDivisionError" in outcomes[0].problem
    assert first.finding.id in {each.finding for each in outcomes}
    assert findings


def test_library_named_must_be_there_and_sound(street, bench):
    from libraries.errors import LibraryNotFoundError

    measured(street, bench)
    with pytest.raises(LibraryNotFoundError):
        again.search(street, "ana", library="nothing")
    path = export(bench, "s.jdx", [a_curve(1)])
    library_care.install(street.libraries_folder, [path], "smuggled")
    with pytest.raises(RecordError, match="not in the lab's record"):
        again.search(street, "ana", library="smuggled")
    assert unknowns.waiting(street) == []  # nor is it searched when nobody names it


def test_only_what_a_named_library_is_new_for(several, bench):
    lab, findings = several
    a_street_library(lab, bench, "third")
    again.search(lab, "ana", library="street")
    assert unknowns.waiting(lab, "street") == []
    # Every installed library was searched, so nothing is left for the third either.
    assert unknowns.waiting(lab, "third") == []
    assert again.listed(lab, library="third", everything=True)
    assert again.listed(lab, library="nothing", everything=True) == ()
    assert len(findings) == 3


@pytest.mark.parametrize(
    ("before", "after", "gain"),
    [
        (an_entry("no_match"), an_entry("match", "a"), Gain.NAMED),
        (an_entry("match", "a"), an_entry("match", "a"), Gain.NONE),
        (an_entry("no_match"), an_entry("class_only", class_name="fentanyl"), Gain.CLASS),
        (
            an_entry("class_only", class_name="fentanyl"),
            an_entry("analogue_candidate", class_name="fentanyl"),
            Gain.NONE,
        ),
        (an_entry("no_match"), an_entry("no_match"), Gain.NONE),
        (an_entry("analogue_candidate", class_name="x"), an_entry("no_match"), Gain.NONE),
        (an_entry("match", "a"), an_entry("mixture", "a", "b"), Gain.NAMED),
    ],
)
def test_gain_is_what_was_not_said_before(before, after, gain):
    assert again.gain_of({"spectra": [before]}, {"spectra": [after]}) is gain


def test_moments_are_aware(several):
    lab, _ = several
    again.search(lab, "ana")
    assert all(isinstance(each.at, datetime) and each.at.tzinfo for each in again.listed(lab))
