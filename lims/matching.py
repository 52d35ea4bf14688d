"""One read export against open libraries -> the documented ``results`` entry of ``fol.match/1``.

Nothing is recorded here, and the record's database is not touched: `fol match` must answer within
half a second of process start.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from instruments.export import GUESSED
from lims import candidate_checks, match_hazard, unknown_signatures
from lims.instrument_condition import told, unnamed
from lims.run_context import NO_CONTEXT, RunContext, blank_facts
from spectra.axis import XKind
from spectra.spectrum import MassRun, Measurement, Spectrum, SpectrumKind, Technique

if TYPE_CHECKING:
    from pathlib import Path

    from instruments.export import Export
    from libraries.answer import Hit, LibraryAnswer
    from libraries.library import Library
    from spectra.blank import InBlank

Json = dict[str, Any]
"""A JSON object; its shape is documented in the reference of the command line."""

SCHEMA = "fol.match/1"

STATES = (
    "match",
    "match_group",
    "mixture",
    "analogue_candidate",
    "class_only",
    "unexplained",
    "no_match",
    "insufficient",
)
"""Every decision, the one that says most first."""

NAMING_STATES = frozenset(("match", "match_group", "mixture"))
"""Only these carry substance names."""

_TELLING = NAMING_STATES | {"analogue_candidate", "class_only"}
"""States that say something of what is there; a headline leaves none of them out."""

_MOST_SAID = 6

_CONFIRM = (
    "confirm once how this instrument writes (fol instrument confirm NAME FILE), "
    "then read with --instrument NAME"
)

# More components than this is a run of noise; the largest are searched, and the entry says so.
_MOST_COMPONENTS = 200


def open_libraries(folder: Path, names: Sequence[str] = ()) -> list[Library]:
    """Return the newest version of the named libraries, of all installed ones when none is named.

    Parameters
    ----------
    folder : Path
        The libraries folder of a lab.

    Raises
    ------
    LibraryNotFoundError, LibraryError
    """
    from libraries import catalog
    from libraries.library import open_library

    wanted = list(dict.fromkeys(names)) or [
        each.name for each in catalog.installed(folder) if each.newest
    ]
    return [open_library(name, folder=folder) for name in wanted]


def match_export(
    export: Export,
    libraries: Sequence[Library],
    top: int = 10,
    *,
    read_ms: float = 0.0,
    context: RunContext = NO_CONTEXT,
) -> Json:
    """Return what the libraries say of one file, one entry per spectrum or peak in file order.

    Parameters
    ----------
    export : Export
    libraries : sequence of Library
        Searched together; each hit names its library.
    top : int
        Hits per spectrum.
    read_ms : float
        How long reading took, for ``elapsed_ms``.
    context : RunContext
        The blank and the alkane ladder that belong to a GC-MS run, and the condition of the
        instrument.

    Returns
    -------
    dict
        ``path``, ``technique``, ``spectra`` and (for a GC-MS run) ``peaks`` and ``runs``,
        ``instrument`` where one is named, ``libraries``, ``training``, ``elapsed_ms``.
    """
    started = time.perf_counter()
    spectra: list[Json] = []
    peaks: list[Json] = []
    runs: list[Json] = []
    for measurement in export.spectra:
        if isinstance(measurement, MassRun):
            found, facts = _run_peaks(measurement, libraries, top, context)
            peaks += found
            runs.append(facts)
        else:
            spectra.append(_spectrum(measurement, export.technique, libraries, top, context))
    condition = context.condition
    spectra, peaks = ([told(each, condition) for each in found] for found in (spectra, peaks))
    search_ms = (time.perf_counter() - started) * 1000.0
    result: Json = {"path": str(export.path), "technique": export.technique.value}
    if spectra or not runs:
        result["spectra"] = spectra
    if runs:
        result["peaks"] = peaks
        result["runs"] = runs
    if condition.is_said:
        result["instrument"] = condition.facts()
    result["libraries"] = [_library(each) for each in libraries]
    result["training"] = any(each.header.training for each in libraries)
    result["elapsed_ms"] = {
        "read": round(read_ms, 3),
        "search": round(search_ms, 3),
        "total": round(read_ms + search_ms, 3),
    }
    return result


def _library(library: Library) -> Json:
    header = library.header
    return {
        "name": header.name,
        "version": header.version,
        "content_sha256": header.content_sha256,
        "training": header.training,
    }


def _spectrum(
    measurement: Measurement,
    technique: Technique,
    libraries: Sequence[Library],
    top: int,
    context: RunContext,
) -> Json:
    title = measurement.title
    if measurement.faults:
        return _unmatched(title, [f"not matched: {fault}" for fault in measurement.faults])
    if measurement.kind is SpectrumKind.CHROMATOGRAM:
        return _unmatched(title, ["a chromatogram holds no spectra to compare"])
    from libraries.search import search

    axis = context.condition.calibration
    entry = _entry(title, search(libraries, measurement, technique, top, axis=axis))
    guessed = measurement.metadata.get(GUESSED, "")
    if not guessed and isinstance(measurement, Spectrum) and measurement.x_kind is XKind.UNKNOWN:
        guessed = "the file does not name its x axis, which was compared as if in cm⁻¹"
    if guessed:
        entry = unnamed(entry, [f"not named: {guessed}", _CONFIRM])
    return unknown_signatures.with_signature(entry, measurement, axis=axis)


def _run_peaks(
    run: MassRun, libraries: Sequence[Library], top: int, context: RunContext
) -> tuple[list[Json], Json]:
    """Return the peaks of a GC-MS run, and what is known of the run as a whole."""
    from libraries import instrument_class
    from libraries.entry import Section
    from libraries.search import search_many
    from spectra.chromatography import NOTHING, read_run

    if run.faults:
        reasons = [f"not matched: {fault}" for fault in run.faults]
        return [_unmatched(run.title, reasons)], context.facts(NOTHING, None) | {"remarks": reasons}
    reading = read_run(run)
    components, remarks = reading.components, reading.quality.remarks
    compared = context.against_blank(components)
    facts = context.facts(reading, compared)
    if not components:
        return [_unmatched(run.title, [reading.reason, *remarks])], facts
    largest = sorted(range(len(components)), key=lambda at: -components[at].area)
    places = sorted(largest[:_MOST_COMPONENTS])
    kept = [components[at] for at in places]
    indices = context.indices(kept)
    in_blank = [None if compared is None else compared.found[at] for at in places]
    if reading.quality.selected_mz:
        entries = [_unmatched(each.spectrum.title, [*remarks]) for each in kept]
    else:
        spectra = [each.spectrum for each in kept]
        answers = search_many(
            libraries,
            spectra,
            Technique.GCMS,
            top,
            components=kept,
            indices=indices,
            explained=[each is not None and each.comparable for each in in_blank],
            # A component knows its run's time and ions, not what measured it.
            instrument=instrument_class.of_metadata(run.metadata, Section.EI),
        )
        entries = [_entry(each.title, found) for each, found in zip(spectra, answers, strict=True)]
    for at, component in enumerate(kept):
        entries[at] = _peak(entries[at], context.peak(component, indices[at]), in_blank[at])
    entries = candidate_checks.in_run(entries, has_blank=compared is not None)
    entries = unknown_signatures.of_peaks(entries, [each.spectrum for each in kept], facts)
    left = len(components) - len(kept)
    if left:
        entries[-1]["decision"]["reasons"].append(
            f"{left} smaller components of this run were not searched"
        )
    return entries, facts


def _peak(entry: Json, timed: Json, in_blank: InBlank | None) -> Json:
    """Return an entry with its place in the run; what the blank explains is named by nothing."""
    if in_blank is not None and in_blank.comparable:
        entry = unnamed(entry, [str(in_blank)])
    elif in_blank is not None:
        entry["decision"]["reasons"].append(str(in_blank))
    if timed["saturated_mz"]:
        masses = ", ".join(map(str, timed["saturated_mz"][:6]))
        entry["quality"]["saturated"] = True
        entry["decision"]["reasons"].append(
            f"the detector was saturated at m/z {masses}: dilute and run again"
        )
    title = {"title": entry.pop("title")}
    return title | timed | {"blank": blank_facts(in_blank)} | entry


def _entry(title: str, answer: LibraryAnswer) -> Json:
    decision = answer.decision
    state = decision.state.value
    names = list(decision.substances) if state in NAMING_STATES else []
    quality = answer.quality
    return {
        "title": title,
        "compared_as": "" if answer.section is None else answer.section.value,
        "quality": {
            "ok": quality is None or quality.ok,
            "reasons": [] if quality is None else list(quality.reasons),
            "signal_to_noise": None if quality is None else _rounded(quality.signal_to_noise, 1),
            "saturated": quality is not None and quality.saturated,
            "coverage": None if quality is None else _rounded(quality.coverage, 4),
        },
        "decision": {
            "state": state,
            "substances": names,
            "isomer_group": list(decision.isomer_group) if names else [],
            "alpha": decision.alpha,
            "n_calibration": decision.n_calibration,
            "instrument_class": decision.instrument_class,
            "calibrated_on": decision.calibrated_on,
            "likelihood_ratio": _rounded(decision.likelihood_ratio, 2) if names else None,
            "reasons": list(decision.reasons),
        },
        "hits": [_hit(hit) for hit in answer.hits],
        "analogue": None if answer.analogue is None else dict(answer.analogue),
        "mixture": None if answer.mixture is None else dict(answer.mixture),
        "hazard": match_hazard.notice(answer),
        "steps": list(answer.steps),
    }


def _hit(hit: Hit) -> Json:
    return {
        "rank": hit.rank,
        "name": hit.name,
        "substance": hit.substance,
        "inchikey": hit.inchikey,
        "library": hit.library,
        "library_version": hit.library_version,
        "entry": hit.entry,
        "hqi": round(hit.hqi, 6),
        "measures": {name: round(value, 6) for name, value in hit.measures.items()},
        "class": hit.compound_class,
        "formula": hit.formula,
        "licence": hit.licence,
        "training": hit.training,
        "relation": None if hit.relation is None else asdict(hit.relation),
    }


def _unmatched(title: str, reasons: list[str]) -> Json:
    """Return the entry of a spectrum that must not reach a matcher."""
    return {
        "title": title,
        "compared_as": "",
        "quality": {
            "ok": False,
            "reasons": reasons,
            "signal_to_noise": None,
            "saturated": False,
            "coverage": None,
        },
        "decision": {
            "state": "insufficient",
            "substances": [],
            "isomer_group": [],
            "alpha": None,
            "n_calibration": 0,
            "instrument_class": "",
            "calibrated_on": "",
            "likelihood_ratio": None,
            "reasons": reasons,
        },
        "hits": [],
        "analogue": None,
        "mixture": None,
        "hazard": None,
        "steps": [],
        "signature": None,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def answers(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every spectrum and peak of a ``results`` entry, in file order."""
    yield from result.get("spectra", ())
    yield from result.get("peaks", ())


