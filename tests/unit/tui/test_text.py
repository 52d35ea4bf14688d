"""Untrusted text: nothing a terminal would obey comes through."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.text import ELLIPSIS, as_text, clean, shorten

ANY_TEXT = st.text(st.characters(), max_size=300)


@given(ANY_TEXT)
def test_no_control_or_bidi_character_survives(text: str) -> None:
    safe = clean(text)
    assert not [c for c in safe if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(safe) & set("\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2069\ufeff")
    safe.encode("utf-8")


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_multiline_keeps_line_feeds_only(text: str) -> None:
    controls = {c for c in clean(text, multiline=True) if unicodedata.category(c) == "Cc"}
    assert controls <= {"\n"}


@given(ANY_TEXT, st.integers(0, 60))
def test_shortened_text_fits_its_cells(text: str, width: int) -> None:
    assert cell_len(shorten(text, width)) <= width


def test_an_escape_sequence_is_shown_not_obeyed() -> None:
    assert clean("\x1b]0;owned\x07") == "␛]0;owned␇"
    assert clean("a\u202eb") == "a<U+202E>b"
    assert clean("\x9b2J") == "<9B>2J"


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    for text in ("cocaïne 0,42 g", "кокаин", "海洛因", "cm⁻¹ ≥ α", "[/x] not markup [red]"):
        assert clean(text) == text


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 50, 10) == "x" * 9 + ELLIPSIS


def test_markup_stays_text() -> None:
    assert as_text("bag [/x] 3").plain == "bag [/x] 3"
    assert not as_text("[red]FAKE[/red]").spans
