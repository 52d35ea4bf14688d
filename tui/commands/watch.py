"""`fol watch`: what instruments write into a folder becomes runs of the samples it names."""

from __future__ import annotations

import json
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, opened
from tui.output import line, log_file, plain, say

if TYPE_CHECKING:
    from lims.lab import Lab
    from tui.watching import Told, Watching

EXIT_DATA = 4
_DONE = ("run", "known")


@click.command(
    epilog="Example: fol watch /mnt/instruments --as rivera; fol watch exports --once --json"
)
@click.argument("folder")
@click.option("--once", is_flag=True, help="Take what lies there, then end; 4 if something waits.")
@click.option(
    "--settle",
    default=3.0,
    show_default=True,
    type=click.FloatRange(0.0, 3600.0),
    help="Seconds without a change where the format does not say that a file ended.",
)
@click.option(
    "--pattern", "patterns", multiple=True, help="File names to take, as *.spc; else all."
)
@click.option(
    "--depth", default=4, show_default=True, type=click.IntRange(0, 32), help="Subfolders."
)
@click.option("--library", "-l", "names", multiple=True, help="Libraries; else all installed.")
@click.option("--instrument", default="", help="Which of the lab's instruments writes here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line per event.")
@acting_option
def watch(
    folder: str,
    once: bool,
    settle: float,
    patterns: tuple[str, ...],
    depth: int,
    names: tuple[str, ...],
    instrument: str,
    as_json: bool,
    lab_path: str | None,
    person: str | None,
) -> int:
    """Take each export once it is complete: a run of the sample it names, or quarantine.

    The sample's number may stand in the file's or its folder's name, in its title or its comments.
    Files are looked at, never moved, changed or deleted. Runs until Ctrl C.
    """
    from instruments.watch import FolderWatch
    from lims import arrivals, bench_instruments
    from tui.watching import Watching

    with opened(lab_path) as lab, _stoppable() as stop:
        watched = _checked(lab, acting(person), folder, names)
        bench_instruments.read_by(lab, instrument)
        watching = Watching(
            lab,
            acting(person),
            FolderWatch(
                watched,
                settle_s=settle,
                patterns=patterns,
                depth=depth,
                done=arrivals.remembered(lab, watched),
            ),
            _telling(as_json),
            _log,
            stop,
            libraries=names,
            instrument=instrument,
        )
        _warm_up()
        if not once:
            say(f"watching {watched}; Ctrl C ends it")
            watching.run()
            say("")  # past the ^C
            say(_summary(watching))
            return 0
        left = watching.run_once()
        say(_summary(watching))
        counts = watching.counts
        is_well = counts["trouble"] <= counts["mended"] and not counts["fault"]
        return 0 if is_well and not left and not counts["quarantined"] else EXIT_DATA


def _checked(lab: Lab, actor: str, folder: str, names: tuple[str, ...]) -> Path:
    """Return the folder to watch; say now what would refuse every file."""
    from libraries import catalog
    from libraries.library import open_library
    from lims import records, workflow
    from lims.errors import ConfigError
    from lims.workflow import Verb

    workflow.require(records.person(lab.db, actor), Verb.RECORD_RUN)
    watched = Path(folder).expanduser().resolve()
    if not watched.is_dir():
        raise ConfigError(f"there is no folder {folder}", hint="Is the instrument's share mounted?")
    own = lab.folder.resolve()
    if watched == own or own in watched.parents or watched in own.parents:
        raise ConfigError(
            f"{folder} and the lab's own folder lie in each other",
            hint="Let instruments write to a folder of their own.",
        )
    for name in names:
        open_library(name, folder=lab.libraries_folder).close()
    if not names and not catalog.installed(lab.libraries_folder):
        say("No library is installed: runs are recorded, and every answer will be that none is.")
    return watched


def _warm_up() -> None:
    """Start what reads and load what matches, so that the first export does not wait for it."""
    import libraries.candidates
    import libraries.search  # noqa: F401
    from instruments import sandbox
    from instruments.errors import FormatError

    with suppress(FormatError):
        sandbox.read_guarded_bytes(b"wavenumber,absorbance\n", "warm-up.csv")


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Let Ctrl C and the end of the session set an event; a second Ctrl C ends it at once."""
    stop = threading.Event()
    before = {}

    def asked(number: int, _frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and threading.current_thread() is threading.main_thread():
            before[number] = signal.signal(number, asked)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _telling(as_json: bool) -> Callable[[Told], None]:
    from lims import clock

    def tell_json(told: Told) -> None:
        whole = {
            "schema": "fol.watch/1",
            "event": told.event,
            "at": clock.stamp(clock.now()),
            "path": told.path,
            "text": told.text,
            **told.facts,
        }
        # ASCII: the name of a file may hold bytes that are no text.
        click.echo(json.dumps(plain(whole), allow_nan=False))

    def tell(told: Told) -> None:
        at = clock.now().astimezone().strftime("%H:%M:%S")
        (line if told.event in (*_DONE, "quarantined") else say)(f"{at}  {told.text}")

    return tell_json if as_json else tell


def _summary(watching: Watching) -> str:
    counts = watching.counts
    said = f"{counts['run']} runs recorded, {counts['quarantined']} files to quarantine"
    said += f", {counts['known']} seen before" if counts["known"] else ""
    return f"{said}. `fol quarantine` lists what waits." if counts["quarantined"] else f"{said}."


def _log(error: BaseException) -> str:
    try:
        path = log_file()
        with path.open("a", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
    except OSError:
        return "no log: it could not be written"
    return str(path)
