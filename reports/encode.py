"""A daily report as the documented JSON document ``fol.daily/1``, in canonical bytes (RFC 8785)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from lims.clock import stamp
from reports.document import SCHEMA, DailyReport
from reports.errors import ReportError
from reports.wording import LONGEST_TEXT

IDENTITY = ("report_id", "kind", "sequence", "supersedes", "reason", "corrections", "log")
"""Keys that belong to the issue, not to what the report says."""


REVISION_3 = ("field_tools", "turnaround", "exceptions")
"""Parts that revision 3 added, all optional; every report of it has ``turnaround``."""
_ROWS_REVISION_3 = ("field_tool", "unverified")
_STATE = frozenset((*IDENTITY, "turnaround"))
"""What tells of the moment of collection: a change in it alone is no correction."""


def plain(value: Any) -> Any:
    """Return dataclasses, dates, enums and tuples as JSON values.

    Floats at six decimals; a text longer than the schema allows is cut, which is said.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[: LONGEST_TEXT - 7]}… (cut)"
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    raise ReportError(f"cannot write a {type(value).__name__} into a report")


def document(report: DailyReport) -> dict[str, Any]:
    """Return the report as the JSON document ``fol.daily/1``.

    ``header`` and everything beside the identity keys are content; ``report_id``, ``kind``,
    ``sequence``, ``supersedes``, ``reason``, ``corrections`` and ``log`` identify one issue of it.
    """
    content = {
        field.name: plain(getattr(report, field.name))
        for field in fields(report)
        if field.name not in ("issue", "log_size", "log_head", "day_counts", "totals")
    }
    _drop_empty(content)
    totals = plain(report.totals)
    totals["by_level"] = dict(report.totals.by_level)
    return {
        "schema": SCHEMA,
        **plain(report.issue),
        "log": {"size": report.log_size, "head": report.log_head},
        **content,
        "totals": totals,
        "day_counts": [{"name": plain(name), "count": count} for name, count in report.day_counts],
    }


def _drop_empty(content: dict[str, Any]) -> None:
    """Leave out what revisions 2 and 3 added where it says nothing.

    So that a day told before, told again by newer software, is no correction.
    """
    for key in ("unknowns", "confirmations", *REVISION_3):
        if not content[key]:
            del content[key]
    of_rows = ("unknowns", *_ROWS_REVISION_3)
    for key, inner in (("rows", of_rows), ("later", of_rows), ("candidates", ("way",))):
        for item in content[key]:
            for name in inner:
                if not item[name]:
                    del item[name]


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return canonical JSON: one spelling for one value."""
    import rfc8785

    try:
        return rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise ReportError(f"a report value cannot be written: {error}") from error


def to_json(report: DailyReport) -> bytes:
    """Return the canonical bytes of a report; the same report always gives the same bytes."""
    return canonical(document(report))


def content_sha256(value: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a report document says.

    Its number, sequence, log and turnaround do not count, nor does the version of the software:
    the same record told again later, or by a newer program, is not a correction.
    """
    said = {key: item for key, item in value.items() if key not in _STATE}
    said["header"] = {key: item for key, item in said["header"].items() if key != "software"}
    return hashlib.sha256(canonical(said)).hexdigest()


def as_told_by(earlier: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without the parts that the software behind an earlier one did not know."""
    if "turnaround" in earlier:
        return dict(value)
    kept = {key: item for key, item in value.items() if key not in REVISION_3}
    for key in ("rows", "later"):
        kept[key] = [
            {name: cell for name, cell in row.items() if name not in _ROWS_REVISION_3}
            for row in kept[key]
        ]
    return kept
