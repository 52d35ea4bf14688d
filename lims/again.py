"""Stored unknowns searched again when a library grows: what now answers is submitted and told.

Nothing is rewritten: a finding that says more is a new one, which refers to the old and waits for
review. What was compared with which library version is on record, so a search that was stopped goes
on where it was, and the same search twice does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lims import (
    alerts,
    kept_runs,
    library_care,
    records,
    statements,
    submission,
    unknowns,
    workflow,
)
from lims.act import Act
from lims.again_worker import Outcome, Task, Unknown, search_again
from lims.errors import RecordError
from lims.lab import Lab
from lims.leads import Lead
from lims.model import Finding
from lims.queries import HIDDEN
from lims.statements import CLASSED, NAMED
from lims.unknowns import Waiting
from lims.workflow import Verb

Progress = Callable[[int, int], None]
"""Called with how many unknowns were searched and how many there are."""

_PER_TASK = 8
_IN_FLIGHT = 64
_LOOK_S = 0.2


class Gain(StrEnum):
    """What a second search brought.

    ``LEAD``: nothing may be named, because the new library is too small to say how often it errs;
    but its entry stands out as hardly any absent substance does (`lims.leads`). Told, and nothing
    submitted: a scientist looks at it.
    """

    NAMED = "named"
    CLASS = "class"
    LEAD = "lead"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One stored unknown after a second search.

    ``now`` hides what it found while a hazard notice of the sample waits for a named person.
    """

    finding: str
    new_finding: str
    sample: str
    shipment: str
    disposition: str
    technique: str
    was: str
    now: str
    gain: Gain
    libraries: tuple[str, ...]
    found_at: datetime
    at: datetime
    by: str
    days: float
    """From the old finding to the second search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An unknown that could not be searched; it is tried again next time."""

    finding: str
    sample: str
    problem: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainReport:
    """What one round of searching did."""

    searched: int
    found: tuple[Again, ...]
    problems: tuple[Problem, ...]
    left: int
    """Still to be searched, because the round was stopped."""


