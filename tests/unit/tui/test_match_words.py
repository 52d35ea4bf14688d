from __future__ import annotations

from typing import Any

import pytest

from tests.lims_builders import an_entry
from tui.commands import files


def printed(capsys: pytest.CaptureFixture[str], state: str, grade: str | None) -> str:
    entry: dict[str, Any] = an_entry(state, class_name="fentanyl")
    entry["analogue"] = {"class": "fentanyl", "candidate_grade": grade}
    files._print_result(
        {"path": "q.msp", "spectra": [entry], "libraries": [], "elapsed_ms": {"total": 1.0}}
    )
    return capsys.readouterr().out


def test_a_class_note_is_never_printed_as_a_candidate(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "class_only", None)
    assert "candidate" not in said
    assert "class note only: fentanyl, not identified" in said


def test_a_candidate_is_printed_with_its_grade(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "analogue_candidate", "B")
    assert "candidate analogue of fentanyl, grade B" in said
