"""What stands on a sample's or container's label. Pure data; `reports.label` draws it.

The number with its check character is printed and is what the code holds, nothing else: what a
scanner reads must not depend on words that people typed.
"""

from __future__ import annotations

from dataclasses import dataclass

from lims import clock, ids, records
from lims.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label. ``lines`` are plain text, unescaped, from the record."""

    number: str
    lab: str
    lines: tuple[str, ...]
    hazard: str = ""
    training: bool = False


def label(lab: Lab, number: str) -> Label:
    """Return the label of a sample, shipment or container (ASTM E1492: number, who, when, what).

    Raises
    ------
    NotFoundError
    """
    kind = ids.kind_of(number)
    if kind == ids.CONTAINER:
        return _container(lab, number)
    if kind == ids.SHIPMENT:
        return _shipment(lab, number)
    return _sample(lab, number)


def _sample(lab: Lab, number: str) -> Label:
    row = records.sample_row(lab.db, number)
    moment = records.moment(row["submitted_at"]).astimezone(lab.zone)
    lines = [
        row["description"],
        f"{row['shipment']}  {moment:%Y-%m-%d %H:%M}",
        f"by {row['officer']}" if row["officer"] else "",
        f"of {row['parent']}" if row["parent"] else "",
    ]
    # The group warns whoever touches the bag; a name would tell before the notice was seen.
    hazard = f"HAZARD {row['hazard']}" if row["hazard"] else ""
    return _made(lab, row["number"], lines, hazard)


def _shipment(lab: Lab, number: str) -> Label:
    found = records.shipment(lab.db, number)
    moment = found.received_at.astimezone(lab.zone)
    lines = [
        found.draft.declared_goods,
        found.draft.tracking,
        f"received {moment:%Y-%m-%d %H:%M}",
        f"by {found.received_by}",
    ]
    return _made(lab, found.number, lines)


def _container(lab: Lab, number: str) -> Label:
    from lims import containers

    found = containers.container(lab, number)
    lines = [found.description, f"printed {clock.now().astimezone(lab.zone):%Y-%m-%d}"]
    return _made(lab, found.number, lines)


def _made(lab: Lab, number: str, lines: list[str], hazard: str = "") -> Label:
    return Label(
        number=number,
        lab=f"{lab.site}  {lab.name}",
        lines=tuple(line for line in lines if line),
        hazard=hazard,
        training=lab.training,
    )
