import hashlib

import pytest

from instruments.errors import FormatError, UnknownFormatError
from lims import alerts, audit, custody, examination, intake, quarantine, queries, records
from lims.errors import (
    CustodyError,
    NotFoundError,
    PermissionDenied,
    RecordError,
    RunCancelledError,
)
from lims.model import FindingState
from lims.stages import Stage
from tests.lims_builders import a_file, a_finding, a_match, a_sample, a_shipment, an_entry, handed

FENTANYL = an_entry("match", "fentanyl", hazard="H1")


def test_run_finding_alert_and_note_are_written_together(lab, bench):
    parcel = a_shipment(lab, declared_goods="silicon dioxide")
    sample = a_sample(lab, shipment=parcel.number).number
    path = a_file(bench)
    found = examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL))
    record = queries.sample_record(lab, sample)
    run = record.runs[0]
    assert (found.state, found.level, found.hazard) == (FindingState.SUBMITTED, "match", "H1")
    assert found.substances == ("fentanyl",)
    assert (run.technique, run.format, run.file_name) == ("ftir", "jcamp", "a.jdx")
    assert run.raw_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    kept = lab.raw_folder / run.raw_sha256[:2] / run.raw_sha256[2:4] / run.raw_sha256
    assert kept.read_bytes() == path.read_bytes()
    kinds = [event.kind for event in audit.events(lab, 0, 100)][-4:]
    assert kinds == ["run.recorded", "finding.submitted", "alert.raised", "shipment.noted"]
    ats = {event.at for event in audit.events(lab, 0, 100)[-4:]}
    assert len(ats) == 1


def test_hazard_headline_says_which_and_where_and_never_what(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, FENTANYL)
    notice = alerts.open_alerts(lab)[0]
    assert notice.headline.startswith("H1 ")
    assert sample in notice.headline
    assert "ana" in notice.headline
    assert "fentanyl" not in (notice.headline + notice.detail).lower()


def test_identity_stays_hidden_until_somebody_has_seen_the_notice(lab, bench):
    parcel = a_shipment(lab, declared_goods="sand")
    sample = a_sample(lab, shipment=parcel.number).number
    a_finding(lab, bench, sample, FENTANYL)
    shown = queries.sample_record(lab, sample).shipment.notes + queries.shipments(lab)[0].notes
    assert not any("fentanyl" in note for note in shown)
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    assert queries.shipment(lab, parcel.number).notes == ("declared sand, found fentanyl (drug)",)


def test_same_bytes_for_the_same_sample_are_one_run(lab, bench):
    sample, other = a_sample(lab).number, a_sample(lab).number
    path = a_file(bench)
    first = examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL))
    renamed = path.rename(bench / "other name.jdx")
    again = examination.ingest(lab, "ana", renamed, sample, match=a_match(an_entry("no_match")))
    assert again == first
    assert examination.ingest(lab, "ana", renamed, other, match=a_match(FENTANYL)).sample == other
    assert len(queries.sample_record(lab, sample).runs) == 1
    assert len(list(lab.raw_folder.rglob("*.jdx"))) == 0


def test_second_alert_of_one_sample_is_not_raised(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, FENTANYL)
    a_finding(lab, bench, sample, FENTANYL)
    assert len(alerts.open_alerts(lab)) == 1
    assert len(queries.sample_record(lab, sample).findings) == 2


def test_later_tame_run_does_not_make_the_sample_safe(lab, bench):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, FENTANYL)
    a_finding(lab, bench, sample, an_entry("match", "lactose", hazard="H6"))
    assert records.sample_row(lab.db, sample)["hazard"] == "H1"


@pytest.mark.parametrize("data", [b"", b"\x00\x01junk" * 50, b"##TITLE=x\n##JCAMP-DX=4.24\n##END="])
def test_unreadable_file_is_kept_in_quarantine_with_the_reason(lab, bench, data):
    sample = a_sample(lab).number
    path = bench / "b.bin"
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(FormatError) as refused:
            examination.ingest(lab, "ana", path, sample)
        assert "quarantine" in refused.value.hint
    kept = quarantine.listed(lab)
    assert len(kept) == 1
    digest = kept[0].raw_sha256
    assert (lab.quarantine_folder / digest[:2] / digest[2:4] / digest).read_bytes() == data
    assert kept[0].sample == sample
    assert queries.sample_record(lab, sample).runs == ()
    assert audit.verify(lab).ok


