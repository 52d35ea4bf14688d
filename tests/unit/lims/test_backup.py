import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lims import attachments, audit, backup, backup_manifest, events, queries
from lims.errors import (
    AuditBrokenError,
    BusyError,
    ConfigError,
    DiskFailedError,
    PermissionDenied,
    RecordError,
    StorageFullError,
)
from lims.lab import open_lab
from tests.lims_builders import a_sample, a_shipment

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def full(lab):
    number = a_sample(lab).number
    attachments.add_photo(lab, "olga", number, "a.jpg", b"\xff\xd8\xff picture")
    (lab.folder / "reports" / "NOG-d1").mkdir()
    (lab.folder / "reports" / "NOG-d1" / "NOG-d1.html").write_text("<p>day</p>")
    index = lab.folder / "libraries" / "own" / "1" / "index"
    index.mkdir(parents=True)
    (index / "order.npy").write_bytes(b"rebuilt")
    (index.parent / "library.db").write_bytes(b"entries")
    return lab


def names(folder):
    return {path.relative_to(folder).as_posix() for path, _ in backup_manifest.entries(folder)}


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(backup.PARTIAL)]


def test_backup_holds_all_but_the_indexes_and_checks_whole(full, tmp_path):
    made = backup.back_up(full, "qm", tmp_path / "out")
    held = names(made.folder)
    assert "lab.db" in held
    assert "keys/lab.ed25519" in held
    assert "reports/NOG-d1/NOG-d1.html" in held
    assert "libraries/own/1/library.db" in held
    assert not any("index" in name for name in held)
    assert not any(name.startswith("lab.db-") for name in held)
    assert sum(name.startswith("raw/") for name in held) == 1
    report = backup_manifest.check(made.folder)
    assert report.problems == ()
    last = events.read(full.db, 0, 1000)[-1]
    assert last.kind == "backup.made"
    assert last.body["head"] == made.manifest.head == last.prev.hex()
    assert made.manifest.checkpoint == made.manifest.events == last.seq - 1
    assert audit.verify(full).ok


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_the_private_key_keeps_its_mode(full, tmp_path):
    made = backup.back_up(full, "qm", tmp_path / "out")
    assert stat.S_IMODE((made.folder / "keys" / "lab.ed25519").stat().st_mode) == 0o600
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700


def test_next_backup_links_what_is_the_same_and_never_the_live_file(full, tmp_path):
    first = backup.back_up(full, "qm", tmp_path / "out")
    second = backup.back_up(full, "qm", tmp_path / "out")
    assert first.linked == 0
    assert second.linked == 3
    kept = next(name for name in names(second.folder) if name.startswith("raw/"))
    assert (first.folder / kept).samefile(second.folder / kept)
    assert not (full.folder / kept).samefile(second.folder / kept)


def test_a_rotted_older_backup_is_not_linked_into_the_new_one(full, tmp_path):
    first = backup.back_up(full, "qm", tmp_path / "out")
    kept = next(first.folder / name for name in names(first.folder) if name.startswith("raw/"))
    kept.chmod(0o644)
    kept.write_bytes(b"rot")
    second = backup.back_up(full, "qm", tmp_path / "out")
    assert second.linked == 2
    assert backup_manifest.check(second.folder).ok
    assert not backup_manifest.check(first.folder).ok


