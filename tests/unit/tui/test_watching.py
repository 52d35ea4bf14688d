"""The loop of a watch: what it tells, what it tries again, what it remembers."""

import threading

import pytest

from instruments import registry
from instruments.watch import FolderWatch, Mark
from lims import arrivals, audit, examination, pickup, quarantine, queries
from lims.errors import BusyError, PermissionDenied
from tests.lims_builders import a_file, a_lab, a_match, a_sample, an_entry
from tui.watching import Watching

MATCH = a_match(an_entry("match", "xylazine"))
HAZARD = a_match(an_entry("match", "fentanyl", hazard="H1"))


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "exports"
    made.mkdir()
    return made


class Bench:
    """A watch whose looks a test makes, and all it told and logged."""

    def __init__(self, lab, folder, match=MATCH, read=registry.read_bytes, **more):
        self.told, self.logged, self.now = [], [], 1_000_000.0
        self.stop = threading.Event()
        self.watch = FolderWatch(folder, **more)
        self.loop = Watching(
            lab, "ana", self.watch, self.told.append, self._log, self.stop, match=match, read=read
        )

    def _log(self, error):
        self.logged.append(error)
        return "fol.log"

    def turns(self, count=3, step=100.0):
        for _ in range(count):
            self.now += step
            self.loop.turn(self.now)
        return [each.event for each in self.told]


def test_an_export_becomes_a_run_and_is_told_once(lab, folder):
    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx")
    bench = Bench(lab, folder)
    assert bench.turns(5) == ["run"]
    (told,) = bench.told
    assert told.facts["sample"] == sample
    assert told.facts["answer"] == queries.sample_record(lab, sample).findings[0].headline
    assert sample in told.text


def test_no_identity_is_told_before_its_hazard_notice_was_seen(lab, folder):
    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx")
    bench = Bench(lab, folder, match=HAZARD)
    bench.turns()
    assert "fentanyl" not in str(bench.told)
    assert "HAZARD H1" in bench.told[0].text


def test_what_waits_is_told_with_its_number_and_reason(lab, folder):
    a_file(folder, "run.jdx")
    bench = Bench(lab, folder)
    assert bench.turns() == ["quarantined"]
    row = quarantine.listed(lab)[0]
    assert bench.told[0].facts["number"] == row.number
    assert row.reason in bench.told[0].text


def test_a_busy_record_is_told_once_and_nothing_is_lost(lab, folder, monkeypatch):
    for _ in range(3):
        sample = a_sample(lab).number
        a_file(folder, f"{sample}.jdx", title=sample)
    bench = Bench(lab, folder)
    with monkeypatch.context() as patch:
        patch.setattr(examination, "ingest", _raises(BusyError("another program writes")))
        assert bench.turns(4) == ["trouble"]
    bench.turns(2)
    events = [each.event for each in bench.told]
    assert events.count("run") == 3
    assert events.count("trouble") == 1
    assert events.count("mended") == 1


def test_a_full_disk_is_trouble_and_no_fault(lab, folder, monkeypatch):
    from instruments import raw

    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx")
    bench = Bench(lab, folder)
    with monkeypatch.context() as patch:
        patch.setattr(raw, "keep", _raises(OSError(28, "No space left on device")))
        assert bench.turns(5) == ["trouble"]
    assert bench.turns(3) == ["trouble", "mended", "run"]
    assert bench.logged == []


def test_a_fault_of_ours_is_logged_told_and_ends_in_quarantine(lab, folder, monkeypatch):
    sample = a_sample(lab).number
    a_file(folder, f"{sample} a.jdx", title="a")
    a_file(folder, f"{sample}.jdx", title="b")
    real = pickup.pick_up

    def faulty(lab, actor, path, **more):
        if path.name.endswith(" a.jdx"):
            raise ZeroDivisionError
        return real(lab, actor, path, **more)

    monkeypatch.setattr(pickup, "pick_up", faulty)
    bench = Bench(lab, folder)
    events = bench.turns(8)
    assert sorted(events) == ["fault", "quarantined", "run"]
    assert {type(error) for error in bench.logged} == {ZeroDivisionError}
    (row,) = quarantine.listed(lab)
    assert "a fault in fol itself (ZeroDivisionError)" in row.reason
    assert row.sample == sample


