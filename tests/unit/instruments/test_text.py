from contextlib import suppress

import numpy as np
import pytest

from instruments import read_bytes
from instruments.errors import RefusedFormatError, UnknownFormatError
from instruments.formats.text import TextMapping, read_text
from spectra.axis import XKind, YKind
from spectra.spectrum import MassSpectrum, Technique

X = np.linspace(200.0, 1800.0, 33)
Y = np.linspace(10.0, 5000.0, 33)


def rows(x=X, y=Y, delimiter="\t", comma=False):
    lines = [f"{a:.3f}{delimiter}{b:.3f}" for a, b in zip(x, y, strict=True)]
    text = "\n".join(lines)
    return text.replace(".", ",") if comma else text


def only(text, name="a.txt", encoding="utf-8"):
    (spectrum,) = read_bytes(text.encode(encoding), name).spectra
    return spectrum


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", " ", " , ", "\t\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_delimiter_and_encoding_gives_the_same_numbers(delimiter, encoding):
    spectrum = only("Raman shift (cm-1) µ\n" + rows(delimiter=delimiter), encoding=encoding)
    np.testing.assert_allclose(spectrum.x, X)
    np.testing.assert_allclose(spectrum.y, Y, atol=5e-4)


@pytest.mark.parametrize("delimiter", ["\t", ";", " "])
def test_decimal_commas_are_decimals_where_the_delimiter_allows_it(delimiter):
    spectrum = only(rows(delimiter=delimiter, comma=True))
    np.testing.assert_allclose(spectrum.x, X)


def test_nothing_is_sorted_or_flipped():
    spectrum = only(rows(X[::-1], Y))
    assert spectrum.x[0] == 1800.0
    shuffled = np.concatenate([X[10:], X[:10]])
    broken = only(rows(shuffled, Y))
    np.testing.assert_allclose(broken.x, shuffled)
    assert broken.faults


def test_decimal_commas_between_commas_are_a_question_not_a_guess():
    text = "\n".join(f"{500 + at},5,0,{25 + at}" for at in range(20))
    with pytest.raises(RefusedFormatError, match="decimal"):
        read_bytes(text.encode(), "a.csv")


@pytest.mark.parametrize("row", ["1.{0:03d},5;2.000,7", "1,{0:03d}.5;2,000.7"])
def test_thousands_separators_are_a_question_not_a_guess(row):
    text = "\n".join(row.format(at) for at in range(100, 120))
    with pytest.raises(RefusedFormatError, match=r"thousands|decimal"):
        read_bytes(text.encode(), "a.csv")


def test_unnamed_columns_are_not_taken_by_position():
    text = "\n".join(f"{at}.5;{at}.2;{at}.1" for at in range(20))
    with pytest.raises(RefusedFormatError, match="without names"):
        read_bytes(text.encode(), "a.csv")


def test_named_columns_are_chosen_by_name():
    head = "Pixel;Wavelength;Wavenumber;Raman Shift;Dark;Raw data #1;Dark Subtracted #1;\n"
    body = "\n".join(
        f"{at};{800 + at};{12000 - at};{200 + at};5;105;{100 + at},5;" for at in range(20)
    )
    spectrum = only(head + body)
    assert spectrum.x_kind is XKind.RAMAN_SHIFT
    assert spectrum.x[0] == 200.0
    assert spectrum.y[0] == 100.5


def test_one_named_curve_per_column_gives_one_spectrum_each():
    head = "wavenumber_cm-1,acetone,xylazine,sand\n"
    body = "\n".join(f"{400 + at},{at / 100},{'' if at < 3 else at / 50},0.1" for at in range(20))
    export = read_bytes((head + body).encode(), "library.csv")
    assert [s.title for s in export.spectra] == ["acetone", "xylazine", "sand"]
    assert [s.x.size for s in export.spectra] == [20, 17, 20]
    assert any("3 blank cells" in warning for warning in export.warnings)


def test_library_column_named_after_a_word_is_still_a_substance():
    names = [f"polymer_{at}" for at in range(18)] + ["polyester_transmission", "wool_raw"]
    head = "wavenumber_cm-1," + ",".join(names) + "\n"
    body = "\n".join(",".join([str(1250 + at), *["0.2"] * 20]) for at in range(20))
    export = read_bytes((head + body).encode(), "library.csv")
    assert [s.title for s in export.spectra] == names
    assert {s.y_kind for s in export.spectra} == {YKind.ABSORBANCE}


def test_blank_abscissae_are_dropped_and_counted():
    body = "\n".join(f"{'   ' if at < 4 else at + 100};{at},5" for at in range(30))
    export = read_bytes(("Raman Shift;Intensity\n" + body).encode(), "a.txt")
    assert export.spectra[0].x.size == 26
    assert any("4 of 30 rows" in warning for warning in export.warnings)


def test_a_guess_is_always_told():
    export = read_bytes(rows().encode(), "a.txt")
    assert any("please confirm" in warning for warning in export.warnings)
    named = read_bytes(("raman_shift_cm-1\tintensity\n" + rows()).encode(), "a.txt")
    assert not named.warnings


def test_counting_axis_is_pixels():
    export = read_bytes(rows(np.arange(33.0), Y).encode(), "a.txt")
    assert export.spectra[0].x_kind is XKind.PIXEL


def test_percent_transmittance_is_told_from_absorbance_by_its_dips():
    x = np.linspace(4000.0, 400.0, 200)
    band = np.exp(-(((x - 1700.0) / 40.0) ** 2))
    assert only(rows(x, 98.0 - 60.0 * band)).y_kind is YKind.TRANSMITTANCE
    assert only(rows(x, 0.02 + band)).y_kind is YKind.ABSORBANCE


