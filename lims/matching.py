"""One read export against open libraries -> the documented ``results`` entry of ``fol.match/1``.

Nothing is recorded here, and the record's database is not touched: `fol match` must answer within
half a second of process start.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lims import match_hazard
from spectra.spectrum import MassRun, Measurement, SpectrumKind, Technique

if TYPE_CHECKING:
    from pathlib import Path

    from instruments.export import Export
    from libraries.answer import Hit, LibraryAnswer
    from libraries.library import Library
    from spectra.chromatography import Component

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
    export: Export, libraries: Sequence[Library], top: int = 10, *, read_ms: float = 0.0
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

    Returns
    -------
    dict
        ``path``, ``technique``, ``spectra`` and (for a GC-MS run) ``peaks``, ``libraries``,
        ``training``, ``elapsed_ms``.
    """
    started = time.perf_counter()
    spectra: list[Json] = []
    peaks: list[Json] = []
    has_run = False
    for measurement in export.spectra:
        if isinstance(measurement, MassRun):
            has_run = True
            peaks += _run_peaks(measurement, libraries, top)
        else:
            spectra.append(_spectrum(measurement, export.technique, libraries, top))
    search_ms = (time.perf_counter() - started) * 1000.0
    result: Json = {"path": str(export.path), "technique": export.technique.value}
    if spectra or not has_run:
        result["spectra"] = spectra
    if has_run:
        result["peaks"] = peaks
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
    measurement: Measurement, technique: Technique, libraries: Sequence[Library], top: int
) -> Json:
    title = measurement.title
    if measurement.faults:
        return _unmatched(title, [f"not matched: {fault}" for fault in measurement.faults])
    if measurement.kind is SpectrumKind.CHROMATOGRAM:
        return _unmatched(title, ["a chromatogram holds no spectra to compare"])
    from libraries.search import search

    return _entry(title, search(libraries, measurement, technique, top))


def _run_peaks(run: MassRun, libraries: Sequence[Library], top: int) -> list[Json]:
    if run.faults:
        return [_unmatched(run.title, [f"not matched: {fault}" for fault in run.faults])]
    from libraries.search import search_many
    from spectra.chromatography import find_components

    components = find_components(run)
    if not components:
        return [_unmatched(run.title, ["no peak stands above the noise of this run"])]
    kept = sorted(components, key=lambda each: -each.area)[:_MOST_COMPONENTS]
    kept.sort(key=lambda each: each.retention_time_s)
    answers = search_many(
        libraries,
        [each.spectrum for each in kept],
        Technique.GCMS,
        top,
        components=kept,
    )
    left = len(components) - len(kept)
    entries = [_peak(each, answer) for each, answer in zip(kept, answers, strict=True)]
    if left:
        entries[-1]["decision"]["reasons"].append(
            f"{left} smaller components of this run were not searched"
        )
    return entries


def _peak(component: Component, answer: LibraryAnswer) -> Json:
    entry = _entry(component.spectrum.title, answer)
    timed: Json = {
        "title": entry.pop("title"),
        "retention_time_s": round(component.retention_time_s, 3),
        "retention_index": component.spectrum.retention_index,
        "area_fraction": round(component.area_fraction, 6),
        "base_peak_mz": component.spectrum.base_peak_mz,
        "purity": round(component.purity, 4),
    }
    return timed | entry


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
            "likelihood_ratio": None,
            "reasons": reasons,
        },
        "hits": [],
        "analogue": None,
        "mixture": None,
        "hazard": None,
        "steps": [],
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