def headline(result: Mapping[str, Any]) -> str:
    """Return the safe one-line answer of a file: a name only where a decision supports one.

    Examples
    --------
    ``consistent with butyryl fentanyl or isobutyryl fentanyl (not distinguished)``,
    ``not in library: candidate analogue of fentanyl``, ``no match in 3 libraries (…)``.
    """
    found = list(answers(result))
    strongest = _strongest(found)
    if strongest in ("no_match", "unexplained", "insufficient"):
        said = [_said(each, result) for each in found if each["decision"]["state"] == strongest]
        text = said[0] if said else "insufficient data: the file holds no spectrum"
    else:
        telling = [each for each in found if each["decision"]["state"] in _TELLING]
        said = list(dict.fromkeys(_said(each, result) for each in sorted(telling, key=_urgency)))
        text = "; ".join(said[:_MOST_SAID])
        if len(said) > _MOST_SAID:
            text += f"; and {len(said) - _MOST_SAID} more"
    return f"{text} [training, not for casework]" if result.get("training") else text


def _urgency(each: Mapping[str, Any]) -> tuple[int, float]:
    """Order answers by danger, then by their share of the run."""
    group = str((each.get("hazard") or {}).get("group") or "H9")
    return int(group[1:]), -float(each.get("area_fraction") or 0.0)


