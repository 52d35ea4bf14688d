import numpy as np
import pytest

from instruments import read_bytes
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.formats.asdf import decode
from spectra.axis import XKind
from spectra.spectrum import Technique

HEAD = (
    "##TITLE=t\n##JCAMP-DX=4.24\n##DATA TYPE=INFRARED SPECTRUM\n##XUNITS=1/CM\n"
    "##YUNITS=ABSORBANCE\n##XFACTOR=1\n##YFACTOR=1\n"
)


def a_file(data, first=1, last=None, n=None, head=HEAD, form="(X++(Y..Y))"):
    labels = f"##FIRSTX={first}\n"
    labels += f"##LASTX={last}\n" if last is not None else "##DELTAX=1\n"
    labels += f"##NPOINTS={n}\n" if n is not None else ""
    return f"{head}{labels}##XYDATA={form}\n{data}\n##END=\n".encode("latin-1")


def only(data):
    (spectrum,) = read_bytes(data, "a.jdx").spectra
    return spectrum


# The worked example of McDonald and Wilks (1988): one series in all forms.
SERIES = [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]


@pytest.mark.parametrize(
    "line",
    [
        "1 1 2 3 3 2 1 0 -1 -2 -3",
        "1+1+2+3+3+2+1+0-1-2-3",
        "1ABCCBA@abc",
        "1ABCTBA@abc",
        "1AJJ%jjjjjj",
        "1AJT%jX",
    ],
)
def test_every_form_of_the_published_example_decodes_alike(line):
    assert decode([line], 100).values == SERIES


def test_repetition_after_difference_repeats_the_difference():
    assert decode(["1A0J5S"], 10).values == [10, 25]
    assert decode(["1A0J5U"], 10).values == [10, 25, 40, 55]
    assert decode(["1A0U"], 10).values == [10, 10, 10]


def test_e_is_a_digit_in_a_compressed_block_and_an_exponent_elsewhere():
    assert decode(["400E1J"], 10).values == [51, 52]
    assert decode(["400 1E1 2.5e-1"], 10).values == [10.0, 0.25]
    assert decode(["646.2E66", "647.2D1"], 10).values == [566, 41]


def test_check_point_is_compared_and_dropped():
    good = decode(["1A0JJ", "3A2J"], 10)
    assert good.values == [10, 11, 12, 13]
    assert not good.bad_checks
    assert decode(["1A0JJ", "3A9J", "4B0"], 10).bad_checks == [1]


def test_damage_in_the_middle_is_a_fault_and_on_the_last_line_a_warning():
    middle = only(a_file("1A0JJ\n3A9J\n4B0JJ\n6B2", n=6))
    assert any("check points" in fault for fault in middle.faults)
    last = read_bytes(a_file("1A0JJ\n3A2J\n4@", n=4), "a.jdx")
    assert not last.spectra[0].faults
    assert any("last line" in warning for warning in last.warnings)


def test_dup_bomb_is_refused_before_it_expands():
    with pytest.raises(CorruptFileError, match="expand"):
        only(a_file("1A1S99999999"))
    with pytest.raises(CorruptFileError, match="expand"):
        only(a_file("1A1S9999999", n=100))


def test_huge_npoints_is_only_a_claim():
    spectrum = read_bytes(a_file("1 5 6 7", n=2_000_000_000), "a.jdx").spectra[0]
    assert spectrum.x.size == 3


def test_wrong_npoints_is_told_and_all_ordinates_kept():
    export = read_bytes(a_file("1 5 6 7\n4 8 9", n=9), "a.jdx")
    assert export.spectra[0].x.tolist() == [1, 2, 3, 4, 5]
    assert any("9 points" in warning for warning in export.warnings)


def test_missing_values_stay_missing():
    spectrum = only(a_file("1 5 ? 7\n4 nan 9"))
    assert np.isnan(spectrum.y).tolist() == [False, True, False, True, False]
    assert spectrum.faults


def test_comment_stands_anywhere():
    data = a_file("1 5 6 7 $$ five six seven\n4 8 $$\n").replace(
        b"##YFACTOR=1", b"##YFACTOR= 0.5 $$ half"
    )
    assert only(data).y.tolist() == [2.5, 3.0, 3.5, 4.0]


def test_decimal_commas_are_read():
    data = a_file("400,5 0,25\n399,5 0,35\n398,5 0,20", form="(XY..XY)")
    spectrum = only(data)
    assert spectrum.x.tolist() == [400.5, 399.5, 398.5]
    assert spectrum.y.tolist() == [0.25, 0.35, 0.20]


def test_blocks_without_link_and_without_end_are_all_returned():
    one = a_file("1 5 6 7").replace(b"##END=\n", b"")
    export = read_bytes(one + a_file("1 8 9 7"), "a.jdx")
    assert [s.y[0] for s in export.spectra] == [5, 8]


def test_nested_link_is_limited():
    bomb = "##TITLE=x\n##DATA TYPE=LINK\n" * 5000
    with pytest.raises(CorruptFileError, match="nested"):
        read_bytes(bomb.encode() + a_file("1 2 3"), "a.jdx")


@pytest.mark.parametrize(
    "stated", ["NMR SPECTRUM", "NMR FID", "EPR SPECTRUM", "ION MOBILITY SPECTRUM", "TGA"]
)
def test_other_techniques_are_refused_by_name(stated):
    data = a_file("1 5 6 7").replace(b"INFRARED SPECTRUM", stated.encode())
    with pytest.raises(RefusedFormatError) as caught:
        read_bytes(data, "a.jdx")
    assert caught.value.hint


def test_transmittance_is_percent_where_its_values_say_so():
    data = a_file("1 95 96 20 97").replace(b"ABSORBANCE", b"TRANSMITTANCE")
    assert only(data).y_unit == "%"
    fraction = a_file("1 .95 .96 .2 .97").replace(b"ABSORBANCE", b"TRANSMITTANCE")
    assert only(fraction).y_unit == "1"


def test_wavenumbers_of_a_raman_file_are_raman_shifts():
    data = a_file("100 5 6 7").replace(b"INFRARED", b"RAMAN")
    export = read_bytes(data, "a.jdx")
    assert export.technique is Technique.RAMAN
    assert export.spectra[0].x_kind is XKind.RAMAN_SHIFT


def test_peak_table_of_an_infrared_spectrum_is_no_curve():
    data = a_file("400 1\n500 2", form="(XY..XY)").replace(b"XYDATA", b"PEAK TABLE")
    assert any("peak table" in fault for fault in only(data).faults)


def test_labels_are_compared_as_the_standard_says():
    data = a_file("1 5 6 7").replace(b"##DATA TYPE=", b"## datatype = ")
    assert read_bytes(data, "a.txt").technique is Technique.FTIR


def test_escape_sequences_do_not_leave_the_file():
    data = a_file("1 5 6 7").replace(b"##TITLE=t", b"##TITLE=a\x1b[2Jb\x07\xe2\x80\xaec")
    export = read_bytes(data, "a.jdx")
    for text in (export.spectra[0].title, *export.metadata.values()):
        assert text.isprintable()
