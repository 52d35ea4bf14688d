"""One spectrum per row: the axis in the first line, the names before the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.errors import FormatError
from instruments.formats.wide_rows import WideRowsReader
from instruments.registry import read_bytes
from spectra.axis import XKind
from spectra.spectrum import Spectrum, Technique

X = np.arange(400, 1800, 4)


def curve(seed: int) -> np.ndarray:
    centres = np.random.default_rng(seed).uniform(450, 1750, 6)
    return np.sum([np.exp(-(((X - c) / 12) ** 2)) for c in centres], axis=0)


def table(names: list[str], delimiter: str = ",", head: str = "name") -> bytes:
    lines = [delimiter.join([head, "class", *map(str, X.tolist())])]
    for seed, name in enumerate(names):
        lines.append(delimiter.join([name, "sugar", *(f"{v:.6f}" for v in curve(seed))]))
    return "\n".join(lines).encode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_row_is_one_spectrum_over_the_axis_of_the_first_line(delimiter: str) -> None:
    export = read_bytes(table(["glucose", "lactose"], delimiter), "wide.csv")
    assert (export.reader, export.technique) == ("wide-rows", Technique.FTIR)
    assert [each.title for each in export.spectra] == ["glucose", "lactose"]
    for seed, each in enumerate(export.spectra):
        assert isinstance(each, Spectrum)
        np.testing.assert_array_equal(each.x, X)
        np.testing.assert_allclose(each.y, curve(seed), atol=1e-6)
        assert each.metadata["CompoundClass"] == "sugar"
        assert "confirm" in each.metadata["guessed"]


def test_an_axis_that_the_head_names_is_not_guessed() -> None:
    export = read_bytes(table(["a"], head="Raman shift (cm-1)"), "wide.csv")
    (found,) = export.spectra
    assert isinstance(found, Spectrum)
    assert found.x_kind is XKind.RAMAN_SHIFT


def test_blank_cells_are_left_out_and_short_rows_told() -> None:
    lines = table(["a", "b", "c"]).decode().split("\n")
    cells = lines[1].split(",")
    cells[5] = ""
    lines[1] = ",".join(cells)
    lines[2] = ",".join(lines[2].split(",")[:-3])
    export = read_bytes("\n".join(lines).encode(), "wide.csv")
    assert [each.title for each in export.spectra] == ["a", "c"]
    first = export.spectra[0]
    assert isinstance(first, Spectrum)
    assert first.x.size == X.size - 1
    assert any("row 3" in warning for warning in export.warnings)


def test_columns_of_spectra_are_left_to_the_general_reader() -> None:
    rows = [f"{x},{a:.4f},{b:.4f}" for x, a, b in zip(X, curve(1), curve(2), strict=True)]
    text = "wavenumber_cm-1,one,two\n" + "\n".join(rows)
    assert read_bytes(text.encode(), "columns.csv").reader == "text"


@pytest.mark.parametrize(
    "head",
    [b"", b"a,b,c\n1,2,3\n", b"name," + b"1," * 40, b"name,3,2,9," + b"7," * 40, b"\x00" * 100],
)
def test_what_has_no_ordered_axis_is_not_taken(head: bytes) -> None:
    assert WideRowsReader().sniff(head, len(head)) == 0.0


@pytest.mark.parametrize("damage", ["cut", "quote", "words"])
def test_a_file_without_one_sound_row_is_refused_with_words(damage: str) -> None:
    text = table(["a", "b"])
    if damage == "cut":
        text = text[: text.index(b"\n") + 1]
    elif damage == "quote":
        text = text.replace(b"\na,", b'\n"a,')
    else:
        text = text.replace(b"0.0", b"x")
    with pytest.raises(FormatError, match=r"no row|no table|table of"):
        read_bytes(text, "wide.csv")
