"""Reference libraries in words: what a version holds, where an entry comes from, how two compare.

Pure: facts in, lines out, for the screens and the command line alike. Nothing here is cleaned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libraries.entry import Entry
    from libraries.likeness import Likeness, Verdict
    from libraries.nearest import Nearest
    from libraries.overview import SectionFacts
    from lims.library_care import LabLibrary
    from tui.shelf import Compared

TRAINING = "TRAINING, not for casework"
VERIFIED = "✓ hash verified now"
_SIGNS = {
    "told apart": "✓",
    "not told apart": "✗",
    "not tested": "?",
    "not measured": "-",
    "one substance": "=",
}


def state_of(library: LabLibrary) -> str:
    """Return what a list shows of a version's state: trouble before anything else."""
    there = library.installed
    if library.problem:
        return f"✗ {library.problem}"
    if there is None:
        return "✗ not on this disk"
    if there.withdrawn:
        return f"withdrawn: {there.withdrawn}"
    marks = [TRAINING] if there.header is not None and there.header.training else []
    if not there.newest:
        marks.append("older version")
    return " · ".join(marks) or "in use"


def library_lines(library: LabLibrary, sections: Sequence[SectionFacts] | None) -> list[str]:
    """Return everything about a version; ``sections`` is None while they are being read."""
    there = library.installed
    lines = [f"{library.name} {library.version} · {state_of(library)}"]
    if there is not None and there.header is not None:
        made = there.header.created_at[:10]
        lines.append(f"licence: {there.header.licence or 'not stated'}")
        content = f"content {there.header.content_sha256[:16]}…"
        lines.append(content + (f" · built {made}" if made else ""))
    if library.imported_by:
        lines.append(f"imported by {library.imported_by}, {library.imported_at[:10]}")
    if sections is None:
        lines.append("reading the indexes …")
        return lines
    for facts in sections:
        lines.extend(section_lines(facts))
    return lines


def section_lines(facts: SectionFacts) -> list[str]:
    """Return what a version holds of one technique, and what it may promise."""
    said = f"{facts.section.value:<6} {facts.entries:,} entries"
    if facts.substances is not None:
        said += f" · {facts.substances:,} substances"
    lines = [f"{said} · {promise(facts)}"]
    lines.extend(f"  ✗ index: {problem}" for problem in facts.problems)
    return lines


def promise(facts: SectionFacts) -> str:
    """Return the calibration of one technique in words."""
    if facts.problems:
        return "the index is built again at the next search"
    if facts.alpha is None:
        return "not calibrated: calls nothing a match" + (
            f" (n {facts.n_calibration})" if facts.n_calibration else ""
        )
    return f"calibrated n {facts.n_calibration:,}, α {facts.alpha:.3g}"


def entry_lines(entry: Entry, library_name: str) -> list[tuple[str, str]]:
    """Return (label, text) of an entry: who it says it is and where that comes from."""
    who, origin, draft = entry.draft.identity, entry.draft.provenance, entry.draft
    mass = "" if who.molecular_mass is None else f"{who.molecular_mass:.4f} Da"
    state = ", ".join(part for part in (draft.ionization, draft.sampling) if part)
    index = "" if draft.retention_index is None else f"RI {draft.retention_index:g}"
    lines = [
        ("entry", f"{entry.id} · {entry.technique} · {library_name} · {VERIFIED}"),
        ("substance", _joined(entry.substance, who.compound_class, who.formula, mass)),
        ("known as", _joined(who.inchikey, f"CAS {who.cas}" if who.cas else "")),
        ("source", _joined(origin.file, origin.accession, f"sha256 {origin.sha256[:12]}…")),
        ("licence", origin.licence or "not stated"),
        ("measured", _joined(origin.measured, origin.instrument, state, index)),
        ("ions", "" if draft.tandem is None else draft.tandem.words),
        ("conditions", origin.conditions),
        ("notes", origin.notes),
    ]
    return [(label, text) for label, text in lines if text]


