"""A lab's own reference as frozen data, and how it is read from the record. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims import records
from lims.errors import NotFoundError
from lims.lab import Lab

if TYPE_CHECKING:
    from sqlite_utils import Database


class ReferenceState(StrEnum):
    """Where a reference stands: ``APPROVED`` only between the signature and the built library."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    ENTERED = "entered"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A spectrum of the lab's own on its way into a library, or there.

    Parameters
    ----------
    position : int
        Which answer of the finding it is, from 1: spectra in file order, then peaks.
    source : str
        What the identity rests on, for example ``certified reference, lot 4711``.
    version, entry : str
        Where it was entered; empty until then.
    """

    id: str
    state: ReferenceState
    sample: str
    run: str
    finding: str
    raw_sha256: str
    position: int
    substance: str
    inchikey: str
    salt: str
    purity: str
    source: str
    licence: str
    library: str
    proposed_at: datetime
    proposed_by: str
    proposed_event: str
    approved_at: datetime | None
    approved_by: str
    approved_event: str
    version: str
    entry: str
    record_hash: str
    closed_at: datetime | None
    closed_by: str
    reason: str

    @property
    def name(self) -> str:
        """The substance with its salt form, as the entry is called."""
        return f"{self.substance} {self.salt}".strip()


def references(lab: Lab, everything: bool = False) -> tuple[Reference, ...]:
    """Return the lab's own references, newest first; withdrawn ones only when asked."""
    where = "" if everything else "WHERE state<>'withdrawn'"
    found = records.rows(lab.db, f"SELECT * FROM reference {where} ORDER BY seq DESC")
    return tuple(_as_reference(row) for row in found)


def reference(lab: Lab, reference_id: str) -> Reference:
    """Return a reference by id.

    Raises
    ------
    NotFoundError
    """
    return by_id(lab.db, reference_id)


def by_id(database: Database, reference_id: str) -> Reference:
    """Return a reference by id, as typed.

    Raises
    ------
    NotFoundError
    """
    wanted = reference_id.strip().upper()
    found = records.rows(database, "SELECT * FROM reference WHERE id=?", wanted)
    if not found:
        raise NotFoundError(
            f"there is no reference {reference_id[:60]!r} in this lab's record",
            hint="See them with `fol reference list`.",
        )
    return _as_reference(found[0])


def _as_reference(row: dict[str, Any]) -> Reference:
    values = {name: value for name, value in row.items() if name != "seq"}
    for name in ("proposed_at", "approved_at", "closed_at"):
        values[name] = records.moment(values[name]) if values[name] else None
    return Reference(**{**values, "state": ReferenceState(values["state"])})
