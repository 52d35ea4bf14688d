"""Everything about one sample's custody beyond its steps, for its screen and for the court."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lims import (
    attachments,
    consumption,
    corrections,
    disposal,
    handover,
    legal_hold,
    records,
    seals,
    weighing,
)
from lims.custody_model import (
    Attachment,
    Authority,
    Consumption,
    Correction,
    Disposal,
    Handover,
    LegalHold,
    SealNote,
    Weighing,
)
from lims.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleHistory:
    """What was weighed, used up, held, corrected and attached, each in its own order."""

    sample: str
    handovers: tuple[Handover, ...]
    weighings: tuple[Weighing, ...]
    authorities: tuple[Authority, ...]
    consumed: tuple[Consumption, ...]
    holds: tuple[LegalHold, ...]
    """Those in force that bind it, its ancestors' and its shipment's among them."""
    disposals: tuple[Disposal, ...]
    corrections: tuple[Correction, ...]
    seal_notes: tuple[SealNote, ...]
    files: tuple[Attachment, ...]


def history(lab: Lab, sample: str) -> SampleHistory:
    """Return the history of a sample.

    Raises
    ------
    NotFoundError
    """
    number = str(records.sample_row(lab.db, sample)["number"])
    return SampleHistory(
        sample=number,
        handovers=handover.handovers(lab, everything=True, sample=number),
        weighings=weighing.weighings(lab, number),
        authorities=consumption.authorities(lab, number),
        consumed=consumption.consumed(lab, number),
        holds=legal_hold.binding(lab.db, number),
        disposals=disposal.disposals(lab, everything=True, sample=number),
        corrections=corrections.corrections(lab, number),
        seal_notes=seals.notes(lab, number),
        files=attachments.attachments(lab, number),
    )


def told(of: SampleHistory) -> list[tuple[datetime, str, str]]:
    """Return a history as (at, what, detail), oldest first."""
    found = [(h.at, "hand-over", f"to {h.taker}: {h.state} {h.remark}") for h in of.handovers]
    found += [
        (w.at, "weighed", f"{weighing.grams(w.gross_ug)} on {w.balance}, {w.occasion}")
        for w in of.weighings
    ]
    found += [(a.at, "authority", f"{a.seq}: {a.document}") for a in of.authorities]
    found += [
        (c.at, "consumed", f"{weighing.grams(c.mass_ug)}, {c.purpose}, {c.reviewer} confirmed")
        for c in of.consumed
    ]
    found += [(h.at, "legal hold", f"{h.document} on {h.subject}") for h in of.holds]
    found += [(d.at, "disposal", f"{d.state} by {d.document}") for d in of.disposals]
    found += [
        (c.at, "corrected", f"{c.field}: {c.was!r} to {c.now!r}: {c.reason}")
        for c in of.corrections
    ]
    found += [(n.at, "seal", f"{n.seal}: {n.note}") for n in of.seal_notes]
    found += [(f.at, "file", f"{f.what}: {f.file_name}, {f.raw_sha256[:16]}") for f in of.files]
    return sorted(found, key=lambda row: row[0])