def search(
    lab: Lab,
    actor: str,
    *,
    library: str = "",
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> AgainReport:
    """Search every stored unknown against library versions it has not been compared with.

    Parameters
    ----------
    lab : Lab
    actor : str
        Submits the findings that say more; another person reviews them.
    library : str
        Only unknowns that were not compared with the newest version of this one.
    executor : Executor or None
        Where the searches run: a local pool or any other `concurrent.futures.Executor` whose
        workers see the lab folder under the same path. In this process when None.
    progress : callable or None
    is_cancelled : callable
        Asked between searches; what was recorded until then stays.

    Raises
    ------
    PermissionDenied, LibraryNotFoundError, RecordError, BusyError, StorageFullError
        Also RecordError when the pool of workers broke; what was recorded stays.
    """
    workflow.require(records.person(lab.db, actor), Verb.SEARCH_AGAIN)
    library_care.mend(lab)
    todo = {each.finding.id: each for each in unknowns.waiting(lab, library)}
    found: list[Again] = []
    problems: list[Problem] = []
    done = 0
    with closing(_outcomes(executor, _tasks(lab, list(todo.values())), is_cancelled)) as outcomes:
        for outcome in outcomes:
            done += 1
            each = todo[outcome.finding]
            told = _record(lab, actor, each, outcome)
            if isinstance(told, Problem):
                problems.append(told)
            elif told is not None:
                found.append(told)
            if progress is not None:
                progress(done, len(todo))
    return AgainReport(
        searched=done - len(problems),
        found=tuple(each for each in found if each.gain),
        problems=tuple(problems),
        left=len(todo) - done,
    )


def listed(
    lab: Lab, library: str = "", everything: bool = False, *, limit: int = 1_000
) -> tuple[Again, ...]:
    """Return what earlier searches brought, newest first; those that brought nothing when asked.

    Parameters
    ----------
    library : str
        Only searches in a version of this library; any when empty.
    limit : int
        How many at most.
    """
    where = ["1"] if everything else ["a.gain<>''"]
    values: list[object] = []
    if library:
        where.append(
            "EXISTS (SELECT 1 FROM search_again_library l WHERE l.seq=a.seq AND l.library=?)"
        )
        values.append(library)
    rows = records.rows(lab.db, f"{_LISTED} WHERE {' AND '.join(where)} {_ORDER}", *values, limit)
    return tuple(_as_again(lab, row) for row in rows)


_LISTED = (
    "SELECT a.*, f.headline AS before, f.at AS found_at, f.technique AS technique, "
    "s.shipment AS shipment, s.unacknowledged AS unacknowledged, p.state AS disposition "
    "FROM search_again a JOIN finding f ON f.id=a.finding JOIN sample s ON s.number=a.sample "
    "JOIN shipment p ON p.number=s.shipment"
)
_ORDER = "ORDER BY a.seq DESC LIMIT ?"


def _tasks(lab: Lab, todo: Sequence[Waiting]) -> Iterator[Task]:
    """Yield the work in small parts; unknowns of one technique share what a worker has opened."""
    libraries = tuple((each.name, each.version) for each in unknowns.searchable(lab))
    ordered = sorted(todo, key=lambda each: each.finding.technique)
    for start in range(0, len(ordered), _PER_TASK):
        part = ordered[start : start + _PER_TASK]
        yield Task(
            unknowns=tuple(_unknown(lab, each.finding) for each in part),
            folder=lab.libraries_folder,
            libraries=libraries,
        )


def _unknown(lab: Lab, finding: Finding) -> Unknown:
    run = kept_runs.run(lab, finding.run)
    return Unknown(
        finding=finding.id,
        kept=kept_runs.of_run(lab, run),
        beside=kept_runs.beside(finding.match),
    )


def _outcomes(
    executor: Executor | None, tasks: Iterator[Task], is_cancelled: Callable[[], bool]
) -> Generator[Outcome, None, None]:
    """Yield outcomes as they come; only so many tasks are handed out at a time."""
    if executor is None:
        for task in tasks:
            if is_cancelled():
                return
            yield from search_again(task)
        return
    running: set[Future[list[Outcome]]] = set()
    try:
        while not is_cancelled():
            for task in tasks:
                running.add(executor.submit(search_again, task))
                if len(running) >= _IN_FLIGHT:
                    break
            if not running:
                return
            ended, running = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in ended:
                yield from _result(future)
    finally:
        for future in running:
            future.cancel()


def _result(future: Future[list[Outcome]]) -> list[Outcome]:
    broken = future.exception()
    if broken is not None:
        raise RecordError(
            f"the pool of workers failed: {type(broken).__name__} {str(broken)[:200]}".rstrip(),
            hint="What was searched is on record. Run `fol again` once more: it goes on there.",
        ) from broken
    return future.result()


def _record(lab: Lab, actor: str, each: Waiting, outcome: Outcome) -> Again | Problem | None:
    """Write what a search brought; None where somebody else wrote it meanwhile."""
    old = each.finding
    if outcome.match is None:
        return Problem(
            finding=old.id, sample=old.sample, problem=outcome.problem, hint=outcome.hint
        )
    with lab.writing(actor) as act:
        act.allow(Verb.SEARCH_AGAIN)
        row = records.sample_row(act.db, old.sample)
        if row["frozen"]:
            return Problem(
                finding=old.id,
                sample=old.sample,
                problem=f"{old.sample} is frozen: a discrepancy is open",
                hint="It is searched once the discrepancy is resolved.",
            )
        seen = unknowns.covered(lab, old)
        if all((fresh.name, fresh.version) in seen for fresh in each.fresh):
            return None
        return _written(lab, act, row, each, outcome.match, outcome.leads)


def _written(
    lab: Lab,
    act: Act,
    row: dict[str, Any],
    each: Waiting,
    match: Mapping[str, Any],
    leads: Sequence[Lead],
) -> Again:
    old = each.finding
    summary = submission.summary_of(match)
    lead = next((one for one in leads if one.library in {lib.name for lib in each.fresh}), None)
    gain = gain_of(old.match, match) or (Gain.LEAD if lead is not None else Gain.NONE)
    new = ""
    if gain in (Gain.NAMED, Gain.CLASS):
        new = submission.append_finding(
            act, old.sample, old.run, old.technique, summary, {**match, "again_of": old.id}
        )
        submission.append_notices(act, row, new, summary)
    else:
        submission.append_hazard(act, row, old.id, summary)
    event = act.append(
        "finding.searched_again",
        {
            "finding": old.id,
            "sample": old.sample,
            "was": old.level,
            "now": summary.level,
            "headline": str(lead)[:500] if gain is Gain.LEAD else summary.headline,
            "gain": gain.value,
            "new_finding": new,
            "libraries": list(match["libraries"]),
        },
    )
    if gain:
        _tell(act, each, event.body)
    written = records.rows(act.db, f"{_LISTED} WHERE a.seq=?", event.seq)
    return _as_again(lab, written[0])


def gain_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> Gain:
    """Return what a second match says more than the first: a name, a class, or nothing. Pure.

    Parameters
    ----------
    old, new : mapping
        ``results`` entries of ``fol.match/1``.
    """
    before, after = statements.of_match(old), statements.of_match(new)
    named_before = {name for said in before if said.state in NAMED for name in said.substances}
    named = {name for said in after if said.state in NAMED for name in said.substances}
    if named - named_before:
        return Gain.NAMED
    classes_before = {said.class_name for said in before if said.class_name}
    classes = {said.class_name for said in after if said.state in CLASSED and said.class_name}
    return Gain.CLASS if classes - classes_before else Gain.NONE


def _tell(act: Act, each: Waiting, said: Mapping[str, Any]) -> None:
    """Raise the notice for scientist and officers.

    It names nothing: a second person has not reviewed what was found, and a hazard notice may
    stand before it.
    """
    old = each.finding
    row = records.sample_row(act.db, old.sample)
    parcel = records.shipment(act.db, row["shipment"])
    fresh = ", ".join(f"{library.name} {library.version}" for library in each.fresh)
    new = said["new_finding"]
    verb = "answers to" if new else "may be in"
    follows = (
        f"Finding {new} waits for review."
        if new
        else "No name is given: compare the two side by side, or measure by another technique."
    )
    alerts.raise_alert(
        act,
        row,
        kind="again",
        headline=f"sample {row['number']}, unknown since {old.at:%Y-%m-%d}, {verb} a newer library",
        detail=f"{old.id} ({old.level.replace('_', ' ')}) was compared again, with {fresh}. "
        f"{follows} Shipment {parcel.number} is {parcel.state}. See it with `fol again list`.",
    )


def _as_again(lab: Lab, row: dict[str, Any]) -> Again:
    libraries = records.rows(
        lab.db,
        "SELECT library, version FROM search_again_library WHERE seq=? ORDER BY library",
        row["seq"],
    )
    found_at, at = records.moment(row["found_at"]), records.moment(row["at"])
    return Again(
        finding=row["finding"],
        new_finding=row["new_finding"],
        sample=row["sample"],
        shipment=row["shipment"],
        disposition=row["disposition"],
        technique=row["technique"],
        was=HIDDEN if row["unacknowledged"] else row["before"],
        now=HIDDEN if row["unacknowledged"] else row["headline"],
        gain=Gain(row["gain"]),
        libraries=tuple(f"{each['library']} {each['version']}" for each in libraries),
        found_at=found_at,
        at=at,
        by=row["by"],
        days=round(max(0.0, (at - found_at).total_seconds() / 86_400), 2),
    )
