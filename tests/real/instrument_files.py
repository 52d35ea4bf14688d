"""Where the real instrument files are, and the rows of their manifest."""

import csv
import os
from pathlib import Path

import pytest

_NEAR = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("FOL_REAL_DATA", _NEAR)) / "instruments"


def manifest():
    path = DATA / "manifest.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def needs_data():
    if not DATA.is_dir():
        pytest.skip(f"no real instrument files at {DATA}")
