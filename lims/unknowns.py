"""Which stored findings are unknowns, and which library versions each has not been compared with.

Reads only. A finding is an unknown while it is the last that stands of its run and leaves something
unnamed for want of a reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lims import library_care, matching, records, statements
from lims.lab import Lab
from lims.library_care import LabLibrary
from lims.model import Finding
from lims.statements import CLASSED

_ALWAYS = frozenset(("no_match", "unexplained", *CLASSED))
_SECTIONS = {
    "raman": frozenset(("raman",)),
    "ftir": frozenset(("ftir",)),
    "gcms": frozenset(("ei",)),
    "ms": frozenset(("ei", "msms")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An unknown and the installed library versions it has not been compared with."""

    finding: Finding
    fresh: tuple[LabLibrary, ...]


def searchable(lab: Lab) -> tuple[LabLibrary, ...]:
    """Return the newest version of each library on which disk and record agree."""
    return tuple(
        each
        for each in library_care.libraries(lab)
        if not each.problem and each.installed is not None and each.installed.newest
    )


def waiting(lab: Lab, library: str = "") -> list[Waiting]:
    """Return every unknown that a library holds something new for, oldest first.

    Parameters
    ----------
    lab : Lab
    library : str
        Only what was not compared with the newest version of this one; any when empty.

    Raises
    ------
    LibraryNotFoundError
        No such library.
    RecordError
        Disk and record do not agree on it.
    """
    installed = searchable(lab)
    if library:
        _require_searchable(lab, library, installed)
    found = []
    for finding in standing(lab):
        seen = covered(lab, finding)
        fresh = tuple(
            each
            for each in installed
            if (each.name, each.version) not in seen and _holds(each, finding.technique)
        )
        if fresh and (not library or any(each.name == library for each in fresh)):
            found.append(Waiting(finding=finding, fresh=fresh))
    return found


def covered(lab: Lab, finding: Finding) -> set[tuple[str, str]]:
    """Return the (name, version) of every library a finding was compared with, then or since."""
    first = finding.match.get("libraries") or ()
    seen = {(str(each.get("name")), str(each.get("version"))) for each in first}
    since = records.rows(
        lab.db, "SELECT library, version FROM search_again_library WHERE finding=?", finding.id
    )
    return seen | {(str(row["library"]), str(row["version"])) for row in since}


def is_unknown(finding: Finding) -> bool:
    """Whether a finding leaves something unnamed that a better library could name.

    A poor measurement stays poor whatever it is compared with; a good one that could not be
    compared, because a library was missing or too small, is an unknown.
    """
    if finding.level in _ALWAYS:
        return True
    if finding.level == "insufficient":
        return any(
            (each.get("quality") or {}).get("ok") and _state(each) == "insufficient"
            for each in matching.answers(finding.match)
        )
    return any(said.state in CLASSED for said in statements.of_match(finding.match))


def _state(answer: Any) -> str:
    return str((answer.get("decision") or {}).get("state", ""))


def standing(lab: Lab) -> Iterator[Finding]:
    """Yield unknowns page by page, each the last finding of its run that stands."""
    last = 0
    while True:
        page = records.rows(
            lab.db,
            "SELECT f.rowid AS place, f.* FROM finding f WHERE f.rowid>? "
            "AND f.state IN ('submitted','reviewed') "
            "AND (f.level IN ('no_match','unexplained','insufficient','class_only',"
            "'analogue_candidate') OR f.classes<>'[]') "
            "AND NOT EXISTS (SELECT 1 FROM finding l WHERE l.run=f.run AND l.rowid>f.rowid "
            "AND l.state IN ('submitted','reviewed')) "
            # A spectrum that is a reference itself would only be found to be like itself.
            "AND NOT EXISTS (SELECT 1 FROM reference e JOIN run r ON r.id=f.run "
            "WHERE e.raw_sha256=r.raw_sha256 AND e.state IN ('approved','entered')) "
            "ORDER BY f.rowid LIMIT 200",
            last,
        )
        for row in page:
            finding = records.as_finding(row)
            if is_unknown(finding):
                yield finding
        if len(page) < 200:
            return
        last = page[-1]["place"]


def _holds(library: LabLibrary, technique: str) -> bool:
    there = set(library.installed.techniques) if library.installed is not None else set()
    return bool(there & _SECTIONS.get(technique, frozenset(("raman", "ftir", "ei", "msms"))))


def _require_searchable(lab: Lab, name: str, installed: Sequence[LabLibrary]) -> None:
    from libraries import catalog
    from lims.errors import RecordError

    newest = catalog.locate(lab.libraries_folder, name).name
    if any((each.name, each.version) == (name, newest) for each in installed):
        return
    listed = next(
        each for each in library_care.libraries(lab) if (each.name, each.version) == (name, newest)
    )
    raise RecordError(f"library {name} {newest} cannot be searched: {listed.problem}")
