"""Three letters for a class, as they stand in the provisional code of an unknown. Data only."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

NO_CLASS = "GEN"
"""Of an unknown without a class."""
OTHER_CLASS = "OTH"
"""Of a class that has no letters of its own yet."""


def short(class_name: str) -> str:
    """Return the three letters of a class.

    Parameters
    ----------
    class_name : str
        As the substances table spells it, in any case; empty for none.
    """
    wanted = class_name.strip().casefold()
    return codes().get(wanted, OTHER_CLASS) if wanted else NO_CLASS


@cache
def codes() -> dict[str, str]:
    """Return the letters by lower-case name of the class."""
    data = resources.files("libraries").joinpath("data/class_codes.csv")
    rows = csv.DictReader(data.read_text(encoding="utf-8").splitlines())
    return {row["class"].casefold(): row["code"] for row in rows}
