"""A mapping is strict JSON, and what it says must be what a file has."""

import json
from dataclasses import replace

import numpy as np
import pytest

from instruments import read_bytes, sandbox
from instruments.errors import FormatError, MappingError, RefusedFormatError
from instruments.formats.text import read_text
from instruments.mapping import HeaderKeys, TextMapping, from_json, from_text, to_json
from instruments.mapping_proposal import Choices, propose
from spectra.axis import XKind, YKind
from spectra.spectrum import Technique

X = np.arange(200.5, 232.5, 1.0)
Y = X * 7.25

MAPPING = TextMapping(
    x_column=0,
    y_column=1,
    x_header="Raman Shift",
    y_header="Intensity",
    x_kind=XKind.RAMAN_SHIFT,
    x_unit="cm-1",
    y_kind=YKind.RAMAN_INTENSITY,
    y_unit="counts",
    technique=Technique.RAMAN,
    delimiter=";",
    decimal=",",
    n_columns=2,
    laser_nm=785.0,
    name="raman-1",
    version=3,
    sample_sha256="a" * 64,
)


def written(names="Raman Shift;Intensity", delimiter=";", decimal=",", top=""):
    rows = [f"{a:.2f}{delimiter}{b:.4f}".replace(".", decimal) for a, b in zip(X, Y, strict=True)]
    return (top + names + "\n" + "\n".join(rows) + "\n").encode()


def test_json_form_reads_back_the_same():
    assert from_text(json.dumps(to_json(MAPPING))) == MAPPING


def test_json_form_counts_columns_from_one_and_names_its_schema():
    form = to_json(MAPPING)
    assert form["schema"] == "fol.text-mapping/1"
    assert (form["x"]["column"], form["y"]["column"]) == (1, 2)


@pytest.mark.parametrize("field", [*to_json(MAPPING), "x.kind", "y.unit", "keys.laser"])
def test_field_that_is_missing_is_named(field):
    form = to_json(MAPPING)
    group, _, key = field.rpartition(".")
    del (form[group] if group else form)[key]
    with pytest.raises(MappingError, match=key):
        from_json(form)


@pytest.mark.parametrize("group", ["", "x", "y", "keys"])
def test_unknown_field_is_refused(group):
    form = to_json(MAPPING)
    (form[group] if group else form)["surprise"] = 1
    with pytest.raises(MappingError, match="surprise"):
        from_json(form)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "fol.text-mapping/2"),
        ("delimiter", "|"),
        ("decimal", "'"),
        ("thousands", ","),
        ("encoding", "rot13"),
        ("n_columns", 1),
        ("n_columns", 2.0),
        ("n_columns", True),
        ("n_columns", 10**30),
        ("skip_rows", -1),
        ("version", -1),
        ("version", "3"),
        ("sample_sha256", "A" * 64),
        ("technique", "taste"),
        ("laser_nm", float("nan")),
        ("laser_nm", 5.0),
        ("laser_nm", "785"),
        ("name", "a\x1b[2Jb"),
        ("x", None),
        ("keys", []),
        ("x.column", 0),
        ("x.column", 3),
        ("x.column", 2),
        ("x.kind", "unknown"),
        ("x.unit", "furlong"),
        ("y.unit", ""),
        ("y.kind", 7),
        ("x.header", "x" * 200),
        ("keys.laser", "Laser"),
    ],
)
def test_value_that_cannot_be_is_our_error(field, value):
    form = to_json(MAPPING)
    group, _, key = field.rpartition(".")
    (form[group] if group else form)[key] = value
    with pytest.raises(MappingError):
        from_json(form)


@pytest.mark.parametrize("text", ["", "null", "[1]", "{", '{"schema":1,"schema":1}', "[" * 5000])
def test_text_that_is_no_mapping_is_our_error(text):
    with pytest.raises(MappingError):
        from_text(text)


