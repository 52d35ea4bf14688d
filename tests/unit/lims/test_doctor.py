import os
from datetime import UTC, datetime, timedelta

import pytest

from lims import attachments, clock, doctor, sqlite
from lims.doctor import State
from lims.lab import open_lab
from spectra.errors import LabError
from tests.lims_builders import a_sample


@pytest.fixture
def full(lab):
    attachments.add_photo(lab, "olga", a_sample(lab).number, "a.jpg", b"\xff\xd8\xff picture")
    return lab


def checks(lab, **how):
    return {check.name: check for check in doctor.examine(lab, **how)}


def enemy(lab, *statements):
    raw = sqlite.sqlite3.connect(str(lab.folder / "lab.db"), isolation_level=None)
    for statement in statements:
        raw.execute(statement)
    raw.close()


@pytest.mark.parametrize("full_check", [False, True])
def test_a_sound_lab_fails_nothing(full, full_check):
    found = doctor.examine(full, full=full_check)
    assert [check for check in found if check.state is State.FAIL] == []
    for check in found:
        assert check.todo or check.state is State.OK
    assert checks(full)["backup"].state is State.WARN


def test_missing_file_is_named(full):
    kept = next(path for path in full.raw_folder.rglob("*") if path.is_file())
    kept.unlink()
    assert checks(full)["files"].state is State.FAIL


def test_altered_file_is_found_by_the_full_look(full):
    kept = next(path for path in full.raw_folder.rglob("*") if path.is_file())
    kept.chmod(0o644)
    kept.write_bytes(b"other")
    assert checks(full)["files"].state is State.OK
    assert "was altered" in checks(full, full=True)["log"].found


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET body=json_set(body,'$.x',1) WHERE seq=5",
        "UPDATE event SET actor='zz' WHERE seq=(SELECT max(seq) FROM event)",
        "DELETE FROM event WHERE seq=5",
        "DELETE FROM event WHERE seq=(SELECT max(seq) FROM event)",
        "UPDATE sample SET holder='zz'",
    ],
)
def test_edited_record_fails_also_in_the_quick_look(full, damage):
    enemy(full, "DROP TRIGGER event_nu", "DROP TRIGGER event_nd", damage)
    found = checks(full)
    assert found["log"].state is State.FAIL
    assert found["triggers"].state is State.FAIL
    assert "event_nu" in found["triggers"].found


def test_quick_look_at_a_long_log_walks_its_end(full, monkeypatch):
    monkeypatch.setattr(doctor, "LAST_EVENTS", 5)
    assert "last 5" in checks(full)["log"].found or "last 6" in checks(full)["log"].found
    enemy(
        full,
        "DROP TRIGGER event_nu",
        "UPDATE event SET at='x' WHERE seq=(SELECT max(seq)-2 FROM event)",
    )
    assert checks(full)["log"].state is State.FAIL


def test_clock_before_the_last_event_fails(full):
    past = datetime.now(UTC) - timedelta(hours=1)
    with clock.running_from(lambda: past):
        assert checks(full)["clock"].state is State.FAIL
    later = datetime.now(UTC) + timedelta(days=90)
    with clock.running_from(lambda: later):
        assert checks(full)["clock"].state is State.WARN


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_key_open_to_others_or_missing_fails(full):
    private = full.keys_folder / "lab.ed25519"
    private.chmod(0o644)
    assert "open to other accounts" in checks(full)["keys"].found
    private.unlink()
    assert "missing" in checks(full)["keys"].found


def test_old_sqlite_on_a_wal_fails_and_warns_without(full, monkeypatch):
    monkeypatch.setattr(sqlite, "library_version", lambda: (3, 40, 1))
    assert checks(full)["sqlite"].state is State.FAIL


def test_little_space_is_told(full, monkeypatch):
    usage = doctor.shutil.disk_usage(full.folder)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000_000))
    assert checks(full)["disk"].state is State.WARN
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    assert checks(full)["disk"].state is State.FAIL


def test_damaged_pages_end_in_a_report_not_in_an_error(full):
    folder = full.folder
    enemy(full, "PRAGMA wal_checkpoint(TRUNCATE)")
    full.close()
    path = folder / "lab.db"
    data = bytearray(path.read_bytes())
    for place in range(4096 * 6, len(data), 4096 * 3):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    try:
        found = open_lab(folder, for_inspection=True)
    except LabError:
        return  # refused already at the door
    try:
        assert doctor.worst(doctor.examine(found)) is State.FAIL
    finally:
        found.close()
