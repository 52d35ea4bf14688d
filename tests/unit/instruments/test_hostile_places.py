"""Where files lie can be hostile too: pipes, devices, links, names, a module beside them."""

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from instruments import read, read_bytes, sandbox
from instruments.collection import Unreadable, walk
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.export import Export
from instruments.writers import write
from tests.unit.instruments.measurements import a_raman, a_run, an_infrared

pytestmark = pytest.mark.timeout(60)
ROOT = Path(__file__).resolve().parents[3]
GOOD = write([an_infrared()], "jcamp")
posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices are files on POSIX only")


@posix
@pytest.mark.parametrize("reader", [read, sandbox.read_guarded])
def test_a_pipe_given_as_a_file_is_refused_and_never_waited_for(tmp_path, reader):
    os.mkfifo(tmp_path / "a.jdx")
    with pytest.raises(RefusedFormatError, match="pipe or a device") as caught:
        reader(tmp_path / "a.jdx")
    assert caught.value.hint
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(RefusedFormatError, match="device"):
            reader(device)


@posix
def test_a_pipe_among_files_stops_none_of_them(tmp_path):
    os.mkfifo(tmp_path / "1.jdx")
    (tmp_path / "2.jdx").write_bytes(GOOD)
    first, second = walk([tmp_path])
    assert isinstance(first, Unreadable)
    assert isinstance(second, Export)


@posix
@pytest.mark.parametrize("reader", [read, sandbox.read_guarded])
def test_links_in_a_circle_are_a_problem_of_that_file(tmp_path, reader):
    (tmp_path / "a.jdx").symlink_to(tmp_path / "b.jdx")
    (tmp_path / "b.jdx").symlink_to(tmp_path / "a.jdx")
    (tmp_path / "sub").symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"symbolic|link"):
        reader(tmp_path / "a.jdx")
    assert list(walk([tmp_path])) == []
    (found,) = walk([tmp_path / "a.jdx"])
    assert isinstance(found, Unreadable)


def test_a_folder_given_as_a_file_is_named_as_one(tmp_path):
    (tmp_path / "a.jdx").mkdir()
    with pytest.raises(FormatError, match="folder"):
        read(tmp_path / "a.jdx")
    with pytest.raises(FormatError, match="folder"):
        sandbox.read_guarded(tmp_path / "a.jdx")


def test_a_file_that_shrinks_is_read_as_what_is_left(tmp_path, monkeypatch):
    path = tmp_path / "a.jdx"
    path.write_bytes(GOOD)
    opened = Path.open

    def shrinking(self, mode="r", *args, **kwargs):
        if self == path and mode == "rb":
            path.write_bytes(GOOD[:200])
        return opened(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", shrinking)
    with pytest.raises(CorruptFileError):
        read(path)


def test_a_file_that_grows_is_read_to_its_end(tmp_path, monkeypatch):
    path = tmp_path / "a.jdx"
    path.write_bytes(GOOD[:200])
    opened = Path.open

    def growing(self, mode="r", *args, **kwargs):
        if self == path and mode == "rb":
            path.write_bytes(GOOD)
        return opened(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", growing)
    assert read(path).size == len(GOOD)


def test_gzip_inside_gzip_is_opened_once(tmp_path):
    twice = gzip.compress(gzip.compress(GOOD))
    with pytest.raises(FormatError) as caught:
        read_bytes(twice, "a.jdx.gz.gz")
    assert caught.value.hint


def test_archive_inside_archive_is_not_opened(tmp_path):
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.jdx", GOOD)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")
        archive.writestr("good.jdx", GOOD)
    inside, good = walk([tmp_path / "outer.zip"])
    assert isinstance(inside, Unreadable)
    assert isinstance(good, Export)


@pytest.mark.parametrize("name", ["a\x1b[2J.jdx", "a\u202egpj.jdx", "a\nb.jdx", "=cmd.jdx"])
def test_a_hostile_name_cannot_break_a_line(tmp_path, name):
    with pytest.raises(FormatError) as caught:
        read_bytes(b"rubbish", name)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_text_in_two_bytes_is_read_or_refused(encoding):
    text = "\n".join(f"{400 + at},{0.5 + at / 100}" for at in range(40))
    data = text.encode(encoding)
    if encoding == "utf-16-le":  # no mark: it could be anything
        with pytest.raises(FormatError):
            read_bytes(data, "a.csv")
        return
    assert read_bytes(data, "a.csv").spectra[0].x.size == 40


def test_no_module_beside_the_evidence_is_imported(tmp_path):
    for name in ("json", "struct", "instruments", "numpy", "lxml", "encodings"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()")
    (tmp_path / "a.jdx").write_bytes(GOOD)
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from instruments import sandbox; "
        "print(len(sandbox.read_guarded('a.jdx').spectra))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "1", done.stderr
    assert not (tmp_path / "ran").exists()


CONFINED = """
import os, socket, sys, tempfile
sys.path.insert(0, sys.argv[1])
from instruments import confine
confine.once()
confine.for_request(5, 4_000_000_000, 1000)
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
def big():
    with tempfile.TemporaryFile() as out:
        out.write(bytes(80_000_000)); out.flush()
print(tried(socket.socket), tried(lambda: os.execv("/bin/true", ["true"])), tried(big))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")
def test_the_reading_process_has_no_sockets_no_programs_and_no_large_files():
    done = subprocess.run(
        [sys.executable, "-P", "-c", CONFINED, str(ROOT)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["PermissionError", "PermissionError", "OSError"], done.stderr


def test_what_the_child_wrote_goes_with_it():
    sandbox.read_guarded_bytes(GOOD, "a.jdx")
    folder = Path(sandbox._CHILD._folder)
    assert folder.is_dir()
    sandbox._CHILD.stop()
    assert not folder.exists()


def test_an_interrupted_answer_is_never_taken_for_the_next(monkeypatch):
    sandbox.read_guarded_bytes(GOOD, "a.jdx")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sandbox, "_receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sandbox.read_guarded_bytes(write([a_raman()], "csv"), "b.csv")
    monkeypatch.undo()
    assert sandbox.read_guarded_bytes(GOOD, "a.jdx").format == "jcamp"


def test_a_child_that_never_listens_is_given_up(monkeypatch):
    monkeypatch.setattr(sandbox, "SPECTRUM_SECONDS", 0.5)
    monkeypatch.setattr(
        sandbox,
        "_CHILD_CODE",
        "import os, struct, time; os.write(1, struct.pack('<IQ', 2, 0) + b'{}'); time.sleep(60)",
    )
    sandbox._CHILD.stop()
    try:
        with pytest.raises(CorruptFileError, match=r"did not end within 0\.5 seconds"):
            sandbox.read_guarded_bytes(write([a_run(2000)], "mzml") * 5, "a.mzML")
    finally:
        sandbox._CHILD.stop()
