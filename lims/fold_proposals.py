"""How structures proposed for a candidate become part of its finding's row.

They stand inside the candidate's own assessment and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _structures_proposed(database: Database, event: Event) -> None:
    body = event.body
    stored = database.conn.execute(
        "SELECT match FROM finding WHERE id=?", (body["finding"],)
    ).fetchone()[0]
    match = folding.parsed(stored)
    rows = [row for name in ("spectra", "peaks") for row in match.get(name) or ()]
    for each in body["proposed"]:
        rows[each["position"]]["analogue"]["proposals"] = each["proposals"]
    database.conn.execute(
        "UPDATE finding SET match=? WHERE id=?", (folding.text(match), body["finding"])
    )


HANDLERS: Handlers = {"structures.proposed": _structures_proposed}
