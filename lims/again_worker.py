"""Stored unknowns compared once more, in whatever process this runs: plain data in, plain data out.

Needs the folders of kept bytes and of libraries, and no record. Everything that is handed over and
back can be pickled.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import kept_runs, leads, matching
from lims.kept_runs import Beside, KeptRun
from lims.leads import Lead
from spectra.errors import LabError

if TYPE_CHECKING:
    from libraries.library import Library

_log = logging.getLogger(__name__)
_HITS_KEPT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """One finding that named nothing, and what it takes to compare its run once more."""

    finding: str
    kept: KeptRun
    beside: Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A few unknowns for one worker, and the library versions to search.

    ``libraries`` are (name, version) in ``folder``.
    """

    unknowns: tuple[Unknown, ...]
    folder: Path
    libraries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one unknown: a match, or the problem that kept it from being compared."""

    finding: str
    match: Mapping[str, Any] | None
    leads: tuple[Lead, ...] = ()
    problem: str = ""
    hint: str = ""


def search_again(task: Task) -> list[Outcome]:
    """Return one outcome for each unknown, in order. Never raises for what a file or library holds.

    Parameters
    ----------
    task : Task

    Returns
    -------
    list of Outcome
    """
    from libraries.library import open_library

    try:
        with ExitStack() as stack:
            opened = [
                stack.enter_context(open_library(name, folder=task.folder, version=version))
                for name, version in task.libraries
            ]
            return [_outcome(each, opened) for each in task.unknowns]
    except (LabError, OSError) as fault:
        return [_failed(each, fault) for each in task.unknowns]


def _outcome(unknown: Unknown, libraries: Sequence[Library]) -> Outcome:
    from lims import fields

    try:
        context = kept_runs.context_again(unknown.kept.raw_folder, unknown.beside)
        export = kept_runs.read_again(unknown.kept)
        result = matching.match_export(export, libraries, leads.HITS_NEEDED, context=context)
        found = leads.of_match(result, leads.yardsticks(libraries))
    except (LabError, OSError) as fault:
        return _failed(unknown, fault)
    except Exception as bug:  # noqa: BLE001 - the worker's edge: one finding must not stop the rest
        _log.exception("searching %s again", unknown.finding)
        return Outcome(
            finding=unknown.finding,
            match=None,
            problem=f"a fault in fol itself ({type(bug).__name__})",
        )
    for answer in matching.answers(result):
        del answer["hits"][_HITS_KEPT:]
    shown = fields.visible(unknown.kept.file_name)
    return Outcome(finding=unknown.finding, match=result | {"path": shown}, leads=tuple(found))


def _failed(unknown: Unknown, fault: LabError | OSError) -> Outcome:
    told = fault.message if isinstance(fault, LabError) else str(fault.strerror or fault)
    hint = fault.hint if isinstance(fault, LabError) else ""
    return Outcome(finding=unknown.finding, match=None, problem=told, hint=hint)
