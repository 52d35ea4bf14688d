"""The proposals of one answer of a match: its question, and what is found as plain values.

Takes mass and nearest known structures from what the match says; knows no record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lims.errors import RecordError
from lims.statements import CLASSED
from spectra.errors import SpectrumError
from spectra.spectrum import MassSpectrum, Measurement

if TYPE_CHECKING:
    from libraries.legal_rules import RuleSet
    from libraries.library import Library
    from libraries.proposals import Proposal, Relative

Json = dict[str, Any]
Progress = Callable[[int, int], None]

MARK = "proposed, not identified"
# A person waits for this; the work is bounded by counts besides.
MOST_SECONDS = 10.0
_NEAREST = 5
_TOP = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Who is told how far it is, and who may end it; and the law that proposals are read by."""

    progress: Progress = lambda _done, _of: None
    is_cancelled: Callable[[], bool] = lambda: False
    rules: RuleSet | None = None
    day: str = ""


def is_asked(row: Mapping[str, Any]) -> bool:
    """Whether an answer is a class without a substance: an analogue."""
    analogue = row.get("analogue")
    state = (row.get("decision") or {}).get("state")
    return state in CLASSED and isinstance(analogue, Mapping) and bool(analogue.get("class"))


def proposals_of(
    row: Mapping[str, Any],
    measurement: Measurement | None,
    libraries: Sequence[Library],
    going: Going,
) -> Json | None:
    """Return the proposals of one answer as plain values; None where none are asked for."""
    if not is_asked(row):
        return None
    if not isinstance(measurement, MassSpectrum):
        return nothing("structures are proposed for mass spectra only")
    analogue = row["analogue"]
    mass = _mass(analogue, measurement)
    if mass is None:
        return nothing("no molecular mass is known, not even an implied one")
    from libraries.proposals import ProposalQuestion, propose
    from spectra.peak_table import unit_query

    try:
        spectrum = unit_query(measurement)
    except SpectrumError as error:
        return nothing(error.message)
    until = time.monotonic() + MOST_SECONDS
    question = ProposalQuestion(
        class_name=str(analogue["class"]),
        spectrum=spectrum,
        mass=mass,
        relatives=list(_relatives(analogue, libraries)),
    )
    found = propose(
        question,
        top=_TOP,
        progress=going.progress,
        is_cancelled=lambda: going.is_cancelled() or time.monotonic() > until,
    )
    return {
        "mark": MARK,
        "mass": mass,
        "complete": found.complete,
        "candidates": found.candidates,
        "tried": found.tried,
        "reason": found.reason,
        "structures": [_plain(each, going) for each in found.proposals],
    }


def nothing(reason: str) -> Json:
    """Return that nothing is proposed, and why."""
    return {
        "mark": MARK,
        "mass": None,
        "complete": True,
        "candidates": 0,
        "tried": 0,
        "reason": reason,
        "structures": [],
    }


def _mass(analogue: Mapping[str, Any], measurement: MassSpectrum) -> int | None:
    if measurement.molecular_mass is not None:
        return int(measurement.molecular_mass + 0.5)
    mass = analogue.get("mass")
    stated = mass.get("nominal") if isinstance(mass, Mapping) else None
    if isinstance(stated, int) and stated > 0:
        return stated
    return _implied(analogue)


def _nearest(analogue: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nearest entries as they stand in a match, also in an old or foreign one."""
    said = analogue.get("nearest")
    items = said if isinstance(said, list | tuple) else ()
    return [each for each in items if isinstance(each, Mapping)][:_NEAREST]


def _implied(analogue: Mapping[str, Any]) -> int | None:
    """Return the mass that an older finding implies: the nearest one's and the shift."""
    from libraries import substances

    for each in _nearest(analogue)[:1]:
        known = substances.table().find(str(each.get("name", "")))
        shift = each.get("mass_shift")
        if known is not None and isinstance(shift, int):
            return known.nominal_mass + shift
    return None


def _relatives(analogue: Mapping[str, Any], libraries: Sequence[Library]) -> Iterator[Relative]:
    from libraries import substances
    from libraries.proposals import Relative

    table = substances.table()
    for each in _nearest(analogue):
        name = str(each.get("name", ""))
        known = table.find(name)
        smiles = known.smiles if known is not None else _from_libraries(name, libraries)
        if smiles:
            score = each.get("score")
            yield Relative(
                name=name,
                smiles=smiles,
                score=float(score) if isinstance(score, int | float) else 0.0,
            )


def _from_libraries(name: str, libraries: Sequence[Library]) -> str:
    for library in libraries:
        for entry in library.find(name, 8):
            who = entry.draft.identity
            if entry.substance == name and who.smiles:
                return who.smiles
    return ""


def _plain(each: Proposal, going: Going) -> Json:
    readings = _law(each.smiles, going)
    return {
        "rank": each.rank,
        "mark": each.mark,
        "smiles": each.smiles,
        "formula": each.formula,
        "inchikey": each.inchikey,
        "made_from": each.made_from,
        "edits": list(each.edits),
        "site": each.site,
        "ions": list(each.ions),
        "agreement": each.agreement,
        "fragments": each.fragments,
        "legal": readings,
    }


def _law(smiles: str, going: Going) -> list[Json]:
    """Return what law would say of a structure, were the substance it."""
    from libraries import legal
    from libraries.errors import LibraryError

    try:
        found = legal.classify(smiles, day=going.day, rules=going.rules)
    except LibraryError as error:
        raise RecordError(f"a proposed structure cannot be read: {error.message}") from error
    return [
        {
            "would_be": f"{each.jurisdiction}: {each.rule}",
            "outcome": each.outcome.value,
            "letters": list(each.letters),
            "schedule": each.schedule,
        }
        for each in found.rules
        if each.applies
    ]
