"""What headquarters last said of this laboratory's unknowns. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lims import canonical, hub_answer_form, records
from lims.hub_answer_form import NetworkUnknown

if TYPE_CHECKING:
    from sqlite_utils import Database


def networks(database: Database, codes: Sequence[str]) -> dict[str, NetworkUnknown]:
    """Return what headquarters last said of some of this lab's codes."""
    wanted = canonical.dumps(list(codes)).decode()
    found = records.rows(
        database,
        "SELECT said FROM network_unknown WHERE lab_code IN (SELECT value FROM json_each(?))",
        wanted,
    )
    said = [hub_answer_form.unknown_of(canonical.parsed(row["said"])) for row in found]
    return {each.lab_code: each for each in said}
