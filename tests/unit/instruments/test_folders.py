"""A run that is a folder: which one a path means; its packed bytes depend on content alone."""

import hashlib
import json
import os
import zipfile

import pytest

from instruments import folders, read, read_bytes
from instruments.collection import walk
from instruments.errors import (
    CorruptFileError,
    FormatError,
    RefusedFormatError,
    UnknownFormatError,
)
from spectra.spectrum import Chromatogram, MassRun, Technique
from tests.unit.instruments.vendor_files import a_chemstation, a_masshunter, an_fid

SCANS = [(1000 * at, [(50.0 + 2 * k, 100 + k, 0) for k in range(80)]) for at in range(30)]
SELECTED = [(1000 * at, [(77.0, 100 + at, 0), (91.0, 50, 0)]) for at in range(30)]


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "sample.D"
    (folder / "sub").mkdir(parents=True)
    (folder / "dataSim.ms").write_bytes(a_chemstation(SELECTED))
    (folder / "DATA.MS").write_bytes(a_chemstation(SCANS))
    (folder / "FID1A.ch").write_bytes(an_fid())
    (folder / "acqmeth.txt").write_text("method")
    (folder / "sub" / "notes.txt").write_text("seen")
    return folder


def test_all_data_of_a_folder_are_read_the_main_run_first(run):
    export = read(run)
    kinds = [(type(s), s.metadata["file"]) for s in export.spectra]
    assert kinds == [
        (MassRun, "DATA.MS"),
        (MassRun, "dataSim.ms"),
        (Chromatogram, "FID1A.ch"),
    ]
    assert export.technique is Technique.GCMS
    assert (export.format, export.reader, export.path) == ("agilent-d", "run-folder", run)


def test_selected_ions_are_never_matched_as_full_spectra(run):
    full, selected, _ = read(run).spectra
    assert not full.faults
    assert any("selected ions" in fault for fault in selected.faults)


def test_packed_bytes_do_not_depend_on_name_date_or_order(run, tmp_path):
    before = folders.pack(run)
    twin = tmp_path / "renamed copy.D"
    (twin / "sub").mkdir(parents=True)
    for path in sorted(run.rglob("*"), reverse=True):
        if path.is_file():
            copy = twin / path.relative_to(run)
            copy.write_bytes(path.read_bytes())
            os.utime(copy, (0, 0))
    (twin / "Thumbs.db").write_bytes(b"left by a viewer")
    assert folders.pack(twin) == before


@pytest.mark.parametrize("name", ["acqmeth.txt", "sub/notes.txt"])
def test_packed_bytes_change_with_any_file(run, name):
    before = folders.pack(run)
    (run / name).write_text("changed")
    assert folders.pack(run) != before


def test_kept_folder_is_read_again_alike(run):
    export = read(run)
    kept = folders.pack(run)
    again = read_bytes(kept, "sample.D")
    assert export.sha256 == again.sha256 == hashlib.sha256(kept).hexdigest()
    assert export.size == again.size == len(kept)
    assert [s.title for s in again.spectra] == [s.title for s in export.spectra]
    assert again.spectra[0].mz.tolist() == export.spectra[0].mz.tolist()


def test_kept_folder_opens_with_any_zip_program_and_packs_again_alike(run, tmp_path):
    kept = tmp_path / "kept.zip"
    kept.write_bytes(folders.pack(run))
    with zipfile.ZipFile(kept) as archive:
        assert archive.testzip() is None
        listed = json.loads(archive.read(folders.MARK))["files"]
        archive.extractall(tmp_path / "again.D")
    assert [each["name"] for each in listed] == [
        "DATA.MS", "FID1A.ch", "acqmeth.txt", "dataSim.ms", "sub/notes.txt",
    ]  # fmt: skip
    assert folders.pack(tmp_path / "again.D") == kept.read_bytes()


def test_kept_folder_lying_among_files_is_one_run(run, tmp_path):
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "kept").write_bytes(folders.pack(run))
    (export,) = walk([tmp_path / "box"])
    assert export.reader == "run-folder"


