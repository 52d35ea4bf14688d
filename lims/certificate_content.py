"""What a report says, as one plain document made from the record: the same record, the same bytes.

Who signed and when is added at issue. Nothing here writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any

from lims import (
    canonical,
    certificate_items,
    certificate_results,
    certificate_wording,
    clock,
    holds,
    records,
    rules,
)
from lims.certificate_model import SCHEMA, CertificateKind, Json, Stated
from lims.lab import Lab

MOST_SAMPLES = 100
_RECORD_MOVES = frozenset(
    ("record", "software", "revision", "custody", "earlier", "limitations", "resolved_by")
)
"""Keys that may change between draft and issue without the results being others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a document is made of besides the record: who, for whom, and what was typed."""

    number: str
    revision: int
    kind: CertificateKind
    subject: str
    shipment: str
    samples: tuple[str, ...]
    author: str
    typed: Mapping[str, Any]
    expires_on: str = ""
    amends: str = ""
    reason: str = ""
    changes: tuple[str, ...] = ()
    stated: Sequence[Mapping[str, Any]] = ()


def collect(lab: Lab, facts: Facts, at: datetime) -> Json:
    """Return the content of a report as the record stands.

    Parameters
    ----------
    lab : Lab
    facts : Facts
    at : datetime
        The moment that is said to be the record's.

    Raises
    ------
    NotFoundError, RecordError
    """
    items = [certificate_items.item(lab, number) for number in facts.samples]
    parcel = records.shipment(lab.db, facts.shipment)
    typed = facts.typed
    return {
        "schema": SCHEMA,
        "kind": facts.kind.value,
        "title": certificate_wording.TITLES[facts.kind.value],
        "number": facts.number,
        "revision": facts.revision,
        "subject": facts.subject,
        "shipment": {
            "number": parcel.number,
            "declared_goods": parcel.draft.declared_goods,
            "declared_weight": parcel.draft.declared_weight,
            "received_at": clock.stamp(parcel.received_at),
        },
        "lab": {
            "site": lab.site,
            "name": lab.name,
            "locode": lab.locode,
            "lab_id": lab.lab_id,
            "public_key": lab.public_key.hex(),
            "timezone": lab.timezone,
            "training": lab.training,
        },
        "place": typed["place"] or f"at the laboratory: {_place(lab)}",
        "customer": typed["customer"],
        "reference": typed["reference"],
        "condition": typed["condition"],
        "expires_on": facts.expires_on,
        "amends": {"number": facts.amends, "reason": facts.reason, "changes": list(facts.changes)}
        if facts.amends
        else None,
        "earlier": _earlier(lab, facts),
        "performed": _performed(items),
        "items": items,
        "rules": _rules(items),
        "opinions": list(typed["opinions"]),
        "departures": list(typed["departures"]),
        "stated": list(facts.stated),
        "limitations": certificate_wording.limitations(
            items, training=lab.training, kind=facts.kind.value
        ),
        "author": certificate_results.who(lab, facts.author),
        "record": _record(lab, at),
        "software": _software(),
    }


def told(lab: Lab, stated: Sequence[Stated]) -> list[Json]:
    """Return what is stated and still open, in the record's words and those of who accepted it."""
    found = []
    for each in stated:
        matter = _matter(lab, each.what)
        if matter:
            found.append(
                {
                    "what": each.what,
                    "matter": matter,
                    "text": each.text,
                    "accepted_by": certificate_results.who(lab, each.by),
                    "accepted_at": clock.stamp(each.at),
                }
            )
    return found


def _matter(lab: Lab, what: str) -> str:
    """Return an open matter in the record's words; empty once it is closed."""
    kind, _, number = what.partition(":")
    if kind == "hold":
        hold = holds.hold(lab.db, int(number))
        if hold.ended_at is not None:
            return ""
        return f"results of {hold.instrument} held: {hold.cause}, {hold.detail}"
    row = records.rows(lab.db, "SELECT * FROM discrepancy WHERE seq=?", int(number))[0]
    if row["resolved_by"]:
        return ""
    return (
        f"discrepancy of {row['sample']}, {row['what']}: expected {row['expected']}, "
        f"found {row['found']}"
    )


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a content's canonical bytes, hex."""
    return hashlib.sha256(canonical.dumps(dict(content))).hexdigest()


def evidence_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a content says of the evidence.

    A sample that went back to its shelf meanwhile, or a newer version of this software, is no
    other result; what custody lacks is looked at anew at every issue.
    """
    return digest(_still(content))


def _still(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _still(each) for key, each in value.items() if key not in _RECORD_MOVES}
    return [_still(each) for each in value] if isinstance(value, list) else value


def _place(lab: Lab) -> str:
    return f"{lab.name}, {lab.site}" + (f" ({lab.locode})" if lab.locode else "")


def _earlier(lab: Lab, facts: Facts) -> list[Json]:
    """Return the reports on the same samples that are out, so that no reader misses one."""
    found = records.rows(
        lab.db,
        "SELECT number, kind, state, issued_at FROM certificate WHERE issued_at<>'' "
        "AND number NOT IN (?, ?) AND number IN (SELECT number FROM certificate_sample "
        "WHERE sample IN (SELECT value FROM json_each(?))) ORDER BY seq",
        facts.number,
        facts.amends,
        canonical.spelled(list(facts.samples)),
    )
    return [dict(row) for row in found]


def _performed(items: Sequence[Json]) -> Json:
    moments = sorted(
        str(each["at"]) for item in items for part in ("results", "tests") for each in item[part]
    )
    return {"first": moments[0] if moments else "", "last": moments[-1] if moments else ""}


def _rules(items: Sequence[Json]) -> list[Json]:
    """Return the editions that conclusions rest on, and what each technique used counts as."""
    named = [item["conclusion"]["rule"] for item in items if item["conclusion"] is not None]
    found = []
    for label in dict.fromkeys(named):
        edition = next((each for each in rules.editions() if each.label == label), None)
        used = {
            each["technique"]
            for item in items
            if item["conclusion"] is not None and item["conclusion"]["rule"] == label
            for part in ("results", "tests")
            for each in item[part]
        }
        counted = [] if edition is None else sorted(used & edition.technique.keys())
        found.append(
            {
                "rule": label,
                "techniques": [
                    {
                        "technique": name,
                        "category": edition.technique[name].category,
                        "property": edition.technique[name].property,
                    }
                    for name in counted
                    if edition is not None
                ],
            }
        )
    return found


def _record(lab: Lab, at: datetime) -> Json:
    size, head = log_head(lab)
    return {"size": size, "head": head, "at": clock.stamp(at)}


def log_head(lab: Lab) -> tuple[int, str]:
    """Return the number of events and the hash of the last one in hexadecimal."""
    row = records.rows(lab.db, "SELECT size, head FROM log_head")[0]
    return int(row["size"]), bytes(row["head"]).hex()


def _software() -> str:
    try:
        return f"fol {metadata.version('fol-lims')}"
    except metadata.PackageNotFoundError:
        return "fol (not installed)"
