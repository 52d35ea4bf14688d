from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import ladder_table
from spectra.errors import SpectrumError


@pytest.mark.parametrize(
    "text",
    [
        "carbons,retention_time_min\n10,5\n12,7.5\n",
        "retention_time_s;carbons\n450;12\n300;10\n",
        "carbons;retention_time_min\n10;5,0\n12;7,5\n",
        "alkane\trt (min)\nC10\t5.0\nC12\t7.5",
        "retention_index time_min\n1000 5\n1200 7.5",
        "#COLUMN_PHASE=\n5.0 1000.0 100 999 C10 (Decane)\n7.5 1200.0 100 999 C12 (Dodecane)",
    ],
)
def test_tables_as_laboratories_write_them(text):
    assert ladder_table.looks_like_table(text)
    assert ladder_table.parse(text) == ([10.0, 12.0], [300.0, 450.0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("carbons,retention_time\n10,5", "does not state its unit"),
        ("name,score\na,1", "does not name carbon numbers"),
        ("carbons,time_min\n10,5\nC12,", "line 3"),
        ("carbons,time_min\n10,five", "'five' is not a number"),
        ("carbons,time_min\n10,nan", "is not a number"),
        ("carbons,time_min\n10,-5", "is not a number"),
        ("5.0 1050\n", "not the index of an n-alkane"),
        ("5.0\n", "line 1"),
        ("carbons,time_min\n10,5,5", "3 cells under 2 headings"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(text, said):
    with pytest.raises(SpectrumError, match=said) as caught:
        ladder_table.parse(text)
    assert "carbons,retention_time_min" in caught.value.hint


@pytest.mark.parametrize("text", ["##TITLE=x\n", "<mzML>", "a\x00b", "x" * 5000, "1 2\n" * 2000])
def test_runs_and_long_files_are_no_tables(text):
    assert not ladder_table.looks_like_table(text)


@given(st.text(max_size=300))
def test_any_text_gives_a_table_or_our_error(text):
    try:
        carbons, times = ladder_table.parse(text)
    except SpectrumError:
        return
    assert len(carbons) == len(times)
    assert times == sorted(times)