def test_links_are_named_and_not_followed(run, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    (run / "MSD2.ms").symlink_to(secret)
    (run / "more").symlink_to(tmp_path)
    packed = folders.pack(run)
    assert b"SECRET" not in packed
    assert folders.unpack(packed).links == ("MSD2.ms", "more")
    assert any("2 links" in warning for warning in read(run).warnings)


def test_pipes_are_not_opened(run):
    os.mkfifo(run / "data2.ms")
    assert "data2.ms" in folders.unpack(folders.pack(run)).links


def test_caps_of_a_folder(run, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    with pytest.raises(RefusedFormatError, match="more than 3 files"):
        read(run)
    monkeypatch.setattr(folders, "MOST_FILES", 100)
    monkeypatch.setattr(folders, "MOST_BYTES", 5000)
    with pytest.raises(
        RefusedFormatError, match=r"sample\.D: the folder holds more than"
    ) as caught:
        read(run)
    assert "mzML" in caught.value.hint


def test_depth_of_a_folder_is_capped(run):
    deep = run
    for _ in range(8):
        deep = deep / "x"
        deep.mkdir()
    with pytest.raises(RefusedFormatError, match="levels"):
        folders.pack(run)


def test_a_damaged_part_does_not_hide_the_others(run):
    (run / "FID1A.ch").write_bytes(an_fid()[:100])
    export = read(run)
    assert len(export.spectra) == 2
    assert any(w.startswith("not read: FID1A.ch") for w in export.warnings)
    (run / "dataSim.ms").unlink()
    (run / "DATA.MS").write_bytes(b"\x01\x32\x00\x00")
    with pytest.raises(FormatError):
        read(run)


@pytest.mark.parametrize("change", ["flip", "cut", "foreign", "outside", "compressed"])
def test_changed_packed_bytes_are_damage(run, tmp_path, change):
    packed = bytearray(folders.pack(run))
    if change == "flip":
        packed[packed.rindex(b"method")] ^= 1
    elif change == "cut":
        del packed[-30:]
    else:
        target = tmp_path / "a.zip"
        target.write_bytes(packed)
        method = zipfile.ZIP_DEFLATED if change == "compressed" else zipfile.ZIP_STORED
        with zipfile.ZipFile(target, "a", method) as archive:
            archive.writestr("../outside.ms" if change == "outside" else "other.ms", b"0" * 99)
        packed = bytearray(target.read_bytes())
    with pytest.raises(CorruptFileError):
        read_bytes(bytes(packed), "sample.D")


def test_a_part_that_means_nothing_alone_is_taken_as_its_folder(tmp_path):
    acqdata = tmp_path / "mass.D" / "AcqData"
    acqdata.mkdir(parents=True)
    for name, data in a_masshunter([(0.1, [50.0, 60.0], [1.0, 2.0])]).items():
        (acqdata / name).write_bytes(data)
    asked = [acqdata / "MSPeak.bin", acqdata / "MSScan.xsd", acqdata, acqdata.parent]
    exports = [read(path) for path in asked]
    assert {export.sha256 for export in exports} == {exports[0].sha256}
    assert {export.format for export in exports} == {"agilent-masshunter"}


def test_relative_path_inside_a_run_is_taken_as_its_folder(tmp_path, monkeypatch):
    acqdata = tmp_path / "mass.D" / "AcqData"
    acqdata.mkdir(parents=True)
    for name, data in a_masshunter([(0.1, [50.0], [1.0])]).items():
        (acqdata / name).write_bytes(data)
    monkeypatch.chdir(acqdata)
    assert read("MSPeak.bin").spectra[0].n_scans == 1
    assert read(".").spectra[0].n_scans == 1


def test_loose_acqdata_does_not_drag_its_neighbours_in(tmp_path):
    (tmp_path / "AcqData").mkdir()
    (tmp_path / "private.txt").write_text("not part of a run")
    for name, data in a_masshunter([(0.1, [50.0], [1.0])]).items():
        (tmp_path / "AcqData" / name).write_bytes(data)
    assert folders.run_of(tmp_path / "AcqData" / "MSPeak.bin") == tmp_path / "AcqData"
    assert read(tmp_path / "AcqData").spectra[0].n_scans == 1


def test_renamed_run_is_known_by_what_lies_beside_its_data(run):
    renamed = run.rename(run.with_name("sample copied"))
    assert folders.is_run(renamed)
    assert len(read(renamed).spectra) == 3


def test_data_file_among_private_files_does_not_make_them_evidence(run, tmp_path):
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "data.ms").write_bytes((run / "DATA.MS").read_bytes())
    (downloads / "letter.txt").write_text("private")
    assert not folders.is_run(downloads)
    with pytest.raises(UnknownFormatError, match="not a run"):
        read(downloads)


def test_stray_waters_part_in_a_mixed_folder_is_a_file(tmp_path):
    for name in ("_FUNC001.DAT", "letter.txt", "photo.txt"):
        (tmp_path / name).write_bytes(b"\x00\x01" * 50)
    assert folders.run_of(tmp_path / "_FUNC001.DAT") is None
    with pytest.raises(RefusedFormatError, match="Waters"):
        read(tmp_path / "_FUNC001.DAT")


def test_data_file_of_another_version_is_named_not_guessed(run):
    (run / "FID2B.ch").write_bytes(b"\x03182" + bytes(9000))
    (run / "data9.ms").write_bytes(bytes(9000))
    export = read(run)
    assert len(export.spectra) == 3
    assert sum("unknown kind" in warning for warning in export.warnings) == 2


def test_detectors_that_are_not_read_are_named(run):
    (run / "AcqData").mkdir()
    (run / "AcqData" / "DAD1.cg").write_bytes(b"x")
    assert any("AcqData/DAD1.cg" in warning for warning in read(run).warnings)


def zipped(run, target, *, beside=()):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(run.rglob("*")):
            archive.write(path, f"export/{run.name}/{path.relative_to(run)}")
        archive.writestr("__MACOSX/._data.ms", b"litter")
        for name in beside:
            archive.writestr(name, "1,2")
    return target


def test_zipped_run_is_read_as_the_run_it_holds(run, tmp_path):
    target = zipped(run, tmp_path / "sent.zip")
    direct, sent = read(run), read(target)
    assert [s.title for s in sent.spectra] == [s.title for s in direct.spectra]
    assert sent.spectra[0].mz.tolist() == direct.spectra[0].mz.tolist()
    assert sent.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    (walked,) = walk([target])
    assert walked.reader == "run-folder"


def test_zip_of_a_run_beside_other_files_stays_a_collection(run, tmp_path):
    target = zipped(run, tmp_path / "sent.zip", beside=["other/a.csv"])
    with pytest.raises(RefusedFormatError, match="zip archive"):
        read(target)
    assert sum(getattr(each, "format", "") == "agilent-ms" for each in walk([target])) == 2


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.D/../../data.ms", b"x", "outside"),
        ("x.D/data.ms", bytes(50_000_000), "unpack to"),
    ],
)
def test_hostile_zip_of_a_run_is_refused(tmp_path, name, data, words):
    target = tmp_path / "sent.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    with pytest.raises(RefusedFormatError, match=words):
        read(target)