def test_missing_file_and_hostile_name_are_clear_errors(lab, bench):
    sample = a_sample(lab).number
    with pytest.raises(NotFoundError, match="cannot be opened"):
        examination.ingest(lab, "ana", bench / "nothing.jdx", sample)
    path = bench / "a\x1b]0;pwn\x07\n.bin"
    path.write_bytes(b"junk")
    with pytest.raises(UnknownFormatError):
        examination.ingest(lab, "ana", path, sample)
    assert "\x1b" not in quarantine.listed(lab)[0].file_name


def test_only_an_analyst_who_had_it_may_say_it_was_measured(lab, bench):
    sample = a_sample(lab, held_by="cus").number
    path = a_file(bench)
    with pytest.raises(PermissionDenied, match="record a run"):
        examination.ingest(lab, "olga", path, sample, match=a_match(FENTANYL))
    with pytest.raises(CustodyError, match="never held"):
        examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL))
    handed(lab, sample, "cus", "ana")
    custody.transfer(lab, sample, giver="ana", taker="place:shelf", actor="ana")
    assert examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL)).by == "ana"


def test_run_belongs_to_a_portion_that_exists(lab, bench):
    sample = a_sample(lab).number
    path = a_file(bench)
    with pytest.raises(NotFoundError, match="no portion"):
        examination.ingest(lab, "ana", path, sample, portion=f"{sample}.1", match=a_match(FENTANYL))
    portion = intake.add_portion(lab, "ana", sample, "extract", ["hexane"]).id
    found = examination.ingest(lab, "ana", path, sample, portion=portion, match=a_match(FENTANYL))
    assert queries.sample_record(lab, found.sample).runs[0].portion == portion


@pytest.mark.parametrize(
    "entries",
    [[], [an_entry("certainly")], [an_entry("match")], [{"title": "x"}]],
)
def test_match_that_cannot_be_read_back_is_not_recorded(lab, bench, entries):
    sample = a_sample(lab).number
    with pytest.raises(RecordError):
        examination.ingest(lab, "ana", a_file(bench), sample, match=a_match(*entries))
    assert queries.sample_record(lab, sample).findings == ()


def test_failure_in_the_act_leaves_no_half_of_it(lab, bench, monkeypatch):
    sample = a_sample(lab).number
    before = audit.projected(lab)

    def fail(*args, **kwargs):
        raise RecordError("no")

    monkeypatch.setattr(alerts, "raise_hazard", fail)
    with pytest.raises(RecordError):
        examination.ingest(lab, "ana", a_file(bench), sample, match=a_match(FENTANYL))
    assert audit.projected(lab) == before


def test_record_does_not_hold_folders_of_this_computer(lab, bench):
    found = a_finding(lab, bench, a_sample(lab).number, FENTANYL)
    assert found.match["path"] == "run0.jdx"


def test_whole_way_through_the_guarded_child(lab, tmp_path):
    sample = a_sample(lab).number
    found = examination.ingest(lab, "ana", a_file(tmp_path), sample, match=a_match(FENTANYL))
    assert found.technique == "ftir"


@pytest.mark.parametrize("last", list(Stage))
def test_a_run_stopped_at_any_stage_is_not_recorded(lab, bench, last):
    sample = a_sample(lab).number
    path = a_file(bench)
    seen = []

    def going(stage):
        seen.append(stage)
        if stage is last:
            raise RunCancelledError("stopped")

    before = queries.event_count(lab)
    with pytest.raises(RunCancelledError):
        examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL), going=going)
    assert seen == list(Stage)[: list(Stage).index(last) + 1]
    assert queries.event_count(lab) == before
    assert not queries.sample_record(lab, sample).runs
    left = [each for each in lab.raw_folder.rglob("*") if each.is_file()]
    # Nothing but bytes that no run names, and those only once they were read.
    assert len(left) == (1 if last in (Stage.MATCH, Stage.RECORD) else 0)
    assert not quarantine.waiting(lab)


def test_a_stopped_run_can_be_taken_again(lab, bench):
    sample = a_sample(lab).number
    path = a_file(bench)

    def stop(stage):
        if stage is Stage.RECORD:
            raise RunCancelledError("stopped")

    with pytest.raises(RunCancelledError):
        examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL), going=stop)
    found = examination.ingest(lab, "ana", path, sample, match=a_match(FENTANYL))
    assert [run.id for run in queries.sample_record(lab, sample).runs] == [found.run]
