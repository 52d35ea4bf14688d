"""A disk that is full, read-only or fails at one call: nothing said is lost, repeating is safe.

Every act is tried with a fault at calls spread over all it makes, under the product's own driver;
`FOL_FAULTS` tries more of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.services.watched_disk import NO_SHIM, POSSIBLE, compiled, run

MOST = int(os.environ.get("FOL_FAULTS", "3"))
NOTHING_WRITTEN = frozenset(("StorageFullError", "ConfigError", "BusyError"))
ERRORS = NOTHING_WRITTEN | {"DiskFailedError", "DamagedError"}
MORE_ERRORS = {"publish": {"ReportError"}, "backup": {"AuditBrokenError"}}
"""What else an act may say: the files of a report, a copy that does not verify."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not POSSIBLE, reason=NO_SHIM)]


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("shim"))


def suffered(shim: Path, folder: Path, act: str, journal: str = "wal") -> list[dict[str, Any]]:
    said = run(shim, "tests.services.faulty_acts", folder, act, journal, MOST)
    found = [json.loads(line) for line in said.splitlines()]
    assert [each for each in found if "crashed" in each] == []
    return found


def of_these(found: list[dict[str, Any]], *errors: str) -> set[str]:
    return {each["fault"].split()[0] for each in found if each["told"]["error"] in errors}


@pytest.mark.parametrize(
    ("act", "journal"),
    [
        ("append", "wal"),
        ("append", "delete"),
        ("run", "wal"),
        ("run", "delete"),
        ("import", "wal"),
        ("quarantine", "wal"),
        ("backup", "wal"),
        ("publish", "wal"),
    ],
)
def test_act_on_a_failing_disk_is_told_kept_once_and_repeatable(shim, tmp_path, act, journal):
    found = suffered(shim, tmp_path, act, journal)
    for each in found:
        told = each["told"]
        assert told["error"] in {"", *ERRORS, *MORE_ERRORS.get(act, ())}, each
        assert not told["error"] or (told["text"] and told["hint"]), each
        assert told["error"] or each["grew"], each  # what was said to be done is there
        assert told["error"] not in NOTHING_WRITTEN or not each["grew"], each
        assert each["reads"] or _may_not_be_read(each["fault"], journal), each
        assert each["again"]["error"] == "", each
        done_twice = act == "backup" and each["grew"]  # two backups were asked for and made
        assert each["written"] == (2 if done_twice else 1), each
        assert [text for text in each["problems"] if not _could_not_be_removed(each, text)] == []
    assert "room" in of_these(found, "StorageFullError", "ReportError")
    assert {"write", "sync"} <= of_these(found, "DiskFailedError")


def _may_not_be_read(fault: str, journal: str) -> bool:
    """Half of an act written over the record is never shown while it cannot be taken back."""
    return fault.startswith("read ") or (journal == "delete" and fault.endswith("and on"))


def _could_not_be_removed(each: dict[str, Any], problem: str) -> bool:
    """A temporary file stays where the disk refuses to delete it too; a person is told of it."""
    return each["fault"].startswith("name") and "left by an interrupted write" in problem


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_opening_on_a_failing_disk_is_told_and_harms_nothing(shim, tmp_path, journal):
    found = suffered(shim, tmp_path, "open", journal)
    for each in found:
        assert each["told"]["error"] in {"", *ERRORS}, each
        assert not each["told"]["error"] or each["told"]["hint"], each
        assert each["again"]["error"] == "", each
        assert each["problems"] == [], each
    assert of_these(found, *ERRORS) >= {"read"}
