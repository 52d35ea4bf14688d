"""Seeded damage to real instrument files, and what every reader owes each damaged copy.

``python -m tests.real.mutation 5000`` runs that many mutants and prints what was found; the test
beside it runs a sample. Each batch is read in a child process with limits on memory and CPU, so
that a mutant that hangs or allocates is a finding, not the end of the run.
"""

import argparse
import collections
import json
import os
import queue
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np

from instruments import read_bytes
from instruments.errors import FormatError
from spectra.spectrum import Chromatogram, MassRun, Spectrum
from tests.real.instrument_files import DATA, manifest

WHOLE = 200_000
MEMORY_BYTES = 500_000_000
CPU_SECONDS = 1.0
# A mutant that is not answered by then hangs; far above what any of them takes.
HANGS_AFTER_S = 30.0
_TEXT = ("jcamp", "csv", "txt", "msp", "msl", "elu", "mgf", "massbank", "dpt", "rod", "asp", "mzml")
_COUNTS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00FFFFFF)


def flip_byte(data, random):
    at = int(random.integers(0, len(data)))
    data[at] = int(random.integers(0, 256))


def flip_in_header(data, random):
    at = int(random.integers(0, min(len(data), 600)))
    data[at] ^= 1 << int(random.integers(0, 8))


def zero_a_run(data, random):
    at = int(random.integers(0, len(data)))
    count = min(int(random.integers(1, 200)), len(data) - at)
    data[at : at + count] = bytes(count)


def cut(data, random):
    del data[int(random.integers(0, len(data))) :]


def insert(data, random):
    at = int(random.integers(0, len(data)))
    data[at:at] = random.bytes(int(random.integers(1, 40)))


def remove(data, random):
    at = int(random.integers(0, len(data)))
    del data[at : at + int(random.integers(1, 80))]


def duplicate_a_chunk(data, random):
    at = int(random.integers(0, len(data)))
    data[at:at] = data[at : at + int(random.integers(1, 500))]


def set_a_count(data, random):
    end = len(data) if random.integers(0, 4) == 0 else min(len(data), 800)
    at = int(random.integers(0, max(end - 4, 1)))
    value = _COUNTS[int(random.integers(0, len(_COUNTS)))]
    data[at : at + 4] = value.to_bytes(4, "little" if random.integers(0, 4) else "big")


def swap_bytes(data, random):
    one, two = (int(random.integers(0, len(data))) for _ in range(2))
    data[one], data[two] = data[two], data[one]


def change_a_digit(data, random):
    digits = np.flatnonzero((np.frombuffer(data, np.uint8) >= 48) & _is_digit(data))
    if digits.size:
        data[int(random.choice(digits))] = int(random.integers(48, 58))


def _is_digit(data):
    return np.frombuffer(bytes(data), np.uint8) <= 57


def change_a_line(data, random):
    rows = bytes(data).split(b"\n")
    at = int(random.integers(0, len(rows)))
    if random.integers(0, 2):
        del rows[at]
    else:
        rows.insert(at, rows[at])
    data[:] = b"\n".join(rows)


ALL_KINDS = (
    flip_byte,
    flip_in_header,
    zero_a_run,
    cut,
    insert,
    remove,
    duplicate_a_chunk,
    set_a_count,
    swap_bytes,
    change_a_digit,
    change_a_line,
)


def files():
    """Yield (manifest name, bytes): whole files, and the beginnings of large ones."""
    for row in manifest():
        path = DATA / row["file"]
        with path.open("rb") as stream:
            yield row["file"], stream.read(WHOLE)


def mutant(name, data, seed):
    """Return (kind, damaged bytes); the same seed gives the same bytes."""
    random = np.random.default_rng([seed, *name.encode()])
    damaged = bytearray(data)
    kind = ALL_KINDS[int(random.integers(0, len(ALL_KINDS)))]
    kind(damaged, random)
    return kind.__name__, bytes(damaged)


def arrays(item):
    if isinstance(item, (Spectrum, Chromatogram)):
        return item.x, item.y
    return item.mz, item.intensity


def broken_promises(export):
    """Return what an export breaks of what every export owes: checked or told, clean, not empty."""
    broken = []
    if not export.spectra:
        broken.append("no spectrum and no error")
    texts = [*export.metadata.keys(), *export.metadata.values(), *export.warnings]
    for item in export.spectra:
        x, y = arrays(item)
        texts += [item.title, *item.metadata.values(), *item.faults]
        texts += [getattr(item, "x_unit", ""), getattr(item, "y_unit", "")]
        if item.faults:
            continue
        if x.size == 0 and not isinstance(item, MassRun):
            broken.append("an empty spectrum without a fault")
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            broken.append("not finite and no fault")
        if isinstance(item, (Spectrum, Chromatogram)) and x.size > 1:
            steps = np.diff(x)
            if not ((steps > 0).all() or (steps < 0).all()):
                broken.append("axis changes direction and no fault")
        if isinstance(item, MassRun) and not np.isfinite(item.scan_time_s).all():
            broken.append("scan times not finite and no fault")
    if not all(text.isprintable() for text in texts):
        broken.append("unprintable text")
    return sorted(set(broken))


