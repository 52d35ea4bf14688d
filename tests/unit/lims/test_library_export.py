"""What is exported reads back to the same numbers, here and in another package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries.build import build_library, draft
from libraries.entry import EntryDraft
from libraries.errors import LibraryNotFoundError
from libraries.library import open_library
from libraries.provenance import Source
from lims import library_care
from lims.errors import ConfigError
from lims.library_export import export_library
from tests.unit.libraries.reference_builders import a_curve, a_mass_spectrum

SOURCE = Source(file="origin.msp", sha256="1" * 64)
MASS = [
    a_mass_spectrum(
        1, name="Fentanyl", noise=0.1, Formula="C22H28N2O", License="CC BY 4.0", Accession="A-1",
        Instrument="GC; 5977B", InChIKey="PJMPHNIQZUBGLI-UHFFFAOYSA-N", Measured="2019-04-01",
        SemiStdNP="2716/3/8", CASNO="437-38-7", CompoundClass="fentanyl", Contributor="a; b",
    ),
    a_mass_spectrum(2, name="L-Cysteine", Formula="C3H7NO2S",
                    InChIKey="XUJNEKJLAYXESH-REOHCLBHSA-N"),
    a_mass_spectrum(3, name="β-Phenyl = ethylamine (2)", ExactMass="121.0891"),
]  # fmt: skip
CURVES = [a_curve(1, name="Gypsum"), a_curve(2, name="Calcite", descending=True)]


def install(folder: Path, name: str, training: bool = False) -> None:
    made = [draft(each, SOURCE, {}) for each in (*MASS, *CURVES)]
    build_library(folder, name, None, "CC0", made, training=training)


def content(folder: Path, name: str) -> dict[str, EntryDraft]:
    with open_library(name, folder=folder) as library:
        return {entry.draft.data_hash(): entry.draft for entry in library.entries()}


def without_file(found: EntryDraft) -> EntryDraft:
    """The file an entry was read from is another one after an export; all else must stay."""
    return replace(found, provenance=replace(found.provenance, file="", sha256=""))


@pytest.mark.parametrize(
    ("to", "technique", "ending"),
    [("msp", "ei", "msp"), ("jcamp", None, "jdx"), ("csv", None, "csv")],
)
def test_a_library_reads_back_with_the_same_numbers_identity_and_licence(
    tmp_path: Path, to: str, technique: str | None, ending: str
) -> None:
    install(tmp_path, "own")
    data, count = export_library(tmp_path, "own", to, technique=technique)
    out = tmp_path / f"again.{ending}"
    out.write_bytes(data)
    report = library_care.install(tmp_path, [out], "again")
    assert report.rejected == ()
    before, after = content(tmp_path, "own"), content(tmp_path, "again")
    expected = {key for key, found in before.items() if technique in (None, found.section.value)}
    assert set(after) == expected
    assert len(expected) == count
    for key in expected:
        one, two = without_file(before[key]), without_file(after[key])
        stated = one.identity.molecular_mass
        assert two.identity.molecular_mass == pytest.approx(stated, abs=2e-5)
        same = replace(two, identity=replace(two.identity, molecular_mass=stated))
        assert same.record_hash() == one.record_hash()


def test_a_training_mark_survives_an_export(tmp_path: Path) -> None:
    install(tmp_path, "made", training=True)
    data, _ = export_library(tmp_path, "made", "msp", technique="ei")
    (tmp_path / "copy.msp").write_bytes(data)
    library_care.install(tmp_path, [tmp_path / "copy.msp"], "copy")
    with open_library("copy", folder=tmp_path) as library:
        assert library.header.training
    again, _ = export_library(tmp_path, "copy", "msp")
    assert again.count(b"Training: not for casework") == len(MASS)


def test_another_package_reads_the_same_peaks(tmp_path: Path) -> None:
    importing = pytest.importorskip("matchms.importing")
    install(tmp_path, "own")
    data, _ = export_library(tmp_path, "own", "msp", technique="ei")
    out = tmp_path / "own.msp"
    out.write_bytes(data)
    theirs = {each.get("compound_name"): each for each in importing.load_from_msp(str(out))}
    assert set(theirs) == {each.title for each in MASS}
    for ours in MASS:
        peaks = theirs[ours.title].peaks
        np.testing.assert_array_equal(peaks.mz, ours.mz)
        np.testing.assert_array_equal(peaks.intensities, ours.intensity)
    assert theirs["Fentanyl"].get("inchikey") == "PJMPHNIQZUBGLI-UHFFFAOYSA-N"
    assert theirs["Fentanyl"].get("license") == "CC BY 4.0"


def test_another_package_reads_the_same_curve(tmp_path: Path) -> None:
    jcamp = pytest.importorskip("jcamp")
    build_library(tmp_path, "one", None, "CC0", [draft(CURVES[1], SOURCE, {})])
    data, _ = export_library(tmp_path, "one", "jcamp")
    out = tmp_path / "one.jdx"
    out.write_bytes(data)
    theirs = jcamp.readfile(str(out))
    np.testing.assert_allclose(theirs["x"], CURVES[1].x, rtol=1e-9)
    np.testing.assert_allclose(theirs["y"], CURVES[1].y, rtol=1e-9)


@pytest.mark.parametrize(
    ("to", "technique", "told"),
    [
        ("msp", None, "also holds curves"),
        ("msp", "ftir", "mass spectra only"),
        ("csv", "raman", "holds no 'raman'"),
        ("xlsx", None, "cannot write"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_the_way_out(
    tmp_path: Path, to: str, technique: str | None, told: str
) -> None:
    install(tmp_path, "own")
    with pytest.raises(ConfigError, match=told) as refused:
        export_library(tmp_path, "own", to, technique=technique)
    assert refused.value.hint


def test_a_library_that_is_not_there_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError):
        export_library(tmp_path, "own", "csv")
