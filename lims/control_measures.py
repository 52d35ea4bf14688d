"""The value of a control taken from a run of it: how well it is recognised, how large, how late.

The file is kept; what cannot be taken from it is said, and never replaced by a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import bench_instruments, controls, instrument_standing, records, verification, workflow
from lims.control_record import Control, ControlValue, Observation, Quantity
from lims.errors import NotFoundError, RecordError
from lims.known_substance import is_same
from lims.lab import Lab
from lims.originals import keep_original
from lims.run_context import NO_CONTEXT
from lims.source_bytes import bytes_of
from lims.workflow import Verb

if TYPE_CHECKING:
    from instruments.export import Export

FROM_FILES = (Quantity.HQI, Quantity.AREA, Quantity.RETENTION_INDEX, Quantity.BLANK)
"""What can be taken from a file; the rest is typed."""


def record_file(
    lab: Lab,
    actor: str,
    name: str,
    path: Path,
    *,
    libraries: Sequence[str] = (),
    place: str = "",
    note: str = "",
    key: str = "",
) -> ControlValue:
    """Measure a control in a run of it and record the value.

    Parameters
    ----------
    lab : Lab
    actor : str
    name : str
        Of the control.
    path : Path
    libraries : sequence of str
        Names; all installed ones when empty.
    place, note : str
    key : str
        Idempotency key.

    Raises
    ------
    RecordError
        The quantity cannot be taken from a file, or the file is no run of the control's instrument.
    NotFoundError
        The substance is not among what the libraries find in it.
    FormatError, StateError, PermissionDenied, LibraryError
    """
    workflow.require(records.person(lab.db, actor), Verb.RECORD_CONTROL)
    found = controls.control(lab, name)
    if found.quantity not in FROM_FILES:
        raise RecordError(
            f"{found.name} is a {found.quantity} control, whose value is typed",
            hint=f"fol control record {found.name} --value …",
        )
    data = bytes_of(path)
    digest = hashlib.sha256(data).hexdigest()
    device, confirmed = bench_instruments.read_by(lab, found.instrument)
    if device is None:
        raise NotFoundError(f"{found.name} names no instrument")
    export = verification.read_as(data, path.name, device, confirmed)
    keep_original(lab.raw_folder, data)
    value = _measured(lab, export, found, libraries)
    seen = Observation(value=value, file_name=path.name, raw_sha256=digest, place=place, note=note)
    return controls.record_value(lab, actor, found.name, seen, key=key)


def _measured(lab: Lab, export: Export, control: Control, names: Sequence[str]) -> float:
    if control.quantity is Quantity.BLANK:
        return _largest_area(export)
    if not control.substance:
        raise RecordError(
            f"{control.name} names no substance that could be looked for",
            hint="Define it with --substance, or type its value.",
        )
    device = bench_instruments.instrument(lab, control.instrument)
    context = instrument_standing.beside(lab, device, NO_CONTEXT, device.kind)
    from lims.matching import match_export

    with ExitStack() as stack:
        opened = verification.opened_libraries(lab, names, stack)
        result = match_export(export, opened, context=context)
    return value_in(result, control.quantity, control.substance)


def value_in(result: Mapping[str, Any], quantity: Quantity, substance: str) -> float:
    """Return a quantity of a substance in an answer of ``fol.match/1``.

    Of several peaks the one with the best score for the substance counts.

    Raises
    ------
    NotFoundError
        No hit is this substance, or its peak has no such number.
    """
    from lims import matching

    best, score = None, -1.0
    for answer in matching.answers(result):
        for hit in answer["hits"]:
            if hit["hqi"] > score and is_same(hit["substance"], substance):
                best, score = answer, float(hit["hqi"])
    if best is None:
        raise NotFoundError(
            f"{substance} is not among what the libraries find in this run",
            hint="Is it a run of the control? A control that is not found is recorded by its value "
            "0, typed, with a note.",
        )
    if quantity is Quantity.HQI:
        return score
    name = {Quantity.AREA: "area", Quantity.RETENTION_INDEX: "retention_index"}[quantity]
    value = best.get(name)
    if value is None:
        raise NotFoundError(
            f"the peak of {substance} has no {name.replace('_', ' ')}",
            hint="A retention index needs a ladder in date: fol instrument verify … --standard "
            "alkanes.",
        )
    return float(value)


def _largest_area(export: Export) -> float:
    """Return the area of the largest component of a blank run; 0 where it holds none."""
    from lims.run_context import components_of

    found = components_of(export, "blank")
    return max((float(f"{each.area:.6g}") for each in found), default=0.0)