def test_links_in_a_zipped_run_are_not_read(run, tmp_path):
    target = zipped(run, tmp_path / "sent.zip")
    with zipfile.ZipFile(target, "a") as archive:
        link = zipfile.ZipInfo("export/sample.D/MSD9.ms")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert any("1 links" in warning for warning in read(target).warnings)


def test_data_file_of_a_run_can_be_read_alone(run):
    (only,) = read(run / "DATA.MS").spectra
    assert only.n_scans == 30


def test_plain_folder_is_no_run(tmp_path):
    (tmp_path / "a.csv").write_text("1,2")
    with pytest.raises(UnknownFormatError, match="not a run"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("x.D", "data files"), ("x.raw", "data files"), ("x.L", "library"), ("x.rslt", "OpenLab")],
)
def test_folder_without_data_says_what_it_is(tmp_path, name, words):
    (tmp_path / name).mkdir()
    (tmp_path / name / "readme.txt").write_text("nothing")
    with pytest.raises(RefusedFormatError, match=words) as caught:
        read(tmp_path / name)
    assert caught.value.hint


def test_main_file_is_the_one_that_stood_for_the_folder_before(run, tmp_path):
    assert folders.run_file(run) == run / "DATA.MS"
    assert folders.run_file(tmp_path) is None
