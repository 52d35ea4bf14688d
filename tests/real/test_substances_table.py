"""The compiled substances table stands in the package as it was compiled: every row and column."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from libraries import substances
from tests.real import mass_data

pytestmark = pytest.mark.real


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["substances.csv", "substances_provenance.csv"])
def test_every_row_and_column_was_carried_over(name: str) -> None:
    compiled = rows(mass_data.folder() / "substances" / name)
    assert len(compiled) == 527
    assert rows(substances.DATA_FOLDER / name) == compiled


def test_every_column_reaches_whoever_asks() -> None:
    compiled = rows(mass_data.folder() / "substances" / "substances.csv")
    for row in compiled:
        found = substances.table().find(row["name"])
        assert found is not None, row["name"]
        assert found.name == row["name"]
        assert (found.smiles, found.cas, found.role) == (row["smiles"], row["cas"], row["role"])
        assert (found.class_name, found.us_schedule) == (row["class"], row["us_schedule"])
        assert found.hazard_group == row["hazard_group"][:2]
