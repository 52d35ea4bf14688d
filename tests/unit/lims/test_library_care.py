from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from libraries import catalog
from libraries.errors import LibraryError, LibraryNotFoundError, LibraryVersionError
from lims import audit, library_care, people
from lims.act import Act
from lims.errors import BusyError, ConfigError, PermissionDenied, RecordError
from lims.lab import Lab, create_lab
from lims.model import Person, Role
from tests.unit.libraries.reference_builders import a_mass_spectrum


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    founder = Person(id="lead", name="Lead", roles=frozenset((Role.LEAD, Role.QUALITY)))
    made = create_lab(tmp_path / "lab", site="NOG", name="Nogales", founder=founder)
    people.add_person(made, "lead", "officer", "Officer", [Role.OFFICER])
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    text = []
    for seed in range(25):
        spectrum = a_mass_spectrum(seed)
        peaks = "\n".join(
            f"{mz:g} {y:.3f}" for mz, y in zip(spectrum.mz, spectrum.intensity, strict=True)
        )
        text.append(f"Name: {spectrum.title}\nIonization: EI\nNum Peaks: 30\n{peaks}\n")
    (folder / "good.msp").write_text("\n".join(text))
    (folder / "readme.bin").write_bytes(b"\x00\x01\x02 not a spectrum")
    return folder


def test_an_import_is_on_record_with_its_content(lab: Lab, files: Path) -> None:
    report = library_care.import_library(lab, "lead", [files], "own", licence="CC0")
    assert (report.accepted, report.rejected_count) == (25, 1)
    assert report.rejected[0].source == "readme.bin"
    (listed,) = library_care.libraries(lab)
    assert (listed.name, listed.version, listed.problem) == ("own", "1", "")
    assert listed.content_sha256 == report.content_sha256
    assert listed.imported_by == "lead"
    last = audit.events(lab, 0, 100)[-1]
    assert last.kind == "library.imported"
    assert last.body["content_sha256"] == report.content_sha256
    assert audit.verify(lab).ok


def test_only_those_who_may_change_a_library(lab: Lab, files: Path) -> None:
    with pytest.raises(PermissionDenied):
        library_care.import_library(lab, "officer", [files], "own")
    assert catalog.installed(lab.libraries_folder) == []
    library_care.import_library(lab, "lead", [files], "own")
    with pytest.raises(PermissionDenied):
        library_care.remove_library(lab, "officer", "own", reason="because")
    assert len(catalog.installed(lab.libraries_folder)) == 1


def test_what_the_record_refuses_does_not_stay_on_disk(
    lab: Lab, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise BusyError("another program is writing; nothing was written")

    monkeypatch.setattr(Act, "append", busy)
    with pytest.raises(BusyError):
        library_care.import_library(lab, "lead", [files], "own")
    assert catalog.installed(lab.libraries_folder) == []


def test_a_version_never_means_two_contents(lab: Lab, files: Path) -> None:
    library_care.import_library(lab, "lead", [files], "own", "7")
    with pytest.raises(LibraryVersionError):
        library_care.import_library(lab, "lead", [files], "own", "7")
    (gone,) = library_care.remove_library(lab, "lead", "own", "7", "superseded")
    assert (gone.version, gone.findings) == ("7", 0)
    with pytest.raises(LibraryVersionError, match="before"):
        library_care.import_library(lab, "lead", [files], "own", "7")
    assert library_care.import_library(lab, "lead", [files], "own").version == "8"


def test_removing_needs_a_reason_and_a_library(lab: Lab, files: Path) -> None:
    library_care.import_library(lab, "lead", [files], "own")
    with pytest.raises(RecordError, match="reason"):
        library_care.remove_library(lab, "lead", "own")
    with pytest.raises(LibraryNotFoundError):
        library_care.remove_library(lab, "lead", "other", reason="because")
    assert [each.name for each in library_care.libraries(lab)] == ["own"]


def test_disk_and_record_are_compared(lab: Lab, files: Path) -> None:
    library_care.import_library(lab, "lead", [files], "own")
    library_care.install(lab.libraries_folder, [files], "smuggled")
    problems = {each.name: each.problem for each in library_care.libraries(lab)}
    assert problems["own"] == ""
    assert "not in the lab's record" in problems["smuggled"]
    shutil.rmtree(lab.libraries_folder / "own")
    shutil.copytree(lab.libraries_folder / "smuggled", lab.libraries_folder / "own")
    assert library_care.libraries(lab)[0].problem == ""  # the same entries: the same content
    shutil.rmtree(lab.libraries_folder / "own")
    assert "not on this disk" in library_care.libraries(lab)[0].problem


def test_an_unknown_technique_or_empty_folder_is_told(lab: Lab, files: Path) -> None:
    with pytest.raises(ConfigError, match="no technique"):
        library_care.import_library(lab, "lead", [files], "own", technique="xray")
    empty = files / "empty"
    empty.mkdir()
    with pytest.raises(LibraryError, match="nothing to import"):
        library_care.import_library(lab, "lead", [empty], "own")
    assert library_care.libraries(lab) == ()


def test_identity_of_one_entry_never_reaches_another_entry_of_the_file(tmp_path):
    import numpy as np

    from instruments.writers import write
    from lims.library_care import references
    from spectra.axis import XKind, YKind
    from spectra.spectrum import Spectrum

    x = np.arange(400.0, 4000.0, 2.0)

    def a_curve(title, at, metadata):
        return Spectrum(
            title=title,
            x=x,
            y=np.exp(-(((x - at) / 20.0) ** 2)) + 0.3 * np.exp(-(((x - at - 400) / 15.0) ** 2)),
            x_kind=XKind.WAVENUMBER,
            x_unit="cm-1",
            y_kind=YKind.ABSORBANCE,
            y_unit="1",
            metadata=metadata,
        )

    named = {"InChIKey": "ZPUCINDJVBIVPJ-UHFFFAOYSA-N", "Name": "cocaine"}
    path = tmp_path / "two.jdx"
    path.write_bytes(write([a_curve("cocaine", 900, named), a_curve("anatase", 1500, {})], "jcamp"))
    drafts, rejected = references([path])
    assert not rejected
    assert [draft.identity.inchikey for draft in drafts] == ["ZPUCINDJVBIVPJ-UHFFFAOYSA-N", ""]
    assert "cocaine" not in repr(drafts[1].identity)
