"""Verification and lists of a lab with a long past, against their goals.

python -m benchmarks.record [--samples 100000] [--lab FOLDER] [--no-verify] [--repeats 5]

Makes the lab (`benchmarks.record_made`, about 3 ms a sample) unless FOLDER holds one already, and
keeps it only there. A list's time is the least of its repeats, in milliseconds, from the call to
the last row's data.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.record_lists import questions
from benchmarks.record_made import make
from lims import audit, clock, queries
from lims.lab import Lab, open_lab
from lims.records import moment

LIST_GOAL_MS = 50.0
VERIFY_GOAL_US = 10.0


def ask(of: Lab, repeats: int) -> int:
    """Print what each list takes and return how many miss the goal."""
    missed = 0
    for name, question in questions(of):
        best = min(_timed(question) for _ in range(repeats)) * 1e3
        met = best <= LIST_GOAL_MS
        missed += not met
        print(f"  {name:46}{best:9.2f} ms   {'' if met else f'goal {LIST_GOAL_MS:g} ms: MISSED'}")
    return missed


def prove(of: Lab, repeats: int) -> None:
    """Print what a verification takes, without the files: those are the disk's time."""
    best, report = min(((_timed_report(of)) for _ in range(repeats)), key=lambda result: result[0])
    each = best / report.events * 1e6
    print(
        f"  verify: {report.events:,} events in {best:.2f} s, {each:.1f} us each "
        f"(goal {VERIFY_GOAL_US:g}: {'met' if each <= VERIFY_GOAL_US else 'MISSED'}); "
        f"{'whole' if report.ok else report.problems[0]}"
    )


def _timed(question: Callable[[], object]) -> float:
    start = time.perf_counter()
    question()
    return time.perf_counter() - start


def _timed_report(of: Lab) -> tuple[float, audit.AuditReport]:
    start = time.perf_counter()
    report = audit.verify(of, files=False)
    return time.perf_counter() - start, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--lab", type=Path, help="make it here, or use the one that is here")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-verify", action="store_true", help="lists alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.lab or Path(scratch) / "lab"
        if not (folder / "lab.db").exists():
            start = time.perf_counter()
            make(folder, given.samples, lambda text: print(f"  {text}", file=sys.stderr))
            print(f"  made in {time.perf_counter() - start:.0f} s")
        opened = open_lab(folder)
        last = moment(str(opened.db.execute("SELECT max(at) FROM event").fetchone()[0]))
        size = (folder / "lab.db").stat().st_size / 1e6
        load = os.getloadavg()[0]
        print(
            f"{queries.work_count(opened):,} samples, {queries.event_count(opened):,} events, "
            f"{size:.0f} MB; {os.cpu_count()} cores, load {load:.1f}"
        )
        with clock.running_from(lambda: last + timedelta(hours=1)):
            missed = ask(opened, given.repeats)
        print(f"  {missed} over {LIST_GOAL_MS:g} ms")
        if not given.no_verify:
            prove(opened, min(given.repeats, 3))
        opened.close()


if __name__ == "__main__":
    main()