def outline(export):
    """Return what must not change untold: shape, ends and largest values of every spectrum."""
    lines = []
    for item in export.spectra:
        x, y = arrays(item)
        ends = (x[0], x[-1], y.min(), y.max()) if x.size else (0.0,) * 4
        lines.append((x.size, *(float(value) for value in ends)))
    told = set(export.warnings) | {fault for item in export.spectra for fault in item.faults}
    return lines, told


def whole_outline(name, data):
    """Return the outline of an undamaged file; None for what is refused or only a beginning."""
    if len(data) >= WHOLE:
        return None
    try:
        return outline(read_bytes(data, Path(name).name))
    except FormatError:
        return None


def grossly_other(first, second):
    """Return how two outlines differ beyond rounding, or an empty string."""
    if len(first) != len(second):
        return f"{len(first)} spectra became {len(second)}"
    for one, two in zip(first, second, strict=True):
        if one[0] != two[0]:
            return f"{one[0]} points became {two[0]}"
        span = abs(one[2] - one[1]) or 1.0
        if max(abs(one[1] - two[1]), abs(one[2] - two[2])) > 0.02 * span:
            return f"axis {one[1]:g}..{one[2]:g} became {two[1]:g}..{two[2]:g}"
        height = abs(one[4] - one[3]) or 1.0
        if max(abs(one[3] - two[3]), abs(one[4] - two[4])) > 0.5 * height:
            return f"ordinates {one[3]:g}..{one[4]:g} became {two[3]:g}..{two[4]:g}"
    return ""


def judge(name, data, kind, whole):
    """Return the findings of one mutant: (what, detail) pairs; and its outcome in a word."""
    findings = []
    started = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            export = read_bytes(data, Path(name).name)
    except FormatError as error:
        took = time.process_time() - started
        outcome = "while reading" if error.message.endswith("while reading") else "refused"
        if "more memory" in error.message:
            findings.append(("memory", error.message))
        if outcome == "while reading":
            findings.append(("poor message", error.message.split(": ", 1)[1]))
        if not error.message:
            findings.append(("no message", type(error).__name__))
    except Exception as error:  # noqa: BLE001 - any other error is the finding
        took = time.process_time() - started
        outcome = "traceback"
        findings.append(("traceback", f"{type(error).__name__}: {error}"))
    else:
        took = time.process_time() - started
        lines, told = outline(export)
        outcome = "read"
        findings += [("broken promise", text) for text in broken_promises(export)]
        other = grossly_other(whole[0], lines) if whole else ""
        if other and not told - whole[1]:
            findings.append(("silently other", f"{export.format}: {other}"))
        if told - (whole[1] if whole else set()):
            outcome = "told"
    if took > CPU_SECONDS:
        findings.append(("slow", f"{took:.1f} s"))
    return outcome, [(what, detail, kind) for what, detail in findings]


def worker():
    """Read ``name seed`` lines from standard input, answer one JSON line for each."""
    import resource

    contents = dict(files())
    import pyteomics.mzxml  # noqa: F401 - imports count for no mutant
    import scipy.io  # noqa: F401

    read_bytes(b"##TITLE=x\n##XYDATA=(X++(Y..Y))\n1 2 3\n", "a.jdx")

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    wholes = {}
    for line in sys.stdin:
        name, seed = json.loads(line)
        if name not in wholes:
            wholes[name] = whole_outline(name, contents[name])
        kind, data = mutant(name, contents[name], seed)
        outcome, findings = judge(name, data, kind, wholes[name])
        sys.stdout.write(json.dumps([name, seed, outcome, findings]) + "\n")
        sys.stdout.flush()


class _Reader:
    """One worker process; a mutant it does not answer in time is a finding and ends it."""

    def __init__(self):
        self.process = None

    def ask(self, name, seed):
        if self.process is None:
            self._start()
        self.process.stdin.write(json.dumps([name, seed]) + "\n")
        self.process.stdin.flush()
        try:
            line = self.answers.get(timeout=HANGS_AFTER_S)
        except queue.Empty:
            line = ""
        if not line:
            hung = self.process.poll() is None
            self.stop()
            what = "hangs" if hung else "kills the process"
            return name, seed, what, [(what, "", "")]
        return json.loads(line)

    def _start(self):
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.real.mutation", "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | quiet,
            cwd=Path(__file__).resolve().parents[2],
        )
        self.answers = queue.Queue()
        source, answers = self.process.stdout, self.answers

        def pump():
            for line in source:
                answers.put(line)
            answers.put("")

        self.pump = threading.Thread(target=pump, daemon=True)
        self.pump.start()

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.pump.join()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


def run(count, first_seed=0):
    """Return (name, seed, outcome, findings) of ``count`` mutants spread over all files."""
    names = [row["file"] for row in manifest()]
    order = np.random.default_rng(first_seed)
    plan = [(names[int(order.integers(0, len(names)))], first_seed + at) for at in range(count)]
    plan.sort()  # one file's mutants together: its whole form is read once
    reader = _Reader()
    try:
        return [reader.ask(name, seed) for name, seed in plan]
    finally:
        reader.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", action="store_true")
    asked = parser.parse_args()
    if asked.worker:
        worker()
        return
    results = run(asked.count, asked.seed)
    say = sys.stdout.write
    say(f"{dict(collections.Counter(outcome for _, _, outcome, _ in results))}\n")
    for name, seed, _, findings in results:
        for what, detail, kind in findings:
            say(f"{what}\t{detail}\t{kind}\t{name}\t{seed}\n")


if __name__ == "__main__":
    main()
