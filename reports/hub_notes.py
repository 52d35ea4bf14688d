"""What a liaison does with a digest: flag a sample, draft its query, draft a partner notice.

Drafts are plain text for a person to read, change and send. Nothing is sent from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lims.errors import NotFoundError, RecordError
from reports.document import Signal
from reports.hub_digest import Digest
from reports.hub_model import StoredRow
from reports.hub_store import opened
from reports.records import IDENTIFIED
from reports.signals import SignalKind
from reports.wording import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A sample a liaison flagged, and the drafted query to the laboratory that holds its record."""

    lab: str
    sample: str
    reason: str
    query: str


def flag(folder: Path, by: str, sample: str, reason: str) -> Flag:
    """Flag a sample of a report in force and draft the query on parcel, shipper and receiver.

    Raises
    ------
    NotFoundError
        No report in force has this sample.
    RecordError
        Nobody is named, or no reason is given.
    """
    if not by.strip() or not reason.strip():
        raise RecordError("a flag needs a name and a reason", hint="Say who flags it, and why.")
    with opened(folder) as store:
        found = [row for row in store.rows_in_force("9999-12-31") if row.body["sample"] == sample]
        if not found:
            raise NotFoundError(f"no report in force has a sample {sample[:60]!r}")
        row = found[-1]
        store.add_flag(by.strip(), row.lab, sample, reason.strip())
    return Flag(lab=row.lab, sample=sample, reason=reason.strip(), query=_query(row, by, reason))


def _query(row: StoredRow, by: str, reason: str) -> str:
    said = row.body
    found = ", ".join(said["substances"]) if said["level"] in IDENTIFIED else "not identified"
    place = ", ".join(part for part in (said["destination"], said["destination_country"]) if part)
    declared = ", ".join(
        part
        for part in (said["declared_goods"], said["declared_weight"], said["declared_value"])
        if part
    )
    lines = (
        f"To: laboratory {row.lab}",
        f"Subject: query on sample {said['sample']}, parcel {said['shipment']}",
        "",
        f"Report {row.report_id} of {row.day}: {said['level'] or 'waiting'}, {found}.",
        f"Declared: {declared or 'not stated'}.",
        f"From {said['origin'] or 'not stated'} to {place or 'not stated'}.",
        f"Why we ask: {reason.strip()}",
        "",
        "Please tell us, by a channel cleared for it:",
        f"1. Parcel {said['shipment']}: carrier, tracking number, place now, its other items.",
        "2. Shipper: name, address, earlier parcels in your record.",
        "3. Receiver and notify party: name, address, earlier parcels in your record.",
        "4. Whether the result will be confirmed, and when.",
        "",
        by.strip(),
    )
    return "\n".join(visible(line) for line in lines)


def partner_notice(digest: Digest, signal: Signal) -> str:
    """Draft a notice to partners on one signal, which says what reference standard is needed.

    Parameters
    ----------
    digest : Digest
    signal : Signal
        One of the digest's signals or first-seen notices.
    """
    labs = sorted({sample.partition("-")[0].partition(":")[0] for sample in signal.samples})
    first = f"First seen: {signal.first_seen.strftime('%Y-%m')}." if signal.first_seen else ""
    lines = (
        f"Notice {digest.day}: {signal.name}",
        "",
        signal.text,
        f"Count: {signal.count} of {signal.total} samples, {len(labs)} laboratories "
        f"({', '.join(labs)}). {first}".rstrip(),
        f"Origins: {', '.join(signal.origins) or 'not stated'}. "
        f"Destinations: {'; '.join(signal.destinations) or 'not stated'}.",
        f"Caution: {signal.caution}." if signal.caution else "",
        "",
        _needed(signal),
        "Results are presumptive unless a laboratory has confirmed them. Counts are of samples "
        "submitted by officers and do not measure traffic.",
    )
    return "\n".join(visible(line) for line in lines)


def _needed(signal: Signal) -> str:
    """Return what partners are asked for: a standard of what is identified, help with the rest."""
    if not signal.name.startswith("HQ-UNK-"):
        return (
            f"Reference standard needed: {signal.name}, certified, in the form found, for "
            "confirmation and for the spectral libraries."
        )
    if signal.kind is SignalKind.UNKNOWN_NAMED:
        return "A certified reference standard of it is needed, for the other samples too."
    return (
        "Not identified: a candidate analogue or an unknown has no name, and no reference standard "
        "can be asked for. Wanted: spectra that look the same, and what identifies them."
    )
