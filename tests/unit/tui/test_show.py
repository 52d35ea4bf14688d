from dataclasses import replace

import pytest

from instruments import read_bytes
from instruments.writers import write
from tests.unit.instruments.measurements import (
    a_chromatogram,
    a_mass_spectrum,
    a_raman,
    a_run,
    an_infrared,
)
from tui import show
from tui.summary import file_entry

EVIL = "a\x1b[2J\u202e" + "long " * 60


def printed(capsys, spectra, *, on_screen=True):
    export = read_bytes(write([an_infrared()], "jcamp"), "a.jdx")
    export = replace(export, spectra=tuple(spectra))
    show.facts(export, file_entry(export), on_screen=on_screen)
    return capsys.readouterr().out.splitlines()


def test_every_fault_is_said_once_with_the_spectra_that_have_it(capsys):
    bad = an_infrared(faults=("damaged data",))
    lines = printed(capsys, [an_infrared(), bad, bad])
    assert lines[-1] == "  FAULT: 2 spectra, first spectrum 2: damaged data"
    assert printed(capsys, [bad])[-1] == "  FAULT: damaged data"


@pytest.mark.parametrize("columns", [100, 160])
def test_no_row_runs_over_the_edge_of_the_terminal(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    spectra = [a_raman(title=EVIL), a_mass_spectrum(title=EVIL), a_run(title=EVIL)]
    rows = printed(capsys, spectra)[1:5]
    assert all(len(row) <= columns for row in rows)
    assert all(row.isprintable() for row in rows)


def test_a_map_leaves_room_for_its_drawing(capsys):
    many = [an_infrared()] * 36
    assert "and 24 more" in printed(capsys, many)[-1]
    assert len(printed(capsys, many, on_screen=False)) == 38


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (an_infrared(), "tablet: absorbance over wavenumber"),
        (a_raman(title="p"), "p: raman intensity counts over raman shift, scaled to its tallest"),
        (a_mass_spectrum(), "Fentanyl: 5 peaks, the tallest is 100"),
        (a_run(4), "parcel 7: total ion current scaled to its tallest, 4 scans, m/z "),
        (a_chromatogram(), "FID: detector signal"),
    ],
)
def test_the_caption_says_what_is_drawn(monkeypatch, item, words):
    monkeypatch.setenv("COLUMNS", "150")
    assert show.caption(item, 1).startswith(words)
    assert "(the first of 3)" in show.caption(item, 3)
    assert len(show.picture(item)) >= 10


def test_a_hostile_title_cannot_leave_its_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = show.caption(a_raman(title=EVIL), 1)
    assert text.isprintable()
    assert len(text) <= 100
