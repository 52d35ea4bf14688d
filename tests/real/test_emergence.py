"""Tier B on five years of real records: known emergences are raised early, shuffled time is quiet.

Connecticut medical-examiner records, canonical substances per record. Before July 2014 the text
became more detailed and drugs "appear" for that reason alone: burn-in, not judged.
"""

from __future__ import annotations

import csv
import os
import random
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from reports import signals

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("FOL_REAL_DATA", ROOT.parent / "shared" / "data"))
START, MUTE_DAYS = date(2014, 7, 1), 182
# First reported in the state inside the judged years, and in 2015-2016 public alerts elsewhere.
EMERGED = (
    "acetyl fentanyl",
    "furanyl fentanyl",
    "U-47700",
    "para-fluorobutyryl fentanyl",
    "etizolam",
)


@pytest.fixture(scope="module")
def records():
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set FOL_REAL_DATA")
    with (DATA / "trends" / "ct_ocme_2012_2018.csv").open(encoding="utf-8", newline="") as file:
        return [
            (date.fromisoformat(row["date"]), frozenset(row["substances"].split(";")))
            for row in csv.DictReader(file)
            if row["substances"]
        ]


def episodes(records):
    """Days on which the rule holds for a substance, with half a year of silence after each."""
    seen, tested = defaultdict(list), Counter()
    for day, names in records:
        tested[day] += 1
        for name in names:
            seen[name].append(day)
    raised = []
    for name, days in seen.items():
        last = None
        for day in sorted(set(days)):
            muted = last is not None and (day - last).days < MUTE_DAYS
            if day < START or muted:
                continue
            if signals.tier_b(days, tested, day, signals.TIER_B).raised:
                raised.append((name, day))
                last = day
    return raised, seen


def judged_years(records):
    return (max(day for day, _ in records) - START).days / 365.25


def test_known_emergences_are_raised_at_their_second_detection(records):
    raised, seen = episodes(records)
    for name in EMERGED:
        first = min(day for found, day in raised if found == name)
        assert sum(1 for day in seen[name] if day <= first) <= 2, name
        assert (first - min(seen[name])).days <= 91, name


def test_shuffled_time_raises_at_most_four_episodes_a_year(records):
    chance = random.Random(20261124)
    rates = []
    for _ in range(2):
        days = [day for day, _ in records]
        chance.shuffle(days)
        shuffled = sorted(zip(days, [names for _, names in records], strict=True), key=str)
        rates.append(len(episodes(shuffled)[0]) / judged_years(records))
    assert max(rates) <= 4.0