def test_huge_text_is_not_parsed():
    with pytest.raises(MappingError, match="bytes"):
        from_text(" " * 30_000)


def test_file_is_read_by_its_mapping_without_a_guess():
    reading = read_text(written(), "a.csv", MAPPING)
    (spectrum,) = reading.spectra
    np.testing.assert_array_equal(spectrum.x, X)
    np.testing.assert_array_equal(spectrum.y, Y)
    assert reading.metadata["mapping"] == "raman-1 v3"
    assert reading.metadata["laser_nm"] == "785"
    assert not reading.warnings


def test_every_way_in_takes_a_mapping(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(written())
    inside = read_bytes(path.read_bytes(), "a.csv", mapping=MAPPING)
    for export in (
        sandbox.read_guarded(path, mapping=MAPPING),
        sandbox.read_guarded_bytes(path.read_bytes(), "a.csv", mapping=MAPPING),
    ):
        assert export.metadata == inside.metadata
        np.testing.assert_array_equal(export.spectra[0].y, Y)


def test_misfit_crosses_the_guard_as_the_same_error():
    with pytest.raises(RefusedFormatError, match=r"raman-1 v3.*found.*expected"):
        sandbox.read_guarded_bytes(written(decimal="."), "a.csv", mapping=MAPPING)


def test_what_another_reader_recognises_needs_no_mapping():
    jcamp = (
        b"##TITLE=x\n##JCAMP-DX=4.24\n##DATA TYPE=RAMAN SPECTRUM\n##XUNITS=1/CM\n"
        b"##YUNITS=COUNTS\n##FIRSTX=400\n##LASTX=404\n##NPOINTS=5\n##XFACTOR=1\n##YFACTOR=1\n"
        b"##XYDATA=(X++(Y..Y))\n400 1 2 3 4 5\n##END=\n"
    )
    export = read_bytes(jcamp, "a.txt", mapping=MAPPING)
    assert export.reader == "jcamp"
    assert "mapping" not in export.metadata


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        (written(delimiter="\t", names="Raman Shift\tIntensity"), "tab", "delimiter ;"),
        (written(decimal="."), "decimal sign '.'", "decimal sign ','"),
        (written("Wavelength;Intensity"), "'Wavelength'", "'Raman Shift'"),
        (written(""), "no name", "'Raman Shift'"),
        (written("Raman Shift;Dark;Intensity", ";1,0;"), "3 columns", "2"),
        (written(top="Laser wavelength;532\n"), "532 nm", "785 nm"),
        (written() + b"1000,5\n", "1000,5", "2 columns"),
        (b"nothing here", "no table", "2 columns"),
    ],
)
def test_file_that_does_not_fit_says_what_was_found_and_expected(data, found, expected):
    with pytest.raises(RefusedFormatError) as caught:
        read_text(data, "a.csv", MAPPING)
    assert found in caught.value.message.partition("expected")[0]
    assert expected in caught.value.message.partition("expected")[2]
    assert "fol instrument map raman-1" in caught.value.hint


def test_laser_that_drifted_is_taken_from_the_file():
    reading = read_text(written(top="Laser wavelength;784,9\n"), "a.csv", MAPPING)
    assert reading.metadata["laser_nm"] == "784.9"


def test_laser_named_in_the_header_must_be_there():
    mapping = replace(MAPPING, laser_nm=None, keys=HeaderKeys(laser="Laser"))
    assert read_text(written(top="Laser;784,9 nm\n"), "a", mapping).metadata["laser_nm"] == "784.9"
    for top in ("", "Laser;off\n", "Laser;12\n"):
        with pytest.raises(RefusedFormatError, match="laser line"):
            read_text(written(top=top), "a", mapping)


def test_stated_encoding_is_kept_to():
    mapping = replace(MAPPING, encoding="utf-8")
    with pytest.raises(RefusedFormatError, match="encoding"):
        read_text(written(top="µ\n").decode().encode("cp1252"), "a", mapping)
    plain = replace(MAPPING, encoding="utf-16-le")
    assert read_text(written().decode().encode("utf-16-le"), "a", plain).spectra[0].x.size == X.size