def test_every_altered_missing_or_added_file_is_named(full, tmp_path):
    made = backup.back_up(full, "qm", tmp_path / "out").folder
    for name in sorted(names(made)):
        path = made / name
        good = path.read_bytes()
        path.chmod(0o644)
        for place in {0, len(good) // 2, len(good) - 1}:
            bad = bytearray(good)
            bad[place] ^= 1
            path.write_bytes(bytes(bad))
            said = backup_manifest.check(made).problems
            assert any(name in problem for problem in said), (name, place, said)
        path.unlink()
        said = backup_manifest.check(made)
        assert not said.ok, name
        assert any(name in problem for problem in said.problems), (name, said.problems)
        path.write_bytes(good)
    (made / "raw" / "extra").write_text("x")
    assert any("raw/extra was added" in each for each in backup_manifest.check(made).problems)


def test_a_rewritten_list_is_caught_by_the_signature(full, tmp_path):
    import hashlib
    from dataclasses import replace

    made = backup.back_up(full, "qm", tmp_path / "out").folder
    manifest = backup_manifest.read(made)
    sums = backup_manifest.read_sums(made, manifest)
    report = made / "reports" / "NOG-d1" / "NOG-d1.html"
    report.write_bytes(b"forged")
    sums["reports/NOG-d1/NOG-d1.html"] = hashlib.sha256(b"forged").hexdigest()
    text = backup_manifest.sums_text(sums)
    (made / "SHA256SUMS").write_bytes(text)
    forged = replace(manifest, sums=hashlib.sha256(text).hexdigest())
    (made / "manifest.json").write_bytes(backup_manifest.text(forged))
    assert any("signature" in problem for problem in backup_manifest.check(made).problems)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//b", "C:x", "a\\b", "."])
def test_a_path_that_leaves_the_backup_is_refused(path):
    assert not backup_manifest.is_inside(path)


def test_target_inside_the_lab_is_refused_also_by_way_of_a_link(full, tmp_path):
    with pytest.raises(ConfigError, match="inside the lab"):
        backup.back_up(full, "qm", full.folder / "backups")
    (tmp_path / "way").symlink_to(full.folder / "reports")
    with pytest.raises(ConfigError, match="inside the lab"):
        backup.back_up(full, "qm", tmp_path / "way" / "b")
    assert audit.verify(full).ok


def test_target_that_is_a_file_is_refused(full, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="not a folder"):
        backup.back_up(full, "qm", tmp_path / "file")


def test_a_link_inside_the_lab_is_refused(full, tmp_path):
    (full.raw_folder / "way").symlink_to("/etc/hostname")
    with pytest.raises(RecordError, match="is a link"):
        backup.back_up(full, "qm", tmp_path / "out")
    assert hidden(tmp_path / "out") == []


def test_only_who_may_back_up_does(full, tmp_path):
    with pytest.raises(PermissionDenied):
        backup.back_up(full, "ana", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_lab_with_an_altered_file_gives_no_backup(full, tmp_path):
    kept = next(path for path in full.raw_folder.rglob("*") if path.is_file())
    kept.chmod(0o644)
    kept.write_bytes(b"other bytes")
    with pytest.raises(AuditBrokenError, match="not kept"):
        backup.back_up(full, "qm", tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir() if p.is_dir()] == []


def test_full_disk_is_said_and_nothing_stays(full, tmp_path, monkeypatch):
    import errno

    def no_space(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backup, "_copied", no_space)
    with pytest.raises(RecordError, match="full"):
        backup.back_up(full, "qm", tmp_path / "out")
    assert hidden(tmp_path / "out") == []


def test_two_backups_into_one_folder_do_not_mix(full, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with backup._one_at_a_time(out), pytest.raises(BusyError):
        backup.back_up(full, "qm", out)


def test_copy_is_one_moment_while_others_write(full, tmp_path):
    stop = threading.Event()
    failures = []

    def write():
        other = open_lab(full.folder)
        try:
            while not stop.is_set():
                a_shipment(other)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            other.close()

    writer = threading.Thread(target=write)
    before = queries.event_count(full)
    writer.start()
    try:
        made = [backup.back_up(full, "qm", tmp_path / "out") for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    assert failures == []
    assert queries.event_count(full) > before + 3
    for each in made:
        assert backup_manifest.check(each.folder).ok
    assert audit.verify(full).ok


_KILLED = """
import sys
from pathlib import Path
from lims.lab import open_lab
from lims import backup
lab = open_lab(Path(sys.argv[1]))
print("go", flush=True)
while True:
    backup.back_up(lab, "qm", Path(sys.argv[2]))
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_backups_leave_only_whole_ones(full, tmp_path):
    out = tmp_path / "out"
    for delay in (0.01, 0.04, 0.09, 0.16, 0.3):
        child = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(full.folder), str(out)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    for folder in out.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            assert backup_manifest.check(folder).ok
    assert audit.verify(full).ok
    made = backup.back_up(full, "qm", out)
    assert hidden(out) == []
    assert backup_manifest.check(made.folder).ok


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EIO, DiskFailedError), (errno.ENOSPC, StorageFullError)]
)
def test_a_failing_target_disk_is_told_as_the_target_s(full, tmp_path, monkeypatch, number, kind):
    target = (tmp_path / "out").resolve()

    def fails(path, data):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(backup, "write_durably", fails)
    with pytest.raises(kind, match="no backup was made") as caught:
        backup.back_up(full, "qm", target)
    assert str(target) in caught.value.hint
    assert "the act" not in caught.value.hint
    assert [path.name for path in target.iterdir()] == [".fol-backup.lock"]
    assert audit.verify(full).ok


def test_the_lab_s_own_failing_disk_keeps_its_own_advice(full, tmp_path, monkeypatch):
    def fails(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(backup, "_hash", fails)
    with pytest.raises(DiskFailedError) as caught:
        backup.back_up(full, "qm", tmp_path / "out")
    assert str(full.folder) in caught.value.message
