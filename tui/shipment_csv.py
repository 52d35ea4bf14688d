"""Shipment drafts from a CSV file: what the command line says about a table that will not do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lims.model import ShipmentDraft

if TYPE_CHECKING:
    from lims.shipment_table import Table


def table_of(path: Path) -> Table:
    """Return what a CSV file holds, with its faults, or raise a usage error when it is no table."""
    from lims import shipment_table
    from lims.errors import RecordError

    with path.open("rb") as file:
        data = file.read(shipment_table.MAX_BYTES + 1)
    try:
        return shipment_table.read(data)
    except RecordError as error:
        raise click.UsageError(f"{path}: {error.message}. {error.hint}".strip()) from error


def drafts_from_csv(path: Path) -> list[ShipmentDraft]:
    """Return one draft per row, or raise a usage error that lists what is wrong with every row."""
    found = table_of(path)
    if not found.ok:
        raise click.UsageError(f"{path}: nothing was written: {'; '.join(faults_in_words(found))}")
    return list(found.drafts)


def faults_in_words(found: Table) -> list[str]:
    """Return one phrase for each fault, and one for those that were not listed."""
    told = [f"row {fault.row}: {fault.text}" for fault in found.faults]
    return told + ([f"and {found.faults_left_out} more"] if found.faults_left_out else [])
