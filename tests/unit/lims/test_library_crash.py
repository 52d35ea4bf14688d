"""An import killed at any moment leaves the old version answering; the next one tidies up."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from libraries import building, catalog
from libraries.library import open_library
from lims import audit, library_care
from lims.lab import Lab, create_lab, open_lab
from lims.model import Person, Role
from spectra.spectrum import Technique
from tests.unit.libraries.reference_builders import a_mass_spectrum

ROOT = Path(__file__).resolve().parents[3]
CHILD = """
import sys
from pathlib import Path
from lims import library_care
from lims.lab import open_lab
lab = open_lab(Path(sys.argv[1]))
print("ready", flush=True)
library_care.import_library(lab, "lead", [sys.argv[2]], "own")
print("done", flush=True)
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    founder = Person(id="lead", name="Lead", roles=frozenset((Role.LEAD, Role.QUALITY)))
    made = create_lab(tmp_path / "lab", site="NOG", name="Nogales", founder=founder)
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    path = tmp_path / "good.msp"
    with path.open("w") as stream:
        for seed in range(400):
            spectrum = a_mass_spectrum(seed)
            stream.write(f"Name: {spectrum.title}\nIonization: EI\nNum Peaks: 30\n")
            for mz, y in zip(spectrum.mz, spectrum.intensity, strict=True):
                stream.write(f"{mz:g} {y:.3f}\n")
            stream.write("\n")
    return path


def killed(lab: Path, files: Path, after_s: float) -> bool:
    """Run an import in another process, kill it, and return whether it had ended before."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(lab), str(files)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        return "done" in child.stdout.read()


@pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signal")
def test_a_killed_import_leaves_the_old_version_and_the_next_cleans_up(
    lab: Lab, files: Path
) -> None:
    library_care.import_library(lab, "lead", [files], "own")
    folder, place = lab.libraries_folder, lab.libraries_folder / "own"
    moments = random.Random(7)
    finished = []
    for latest in (0.1, 0.5, 0.9, 1.3):
        finished.append(killed(lab.folder, files, moments.uniform(0.05, latest)))
        newest = catalog.in_use(folder, "own")[-1]
        with open_library("own", folder=folder, version=newest) as library:
            assert library.faults() == []
            hit = library.search(a_mass_spectrum(9), Technique.MS).hits[0]
            assert hit.name == "substance 9"
    assert not all(finished), "no import was killed before it ended"
    report = library_care.import_library(lab, "lead", [files], "own")
    assert [each.name for each in place.iterdir() if each.name.startswith(".")] == []
    listed = library_care.libraries(lab)
    assert {each.problem for each in listed} == {""}
    assert report.version in {each.version for each in listed}
    assert audit.verify(lab).ok


def test_a_build_that_is_at_work_is_not_cleaned_away(lab: Lab, files: Path) -> None:
    with catalog.installing(lab.libraries_folder, "own", "1") as hidden:
        (hidden / "half").write_text("written")
        assert building.abandoned(lab.libraries_folder / "own") == []
        assert catalog.clean(lab.libraries_folder) == 0
        assert (hidden / "half").is_file()


def test_a_lock_without_a_build_is_cleaned_away_when_nobody_holds_it(lab: Lab) -> None:
    place = lab.libraries_folder / "own"
    place.mkdir(parents=True)
    with building.held(place / ".building-1"):
        (place / ".building-2.lock").touch()
        assert catalog.clean(lab.libraries_folder) == 1
        assert [each.name for each in place.iterdir()] == [".building-1.lock"]


def test_a_version_that_was_recorded_before_the_crash_is_put_in_place(
    lab: Lab, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Stands for the process ending here: nothing after it runs."""

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(catalog, "_put", die)
    monkeypatch.setattr(catalog.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(Killed):
        library_care.import_library(lab, "lead", [files], "own")
    monkeypatch.undo()
    assert "not on this disk" in library_care.libraries(lab)[0].problem
    assert library_care.mend(lab) == ["own 1"]
    assert library_care.libraries(lab)[0].problem == ""
    with open_library("own", folder=lab.libraries_folder) as library:
        assert library.faults() == []


def test_a_failed_record_leaves_nothing(
    lab: Lab, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(library_care, "imported_body", stop)
    with pytest.raises(KeyboardInterrupt):
        library_care.import_library(lab, "lead", [files], "own")
    assert not (lab.libraries_folder / "own").exists()
    assert library_care.libraries(lab) == ()


def test_a_removal_that_was_recorded_before_the_crash_is_finished(
    lab: Lab, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_care.import_library(lab, "lead", [files], "own")

    def die(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(catalog, "remove", die)
    with pytest.raises(OSError):
        library_care.remove_library(lab, "lead", "own", reason="because")
    monkeypatch.undo()
    assert "still on disk" in library_care.libraries(lab)[0].problem
    library_care.mend(lab)
    assert catalog.versions(lab.libraries_folder, "own") == []
    lab.close()
    again = open_lab(lab.folder)
    assert library_care.libraries(again) == ()
    again.close()
