"""Unknowns recorded before there were clusters: read again from kept bytes, and joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lims import kept_runs, records, unknown_clusters, unknown_signatures, unknowns, workflow
from lims.lab import Lab
from lims.model import Finding
from lims.workflow import Verb
from spectra.errors import LabError
from spectra.spectrum import MassRun

if TYPE_CHECKING:
    from instruments.export import Export
    from spectra.chromatography import Component

_APART_S = 0.5
"""A peak is the same one in a later reading when its apex stands this near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherProblem:
    """A finding that could not be read again."""

    finding: str
    sample: str
    problem: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherReport:
    """What one round brought: findings read, codes they joined or opened, what failed."""

    read: int
    codes: tuple[str, ...]
    problems: tuple[GatherProblem, ...]


def gather(
    lab: Lab, actor: str, *, progress: Callable[[int, int], None] | None = None
) -> GatherReport:
    """Put every stored unknown that is in no cluster into one.

    Parameters
    ----------
    progress : callable or None
        Told how many of how many are done.

    Raises
    ------
    PermissionDenied, BusyError, StorageFullError
    """
    workflow.require(records.person(lab.db, actor), Verb.SORT_UNKNOWNS)
    todo = [each for each in unknowns.standing(lab) if not _has_place(lab.db, each.id)]
    codes: list[str] = []
    problems: list[GatherProblem] = []
    for done, finding in enumerate(todo, start=1):
        try:
            export = kept_runs.read_again(kept_runs.of_run(lab, kept_runs.run(lab, finding.run)))
            match = signed(export, finding.match)
        except (LabError, OSError) as fault:
            problems.append(_problem(finding, fault))
            continue
        codes += _join(lab, actor, finding, match)
        if progress is not None:
            progress(done, len(todo))
    return GatherReport(
        read=len(todo) - len(problems),
        codes=tuple(dict.fromkeys(codes)),
        problems=tuple(problems),
    )


def _join(lab: Lab, actor: str, finding: Finding, match: Mapping[str, Any]) -> tuple[str, ...]:
    with lab.writing(actor) as act:
        act.allow(Verb.SORT_UNKNOWNS)
        # Somebody else may have put it somewhere meanwhile.
        if _has_place(act.db, finding.id):
            return ()
        return unknown_clusters.join(act, finding.sample, finding.id, match)


def _has_place(database: Any, finding: str) -> bool:
    return bool(
        records.rows(database, "SELECT 1 AS one FROM unknown_member WHERE finding=?", finding)
    )


def signed(export: Export, match: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored match with the signatures of its unknown answers.

    Parameters
    ----------
    export : Export
        The run's bytes, read again.
    match : mapping
        The ``results`` entry that was recorded.
    """
    plain = [each for each in export.spectra if not isinstance(each, MassRun)]
    found = dict(match)
    spectra = list(match.get("spectra") or ())
    if spectra and len(spectra) == len(plain):
        found["spectra"] = [
            unknown_signatures.with_signature(dict(entry), measurement)
            for entry, measurement in zip(spectra, plain, strict=True)
        ]
    peaks = list(match.get("peaks") or ())
    if peaks:
        found["peaks"] = _signed_peaks(export, peaks, match)
    return found


def _signed_peaks(
    export: Export, peaks: list[dict[str, Any]], match: Mapping[str, Any]
) -> list[dict[str, Any]]:
    from spectra.chromatography import read_run

    components = [
        component
        for each in export.spectra
        if isinstance(each, MassRun) and not each.faults
        for component in read_run(each).components
    ]
    facts: Mapping[str, Any] = next(iter(match.get("runs") or ()), {})
    phase = str((facts.get("ladder") or {}).get("phase", ""))
    signed_peaks = []
    for entry in peaks:
        near = _nearest(components, entry.get("retention_time_s"))
        if near is None:
            signed_peaks.append(dict(entry))
            continue
        signed_peaks.append(
            unknown_signatures.with_signature(dict(entry), near.spectrum, phase=phase)
        )
    return signed_peaks


def _nearest(components: Sequence[Component], time_s: float | None) -> Component | None:
    if time_s is None or not components:
        return None
    near = min(components, key=lambda each: abs(each.retention_time_s - time_s))
    return near if abs(near.retention_time_s - time_s) <= _APART_S else None


def _problem(finding: Finding, fault: LabError | OSError) -> GatherProblem:
    told = fault.message if isinstance(fault, LabError) else str(fault.strerror or fault)
    hint = fault.hint if isinstance(fault, LabError) else ""
    return GatherProblem(finding=finding.id, sample=finding.sample, problem=told, hint=hint)
