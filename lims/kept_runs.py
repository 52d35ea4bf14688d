"""A run on record read again from its kept bytes, the way it was read when it was recorded.

What is needed for that is plain data that can be handed to another process; reading it needs the
folder of kept bytes and no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import bench_instruments, records
from lims.errors import NotFoundError, RecordError
from lims.instrument_condition import of_facts
from lims.run_context import NO_CONTEXT, RunContext, Source
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from instruments.export import Export
    from instruments.mapping import TextMapping
    from lims.lab import Lab
    from lims.model import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """Where a run's bytes are, and how they were read.

    ``mapping`` is the one of its instrument that read it, or None where none did.
    """

    raw_folder: Path
    sha256: str
    file_name: str
    technique: str
    mapping: TextMapping | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a finding says was run beside its run; empty texts and tuples for nothing.

    ``instrument`` is the condition of the instrument, as it is stored with the answer.
    """

    blank_file: str = ""
    blank_sha256: str = ""
    ladder_file: str = ""
    ladder_sha256: str = ""
    carbons: tuple[float, ...] = ()
    time_s: tuple[float, ...] = ()
    phase: str = ""
    is_isothermal: bool = False
    instrument: Mapping[str, Any] = field(default_factory=dict)


def of_run(lab: Lab, run: Run) -> KeptRun:
    """Return how a run on record can be read again."""
    mapping = None
    if run.instrument and run.mapping_version:
        known = bench_instruments.mappings(lab, run.instrument)
        mapping = next((m.mapping for m in known if m.version == run.mapping_version), None)
    return KeptRun(
        raw_folder=lab.raw_folder,
        sha256=run.raw_sha256,
        file_name=run.file_name,
        technique=run.technique,
        mapping=mapping,
    )


def run(lab: Lab, run_id: str) -> Run:
    """Return a run by id.

    Raises
    ------
    NotFoundError
    """
    found = records.rows(lab.db, "SELECT * FROM run WHERE id=?", run_id.strip().upper())
    if not found:
        raise NotFoundError(f"there is no run or finding {run_id[:60]!r} in this lab's record")
    return records.as_run(found[0])


def read_again(kept: KeptRun) -> Export:
    """Return what the kept bytes hold, read under guard.

    Raises
    ------
    CorruptFileError
        They are missing, changed, or can no longer be read.
    """
    from instruments import raw, sandbox

    data = raw.fetch(kept.raw_folder, kept.sha256)
    export = sandbox.read_guarded_bytes(data, kept.file_name, mapping=kept.mapping)
    if export.technique is Technique.OTHER:
        # Said at the bench, or known from the instrument, when the run was recorded.
        export = replace(export, technique=Technique(kept.technique))
    return export


def beside(match: Mapping[str, Any]) -> Beside:
    """Return what a stored match says was run beside its run."""
    facts: Mapping[str, Any] = next(iter(match.get("runs") or ()), {})
    blank, ladder = facts.get("blank") or {}, facts.get("ladder") or {}
    return Beside(
        blank_file=str(blank.get("file", "")),
        blank_sha256=str(blank.get("sha256", "")),
        ladder_file=str(ladder.get("file", "")),
        ladder_sha256=str(ladder.get("sha256", "")),
        carbons=tuple(float(each) for each in ladder.get("carbons", ())),
        time_s=tuple(float(each) for each in ladder.get("retention_time_s", ())),
        phase=str(ladder.get("phase", "")),
        is_isothermal=ladder.get("method") == "Kovats",
        instrument=dict(match.get("instrument") or {}),
    )


def context_again(raw_folder: Path, said: Beside) -> RunContext:
    """Return what was beside a stored finding's run, for comparing it once more.

    Raises
    ------
    CorruptFileError, SpectrumError
        The blank is missing or cannot be read.
    RecordError
        The ladder was isothermal: its dead time is not part of a finding, and without its indices
        a name could come back that they had ruled out.
    """
    context = NO_CONTEXT
    if said.instrument:
        # As it was when it measured: a later verification says nothing of an earlier run.
        context = replace(context, condition=of_facts(said.instrument))
    if said.is_isothermal:
        raise RecordError(
            "the dead time of its isothermal ladder is not on record",
            hint="Ingest the run again with --ladder and --dead-time-s.",
        )
    if said.blank_sha256:
        from instruments import raw, sandbox
        from lims.run_context import components_of

        data = raw.fetch(raw_folder, said.blank_sha256)
        export = sandbox.read_guarded_bytes(data, said.blank_file)
        context = replace(
            context,
            blank=components_of(export, "blank"),
            blank_source=Source(name=said.blank_file, sha256=said.blank_sha256),
        )
    if said.carbons:
        import numpy as np

        from spectra.retention import Ladder, Phase

        ladder = Ladder(
            carbons=np.array(said.carbons), time_s=np.array(said.time_s), phase=Phase(said.phase)
        )
        source = Source(name=said.ladder_file, sha256=said.ladder_sha256)
        context = replace(context, ladder=ladder, ladder_source=source)
    return context