def test_rows_to_skip_are_not_looked_at():
    top = "".join(f"{at};{at}\n" for at in range(15))
    with pytest.raises(RefusedFormatError):
        read_text(written(top=top), "a", MAPPING)
    reading = read_text(written(top=top), "a", replace(MAPPING, skip_rows=15))
    np.testing.assert_array_equal(reading.spectra[0].x, X)


def test_header_keys_give_title_serial_operator_and_date():
    top = "Serial no;77\nUser;lee\nWhen;2026-01-02\nSpecimen;white powder\n"
    keys = HeaderKeys(title="Specimen", serial="Serial no", operator="User", date="When")
    reading = read_text(written(top=top), "a.csv", replace(MAPPING, keys=keys))
    assert reading.spectra[0].title == "white powder"
    facts = [reading.metadata[word] for word in ("serial", "operator", "date")]
    assert facts == ["77", "lee", "2026-01-02"]


# What two readings are possible for, and the choices that settle it.
QUESTIONS = {
    "split decimals": (
        lambda x, y: f"{x:.1f},{y:.2f}".replace(".", ","),
        Choices(decimal=",", x_unit="cm-1"),
    ),
    "thousands, german": (
        lambda x, y: f"{x * 10:,.1f};{y:,.2f}".translate(str.maketrans(",.", ".,")),
        Choices(decimal=",", thousands=".", x_unit="cm-1"),
    ),
    "thousands, english": (
        lambda x, y: f"{x * 10:,.1f};{y:,.2f}",
        Choices(decimal=".", thousands=",", x_unit="cm-1"),
    ),
    "thousands, french": (
        lambda x, y: f"{x * 10:,.1f};{y:,.2f}".translate({44: "\u202f", 46: ","}),
        Choices(decimal=",", thousands=" ", x_unit="cm-1"),
    ),
    "thousands, blank and tab": (
        lambda x, y: f"{x * 10:,.1f}\t{y:,.2f}".translate({44: " "}),
        Choices(thousands=" ", x_unit="cm-1"),
    ),
    "thousands, swiss": (
        lambda x, y: f"{x * 10:,.1f}\t{y:,.2f}".translate({44: "'"}),
        Choices(thousands="'", x_unit="cm-1"),
    ),
    "thousands without decimals": (
        lambda x, y: f"{(x - 190) * 50:,.0f};{y / 7.25 - 200.5:.0f}".replace(",", "."),
        Choices(decimal=",", thousands=".", x_unit="cm-1"),
    ),
    "no names": (
        lambda x, y: f"7;{x:.2f};{y:.2f}",
        Choices(x_column="2", y_column="3", x_unit="cm-1"),
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_asked_and_a_mapping_settles_it(question):
    row, choices = QUESTIONS[question]
    lines = [row(x, y) for x, y in zip(X, Y, strict=True)]
    data = ("\n".join(lines) + "\n").encode()
    with pytest.raises(RefusedFormatError) as caught:
        read_text(data, "a.txt")
    assert "fol instrument map NAME FILE --" in caught.value.hint
    proposal = propose(data, "a.txt", choices, technique=Technique.RAMAN)
    (spectrum,) = read_text(data, "a.txt", proposal.mapping).spectra
    factor = 1.0 if question in ("split decimals", "no names") else 10.0
    if question == "thousands without decimals":
        np.testing.assert_allclose(spectrum.x, (X - 190) * 50)
    else:
        np.testing.assert_allclose(spectrum.x, X * factor)
        np.testing.assert_allclose(spectrum.y, Y, atol=0.006)
    assert not proposal.guessed


def test_rows_that_grow_a_thousands_sign_are_not_silently_cut_off():
    rows = [f"{x:,.1f};1,5".translate({44: " ", 46: ","}) for x in np.arange(980.5, 1020.5)]
    text = "\n".join(row.replace(";1 5", ";1,5") for row in rows)
    with pytest.raises(RefusedFormatError, match="thousands"):
        read_text(text.encode(), "a.txt")


def test_quoted_cells_are_cells():
    rows = "\n".join(f'"{x:.1f}","{y:.2f}"'.replace(".", ",") for x, y in zip(X, Y, strict=True))
    (spectrum,) = read_text(('"Raman shift","Intensity"\n' + rows).encode(), "a.csv").spectra
    np.testing.assert_allclose(spectrum.x, X)
    np.testing.assert_allclose(spectrum.y, Y, atol=0.006)


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (np.concatenate([np.arange(1800.0, 1000, -10), np.arange(1100.0, 300, -10)]), "stitched"),
        (np.concatenate([X, X[:20]]), "starts again 1 times"),
        (np.arange(40.0) * 17 % 41, "wrong column"),
        (np.full(30, 3.0), "one value only"),
        (np.repeat(X, 2), "repeat the x before"),
    ],
)
def test_axis_that_does_not_run_on_is_told_and_not_sorted(x, told):
    text = "Raman shift;Intensity\n" + "\n".join(f"{a};{i}" for i, a in enumerate(x))
    (spectrum,) = read_text(text.encode(), "a.txt").spectra
    np.testing.assert_array_equal(spectrum.x, x)
    assert told in spectrum.faults[0]