def test_mass_table_is_a_mass_spectrum():
    body = "\n".join(f"{40 + at},{at * 7}" for at in range(20))
    assert isinstance(only("m/z,intensity\n" + body), MassSpectrum)


def test_map_whose_rows_repeat_the_axis_is_split():
    x = np.tile(X, 3)
    export = read_bytes(("#Wave\t\t#Intensity\n" + rows(x, np.arange(99.0))).encode(), "m.txt")
    assert len(export.spectra) == 3
    assert not export.spectra[2].faults


def test_laser_line_is_taken_from_the_header():
    export = read_bytes(("laser_wavelength;784,9\n" + rows(delimiter=";")).encode(), "a.txt")
    assert export.metadata["laser_nm"] == "784.9"
    assert export.technique is Technique.RAMAN


def test_nan_and_underscores_are_not_numbers():
    text = "\n".join(f"1_{at};2_{at}" for at in range(30))
    with pytest.raises(UnknownFormatError):
        read_bytes(text.encode(), "a.txt")


MAPPING = TextMapping(
    x_column=0,
    y_column=1,
    x_kind=XKind.RAMAN_SHIFT,
    x_unit="cm-1",
    y_kind=YKind.RAMAN_INTENSITY,
    y_unit="counts",
    technique=Technique.RAMAN,
    delimiter="\t",
    decimal=".",
    n_columns=2,
)


def test_confirmed_mapping_ends_the_guessing():
    reading = read_text(rows().encode(), "a.txt", MAPPING)
    assert reading.technique is Technique.RAMAN
    assert not reading.warnings


def test_file_that_does_not_fit_its_mapping_is_refused():
    with pytest.raises(RefusedFormatError, match="mapping"):
        read_text(rows(delimiter=";").encode(), "a.txt", MAPPING)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("filler", [" ", "\t", ";", ",", "1", "1 ", ".", "-", "1,", "n.a.;"])
def test_one_endless_line_costs_only_its_length(filler):
    with suppress(UnknownFormatError, RefusedFormatError):
        read_bytes((filler * 400_000 + "x").encode(), "a.txt")


@pytest.mark.parametrize(
    ("head", "kind", "ordinate"),
    [
        ("Wellenzahl;Extinktion", XKind.WAVENUMBER, YKind.ABSORBANCE),
        ("Nombre d'onde;Absorbance", XKind.WAVENUMBER, YKind.ABSORBANCE),
        ("Número de onda;Transmitancia", XKind.WAVENUMBER, YKind.TRANSMITTANCE),
        ("Ramanverschiebung;Intensität", XKind.RAMAN_SHIFT, YKind.RAMAN_INTENSITY),
        ("Wellenlänge;Intensität", XKind.WAVELENGTH, YKind.UNKNOWN),
    ],
)
def test_words_of_other_languages_name_the_axes(head, kind, ordinate):
    data = (head + "\n" + rows(delimiter=";", comma=True)).encode("cp1252")
    export = read_bytes(data, "a.csv")
    (spectrum,) = export.spectra
    assert (spectrum.x_kind, spectrum.y_kind) == (kind, ordinate)
    assert not any("please confirm" in warning for warning in export.warnings)


def test_typographic_minus_is_a_minus():
    text = "Raman shift;Intensity\n" + rows(Y - 100.0, Y - 50.0, ";").replace("-", "\u2212")
    spectrum = only(text)
    assert spectrum.x.size == 33
    assert (spectrum.x[0], spectrum.y[0]) == (-90.0, -40.0)


def test_lines_of_numbers_that_fit_no_table_are_counted():
    export = read_bytes(("Raman shift;Intensity\n" + rows(delimiter=";") + "\n77\n").encode(), "a")
    assert export.spectra[0].x.size == 33
    assert any("1 lines of numbers fit no table" in warning for warning in export.warnings)


def test_technique_that_is_only_guessed_is_told():
    export = read_bytes(("wavenumber,intensity\n" + rows(delimiter=",")).encode(), "a.csv")
    assert export.technique is Technique.RAMAN
    assert any("whether Raman or infrared" in warning for warning in export.warnings)


def test_pair_above_the_names_is_no_name():
    head = "Specimen;white powder\nRaman shift;Intensity\n"
    spectrum = only(head + rows(delimiter=";"))
    assert spectrum.x_kind is XKind.RAMAN_SHIFT
    units = only("Wavelength;Sample\n[nm];[counts]\n" + rows(delimiter=";"))
    assert (units.x_kind, units.y_unit) == (XKind.WAVELENGTH, "counts")


CUT = "cut within a number"


@pytest.mark.parametrize("lost", [1, 2, 3])
@pytest.mark.parametrize("mapping", [None, MAPPING])
def test_a_text_cut_within_its_last_number_is_told(lost, mapping):
    text = rows()[:-lost]
    warnings = read_text(text.encode(), "a.txt", mapping).warnings
    assert sum(CUT in warning for warning in warnings) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
@pytest.mark.parametrize("last", [("1801.250", "7.000"), ("12345.500", "999999.125")])
def test_a_whole_text_is_not_called_cut_with_a_line_end_or_without(end, last):
    text = rows() + (end or "\n") + "\t".join(last) + end
    assert not any(CUT in warning for warning in read_text(text.encode(), "a.txt").warnings)


def test_a_note_behind_the_table_is_no_cut_row():
    text = rows() + "\nmeasured at 7.5"
    assert not any(CUT in warning for warning in read_text(text.encode(), "a.txt").warnings)
