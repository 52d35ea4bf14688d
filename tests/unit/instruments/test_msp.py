import pytest

from instruments import read_bytes
from instruments.errors import CorruptFileError

PEAKS = [(41.0, 999.0), (57.0, 120.0), (71.5, 33.0)]


@pytest.mark.parametrize(
    "layout",
    [
        "41 999; 57 120; 71.5 33;",
        "41 999\n57 120\n71.5 33",
        "(41,999) (57,120)\n(71.5,33)",
        "(41 999) (57 120) (71.5 33)",
        "(41,999 )(57,120 B0.5)(71.5,33 N0.2)",
        "41:999 57:120 71.5:33",
        "41,999\n57,120\n71.5,33",
        '41\t999\t"C3H5+ 1/1"\n57\t120\t"C4H9+"\n71.5\t33\t"?"',
        "41 999 1\n57 120 2\n71.5 33 1",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_peak_layout_reads_alike(layout, newline):
    text = f"Name: x\nMW: 100\nNum Peaks: 3\n{layout}\n".replace("\n", newline)
    (spectrum,) = read_bytes(text.encode(), "a.msp").spectra
    assert list(zip(spectrum.mz, spectrum.intensity, strict=True)) == PEAKS
    assert spectrum.molecular_mass == 100.0
    assert not spectrum.faults


def test_one_bad_entry_never_loses_the_library():
    good = "Name: {}\nNum Peaks: 2\n41 9\n43 8\n\n"
    text = good.format("a") + "Name: bad\nNum Peaks: 2\nfoo bar\nbaz\n\n" + good.format("c")
    export = read_bytes(text.encode(), "a.msp")
    assert [s.title for s in export.spectra] == ["a", "c"]
    assert any("entry 2 (bad)" in warning for warning in export.warnings)
    assert export.metadata["entries"] == "3"


def test_wrong_count_is_a_fault():
    export = read_bytes(b"Name: a\nNum Peaks: 5\n41 9\n43 8\n", "a.msp")
    assert export.spectra[0].faults
    assert "5 peaks announced, 2 found" in export.warnings[0]


def test_entry_without_a_count_is_read():
    (spectrum,) = read_bytes(b"Name: a\nFormula: C2\n41 9\n43 8\n\n", "a.msp").spectra
    assert spectrum.mz.tolist() == [41.0, 43.0]


def test_repeated_names_and_synonyms_are_kept():
    text = b"Name: a\nName: b\nSynon: c\nSynon: d\nNum Peaks: 1\n41 9\n"
    (spectrum,) = read_bytes(text, "a.msp").spectra
    assert spectrum.title == "a"
    assert spectrum.metadata["Synon"] == "b | c | d"


def test_pairs_in_comments_are_read():
    text = b'Name: a\nComments: "exact mass=336.2" "ionization=EI" "x=1=2"\nNum Peaks: 1\n41 9\n'
    (spectrum,) = read_bytes(text, "a.msp").spectra
    assert spectrum.molecular_mass == 336.2
    assert spectrum.ionization == "EI"
    assert spectrum.metadata["x"] == "1=2"


def test_time_without_a_unit_is_not_guessed():
    text = b"Name: a\nRetentionTime: 7.1\nNum Peaks: 1\n41 9\n"
    assert read_bytes(text, "a.msp").spectra[0].retention_time_s is None
    amdis = b"NAME:a\nRT:0.5\nNUM PEAKS:1\n(41 9)\n"
    assert read_bytes(amdis, "a.msl").spectra[0].retention_time_s == 30.0


@pytest.mark.parametrize(
    ("mode", "sign"), [("P", "ESI+"), ("NEGATIVE", "ESI-"), ("n/a", "ESI"), ("", "ESI")]
)
def test_polarity_is_only_what_is_stated(mode, sign):
    text = f"Name: a\nInstrument_type: LC-ESI-QTOF\nIon_mode: {mode}\nNum Peaks: 1\n41 9\n"
    assert read_bytes(text.encode(), "a.msp").spectra[0].ionization == sign


def test_no_entry_at_all_is_damage():
    with pytest.raises(CorruptFileError):
        read_bytes(b"Name: a\nNum Peaks: 0\n", "a.msp")


def test_bad_mgf_block_is_reported_and_the_others_kept():
    text = b"BEGIN IONS\nTITLE=a\nPEPMASS=300.1 5\n41 9\n43\nEND IONS\nBEGIN IONS\nEND IONS\n"
    export = read_bytes(text, "a.mgf")
    (spectrum,) = export.spectra
    assert spectrum.precursor_mz == 300.1
    assert spectrum.faults
    assert len(export.warnings) == 2


def test_entries_named_only_by_compound_name_stay_apart():
    # What the exporter of matchms writes in its own style: no NAME line at all.
    entry = "COMPOUND_NAME: {}\nPRECURSOR_MZ: 100.5\nNUM PEAKS: 2\n41.0\t0.5\n43.0\t1.0\n\n"
    export = read_bytes((entry.format("a") + entry.format("b")).encode(), "a.msp")
    assert [(s.title, s.mz.tolist()) for s in export.spectra] == [("a", [41, 43]), ("b", [41, 43])]
    assert export.spectra[0].precursor_mz == 100.5
    assert not export.warnings


def test_a_name_given_twice_alike_is_one_name():
    text = b"COMPOUND_NAME: a\nNAME: a\nSynon: b\nNUM PEAKS: 1\n41 9\n"
    (spectrum,) = read_bytes(text, "a.msp").spectra
    assert spectrum.title == "a"
    assert spectrum.metadata["Synon"] == "b"


def test_one_faulty_entry_leaves_its_neighbours_without_fault():
    good = "Name: {}\nNum Peaks: 2\n41 9\n43 8\n\n"
    text = good.format("a") + "Name: b\nNum Peaks: 1\n0.1 9\n\n" + good.format("c")
    assert [bool(s.faults) for s in read_bytes(text.encode(), "a.msp").spectra] == [
        False,
        True,
        False,
    ]


def test_blanks_before_a_count_cost_their_length_only():
    text = b"Name: a\nNum Peaks: 1" + b" " * 300_000 + b";\n41 9\n"
    assert read_bytes(text, "a.msp").spectra[0].mz.tolist() == [41.0]