def test_proposal_tells_what_it_guessed_and_what_the_columns_hold():
    rows = "\n".join(f"{x};{y}" for x, y in zip(X, Y, strict=True))
    proposal = propose(rows.encode(), "a.txt", Choices())
    assert any("x unit" in said for said in proposal.guessed)
    assert [each.first for each in proposal.columns] == [X[0], Y[0]]
    assert (proposal.n_rows, len(proposal.first_rows)) == (X.size, 3)
    assert propose(rows.encode(), "a.txt", Choices(x_unit="nm")).guessed == ()


def test_columns_are_chosen_by_their_words_and_kept_beside_their_position():
    names = "Pixel;Raman Shift;Dark;Dark Subtracted #1\n"
    rows = "\n".join(f"{i};{x};5;{i}" for i, x in enumerate(X))
    data = (names + rows).encode()
    mapping = propose(data, "a.txt", Choices()).mapping
    assert (mapping.x_header, mapping.y_header) == ("Raman Shift", "Dark Subtracted #1")
    chosen = propose(data, "a.txt", Choices(y_column="dark subtracted")).mapping
    assert chosen == mapping
    moved = ("Raman Shift;Pixel;Dark;Dark Subtracted #1\n" + rows).encode()
    with pytest.raises(RefusedFormatError, match="Raman Shift"):
        read_text(moved, "a.txt", mapping)


@pytest.mark.parametrize(
    "choices",
    [
        Choices(x_column="9"),
        Choices(x_column="nonsense"),
        Choices(x_column="s"),
        Choices(delimiter=";"),
        Choices(columns=5),
        Choices(x_unit="furlong"),
        Choices(encoding="klingon"),
        Choices(decimal=",", thousands=","),
        Choices(x_column="1", y_column="1"),
        Choices(technique=Technique.FTIR, y_unit="bananas"),
        Choices(laser_nm=3.0),
        Choices(skip_rows=1000),
    ],
)
def test_choice_that_does_not_fit_the_file_is_our_error(choices):
    rows = "\n".join(f"{x},{y}" for x, y in zip(X, Y, strict=True))
    data = ("Raman Shift s,Intensity s\n" + rows).encode()
    with pytest.raises(FormatError) as caught:
        propose(data, "a.csv", choices)
    assert caught.value.hint


