"""Any series in any ASDF form, and any pairs in any table, decode to themselves."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from instruments import read_bytes
from instruments.formats.asdf import decode, encode_difdup
from spectra.spectrum import MassRun

SERIES = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=200) | st.lists(
    st.integers(-3, 3), min_size=1, max_size=200
)
FLOATS = st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: 0.0 if value == 0 else value)
_SQZ = "@ABCDEFGHI"
_DIF = "%JKLMNOPQR"
_DUP = "STUVWXYZs"


def affn(values):
    return " " + " ".join(str(value) for value in values)


def pac(values):
    return "".join(f"{value:+d}" for value in values)


def digit(value, positive, negative):
    text = str(abs(value))
    return (negative if value < 0 else positive)[int(text[0])] + text[1:]


def sqz(values):
    return "".join(digit(value, _SQZ, "@abcdefghi") for value in values)


def repeated(tokens):
    """Write each run of equal tokens as the token and a DUP count that includes it."""
    parts, at = [], 0
    while at < len(tokens):
        stop = at
        while stop < len(tokens) and tokens[stop] == tokens[at]:
            stop += 1
        count = str(stop - at)
        parts.append(tokens[at] + (_DUP[int(count[0]) - 1] + count[1:] if stop - at > 1 else ""))
        at = stop
    return "".join(parts)


def dup(values):
    return repeated([digit(value, _SQZ, "@abcdefghi") for value in values])


def differences(values):
    return [digit(b - a, _DIF, "%jklmnopqr") for a, b in pairwise(values)]


def dif(values):
    return sqz(values[:1]) + "".join(differences(values))


def difdup(values):
    return sqz(values[:1]) + repeated(differences(values))


def lines_of(values, form, per_line):
    starts = range(0, len(values), per_line)
    return [f"{at}{form(values[at : at + per_line])}" for at in starts]


def checked_lines(values, form, per_line):
    """Write difference lines with the check points of the standard, one at the very end too."""
    lines, last = [], None
    for at in range(0, len(values), per_line):
        chunk = values[at : at + per_line]
        lead = [] if last is None else [last]
        lines.append(f"{at - len(lead)}{form(lead + chunk)}")
        last = chunk[-1] if len(lead + chunk) > 1 else None
    if last is not None:
        lines.append(f"{len(values) - 1}{sqz([last])}")
    return lines


@given(SERIES, st.sampled_from([affn, pac, sqz, dup]), st.integers(1, 50))
def test_plain_forms_decode_to_themselves(values, form, per_line):
    found = decode(lines_of(values, form, per_line), 10_000)
    assert found.values == values
    assert [index for index, _ in found.line_x] == list(range(0, len(values), per_line))


@given(SERIES, st.sampled_from([dif, difdup]), st.integers(1, 50))
def test_differences_decode_to_themselves_with_every_check_point_right(values, form, per_line):
    lines = checked_lines(values, form, per_line)
    found = decode(lines, 10_000)
    assert found.values == values
    assert not found.bad_checks
    # A line that holds its check point alone ends in no difference: the next has none.
    assert found.checks <= len(lines) - 1


@given(SERIES, st.integers(1, 50))
def test_our_own_difdup_decodes_to_itself(values, per_line):
    lines = [f"{at}{line}" for at, line in enumerate(encode_difdup(values, per_line))]
    found = decode(lines, 10_000)
    assert found.values == values
    assert not found.bad_checks


@given(st.lists(FLOATS, min_size=1, max_size=60), st.integers(1, 9))
def test_floats_in_plain_numbers_keep_every_digit(values, per_line):
    lines = [
        f"{at} " + " ".join(repr(value) for value in values[at : at + per_line])
        for at in range(0, len(values), per_line)
    ]
    assert decode(lines, 10_000).values == values


@given(st.lists(st.integers(-99, 99), min_size=8, max_size=80), st.data())
def test_a_changed_check_point_is_never_silent(values, data):
    per_line = 4
    lines = [f"{at}{line}" for at, line in enumerate(encode_difdup(values, per_line))]
    at = data.draw(st.integers(1, len(lines) - 1))
    bumped = values[min(at * per_line, len(values)) - 1] + 1
    rest = lines[at][len(str(at)) :]
    end = next((i for i, char in enumerate(rest) if i and not char.isdigit()), len(rest))
    lines[at] = f"{at}{sqz([bumped])}{rest[end:]}"
    found = decode(lines, 10_000)
    assert found.bad_checks or found.values != values


HEAD = "##TITLE=t\n##JCAMP-DX=5.01\n##DATA TYPE={}\n##XUNITS={}\n##YUNITS=ABSORBANCE\n"
PAIRS = st.lists(st.tuples(st.floats(1, 4000), FLOATS), min_size=2, max_size=60)


@given(
    PAIRS,
    st.sampled_from([", ", " ", ";", " , "]),
    st.sampled_from(["\n", "; ", " \n "]),
    st.sampled_from(["XYPOINTS", "XYDATA", "PEAK TABLE"]),
)
def test_pairs_decode_to_themselves_in_every_layout(pairs, inside, between, label):
    if inside == ";" or "," in inside:
        between = "\n"
    rows = between.join(f"{x!r}{inside}{y!r}" for x, y in pairs)
    text = HEAD.format("INFRARED SPECTRUM", "1/CM") + f"##NPOINTS={len(pairs)}\n"
    (found,) = read_bytes(f"{text}##{label}=(XY..XY)\n{rows}\n##END=\n".encode(), "a.jdx").spectra
    np.testing.assert_array_equal(found.x, [x for x, _ in pairs])
    np.testing.assert_array_equal(found.y, [y for _, y in pairs])
    assert not any("announces" in fault for fault in found.faults)


@given(st.lists(PAIRS, min_size=1, max_size=30))
def test_pages_of_ntuples_come_back_in_order(pages):
    lines = [HEAD.format("MASS SPECTRUM", "M/Z"), "##NTUPLES=MASS SPECTRUM"]
    lines += ["##SYMBOL=X, Y, T", "##VAR_NAME=MASS, INTENSITY, TIME", "##FACTOR=1, 1, 1"]
    lines += [f"##VAR_DIM=, , {len(pages)}", "##UNITS=M/Z, RELATIVE ABUNDANCE, SECONDS"]
    for at, pairs in enumerate(pages):
        lines += [f"##PAGE=T= {at * 1.5!r}", f"##NPOINTS={len(pairs)}"]
        lines += ["##DATA TABLE=(XY..XY), PEAKS", *(f"{x!r}, {y!r}" for x, y in pairs)]
    lines += ["##END NTUPLES=MASS SPECTRUM", "##END="]
    export = read_bytes("\n".join(lines).encode(), "a.jdx")
    assert not any("pages are announced" in warning for warning in export.warnings)
    first = export.spectra[0]
    runs = isinstance(first, MassRun)
    found = [first.scan(at) for at in range(first.n_scans)] if runs else list(export.spectra)
    assert [spectrum.retention_time_s for spectrum in found] == [
        at * 1.5 for at in range(len(pages))
    ]
    for spectrum, pairs in zip(found, pages, strict=True):
        np.testing.assert_array_equal(spectrum.mz, [x for x, _ in pairs])
        np.testing.assert_array_equal(spectrum.intensity, [y for _, y in pairs])


@given(SERIES, st.floats(1e-6, 1e3), st.integers(1, 30))
def test_factors_and_axis_of_a_whole_file_are_the_headers(values, factor, per_line):
    n = len(values)
    text = HEAD.format("INFRARED SPECTRUM", "1/CM")
    text += f"##FIRSTX=4000\n##LASTX={4000 - 2 * (n - 1)}\n##XFACTOR=1\n##YFACTOR={factor!r}\n"
    text += f"##NPOINTS={n}\n##XYDATA=(X++(Y..Y))\n"
    for line in checked_lines(values, difdup, per_line):
        index = int(line[: next(i for i, c in enumerate(line) if not c.isdigit())])
        text += f"{4000 - 2 * index}{line[len(str(index)) :]}\n"
    (found,) = read_bytes((text + "##END=\n").encode(), "a.jdx").spectra
    np.testing.assert_allclose(found.x, 4000.0 - 2.0 * np.arange(n), rtol=1e-12)
    assert found.y.tolist() == [value * factor for value in values]
    assert not any("check" in fault or "abscissae" in fault for fault in found.faults)
    assert math.isfinite(found.y.sum())
