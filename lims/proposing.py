"""Proposed structures for the analogues of a match or of a finding on record.

Brings the spectrum back from the kept bytes, the nearest known structures from table and libraries,
and the legal reading of each proposal. What is recorded stands beside the candidate, marked
*proposed, not identified*, and is no part of any decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from lims import clock, kept_runs, law, matching, records
from lims.errors import RecordError, StateError
from lims.model import FindingState
from lims.proposal_facts import MARK, Going, is_asked, nothing, proposals_of
from lims.workflow import Verb
from spectra.spectrum import MassRun, MassSpectrum, Measurement

if TYPE_CHECKING:
    from libraries.library import Library
    from lims.lab import Lab
    from lims.model import Finding

Json = dict[str, Any]

_MOST_ANALOGUES = 4


def with_proposals(
    result: Json, measurements: Sequence[Measurement], libraries: Sequence[Library], going: Going
) -> Json:
    """Return a ``results`` entry of ``fol.match/1`` whose analogues hold ``proposals``.

    Parameters
    ----------
    result : dict
    measurements : sequence of Measurement
        The spectra of the file the entry is of.
    libraries : sequence of Library
        Where the structures of the nearest entries may stand.
    going : Going
    """
    found = iter(_of_rows(result, measurements, libraries, going))
    changed = dict(result)
    for name in ("spectra", "peaks"):
        if name in result:
            pairs = zip(result[name], found)  # noqa: B905 - the iterator goes on with the next name
            changed[name] = [row if each is None else _with(row, each) for row, each in pairs]
    return changed


def of_finding(lab: Lab, finding_id: str, going: Going | None = None) -> list[Json]:
    """Return the proposals for each analogue of a finding on record; nothing is written.

    Returns
    -------
    list of dict
        ``position`` (of the spectrum or peak), ``title``, ``class``, ``proposals``.

    Raises
    ------
    NotFoundError
    StateError
        The finding holds no analogue.
    RecordError
        Its spectrum cannot be found again.
    CorruptFileError
        The kept bytes are missing or changed.
    """
    finding = records.finding(lab.db, finding_id.strip().upper())
    rows = list(matching.answers(finding.match))
    if not any(is_asked(row) for row in rows):
        raise StateError(
            f"{finding.id} holds no analogue: structures are proposed for nothing else",
            hint="An answer that says a class and no substance can be asked.",
        )
    run = kept_runs.run(lab, finding.run)
    export = kept_runs.read_again(kept_runs.of_run(lab, run))
    day = clock.now().astimezone(lab.zone).date().isoformat()
    asked = going or Going()
    asked = Going(
        progress=asked.progress,
        is_cancelled=asked.is_cancelled,
        rules=asked.rules or law.rules(lab),
        day=asked.day or day,
    )
    found = []
    with ExitStack() as stack:
        libraries = [stack.enter_context(each) for each in _searched(lab, finding)]
        each_of = _of_rows(finding.match, export.spectra, libraries, asked)
        for position, (row, proposals) in enumerate(zip(rows, each_of, strict=True)):
            if proposals is not None:
                title, name = str(row.get("title", "")), str(row["analogue"].get("class", ""))
                found.append(
                    {"position": position, "title": title, "class": name, "proposals": proposals}
                )
    return found


def record(lab: Lab, actor: str, finding_id: str, proposed: Sequence[Json], key: str = "") -> None:
    """Keep proposals beside the candidates of a finding, in place of earlier ones.

    They change no decision and no state. Only before the review: what leaves in a report was
    before a second person's eyes.

    Parameters
    ----------
    proposed : sequence of dict
        As `of_finding` returns them.

    Raises
    ------
    StateError
        The finding has no analogue at such a position, or was reviewed.
    RecordError
        A structure does not say that it is only proposed.
    NotFoundError, PermissionDenied
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.PROPOSE_STRUCTURES)
        if act.repeated("structures.proposed") is not None:
            return
        finding = records.finding(act.db, finding_id.strip().upper())
        if finding.state is not FindingState.SUBMITTED:
            raise StateError(
                f"{finding.id} is {finding.state.value.replace('_', ' ')}: nothing is added to it",
                hint="Proposals are kept before the review; they can be made at any time.",
            )
        rows = list(matching.answers(finding.match))
        for each in proposed:
            at = each["position"]
            structures = each["proposals"].get("structures", ())
            if any(structure.get("mark") != MARK for structure in structures):
                raise RecordError(f"a structure to be kept is not marked {MARK!r}")
            if not 0 <= at < len(rows) or not is_asked(rows[at]):
                raise StateError(f"{finding.id} holds no analogue at position {at}")
        body = {
            "finding": finding.id,
            "sample": finding.sample,
            "proposed": [
                {"position": each["position"], "proposals": each["proposals"]} for each in proposed
            ],
        }
        act.append("structures.proposed", body)