def test_laser_comes_from_the_choice_then_the_header_then_the_instrument():
    rows = "\n".join(f"{x},{y}" for x, y in zip(X, Y, strict=True))
    data = ("Laser wavelength,632.8\nRaman shift,Intensity\n" + rows).encode()
    chosen = propose(data, "a", Choices(laser_nm=633.0), laser_nm=785.0).mapping
    assert (chosen.laser_nm, chosen.keys.laser) == (633.0, "")
    stated = propose(data, "a", Choices(), laser_nm=785.0).mapping
    assert (stated.laser_nm, stated.keys.laser) == (None, "Laser wavelength")
    silent = data.partition(b"\n")[2]
    assert propose(silent, "a", Choices(), laser_nm=785.0).mapping.laser_nm == 785.0


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_in_two_bytes_without_a_mark_is_a_question(encoding):
    data = written().decode().encode(encoding)
    with pytest.raises(RefusedFormatError) as caught:
        read_bytes(data, "a.csv")
    assert f"--encoding {encoding}" in caught.value.hint
    mapping = propose(data, "a.csv", Choices(encoding=encoding)).mapping
    np.testing.assert_array_equal(read_bytes(data, "a.csv", mapping=mapping).spectra[0].x, X)
    with pytest.raises(RefusedFormatError, match=encoding):
        read_bytes(data, "a.csv", mapping=MAPPING)


def test_column_that_is_blank_in_one_file_keeps_its_place():
    names = "Raman Shift;Reference;Intensity;Dark\n"
    full = (names + "\n".join(f"{x};1;{x * 2};3" for x in X)).encode()
    blank = (names + "\n".join(f"{x};;{x * 2};" for x in X)).encode()
    for sample, other in ((full, blank), (blank, full)):
        mapping = propose(sample, "a", Choices()).mapping
        assert (mapping.n_columns, mapping.y_column) == (4, 2)
        np.testing.assert_array_equal(read_text(other, "a", mapping).spectra[0].y, X * 2)


def test_doubled_delimiters_and_a_trailing_one_are_no_columns_to_choose_from():
    doubled = "\n".join(f"{x}\t\t{x * 2}\t" for x in X).encode()
    proposal = propose(doubled, "a", Choices(x_unit="cm-1"))
    assert (proposal.mapping.n_columns, proposal.mapping.y_column) == (3, 2)
    np.testing.assert_array_equal(read_text(doubled, "a", proposal.mapping).spectra[0].y, X * 2)


def test_half_an_answer_is_answered_with_the_other_half():
    rows = "\n".join(f"{x * 10:,.1f};1" for x in X).translate(str.maketrans(",.", ".,"))
    with pytest.raises(RefusedFormatError) as caught:
        propose(rows.encode(), "a", Choices(decimal=","))
    assert "--decimal , --thousands ." in caught.value.hint


def test_blank_that_parts_thousands_never_parts_columns():
    x = np.arange(980.5, 1020.5)
    rows = [f"{a:,.1f}\t{a:,.2f}".translate({44: " ", 46: ","}) for a in x]
    text = "Wavenumber\tAbsorbance value\n" + "\n".join(rows)
    with pytest.raises(RefusedFormatError, match="thousands") as caught:
        read_text(text.encode(), "a.txt")
    assert "--thousands ' '" in caught.value.hint
    mapping = propose(text.encode(), "a.txt", Choices(thousands=" ")).mapping
    np.testing.assert_array_equal(read_text(text.encode(), "a", mapping).spectra[0].x, x)


def test_rows_of_unequal_length_between_blanks_are_refused():
    rows = "\n".join(f"{a:.1f} 1.0" + (" 2.0" if at % 3 else "") for at, a in enumerate(X))
    for text in (rows, "\n".join(f"{a:.1f} {'n.a.' if a < 210 else 1} 2.0" for a in X)):
        with pytest.raises(RefusedFormatError, match="rows of 2 to 3 numbers"):
            read_text(("shift dark counts\n" + text).encode(), "a.txt")
