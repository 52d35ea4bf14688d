import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import fields
from lims.errors import RecordError


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\nb", "\x1b[31m", "a\u202eb", "a\u200bb", "\x9b1m", "a\ud800"]
)
def test_hidden_characters_are_named_and_refused(text):
    with pytest.raises(RecordError, match=r"U\+[0-9A-F]{4}"):
        fields.line(text, "the name")


def test_names_of_many_scripts_are_kept():
    for name in ("Núñez", "Олга", "王芳", "می\u200cخواهم", "O'Brien — 3"):
        assert fields.line(name, "the name") == unicodedata.normalize("NFC", name)


def test_every_bad_field_is_named_at_once():
    with pytest.raises(RecordError) as wrong:
        fields.lines(
            {"carrier": "a\x00", "origin_town": "x" * 300, "goods": ""}, required=("goods",)
        )
    for name in ("carrier", "origin town", "goods"):
        assert name in wrong.value.message


@given(st.text())
def test_kept_or_shown_text_holds_no_control_character(text):
    shown = fields.visible(text)
    assert len(shown) <= fields.LINE
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") for c in shown)
    try:
        kept = fields.line(text, "x")
    except RecordError:
        return
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in kept)


@pytest.mark.parametrize("mass", [-1, 2**53, True])
def test_impossible_mass_is_refused(mass):
    with pytest.raises(RecordError):
        fields.micrograms(mass, "the mass")
