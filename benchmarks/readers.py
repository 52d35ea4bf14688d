"""Our readers against the public ones on one corpus of real files: who is right, and how fast.

python -m benchmarks.readers [--data DIR] [--show-wrong] [--only FAMILY]

Truth is the corpus' manifest, made with decoders of its own. Every reader runs in child processes
with a limit on time and memory. Peers are pinned in requirements/bench.txt; what is not installed
is said and left out. Large files are timed by ``python -m benchmarks.reader_speed``.
"""

from __future__ import annotations

import argparse
import csv
import importlib.metadata
import json
import os
import queue
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import reader_truth
from benchmarks.reader_peers import OURS, PEERS, Peer
from tests.real.manifest_facts import facts

ROOT = Path(__file__).resolve().parents[1]
SECONDS_PER_FILE = 45.0
VERDICTS = ("right", "refused", "wrong", "crashed")
_IMPORT = (
    "import sys, time; start = time.perf_counter(); import importlib\n"
    "module = importlib.import_module(sys.argv[1])\n"
    "from_us = sys.argv[1] == 'instruments'\n"
    "if from_us: from instruments import registry; registry.readers()\n"
    "print(time.perf_counter() - start)"
)


@dataclass(slots=True)
class Outcome:
    """What one reader made of one file."""

    verdict: str
    why: str = ""
    seconds: float = float("nan")
    ours_seconds: float = float("nan")
    decode_seconds: float = float("nan")


@dataclass(slots=True)
class Score:
    """One reader over one family."""

    peer: Peer
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        return sum(outcome.verdict == verdict for outcome in self.outcomes.values())

    def right(self) -> dict[str, Outcome]:
        return {name: o for name, o in self.outcomes.items() if o.verdict == "right"}


def data_folder(stated: str | None) -> Path:
    """Return the folder with the corpus: as stated, by FOL_REAL_DATA, or beside the repository."""
    near = ROOT.parent / "shared" / "data"
    return Path(stated or os.environ.get("FOL_REAL_DATA", near)) / "instruments"


def installed(peer: Peer) -> str:
    """Return the version of a peer, or an empty string."""
    try:
        return importlib.metadata.version(peer.distribution)
    except importlib.metadata.PackageNotFoundError:
        return "this tree" if peer.name == OURS else ""


def run(peer: Peer, paths: list[str]) -> dict[str, dict[str, Any]]:
    """Return the answer of one reader for each file; a dead or silent child costs one file."""
    answers: dict[str, dict[str, Any]] = {}
    left = list(paths)
    while left:
        _one_child(peer, left, answers)
        left = [path for path in left if path not in answers]
    return answers


