import os
import struct

import numpy as np
import pytest

from instruments import read, sandbox, transfer
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.writers import write
from spectra.spectrum import MassRun, MassSpectrum
from tests.unit.instruments.measurements import (
    a_chromatogram,
    a_mass_spectrum,
    a_raman,
    a_run,
    an_infrared,
)

pytestmark = pytest.mark.timeout(60)


def same(first, second):
    for name in ("path", "sha256", "size", "format", "technique", "metadata", "warnings"):
        assert getattr(first, name) == getattr(second, name), name
    assert len(first.spectra) == len(second.spectra)
    for one, other in zip(first.spectra, second.spectra, strict=True):
        assert type(one) is type(other)
        assert (one.title, one.metadata, one.faults) == (other.title, other.metadata, other.faults)
        names = ("mz", "intensity") if isinstance(one, (MassRun, MassSpectrum)) else ("x", "y")
        for name in names:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("measured", "form"),
    [
        ([a_raman(), an_infrared()], "jcamp"),
        ([a_mass_spectrum(), a_mass_spectrum(title="b")], "msp"),
        ([a_run(stored_tic=np.arange(25.0))], "mzml"),
        ([a_chromatogram()], "andi"),
    ],
)
def test_guarded_reading_gives_what_reading_gives(tmp_path, measured, form):
    path = tmp_path / "a.dat"
    path.write_bytes(write(measured, form))
    plain = read(path)
    same(sandbox.read_guarded(path), plain)
    same(transfer.unpack(transfer.pack(plain)), plain)


def test_errors_cross_with_their_class_and_hint(tmp_path):
    path = tmp_path / "a.jdx"
    path.write_bytes(b"LabSpec6" + bytes(90))
    with pytest.raises(RefusedFormatError) as caught:
        sandbox.read_guarded(path)
    assert caught.value.hint
    assert caught.value.message.startswith("a.jdx")
    with pytest.raises(CorruptFileError, match="empty"):
        sandbox.read_guarded_bytes(b"", "x.jdx")
    with pytest.raises(FileNotFoundError):
        sandbox.read_guarded(tmp_path / "none.jdx")


def test_the_child_is_kept_between_files(tmp_path):
    data = write([an_infrared()], "jcamp")
    sandbox.read_guarded_bytes(data, "a.jdx")
    first = sandbox._CHILD._process.pid
    sandbox.read_guarded_bytes(data, "b.jdx")
    assert sandbox._CHILD._process.pid == first != os.getpid()


def test_a_dead_child_is_replaced():
    data = write([an_infrared()], "jcamp")
    sandbox.read_guarded_bytes(data, "a.jdx")
    sandbox._CHILD._process.kill()
    sandbox._CHILD._process.wait()
    assert sandbox.read_guarded_bytes(data, "a.jdx").spectra


def test_reading_that_takes_too_long_ends(monkeypatch):
    data = ("##TITLE=x\n##XYDATA=(X++(Y..Y))\n" + "1 2 3 4 5 6\n" * 2_000_000).encode()
    monkeypatch.setattr(sandbox, "SPECTRUM_SECONDS", 0.2)
    monkeypatch.setattr(sandbox, "RUN_SECONDS", 0.2)
    with pytest.raises(CorruptFileError, match="did not end within"):
        sandbox.read_guarded_bytes(data, "slow.jdx")
    monkeypatch.undo()
    assert sandbox.read_guarded_bytes(write([an_infrared()], "jcamp"), "a.jdx").spectra


def test_reading_that_needs_too_much_memory_ends(monkeypatch):
    data = ("##TITLE=x\n##XYDATA=(X++(Y..Y))\n" + "1 2 3 4 5 6 7 8\n" * 100_000).encode()
    sandbox._CHILD.stop()
    monkeypatch.setattr(sandbox, "MEMORY_BYTES", 100_000_000)
    monkeypatch.setattr(sandbox, "_MEMORY_PER_BYTE", 0)
    with pytest.raises(CorruptFileError, match=r"memory|died"):
        sandbox.read_guarded_bytes(data, "big.jdx")
    sandbox._CHILD.stop()


def test_no_object_is_ever_unpickled(tmp_path):
    target = tmp_path / "hostile.npz"
    np.savez(target, header=np.array([object()], dtype=object))
    with pytest.raises(CorruptFileError, match="no usable answer"):
        transfer.unpack(target.read_bytes())
    with pytest.raises(CorruptFileError):
        transfer.unpack(struct.pack("<IQ", 1, 2))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX only")
def test_a_fork_starts_a_child_of_its_own():
    data = write([an_infrared()], "jcamp")
    sandbox.read_guarded_bytes(data, "a.jdx")
    mine = sandbox._CHILD._process.pid
    pid = os.fork()
    if pid == 0:
        sandbox.read_guarded_bytes(data, "b.jdx")
        other = sandbox._CHILD._process.pid
        sandbox._CHILD.stop()
        os._exit(0 if other != mine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    sandbox.read_guarded_bytes(data, "c.jdx")
    assert sandbox._CHILD._process.pid == mine


def test_a_child_started_ahead_is_the_one_that_reads():
    sandbox._CHILD.stop()
    sandbox.warm()
    early = sandbox._CHILD._process.pid
    sandbox.warm()
    data = write([an_infrared()], "jcamp")
    assert sandbox.read_guarded_bytes(data, "a.jdx").spectra
    assert sandbox._CHILD._process.pid == early


def test_a_child_that_dies_before_it_is_ready_is_told_and_replaced():
    sandbox._CHILD.stop()
    sandbox.warm()
    sandbox._CHILD._process.kill()
    sandbox._CHILD._process.wait()
    data = write([an_infrared()], "jcamp")
    assert sandbox.read_guarded_bytes(data, "a.jdx").spectra
