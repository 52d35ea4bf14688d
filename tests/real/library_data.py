"""The real data folder, for tests of libraries and matching."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data(*parts: str) -> Path:
    """Return a file of the data folder; skip without a folder, fail where a file is gone."""
    stated = os.environ.get("FOL_REAL_DATA")
    folder = Path(stated) if stated else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there (set FOL_REAL_DATA)")
    found = folder.joinpath(*parts)
    assert found.exists(), f"{found} is missing from the real data"
    return found
