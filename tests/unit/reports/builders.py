"""Rows and facts for report tests: a test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from lims.model import ReportRow
from reports.document import LabFacts, SubstanceFact

DAY = date(2026, 11, 23)
FACTS = {
    "xylazine": SubstanceFact(
        name="xylazine", class_name="sedative", role="adulterant", controlled=None, hazard="H5"
    ),
    "fentanyl": SubstanceFact(
        name="fentanyl", class_name="fentanyl analogue", role="drug", controlled=True, hazard="H1"
    ),
    "caffeine": SubstanceFact(
        name="caffeine",
        class_name="stimulant",
        role="adulterant",
        synonyms=("1,3,7-trimethylxanthine",),
    ),
}


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


_number = iter(range(1, 10**9))


def a_row(
    day: date = DAY,
    *substances: str,
    level: str | None = None,
    waiting: bool = False,
    **more: Any,
) -> ReportRow:
    """A row concluded on ``day``: presumptive with substances, no match without."""
    number = more.pop("sample", None) or f"NOG-26-{next(_number):06d}"
    chosen = level if level is not None else ("presumptive" if substances else "no_match")
    values: dict[str, Any] = {
        "sample": number,
        "shipment": f"P-{number}",
        "submitted_at": at(day, 10),
        "concluded_at": None if waiting else at(day, 12),
        "lane": "quick",
        "stream": "express",
        "origin": "CN",
        "destination_country": "US",
        "destination": "Philadelphia",
        "declared_goods": "silicon dioxide",
        "declared_value": "10 USD",
        "declared_weight": "1.5 kg",
        "notes": (),
        "level": "" if waiting else chosen,
        "substances": tuple(substances),
        "classes": (),
        "text": f"presumptive: {', '.join(substances)}" if substances else "no match",
        "candidate": None,
        "techniques": ("raman",),
        "hazard": "",
        "shipment_state": "held",
        "field_result": "",
        "training": False,
        "libraries": ("swgdrug 3.14",),
    }
    return ReportRow(**{**values, **more})


def a_candidate(day: date = DAY, **more: Any) -> ReportRow:
    values: dict[str, Any] = {
        "level": "candidate",
        "classes": ("fentanyl analogue",),
        "text": "not in library: candidate analogue of fentanyl analogue",
        "candidate": {
            "class": "fentanyl analogue",
            "candidate_grade": "A",
            "nearest": [{"name": "acetylfentanyl", "hqi": 0.81}],
            "mass_shift": 14.0157,
            "explanations": ["CH2"],
            "shared_ions": [105, 146, 188],
            "legal": "fentanyl-related substances",
            "against": [],
        },
    }
    return a_row(day, **{**values, **more})


def many(day: date, count: int, *substances: str, **more: Any) -> list[ReportRow]:
    return [a_row(day, *substances, **more) for _ in range(count)]


def facts(**more: Any) -> LabFacts:
    values: dict[str, Any] = {
        "site": "NOG",
        "name": "Nogales forward laboratory",
        "timezone": "UTC",
        "locode": "USNOG",
        "software": "fol 0.1.0",
        "log_size": 812,
        "log_head": "ab" * 32,
        "substances": FACTS,
    }
    return LabFacts(**{**values, **more})


def a_year(per_day: int = 6) -> list[ReportRow]:
    """A plain year: methamphetamine and fentanyl in turn, xylazine rising in the last weeks."""
    rows = []
    for back in range(420, -1, -1):
        day = DAY - timedelta(days=back)
        for index in range(per_day):
            name = ("methamphetamine", "fentanyl", "", "cocaine", "fentanyl", "")[
                (back + index) % 6
            ]
            if back < 20 and index == 2:
                name = "xylazine"
            rows.append(a_row(day, *((name,) if name else ())))
    return rows