def _with(row: Mapping[str, Any], proposals: Json) -> Json:
    return {**row, "analogue": {**row["analogue"], "proposals": proposals}}


def _of_rows(
    match: Mapping[str, Any],
    measurements: Sequence[Measurement],
    libraries: Sequence[Library],
    going: Going,
) -> Iterator[Json | None]:
    """Yield the proposals of each answer of a match, in its order; None where none are asked for.

    Candidates come before mere class notes where there are more analogues than a person waits for.
    """
    rows = list(matching.answers(match))
    asked = [at for at, row in enumerate(rows) if is_asked(row)]
    asked.sort(key=lambda at: rows[at]["decision"]["state"] != "analogue_candidate")
    first = frozenset(asked[:_MOST_ANALOGUES])
    for at, (row, measurement) in enumerate(
        zip(rows, _of_answers(match, measurements), strict=True)
    ):
        if at in asked and at not in first:
            yield nothing(f"the file holds more than {_MOST_ANALOGUES} analogues; not asked for")
        else:
            yield proposals_of(row, measurement, libraries, going)


def _of_answers(
    match: Mapping[str, Any], measurements: Sequence[Measurement]
) -> Iterator[Measurement | None]:
    """Yield the measurement behind each answer of a match, in its order; None where it is gone."""
    plain = iter([each for each in measurements if not isinstance(each, MassRun)])
    for _ in match.get("spectra", ()):
        yield next(plain, None)
    runs = [each for each in measurements if isinstance(each, MassRun)]
    components: list[tuple[float, MassSpectrum]] | None = None
    for row in match.get("peaks", ()):
        if not is_asked(row) or row.get("retention_time_s") is None:
            yield None
            continue
        if components is None:
            components = _components(runs)
        yield _nearest_in_time(row, components)


def _components(runs: Sequence[MassRun]) -> list[tuple[float, MassSpectrum]]:
    from spectra.chromatography import read_run

    return [(c.retention_time_s, c.spectrum) for run in runs for c in read_run(run).components]


def _nearest_in_time(
    row: Mapping[str, Any], components: Sequence[tuple[float, MassSpectrum]]
) -> MassSpectrum | None:
    named = [each for each in components if each[1].title == row.get("title")] or components
    time_s = float(row["retention_time_s"])
    return min(named, key=lambda each: abs(each[0] - time_s), default=(0.0, None))[1]


def _searched(lab: Lab, finding: Finding) -> list[Library]:
    """Return the libraries a finding was compared with that are still installed."""
    from libraries.errors import LibraryError
    from libraries.library import open_library

    found = []
    for each in finding.match.get("libraries") or ():
        name, version = str(each.get("name", "")), str(each.get("version", ""))
        try:
            found.append(open_library(name, folder=lab.libraries_folder, version=version or None))
        except LibraryError:
            # Withdrawn since: the table still knows most structures, and the search says what not.
            continue
    return found


__all__ = ["MARK", "Going", "of_finding", "record", "with_proposals"]
