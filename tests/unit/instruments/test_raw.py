import errno
import hashlib
import os
import stat

import pytest

from instruments import raw
from instruments.errors import CorruptFileError


def test_kept_bytes_come_back(tmp_path):
    sha256 = raw.keep(tmp_path, b"spectrum")
    assert sha256 == hashlib.sha256(b"spectrum").hexdigest()
    assert raw.fetch(tmp_path, sha256) == b"spectrum"
    assert (tmp_path / sha256[:2] / sha256[2:4] / sha256).is_file()
    assert list(raw.stored(tmp_path)) == [sha256]
    assert raw.verify(tmp_path) == []


def test_kept_bytes_are_read_only(tmp_path):
    path = raw.place(tmp_path, raw.keep(tmp_path, b"a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_the_same_bytes_are_kept_once(tmp_path):
    path = raw.place(tmp_path, raw.keep(tmp_path, b"a"))
    before = path.stat().st_mtime_ns
    raw.keep(tmp_path, b"a")
    assert path.stat().st_mtime_ns == before
    assert len(list(tmp_path.rglob("*.*"))) == 0


def test_changed_bytes_are_never_handed_out(tmp_path):
    sha256 = raw.keep(tmp_path, b"a" * 100)
    path = raw.place(tmp_path, sha256)
    path.chmod(0o644)
    path.write_bytes(b"b" * 100)
    with pytest.raises(CorruptFileError, match="changed"):
        raw.fetch(tmp_path, sha256)
    (problem,) = raw.verify(tmp_path)
    assert problem.path == path


def test_keeping_again_repairs_what_the_disk_lost(tmp_path):
    sha256 = raw.keep(tmp_path, b"a" * 100)
    path = raw.place(tmp_path, sha256)
    path.chmod(0o644)
    path.write_bytes(b"b" * 100)
    raw.keep(tmp_path, b"a" * 100)
    assert raw.fetch(tmp_path, sha256) == b"a" * 100
    assert raw.verify(tmp_path) == []


def test_missing_bytes_say_so(tmp_path):
    with pytest.raises(CorruptFileError, match="missing"):
        raw.fetch(tmp_path, "0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "/" + "0" * 63])
def test_only_a_hash_becomes_a_path(tmp_path, name):
    with pytest.raises(CorruptFileError):
        raw.fetch(tmp_path, name)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, call):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if call == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr("pathlib.Path.replace", full)
        with pytest.raises(OSError, match="No space"):
            raw.keep(tmp_path, b"spectrum")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    raw.keep(tmp_path, b"spectrum")


def test_verify_names_everything_foreign(tmp_path):
    sha256 = raw.keep(tmp_path, b"a")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ("f" * 64)).write_bytes(b"x")
    (tmp_path / "aa").mkdir(exist_ok=True)
    (tmp_path / "aa" / ".incoming-1").write_bytes(b"half")
    (tmp_path / "link").symlink_to(raw.place(tmp_path, sha256))
    problems = sorted(problem.problem for problem in raw.verify(tmp_path))
    assert problems == [
        "a link, not a file",
        "in the wrong folder",
        "left by an interrupted write",
        "not a kept file",
    ]