def _strongest(found: Sequence[Mapping[str, Any]]) -> str:
    states = {each["decision"]["state"] for each in found}
    return next((state for state in STATES if state in states), "insufficient")


def _said(each: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    decision = each["decision"]
    state, names = decision["state"], decision["substances"]
    if state == "match":
        return f"consistent with {' and '.join(names)}"
    if state == "match_group":
        return f"consistent with {_either(names or decision['isomer_group'])} (not distinguished)"
    if state == "mixture":
        return f"consistent with a mixture of {' and '.join(names)}"
    if state in ("analogue_candidate", "class_only"):
        return _class_words(each)
    if state == "unexplained":
        return "unexplained signal: not in library, or a mixture with an unknown"
    if state == "no_match":
        return _no_match(result)
    reasons = decision["reasons"]
    return f"insufficient data: {reasons[0]}" if reasons else "insufficient data"


def _class_words(each: Mapping[str, Any]) -> str:
    name = each["analogue"]["class"] if each["analogue"] else ""
    if each["decision"]["state"] == "analogue_candidate" and name:
        return f"not in library: candidate analogue of {name}"
    return f"class indicated: {name or 'not stated'}; substance not identified"


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _no_match(result: Mapping[str, Any]) -> str:
    searched = [f"{each['name']} {each['version']}" for each in result.get("libraries", ())]
    count = "1 library" if len(searched) == 1 else f"{len(searched)} libraries"
    return f"no match in {count} ({', '.join(searched)})"
