"""A sample's record in words: declared against found, custody, portions, runs, findings.

Pure: `lims.model` in, lines out. Identity detail is left out while a hazard notice is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lims import mismatch
from lims.model import Alert, Finding, FindingState, SampleRecord, Transfer
from lims.statements import CLASSED
from tui import shipment_words
from tui.moments import clock_time, local

if TYPE_CHECKING:
    from lims.sample_history import SampleHistory

WITHHELD = "withheld until the hazard notice is acknowledged"


def open_hazards(record: SampleRecord) -> list[Alert]:
    """Return the hazard notices of a sample nobody has acknowledged."""
    return [a for a in record.alerts if a.kind == "hazard" and not a.acknowledged_by]


def facts(record: SampleRecord, timezone: str) -> list[tuple[str, str]]:
    """Return (label, text) lines: what was declared, what was found, where it is."""
    draft, sample = record.shipment.draft, record.sample
    declared = ", ".join(
        part
        for part in (
            draft.declared_goods,
            draft.declared_weight,
            draft.declared_value,
            f"freight {draft.freight}" if draft.freight else "",
        )
        if part
    )
    route = " → ".join(
        part
        for part in (draft.origin, draft.transit, draft.destination or draft.destination_country)
        if part
    )
    hidden = bool(open_hazards(record))
    lines = [
        ("declared", declared or "nothing declared"),
        ("found", WITHHELD if hidden else found(record)),
        *([] if hidden else _against(record.shipment.notes)),
        ("shipment", f"{record.shipment.number} · {record.shipment.state} · {route}".rstrip(" ·")),
        (
            "sample",
            f"{sample.draft.description} · {sample.state} · held by {sample.holder}"
            + (f" · seal {sample.seal}" if sample.seal else " · no seal"),
        ),
        ("submitted", f"{local(sample.submitted_at, timezone)} · {sample.draft.lane} lane"),
    ]
    if sample.draft.field_result or sample.draft.field_tool:
        tool = sample.draft.field_tool or "field tool"
        lines.append(("field", f"{tool}: {sample.draft.field_result or 'no result'}"))
    others = [note for note in record.shipment.notes if not mismatch.is_found(note)]
    if others and not hidden:
        lines.append(("note", " · ".join(others)))
    return lines


def _against(notes: Sequence[str]) -> list[tuple[str, str]]:
    """Return what was found that the papers do not say, to stand beside it."""
    return [("! differs", note) for note in notes if mismatch.is_found(note)]


def found(record: SampleRecord) -> str:
    """Return what the record supports so far."""
    conclusion = record.sample.conclusion
    if conclusion is not None:
        missing = f" (missing: {', '.join(conclusion.missing)})" if conclusion.missing else ""
        level, text = str(conclusion.level), conclusion.text
        said = text if text.startswith(level) else f"{level}: {text}"
        beside = f" ({'; '.join(conclusion.limitations)})" if conclusion.limitations else ""
        return said + missing + beside
    live = [f for f in record.findings if f.state is not FindingState.SUPERSEDED]
    if live:
        return "not concluded; " + "; ".join(f.headline for f in live)
    return "not tested yet"


STATE_SIGNS = {
    FindingState.SUBMITTED: "? to review",
    FindingState.REVIEWED: "✓ reviewed",
    FindingState.SENT_BACK: "↩ sent back",
    FindingState.SUPERSEDED: "- superseded",
}


def finding_cells(finding: Finding, *, hidden: bool) -> tuple[str, str, str, str]:
    """Return technique, state, headline and who, for one line of the findings."""
    who = finding.by + (f" / {finding.reviewer}" if finding.reviewer else "")
    sign = STATE_SIGNS[finding.state]
    return finding.technique, sign, WITHHELD if hidden else finding.headline, who


def custody_line(step: Transfer, timezone: str) -> str:
    """Return one step of the chain of custody."""
    hands = f"{step.giver} → {step.taker}" if step.giver else step.taker
    seal = ""
    if step.seal_before or step.seal_after:
        same = step.seal_before == step.seal_after
        seal = (
            f" · seal {step.seal_after}"
            if same or not step.seal_before
            else (f" · seal {step.seal_before} → {step.seal_after or 'none'}")
        )
    witness = f" · witness {step.witness}" if step.witness else ""
    if step.container:
        witness += f" · in {step.container}"
    if step.on_behalf:
        witness += " · ! recorded on their behalf"
    if step.occurred_at is not None:
        witness += f" · happened {clock_time(step.occurred_at, timezone)}"
    reason = f" · {step.reason}" if step.reason else ""
    return f"{clock_time(step.at, timezone)}  {step.kind:<11} {hands}{seal}{witness}{reason}"


def history(record: SampleRecord, timezone: str) -> list[str]:
    """Return custody, portions, runs and the shipment's papers as lines with headings."""
    lines = ["Chain of custody"]
    lines.extend(custody_line(step, timezone) for step in record.custody)
    if record.portions:
        lines.append("Portions")
    for portion in record.portions:
        solvents = f" in {', '.join(portion.solvents)}" if portion.solvents else ""
        lines.append(f"{portion.id}  {portion.kind}{solvents}")
    if record.runs:
        lines.append("Runs")
    for run in record.runs:
        warned = f" · ! {len(run.warnings)} warnings" if run.warnings else ""
        lines.append(
            f"{clock_time(run.at, timezone)}  {run.technique:<6} {run.file_name} · by {run.by}"
            f" · {run.raw_sha256[:12]}{warned}"
        )
    lines += [shipment_words.HEADING, *shipment_words.paper_lines(record.shipment)]
    return lines


def story_lines(story: SampleHistory, timezone: str) -> list[str]:
    """Return weighings, holds, corrections and the like as lines under a heading."""
    from lims.sample_history import told

    lines = [
        f"{clock_time(at, timezone)}  {what:<10} {detail}".rstrip()
        for at, what, detail in told(story)
    ]
    return ["Weights, holds and papers", *lines] if lines else []


HEADINGS = (
    "Chain of custody",
    "Portions",
    "Runs",
    shipment_words.HEADING,
    "Weights, holds and papers",
)


def first_to_review(findings: Sequence[Finding]) -> int:
    """Return the position of the first finding that waits for a reviewer, else 0."""
    for position, finding in enumerate(findings):
        if finding.state is FindingState.SUBMITTED:
            return position
    return 0


def answers_class(finding: Finding) -> bool:
    """Whether an answer of a finding is a class without a substance: an analogue."""
    rows = [row for name in ("spectra", "peaks") for row in finding.match.get(name) or ()]
    return any(
        (row.get("decision") or {}).get("state") in CLASSED and row.get("analogue") for row in rows
    )