def likeness_line(found: Likeness) -> str:
    """Return the scores between two entries in one line."""
    measures = found.measures
    parts = [f"HQI {found.hqi:.3f}"]
    if "shift_cm1" in measures:
        if "second_score" in measures:
            parts.append(f"correlation {measures['second_score']:.3f}")
        parts.append(f"shift {measures['shift_cm1']:+g} cm⁻¹")
        parts.append(f"overlap {measures['overlap']:.0%}")
    else:
        for name, words in (("cosine", "cosine"), ("spectral_entropy", "entropy")):
            if name in measures:
                parts.append(f"{words} {measures[name]:.3f}")
        parts.append(
            f"{measures['matched_peaks']:.0f} of {measures['peaks']:.0f} peaks met by "
            f"{measures['reference_peaks']:.0f}"
        )
        if "mass_difference" in measures:
            parts.append(f"mass {measures['mass_difference']:+.4f} Da")
    return " · ".join(parts)


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Return for each technique whether it tells two substances apart; unmeasured ones in one."""
    lines = []
    for each in verdicts:
        if each.state.value == "not measured" and len(verdicts) > 1:
            continue
        hqi = "" if each.hqi is None else f" · HQI {each.hqi:.3f}"
        lines.append(
            f"{_SIGNS[each.state.value]} {each.section.value}: {each.state.value} "
            f"({each.reason}){hqi}"
        )
    bare = [each.section.value for each in verdicts if each.state.value == "not measured"]
    if bare and len(verdicts) > 1:
        lines.append(f"- {', '.join(bare)}: not measured for both")
    return lines


def blind(verdicts: Sequence[Verdict]) -> str:
    """Return the one line that matters: which technique cannot tell the two apart."""
    unable = [each.section.value for each in verdicts if each.state.value == "not told apart"]
    able = [each.section.value for each in verdicts if each.state.value == "told apart"]
    if any(each.state.value == "one substance" for each in verdicts):
        return "two spectra of one substance"
    if unable:
        also = f"; {', '.join(able)} can" if able else ""
        return f"! {', '.join(unable)} cannot tell them apart{also}"
    return f"{', '.join(able)} told them apart" if able else "no technique was tested on repeats"


def neighbour_line(name: str, found: Nearest) -> str:
    """Return what a library says of one of its entries, itself left out."""
    said = found.decision.state.value.replace("_", " ")
    names = ", ".join(found.decision.substances)
    contrast = ""
    if found.decision.statistic is not None and found.decision.threshold is not None:
        sign = ">" if found.decision.statistic > found.decision.threshold else "≤"
        contrast = f" (contrast {found.decision.statistic:.2f} {sign} "
        contrast += f"{found.decision.threshold:.2f})"
    if not names:
        return f"{name} searched, itself left out: {said}{contrast}"
    warning = "" if found.names_itself else "! another substance would be named: "
    return f"{warning}{name} searched, itself left out: {said} · {names}{contrast}"


def compared_lines(found: Compared) -> list[str]:
    """Return everything a comparison says, most important first."""
    lines = [likeness_line(found.likeness), blind(found.verdicts)]
    if found.neighbours is not None and found.is_second_named:
        lines.append(neighbour_line(found.first.name, found.neighbours))
    return [*lines, *verdict_lines(found.verdicts)]


def measures_text(measures: Mapping[str, float]) -> str:
    """Return the further measures of a neighbour in words."""
    parts = []
    if "matched_peaks" in measures:
        parts.append(f"{measures['matched_peaks']:.0f} peaks met")
    if "shift_cm1" in measures:
        parts.append(f"shift {measures['shift_cm1']:+g}")
    if measures.get("replicates", 1) > 1:
        parts.append(f"{measures['replicates']:.0f} spectra")
    return " · ".join(parts)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
