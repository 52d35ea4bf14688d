"""Paths as people type and paste them, completed without showing what a terminal would obey."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.paths import complete, exists, typed_path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/a/b.spa", "/a/b.spa"),
        ("  /a/b.spa ", "/a/b.spa"),
        ('"/a/b c.spa"', "/a/b c.spa"),
        ("'/a/b c.spa'", "/a/b c.spa"),
        ("/a/b\\ c.spa", "/a/b c.spa"),
        ("file:///a/b%20c.spa", "/a/b c.spa"),
        ('"', '"'),
    ],
)
def test_quotes_escapes_and_addresses_are_taken_off(typed: str, meant: str) -> None:
    assert typed_path(typed) == Path(meant)


def test_the_home_folder_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert typed_path("~/x.spa") == tmp_path / "x.spa"


def test_one_that_fits_is_completed_whole_and_a_folder_goes_on(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "powder.jdx").touch()
    assert complete(f"{tmp_path}/p").text == f"{tmp_path}/powder.jdx"
    assert complete(f"{tmp_path}/r").text == f"{tmp_path}/runs/"


def test_several_are_completed_as_far_as_they_agree(tmp_path: Path) -> None:
    for name in ("run 1.jdx", "run 12.jdx", "other.jdx"):
        (tmp_path / name).touch()
    found = complete(f"{tmp_path}/r")
    assert found.text == f"{tmp_path}/run 1"
    assert found.names == ("run 1.jdx", "run 12.jdx")


def test_case_does_not_matter_and_what_was_typed_stays_where_cases_differ(tmp_path: Path) -> None:
    (tmp_path / "Run.jdx").touch()
    (tmp_path / "rUn2.jdx").touch()
    found = complete(f"{tmp_path}/RU")
    assert len(found.names) == 2
    assert found.text == f"{tmp_path}/RU"
    (tmp_path / "rUn2.jdx").unlink()
    assert complete(f"{tmp_path}/RU").text == f"{tmp_path}/Run.jdx"


def test_hidden_and_hostile_names_are_not_offered(tmp_path: Path) -> None:
    for name in (".secret", "a\x1b[2Jb", "a\u202eb", "plain"):
        (tmp_path / name).touch()
    assert complete(f"{tmp_path}/").names == ("plain",)
    assert complete(f"{tmp_path}/.").names == (".secret",)


def test_what_cannot_be_listed_says_why_and_changes_nothing(tmp_path: Path) -> None:
    for typed in (f"{tmp_path}/none/x", f"{tmp_path}/zz", "/\x00/x"):
        found = complete(typed)
        assert found.text == typed
        assert found.problem


@given(st.text(max_size=80))
def test_no_text_is_a_crash(text: str) -> None:
    exists(typed_path(text))
    complete(text)
