"""The two pages of a bundle that people read: what the sample is, and how to check the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lims.bundle_choice import Choice
from lims.clock import stamp

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.model import SampleRecord

_TOLD = ("reason", "remark", "text", "note", "headline", "level", "what", "expected", "found")


def summary(lab: Lab, record: SampleRecord, choice: Choice, events: Mapping[int, bytes]) -> str:
    """Return the record of a sample in plain lines, every line with the event it comes from."""
    sample, parcel = record.sample, record.shipment
    lines = [f"Sample {sample.number}", f"{lab.name} ({lab.site}), lab {lab.lab_id}"]
    if lab.training:
        lines.append("TRAINING, NOT FOR CASEWORK")
    lines += [f"HAZARD: {alert.headline}" for alert in record.alerts if alert.kind == "hazard"]
    lines += [
        "",
        f"Shipment:    {parcel.number}, declared {parcel.draft.declared_goods}",
        f"Description: {sample.draft.description}",
        f"Received:    {stamp(sample.submitted_at)}",
        f"Now:         {sample.state.value}, held by {sample.holder}, seal {sample.seal or 'none'}",
        f"Conclusion:  {_conclusion(record)}",
        "",
        "Files",
    ]
    lines += [
        f"  {place}/{sha256}  {_names(record, sha256)}"
        for sha256, place in sorted(choice.raw.items())
    ]
    lines += ["", "Findings"]
    lines += [
        f"  {each.id} ({each.technique}, {each.state.value}): {each.headline}"
        for each in record.findings
    ]
    lines += ["", "Issued reports that name this sample"]
    for report in choice.reports:
        where = f"reports/{report.sha256}" if report.body is not None else "names others: not here"
        lines.append(f"  {report.report_id} of {report.queued_at}, SHA-256 {report.sha256}")
        lines.append(f"    {where}; signature {report.signature.hex()}")
    lines += ["", "Events (UTC)"]
    lines += [_line(json.loads(data)) for _, data in sorted(events.items())]
    if choice.withheld:
        numbers = ", ".join(str(seq) for seq in sorted(choice.withheld))
        lines.append(f"  withheld because they name other samples too: {numbers}")
    return "\n".join(_clean(line) for line in lines) + "\n"


def _conclusion(record: SampleRecord) -> str:
    made = record.sample.conclusion
    if made is None:
        return "none"
    return f"{made.text} ({made.level.value}; by {made.by}, {stamp(made.at)})"


def _names(record: SampleRecord, sha256: str) -> str:
    runs = [f"{run.id} {run.file_name}" for run in record.runs if run.raw_sha256 == sha256]
    return "; ".join(runs) or "photo, or a file that a run names"


def _line(event: Mapping[str, Any]) -> str:
    body = event["body"]
    told = [f"{key} {body[key]}" for key in _TOLD if isinstance(body.get(key), str) and body[key]]
    if "giver" in body:
        told.insert(0, f"{body['giver']} to {body['taker']}")
    end = f": {'; '.join(told)}" if told else ""
    return f"  {event['seq']:>9}  {event['at']}  {event['actor']}  {event['kind']}{end}"


def _clean(line: str) -> str:
    """Show what would steer a terminal or turn the text around; the events hold it as it is."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


def readme(lab: Lab, sample: str, size: int) -> str:
    """Return how to check the bundle, and what the check can and cannot prove."""
    return f"""Everything on record about sample {sample} of {_clean(lab.name)}.

To check it with Python 3.11 or later and nothing else:

    python verify.py BUNDLE.zip --key KEY

KEY is the lab's public key. Ask the lab or its headquarters for it: the one in this bundle,
{lab.public_key.hex()}, proves nothing about itself.
Take verify.py from a bundle you trust, or read it first: a forger could send a false one.

summary.txt   the record in words        events/      each event, canonical JSON (RFC 8785)
raw/          instrument files, photos   quarantine/  files that waited for a person
reports/      reports about this sample alone
bundle.json   SHA-256 of every file      bundle.sig   the lab's Ed25519 signature over it
proofs.json   the log's size and Merkle root (RFC 6962), signed, and each event's path to it

What it proves: every file is as the lab handed it out, and every event stands in the lab's own
append-only log of {size} events at its place, under a root the lab signed.
What it does not prove: that nothing was recorded later; that the lab left out no event of this
sample; who sat behind an account. Headquarters keeps the heads that the lab reported, against
which the whole log can be held.
Events and reports that name other samples too are not shown; such events are listed by hash.
"""
