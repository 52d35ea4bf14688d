"""JSON of MassBank of North America and flat records: what is said is kept, damage is told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from instruments.errors import CorruptFileError, FormatError
from instruments.formats.json_spectra import JsonSpectraReader
from instruments.registry import read_bytes
from spectra.spectrum import MassSpectrum

MONA = {
    "compound": [
        {
            "inchi": "InChI=1S/CH4O/c1-2/h2H,1H3",
            "inchiKey": "OKKJLVBELUTLKV-UHFFFAOYSA-N",
            "metaData": [
                {"name": "molecular formula", "value": "CH4O"},
                {"name": "total exact mass", "value": 32.02621},
            ],
            "names": [{"name": "Methanol", "score": 0.0}, {"name": "wood spirit"}],
        }
    ],
    "id": "MoNA000001",
    "metaData": [
        {"name": "instrument type", "value": "GC-EI-Q"},
        {"name": "license", "value": "CC BY"},
        {"name": "retention index", "value": "381"},
    ],
    "spectrum": "15:10.0 29:44.5 31:100 32:70",
}
FLAT = {"compound_name": "flat", "peaks_json": "[[41.0, 5], [43, 10]]", "smiles": "CCO"}
LISTED = {"name": "listed", "peaks": [[41.5, 5], [43, 10.25]], "ionization": "EI"}


def spectra(value: object) -> list[MassSpectrum]:
    export = read_bytes(json.dumps(value).encode(), "mona.json")
    assert export.reader == "json-spectra"
    return [each for each in export.spectra if isinstance(each, MassSpectrum)]


def test_a_record_of_mona_keeps_its_identity_licence_and_peaks() -> None:
    (found,) = spectra([MONA])
    assert found.title == "Methanol"
    assert found.mz.tolist() == [15, 29, 31, 32]
    assert found.intensity.tolist() == [10, 44.5, 100, 70]
    assert (found.ionization, found.molecular_mass, found.retention_index) == ("EI", 32.02621, 381)
    facts = found.metadata
    assert facts["InChIKey"] == "OKKJLVBELUTLKV-UHFFFAOYSA-N"
    assert (facts["Formula"], facts["License"], facts["Accession"]) == (
        "CH4O", "CC BY", "MoNA000001",
    )  # fmt: skip


def test_flat_records_and_a_single_one_are_read() -> None:
    assert [each.title for each in spectra([FLAT, LISTED])] == ["flat", "listed"]
    (one,) = spectra(LISTED)
    np.testing.assert_array_equal(one.mz, [41.5, 43])


def test_a_packed_download_is_read() -> None:
    export = read_bytes(gzip.compress(json.dumps([MONA]).encode()), "mona.json.gz")
    assert export.reader == "json-spectra"


def test_a_record_without_peaks_is_told_and_costs_no_other() -> None:
    export = read_bytes(json.dumps([{"name": "bare", "spectrum": ""}, MONA]).encode(), "m.json")
    assert len(export.spectra) == 1
    assert export.warnings == ("record 1 (bare) holds no peaks",)


@pytest.mark.parametrize(
    "text",
    [
        b'[{"spectrum": "41:1',
        b'[{"spectrum": "41"}]',
        b'[{"spectrum": "41:x"}]',
        b'[{"peaks": [[1]]}]',
        b'[{"peaks": {"a": 1}}]',
        b'[{"peaks": [["a", "b"]]}]',
        b'[{"peaks_json": "[[1,2"}]',
        b'{"spectrum": 3}',
        b"[" * 200_000 + b'"spectrum"',
        b'["spectrum", 3, null]',
        b'[{"compound": 5, "metaData": [1, {"name": 3}], "spectrum": []}]',
    ],
)
def test_damaged_json_is_an_error_with_words(text: bytes) -> None:
    with pytest.raises(FormatError) as told:
        read_bytes(text, "mona.json")
    assert told.value.message


def test_other_json_is_not_taken_for_spectra() -> None:
    assert JsonSpectraReader().sniff(b'{"settings": {"theme": "dark"}}', 40) == 0.0


def test_absurd_numbers_are_faults_and_not_a_crash(tmp_path: Path) -> None:
    made = [{"name": "x", "peaks": [[41, 1e400], [43, 2]]}]
    text = json.dumps(made).replace("Infinity", "1e999")
    try:
        found = read_bytes(text.encode(), "m.json").spectra[0]
    except CorruptFileError:
        return
    assert found.faults
