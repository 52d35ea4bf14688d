"""Time that is not the laboratory's: a sample's clock stopped for a stated reason, and resumed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from lims import fields, records
from lims.errors import StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database


class Because(StrEnum):
    """Whom the laboratory waits for."""

    OFFICER = "officer"
    COURT = "court"
    INSTRUMENT = "instrument"
    REFERENCE_MATERIAL = "reference_material"


def stop(
    lab: Lab, actor: str, sample: str, because: Because, *, remark: str = "", key: str = ""
) -> None:
    """Stop the clock of an open sample.

    Raises
    ------
    StateError
        It stands still already, or the sample is answered.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    said = fields.line(remark, "the remark")
    with lab.writing(actor, key) as act:
        act.allow(Verb.STOP_CLOCK)
        row = records.sample_row(act.db, sample)
        if act.repeated("clock.stopped") is not None:
            return
        if row["status"] == "answered":
            raise StateError(f"{row['number']} is answered: its clock has stopped for good")
        if _stands(act.db, row["number"]):
            raise StateError(f"the clock of {row['number']} stands still already")
        body = {"sample": row["number"], "because": Because(because).value, "remark": said}
        act.append("clock.stopped", body)


def resume(lab: Lab, actor: str, sample: str, *, key: str = "") -> None:
    """Let the clock of a sample run again.

    Raises
    ------
    StateError
        It runs.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.STOP_CLOCK)
        row = records.sample_row(act.db, sample)
        if act.repeated("clock.resumed") is not None:
            return
        if not _stands(act.db, row["number"]):
            raise StateError(f"the clock of {row['number']} runs")
        act.append("clock.resumed", {"sample": row["number"]})


def _stands(database: Database, sample: str) -> bool:
    return bool(
        records.value(database, "SELECT 1 FROM clock_stop WHERE sample=? AND resumed_at=''", sample)
    )
