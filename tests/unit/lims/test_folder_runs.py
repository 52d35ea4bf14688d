"""A folder as evidence: kept whole, one run, and known again if only its main file was kept."""

import hashlib
import json

import pytest

from instruments import folders, raw, read_bytes
from instruments.errors import FormatError
from lims import examination, quarantine, queries
from tests.lims_builders import a_match, a_sample, an_entry
from tests.unit.instruments.vendor_files import a_chemstation, an_fid

NOTHING = a_match(an_entry("no_match"))
SCANS = [(1000 * at, [(50.0 + k, 100 + k, 0) for k in range(80)]) for at in range(30)]


@pytest.fixture
def run(bench):
    folder = bench / "sample.D"
    folder.mkdir(parents=True)
    (folder / "data.ms").write_bytes(a_chemstation(SCANS))
    (folder / "FID1A.ch").write_bytes(an_fid())
    (folder / "acqmeth.txt").write_text("method")
    return folder


def test_every_file_of_a_folder_is_kept_under_one_hash(lab, run):
    sample = a_sample(lab).number
    examination.ingest(lab, "ana", run, sample, match=NOTHING)
    recorded = queries.sample_record(lab, sample).runs[0]
    kept = raw.fetch(lab.raw_folder, recorded.raw_sha256)
    assert kept == folders.pack(run)
    assert recorded.raw_sha256 == hashlib.sha256(kept).hexdigest()
    assert (recorded.file_name, recorded.technique) == ("sample.D", "gcms")
    assert set(folders.unpack(kept).files) == {"data.ms", "FID1A.ch", "acqmeth.txt"}


def test_kept_folder_is_read_from_the_evidence_alone(lab, run):
    sample = a_sample(lab).number
    examination.ingest(lab, "ana", run, sample, match=NOTHING)
    for path in run.iterdir():
        path.unlink()
    recorded = queries.sample_record(lab, sample).runs[0]
    export = read_bytes(raw.fetch(lab.raw_folder, recorded.raw_sha256), recorded.file_name)
    assert export.sha256 == recorded.raw_sha256
    assert export.spectra[0].n_scans == 30
    assert len(export.spectra) == 2


def test_same_folder_again_is_one_run_whatever_it_is_called(lab, run):
    sample = a_sample(lab).number
    first = examination.ingest(lab, "ana", run, sample, match=NOTHING)
    again = examination.ingest(lab, "ana", run.rename(run.with_name("b.D")), sample, match=NOTHING)
    assert again == first


def test_folder_whose_main_file_was_recorded_before_is_the_same_run(lab, run):
    """Labs of before folders were kept whole recorded a ``.D`` by the hash of its main file."""
    sample = a_sample(lab).number
    first = examination.ingest(lab, "ana", run / "data.ms", sample, match=NOTHING)
    assert examination.ingest(lab, "ana", run, sample, match=NOTHING) == first
    recorded = queries.sample_record(lab, sample).runs
    assert [each.raw_sha256 for each in recorded] == [
        hashlib.sha256((run / "data.ms").read_bytes()).hexdigest()
    ]


def test_run_recorded_by_its_main_file_is_still_read(run):
    """Such evidence is the bytes of ``data.ms`` under the folder's name."""
    data = (run / "data.ms").read_bytes()
    export = read_bytes(data, "sample.D")
    assert export.sha256 == hashlib.sha256(data).hexdigest()
    assert export.spectra[0].n_scans == 30


def test_unreadable_folder_is_kept_whole_in_quarantine(lab, run):
    sample = a_sample(lab).number
    (run / "data.ms").write_bytes(b"damaged")
    (run / "FID1A.ch").write_bytes(b"damaged")
    with pytest.raises(FormatError):
        examination.ingest(lab, "ana", run, sample, match=NOTHING)
    (held,) = [q for q in quarantine.listed(lab) if q.file_name == "sample.D"]
    assert held.size == len(folders.pack(run))


def test_list_in_the_evidence_names_size_and_hash_of_every_file(run):
    files = folders.unpack(folders.pack(run)).files
    packed = folders.pack(run)
    start = packed.index(b"{")
    listed = json.JSONDecoder().raw_decode(packed[start:].decode("latin-1"))[0]["files"]
    assert {each["name"]: each["sha256"] for each in listed} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