def test_a_fault_while_looking_ends_no_watch(lab, folder, monkeypatch):
    bench = Bench(lab, folder)
    with monkeypatch.context() as patch:
        patch.setattr(bench.watch, "look", _raises(ValueError("x")))
        assert bench.turns(3) == ["fault"]
    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx")
    assert bench.turns() == ["fault", "run"]


def test_who_may_not_record_ends_the_watch(lab, folder, monkeypatch):
    a_file(folder, "a.jdx")
    bench = Bench(lab, folder)
    monkeypatch.setattr(pickup, "pick_up", _raises(PermissionDenied("no longer active")))
    with pytest.raises(PermissionDenied):
        bench.turns()


def test_a_file_that_changes_while_it_is_read_is_taken_when_it_is_quiet(lab, folder):
    sample = a_sample(lab).number
    path = a_file(folder, f"{sample}.jdx")
    changes = [b"\n", b"\n\n"]

    def read(data, name):
        if changes:
            with path.open("ab") as stream:
                stream.write(changes.pop())
        return registry.read_bytes(data, name)

    bench = Bench(lab, folder, read=read)
    assert bench.turns(8) == ["run"]
    record = queries.sample_record(lab, sample)
    assert len(record.runs) == 1
    kept = lab.raw_folder / record.runs[0].raw_sha256[:2] / record.runs[0].raw_sha256[2:4]
    assert next(kept.iterdir()).read_bytes() == path.read_bytes()


def test_stopping_finishes_nothing_new(lab, folder):
    a_file(folder, "a.jdx")
    bench = Bench(lab, folder)
    bench.turns(1)
    bench.stop.set()
    assert bench.turns(3) == []
    bench.loop.run()


def test_once_takes_what_lies_there_and_says_what_it_left(lab, folder):
    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx", title="a")
    (folder / "cut.jdx").write_bytes(b"##TITLE=x\n##JCAMP-DX=4.24\n1 2")
    bench = Bench(lab, folder, settle_s=0.1)
    assert bench.loop.run_once() == ("cut.jdx",)
    assert [each.event for each in bench.told] == ["run", "unfinished"]


def test_a_restart_opens_nothing_it_was_done_with(lab, folder, monkeypatch):
    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx")
    first = Bench(lab, folder, settle_s=0.1)
    first.loop.run_once()
    monkeypatch.setattr(pickup, "pick_up", lambda *_, **__: pytest.fail("opened again"))
    again = Bench(lab, folder, done=arrivals.remembered(lab, folder))
    assert again.turns() == []


def test_without_its_memory_a_watch_knows_every_file_by_its_bytes(lab, folder):
    sample = a_sample(lab).number
    a_file(folder, f"{sample}.jdx")
    a_file(folder, "unknown.jdx", title="u")
    assert sorted(Bench(lab, folder).turns()) == ["quarantined", "run"]
    before = audit.projected(lab)
    assert Bench(lab, folder).turns() == ["known", "known"]
    assert audit.projected(lab) == before


def test_memory_is_not_believed_by_another_or_an_older_record(lab, folder, tmp_path):
    done = {"a.jdx": Mark(size=1, mtime_ns=2)}
    arrivals.remember(lab, folder, done)
    assert arrivals.remembered(lab, folder) == done
    (file,) = (lab.folder / arrivals.FOLDER).iterdir()
    text = file.read_text()
    events = len(audit.events(lab, 0, 1_000))
    for damaged in (
        text.replace(f'"events": {events}', f'"events": {events + 1}'),
        text.replace(lab.lab_id, "0" * 32),
        text[: len(text) // 2],
        '{"schema": "fol.watching/1"}',
        "[" * 5_000,
        text.replace("[1, 2]", '["x"]'),
    ):
        file.write_text(damaged)
        assert arrivals.remembered(lab, folder) == {}
    file.unlink()
    assert arrivals.remembered(lab, folder) == {}


def _raises(error):
    def fail(*_, **__):
        raise error

    return fail