def _one_child(peer: Peer, paths: list[str], answers: dict[str, dict[str, Any]]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.reader_child", peer.name, *paths],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said: queue.Queue[str] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(child, said), daemon=True)
    listener.start()
    try:
        for path in paths:
            answers[path] = _answer(said)
            if "facts" not in answers[path] and "on_purpose" not in answers[path]:
                return
    finally:
        child.kill()
        child.wait()
        listener.join()


def _listen(child: subprocess.Popen[str], said: queue.Queue[str]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            said.put(line)
    said.put("")


def _answer(said: queue.Queue[str]) -> dict[str, Any]:
    """Return the next answer: one line when a first read ended, a second with its times."""
    try:
        line = said.get(timeout=SECONDS_PER_FILE)
    except queue.Empty:
        return {"error": f"no answer after {SECONDS_PER_FILE:.0f} s"}
    if not line:
        return {"error": "the process died (memory, or a fault in compiled code)"}
    answer: dict[str, Any] = json.loads(line)
    return answer


def judge(peer: Peer, answer: Mapping[str, Any], row: Mapping[str, str]) -> Outcome:
    """Return right, refused, wrong or crashed for one answer."""
    if "facts" not in answer:
        refused = bool(answer.get("on_purpose"))
        return Outcome("refused" if refused else "crashed", answer["error"])
    if answer["facts"] == {"n_spectra": 0}:
        return Outcome("wrong", "no spectrum and no error")
    why = reader_truth.difference(answer["facts"], row, facts(row), whole_masses=peer.whole_masses)
    return Outcome("wrong" if why else "right", why, *answer["seconds"])


def score(peer: Peer, rows: Iterable[Mapping[str, str]], folder: Path) -> Score:
    """Run one reader over the rows of one family."""
    by_path = {str(folder / row["file"]): row for row in rows}
    answers = run(peer, list(by_path))
    found = Score(peer)
    for path, row in by_path.items():
        found.outcomes[row["file"]] = judge(peer, answers[path], row)
    return found


def import_seconds(peer: Peer) -> float:
    """Return the fastest of three imports in new processes; for ours with every reader loaded."""
    taken = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", _IMPORT, peer.module],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_PER_FILE,
        )
        last = done.stdout.strip().rpartition("\n")[2]
        taken.append(float(last) if done.returncode == 0 and last else float("nan"))
    return min(taken)


def table(rows: list[dict[str, str]], folder: Path, only: str, *, show_wrong: bool) -> None:
    """Print one line for each reader of each family."""
    names = [name for name in reader_truth.FAMILIES if only.lower() in name.lower()]
    imports: dict[str, float] = {}
    print(
        f"{'':24}{'files':>6}{'right':>6}{'refused':>8}{'wrong':>6}{'crashed':>8}"
        f"{'both':>6}{'median ms':>10}{'ours':>8}{'total ms':>10}{'ours':>9}"
        f"{'× ours':>8}{'× decode':>9}"
        f"{'import s':>9}"
    )
    for name in names:
        of_family = [row for row in rows if reader_truth.family(row["format"]) == name]
        print(name)
        ours = score(PEERS[0], of_family, folder)
        _line(ours, ours, imports, show_wrong=show_wrong)
        for peer in PEERS[1:]:
            if name not in peer.families:
                continue
            if not installed(peer):
                print(f"  {peer.name:22}not installed")
                continue
            _line(score(peer, of_family, folder), ours, imports, show_wrong=show_wrong)


def _line(found: Score, ours: Score, imports: dict[str, float], *, show_wrong: bool) -> None:
    peer, our_right, its_right = found.peer, ours.right(), found.right()
    both = [name for name in its_right if name in our_right]
    if peer.module not in imports:
        imports[peer.module] = import_seconds(peer)
    counts = (len(found.outcomes), *(found.count(verdict) for verdict in VERDICTS), len(both))
    text = "  {:22}{:6}{:6}{:8}{:6}{:8}{:6}".format(peer.name, *counts)
    if both:
        its_s = [its_right[name].seconds for name in both]
        ours_s = [its_right[name].ours_seconds for name in both]
        text += "".join(
            (
                f"{statistics.median(its_s) * 1e3:10.2f}{statistics.median(ours_s) * 1e3:8.2f}",
                f"{sum(its_s) * 1e3:10.1f}{sum(ours_s) * 1e3:9.1f}",
                f"{sum(its_s) / sum(ours_s):8.2f}",
                f"{sum(its_s) / sum(its_right[name].decode_seconds for name in both):9.2f}",
            )
        )
    else:
        text += f"{'':54}"
    print(f"{text}{imports[peer.module]:9.2f}" + (f"  {peer.note}" if peer.note else ""))
    if show_wrong:
        for name, outcome in found.outcomes.items():
            if outcome.verdict != "right":
                print(f"      {outcome.verdict}: {name}: {outcome.why}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="the folder that holds instruments/manifest.csv")
    parser.add_argument("--only", default="", help="families whose name holds this word")
    parser.add_argument("--show-wrong", action="store_true", help="name every file not read right")
    given = parser.parse_args()
    folder = data_folder(given.data)
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        print(f"no corpus at {folder}: give --data DIR or set FOL_REAL_DATA; nothing compared")
        return
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["n_points"] or row["n_scans"]]
    versions = ", ".join(
        f"{p.distribution} {installed(p)}"
        for p in {peer.distribution: peer for peer in PEERS[1:]}.values()
        if installed(p)
    )
    print("CPU times, fastest of five reads after one; ours are taken in turn with each peer's")
    print("× ours: the whole read, with detection, SHA-256 and checks; × decode: the same work as")
    print("the peer's, the format being known. Above 1 ours is faster.")
    print(f"{len(rows)} files with stated facts. Peers: {versions or 'none installed'}\n")
    table(rows, folder, given.only, show_wrong=given.show_wrong)


if __name__ == "__main__":
    main()
