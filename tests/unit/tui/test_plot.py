"""The text plot: no peak is lost, the axis runs as given, halves and labels stay apart."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.glyphs import Glyphs, glyph_set, resolve
from tui.plot import (
    GUTTER,
    Ink,
    PlotData,
    PlotOptions,
    Trace,
    as_plain,
    height_at,
    readout,
    render,
    trace_bitmap,
    units_per_dot,
)
from tui.plot_peaks import describe, prominences, trace_peaks
from tui.plot_scale import ticks

DRAWN = (Glyphs.BRAILLE, Glyphs.BLOCKS, Glyphs.ASCII)
BANDS = ((1711.0, 1.0), (1452.0, 0.2), (1267.0, 0.9), (1106.0, 0.6), (729.0, 0.8))


def curve(*bands: tuple[float, float], low: float = 650, high: float = 1800) -> Trace:
    """Return Lorentzian bands on a descending wavenumber axis."""
    x = np.linspace(high, low, 1500)
    y = sum(h / (1 + ((x - at) / 8) ** 2) for at, h in bands)
    return Trace(label="bands", x=x, y=np.asarray(y))


def mirrored(query: Trace, reference: Trace | None) -> PlotData:
    return PlotData(query=query, reference=reference, x_unit="cm⁻¹", ends=(1800.0, 650.0))


def sticks(mz: list[float], height: list[float]) -> Trace:
    return Trace(label="ei", x=np.array(mz), y=np.array(height), sticks=True)


peaks = st.lists(st.tuples(st.floats(30, 550), st.floats(1e-6, 1e9)), min_size=1, max_size=60)


@given(peaks, st.sampled_from(DRAWN), st.integers(24, 160), st.integers(6, 50))
def test_every_stick_lights_a_dot_of_its_own_column(found, glyphs, width, height) -> None:
    trace = sticks([p for p, _ in found], [h for _, h in found])
    columns = (width - GUTTER) * glyph_set(glyphs).columns
    window = (30.0, 550.0)
    bitmap = trace_bitmap(trace, window, columns, height)
    for mz, _ in found:
        column = min(int((mz - 30.0) / 520.0 * columns), columns - 1)
        assert bitmap[0, column]


@given(peaks, st.sampled_from(DRAWN), st.integers(24, 120), st.integers(6, 40))
def test_no_stick_is_lost_on_the_way_to_characters(found, glyphs, width, height) -> None:
    data = PlotData(
        query=sticks([p for p, _ in found], [h for _, h in found]),
        x_unit="m/z",
        full_scale=100,
        ends=(30.0, 550.0),
    )
    lines = render(data, (width, height), PlotOptions(glyphs=glyphs, most_labels=0))
    shown = as_plain(lines)[height - 3].ljust(width)
    for mz, _ in found:
        cells = (width - GUTTER) * glyph_set(glyphs).columns
        column = min(int((mz - 30.0) / 520.0 * cells), cells - 1) // glyph_set(glyphs).columns
        assert shown[GUTTER + column] != " "


@given(st.lists(st.floats(0, 1), min_size=3, max_size=400), st.integers(24, 120))
def test_a_curve_shows_the_extremes_of_every_column(values, width) -> None:
    """Compared with a plain loop over points."""
    y = np.array(values)
    x = np.arange(y.size, dtype=float)
    window, columns, rows = (0.0, float(y.size - 1)), width * 2, 40
    bitmap = trace_bitmap(Trace(label="", x=x, y=y), window, columns, rows)
    low, extent = y.min(), y.max() - y.min()
    for at, value in zip(x, y, strict=True):
        column = min(int(at / window[1] * columns), columns - 1)
        share = (value - low) / extent if extent > 0 else 0.0
        assert (
            bitmap[round(share * (rows - 1) - 1e-9), column]
            or bitmap[round(share * (rows - 1) + 1e-9), column]
        )


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=50),
    st.integers(0, 200),
    st.integers(0, 60),
    st.sampled_from(DRAWN),
    st.booleans(),
    st.booleans(),
)
def test_any_numbers_give_lines_of_the_size_asked(values, width, height, glyphs, mirror, over):
    y = np.array(values, dtype=float)
    trace = Trace(label="", x=np.linspace(4000, 400, y.size), y=y)
    data = PlotData(query=trace, reference=trace if mirror else None, ends=(4000.0, 400.0))
    lines = render(data, (width, height), PlotOptions(glyphs=glyphs, overlay=over, cursor=1200.0))
    assert len(lines) == height
    assert {sum(len(span.text) for span in line) for line in lines} <= {width}


def test_query_points_up_and_reference_down_from_a_zero_row_of_their_own() -> None:
    query, reference = curve((1711, 1.0)), curve((729, 1.0))
    lines = render(mirrored(query, reference), (80, 21), PlotOptions(glyphs=Glyphs.BRAILLE))
    inks = [{span.ink for span in line} for line in lines]
    zero = next(i for i, text in enumerate(as_plain(lines)) if text.strip().startswith("0┼"))
    assert all(Ink.REFERENCE not in row for row in inks[: zero + 1])
    assert all(Ink.QUERY not in row for row in inks[zero:])


def test_the_axis_ends_in_the_order_given() -> None:
    text = as_plain(render(mirrored(curve(*BANDS), None), (80, 14), PlotOptions()))[-1]
    numbers = [int(n) for n in re.findall(r"\d{3,4}", text)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == 1800
    assert text.endswith("cm⁻¹") or text.endswith("cm-1")


def test_labels_name_the_bands_at_their_place() -> None:
    lines = render(mirrored(curve(*BANDS), None), (80, 20), PlotOptions(glyphs=Glyphs.BRAILLE))
    labels = {span.text.strip() for line in lines for span in line if span.ink is Ink.LABEL}
    assert labels == {"1711", "1452", "1267", "1106", "729"}


def test_labels_outside_the_window_are_dropped_not_moved() -> None:
    options = PlotOptions(glyphs=Glyphs.BRAILLE, window=(1300.0, 1000.0))
    lines = render(mirrored(curve(*BANDS), None), (80, 20), options)
    labels = {span.text.strip() for line in lines for span in line if span.ink is Ink.LABEL}
    assert labels == {"1267", "1106"}


def test_at_most_fifteen_labels_and_never_on_each_other() -> None:
    mz = list(np.arange(40.0, 440.0, 4.0))
    data = PlotData(query=sticks(mz, [100.0] * len(mz)), ends=(30.0, 450.0))
    lines = render(data, (200, 20), PlotOptions(glyphs=Glyphs.BRAILLE))
    labels = [span.text for line in lines for span in line if span.ink is Ink.LABEL]
    assert 1 < len(labels) <= 15
    assert all(float(text) in mz for text in labels)


def test_overlay_gives_shared_cells_an_ink_of_their_own() -> None:
    same = curve(*BANDS)
    lines = render(mirrored(same, same), (80, 20), PlotOptions(overlay=True))
    inks = {span.ink for line in lines for span in line}
    assert Ink.BOTH in inks
    assert not inks & {Ink.QUERY, Ink.REFERENCE}


@pytest.mark.parametrize("glyphs", [Glyphs.ASCII])
def test_ascii_draws_with_ascii_alone(glyphs: Glyphs) -> None:
    options = PlotOptions(glyphs=glyphs, cursor=1200.0)
    text = "\n".join(as_plain(render(mirrored(curve(*BANDS), curve(*BANDS)), (80, 20), options)))
    text.encode("ascii")


def test_the_glyphs_follow_the_terminal() -> None:
    assert resolve(Glyphs.AUTO, encoding="utf-8", term="xterm-256color") is Glyphs.BRAILLE
    assert resolve(Glyphs.AUTO, encoding="ISO-8859-1", term="xterm") is Glyphs.ASCII
    assert resolve(Glyphs.AUTO, encoding="UTF-8", term="linux") is Glyphs.ASCII
    assert resolve(Glyphs.BLOCKS, encoding="ascii", term="dumb") is Glyphs.BLOCKS


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 20), st.booleans())
def test_ticks_step_by_one_two_or_five(low, extent, most, descending) -> None:
    window = (low + extent, low) if descending else (low, low + extent)
    found = ticks(window, most)
    assert len(found) <= most + 1
    steps = np.abs(np.diff([value for value, _ in found]))
    if steps.size:
        mantissa = steps[0] / 10 ** np.floor(np.log10(steps[0]) + 1e-9)
        assert min(abs(mantissa - m) for m in (1, 2, 5, 10)) < 1e-3
        assert all(
            min(window) - extent * 1e-6 <= v <= max(window) + extent * 1e-6 for v, _ in found
        )


def test_the_cursor_reads_both_traces() -> None:
    data = mirrored(curve((1267, 1.0)), curve((1267, 1.0), (1100, 2.0)))
    assert readout(data, (1800.0, 650.0), 1267.0).startswith("1267 cm⁻¹  query 0.999  ref 0.50")


def test_outside_what_was_measured_the_cursor_reads_nothing() -> None:
    short = curve((1267, 1.0), low=900, high=1500)
    assert height_at(short, (1800.0, 650.0), 700.0) is None
    assert "query -" in readout(mirrored(short, None), (1800.0, 650.0), 700.0)


def test_a_gap_in_a_curve_stays_a_gap() -> None:
    trace = curve(*BANDS)
    y = trace.y.copy()
    y[(trace.x > 1000) & (trace.x < 1400)] = np.nan
    bitmap = trace_bitmap(Trace(label="", x=trace.x, y=y), (1800.0, 650.0), 150, 40)
    inside = [int((1800 - x) / 1150 * 150) for x in (1380, 1200, 1020)]
    assert not bitmap[:, inside].any()


def test_the_resolution_is_said() -> None:
    options = PlotOptions(glyphs=Glyphs.BRAILLE)
    assert units_per_dot(mirrored(curve(*BANDS), None), 80, options) == pytest.approx(1150 / 150)


@given(st.text(st.characters(), max_size=30))
def test_a_unit_from_a_file_cannot_break_the_lines(unit: str) -> None:
    data = replace(mirrored(curve(*BANDS), None), x_unit=unit)
    lines = as_plain(render(data, (80, 12), PlotOptions(glyphs=Glyphs.BRAILLE, cursor=1200.0)))
    assert all(cell_len(line) <= 80 and (line.isprintable() or not line) for line in lines)


def test_words_say_what_only_one_of_them_has() -> None:
    data = mirrored(curve(*BANDS, (1590, 0.3)), curve(*BANDS))
    said = describe(data, PlotOptions())
    assert "base peak 1711 cm⁻¹" in said
    assert "query has 1 peak the reference lacks: 1590 cm⁻¹" in said
    assert "the query lacks" not in said


def test_words_for_nothing_do_not_fail() -> None:
    empty = Trace(label="", x=np.empty(0), y=np.empty(0))
    assert "no peaks" in describe(mirrored(empty, empty), PlotOptions())


def slow_prominence(values: list[float], at: int) -> float:
    """Walk out to the first higher value on either side, as the definition says."""
    saddles = []
    for step in (-1, 1):
        lowest, place = values[at], at
        while 0 <= place < len(values) and values[place] <= values[at]:
            lowest = min(lowest, values[place])
            place += step
        saddles.append(lowest)
    return values[at] - max(saddles)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_prominence_agrees_with_its_definition(values) -> None:
    for at, prominence in prominences(values):
        assert prominence == slow_prominence(values, at)


def test_trace_peaks_are_tallest_first() -> None:
    places = [round(mark.x) for mark in trace_peaks(curve(*BANDS), (1800.0, 650.0))]
    assert places[:3] == [1711, 1267, 729]
