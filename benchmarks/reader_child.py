"""Run as a child: one reader over the files named as arguments, one JSON line for each.

What the reader prints goes nowhere; memory is limited; the parent watches the clock.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from benchmarks import reader_peers, reader_truth
from benchmarks.reader_peers import Peer

MEMORY_BYTES = 4 << 30
_REPEATS, _ENOUGH_S = 5, 2.0


def main() -> None:
    name = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("ignore")
    peer = next(peer for peer in reader_peers.PEERS if peer.name == name)
    module = importlib.import_module(peer.module)
    for path in sys.argv[2:]:
        try:
            found = peer.read(module, path)
            answer = {
                "facts": reader_truth.measured(found),
                "seconds": _times(peer, module, path),
            }
        except BaseException as error:  # noqa: BLE001 - whatever a reader raises is its answer
            answer = {
                "error": f"{type(error).__name__}: {str(error)[:120]}",
                "on_purpose": _on_purpose(peer, error),
            }
        answers.write(json.dumps({"file": path, **answer}) + "\n")


def _times(peer: Peer, module: ModuleType, path: str) -> tuple[float, float, float]:
    """Return the fastest of some reads after the first, in CPU seconds, and of ours in turn.

    Ours twice: the whole read, and decoding alone where the format is known, as it is to a peer.
    In turn, so that whatever else the machine does falls on all alike; NaN where ours refuses.
    """
    ours = reader_peers.PEERS[0]
    package = importlib.import_module(ours.module)
    work: list[Callable[[], object]] = [lambda: peer.read(module, path)]
    try:
        ours.read(package, path)
        work += [lambda: ours.read(package, path), reader_peers.decoder(path)]
    except Exception:  # noqa: BLE001 - then there is nothing to compare
        pass
    best, spent = [float("nan")] * 3, 0.0
    for _ in range(_REPEATS):
        for at, read in enumerate(work):
            start = time.process_time()
            read()
            took = time.process_time() - start
            best[at], spent = min(took, best[at]) if best[at] == best[at] else took, spent + took
        if spent > _ENOUGH_S:
            break
    return best[0], best[1], best[2]


def _on_purpose(peer: Peer, error: BaseException) -> bool:
    """Return whether the reader's own code raised it: a refusal, not an accident.

    An error that ended in a ``raise`` statement of the reader was foreseen by whoever wrote it.
    Compiled code shows no source: there the kind of error has to do.
    """
    if isinstance(error, (AssertionError, MemoryError, KeyboardInterrupt)):
        return False
    if "while reading" in str(error):  # our own registry says so of what no reader foresaw
        return False
    if peer.general:
        return isinstance(error, ValueError)
    last = traceback.extract_tb(error.__traceback__)[-1]
    if not last.line:
        return type(error) in (OSError, ValueError, NotImplementedError, RuntimeError)
    parts = Path(last.filename).parts
    numeric = "numpy" in parts or "pandas" in parts
    standard = "site-packages" not in parts and "lib" in parts
    return last.line.lstrip().startswith("raise") and not numeric and not standard


if __name__ == "__main__" and len(sys.argv) > 1:
    main()
