"""Shipment drafts from a CSV table: read whole, every fault of the table told at once."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from pathlib import Path

import click

from lims.model import ShipmentDraft

DRAFT_FIELDS = tuple(field.name for field in fields(ShipmentDraft))
CSV_LIMIT_BYTES = 20_000_000


def drafts_from_csv(path: Path) -> list[ShipmentDraft]:
    """Return one draft per row, or raise a usage error that lists what is wrong."""
    if path.stat().st_size > CSV_LIMIT_BYTES:
        raise click.UsageError(f"{path}: larger than {CSV_LIMIT_BYTES} bytes; split it")
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.UsageError(f"{path}: not a UTF-8 CSV table ({error})") from error
    problems = []
    if not rows:
        problems.append("no rows under the header")
    elif unknown := sorted(str(name) for name in rows[0] if name not in DRAFT_FIELDS):
        problems.append(f"unknown columns {', '.join(unknown)}; known: {', '.join(DRAFT_FIELDS)}")
    elif "declared_goods" not in rows[0]:
        problems.append("the column declared_goods is missing")
    for number, row in enumerate(rows, start=2):
        if any(cell is None for cell in row.values()):
            problems.append(f"row {number}: fewer cells than the header")
        elif not (row.get("declared_goods") or "").strip():
            problems.append(f"row {number}: declared_goods is empty")
    if problems:
        shown = "; ".join(problems[:20]) + (
            f"; and {len(problems) - 20} more" if len(problems) > 20 else ""
        )
        raise click.UsageError(f"{path}: nothing was written: {shown}")
    return [ShipmentDraft(**{name: cell.strip() for name, cell in row.items()}) for row in rows]
