"""A folder that instruments write to: which files in it are complete, look by look.

Looks by listing, because a network share does not tell of changes. Holds what it saw last, and no
record: whoever asks says what is done with.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from instruments import folders
from instruments.endings import Ending, ending
from instruments.passing import is_passed_over, is_temporary, locked_by

SETTLE_S = 3.0
DEPTH = 4
_PATIENCE = 20
_FOLDER_AGAIN_S = 30.0
_UNREADABLE_AGAIN_S = 10.0
_RUN_FILES = 20_000
# Of what is done with, the latest are compared at each look, the others at one look in forty.
_RECENT = 200
_ROTATION = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What tells one state of a file from another without reading it."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A complete file, or an instrument's folder that is one run.

    Parameters
    ----------
    path : Path
    relative : str
        Below the watched folder, with ``/``.
    mark : Mark
        The state in which it was found complete.
    """

    path: Path
    relative: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that could not be looked at, told once until it is well again."""

    relative: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look found.

    Parameters
    ----------
    ready : tuple of Arrival
        Complete and not done with, oldest first.
    unsettled : tuple of str
        Still changing, or not yet quiet for long enough.
    troubles : tuple of Trouble
        New ones only.
    mended : tuple of str
        What was in trouble and is well again.
    files : int
        How many files were seen.
    """

    ready: tuple[Arrival, ...] = ()
    unsettled: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    mended: tuple[str, ...] = ()
    files: int = 0


@dataclass(slots=True)
class _Pending:
    mark: Mark
    since: float
    ending: Ending | None = None
    not_before: float = 0.0


@dataclass(slots=True)
class _Sweep:
    """One look being made."""

    now: float
    ready: list[Arrival] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    files: int = 0


class FolderWatch:
    """Finds complete files in a folder and the folders below it.

    Parameters
    ----------
    folder : Path
    settle_s : float
        How long a file must not have changed where its format does not say that it ended; a sixth
        of it where the size fits what the header announces. A file that says it is unfinished is
        given twenty times as long, then taken as it is.
    patterns : sequence of str
        File names to look at, as a shell writes them; all when empty. Case does not matter.
    depth : int
        How many folders deep to look.
    done : mapping of relative path to Mark
        What is done with; `finish` adds to it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settle_s: float = SETTLE_S,
        patterns: Sequence[str] = (),
        depth: int = DEPTH,
        done: MutableMapping[str, Mark] | None = None,
    ) -> None:
        self.folder = folder
        self.settle_s = settle_s
        self.done: MutableMapping[str, Mark] = {} if done is None else done
        self._patterns = tuple(pattern.lower() for pattern in patterns)
        self._depth = depth
        self._pending: dict[str, _Pending] = {}
        self._checked: dict[str, tuple[int, float]] = {}
        self._kinds: dict[str, tuple[int, bool]] = {}
        self._told: dict[str, str] = {}
        self._recent: dict[str, None] = {}
        self._looks = 0

    def look(self, now: float) -> Look:
        """Look once.

        Parameters
        ----------
        now : float
            Seconds of a clock that never steps back.

        Returns
        -------
        Look
            What cannot be read is in it; nothing is raised for it.
        """
        sweep = _Sweep(now=now)
        self._folder(sweep, self.folder, "", self._depth)
        if "" not in sweep.failures:
            # While the share is away nothing is known to be gone.
            for name in self._pending.keys() - sweep.seen:
                del self._pending[name]
        sweep.ready.sort(key=lambda arrival: (arrival.mark.mtime_ns, arrival.relative))
        self._looks += 1
        troubles, mended = self._news(sweep.failures)
        return Look(
            ready=tuple(sweep.ready),
            unsettled=tuple(sweep.unsettled),
            troubles=troubles,
            mended=mended,
            files=sweep.files,
        )

    def finish(self, arrival: Arrival) -> None:
        """Say that an arrival is done with, in the state it was found in."""
        mark = arrival.mark
        with suppress(OSError):
            mark = _mark_when_done(arrival.path) if arrival.path.is_dir() else mark
        self.done[arrival.relative] = mark
        self._pending.pop(arrival.relative, None)
        self._recent.pop(arrival.relative, None)
        self._recent[arrival.relative] = None
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]

    def postpone(self, arrival: Arrival, until: float) -> None:
        """Offer an arrival again, not before ``until``."""
        pending = self._pending.get(arrival.relative)
        if pending is not None:
            pending.not_before = until

    def is_unchanged(self, arrival: Arrival) -> bool:
        """Return whether an arrival still is as it was found."""
        try:
            if arrival.path.is_dir():
                return _mark_of_folder(arrival.path) == arrival.mark
            return _mark(arrival.path.stat()) == arrival.mark
        except OSError:
            return False

    def _news(self, failures: dict[str, str]) -> tuple[tuple[Trouble, ...], tuple[str, ...]]:
        fresh = tuple(
            Trouble(relative=name, message=message)
            for name, message in failures.items()
            if self._told.get(name) != message
        )
        # With the root away, what lies below it is neither well nor worse.
        mended = () if "" in failures else tuple(self._told.keys() - failures.keys())
        for name in mended:
            del self._told[name]
        self._told.update(failures)
        return fresh, mended

    def _folder(self, sweep: _Sweep, folder: Path | str, below: str, depth: int) -> None:
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except FileNotFoundError:
            if not below:
                sweep.failures[below] = "the folder is not there"
            return
        except OSError as error:
            sweep.failures[below] = f"cannot be listed: {error.strerror or error}"
            return
        locked: frozenset[str] | None = None
        for at, entry in enumerate(entries):
            name = entry.name
            relative = f"{below}/{name}" if below else name
            if relative in self.done and self._may_wait(relative, at):
                sweep.files += 1
                continue
            if is_passed_over(name):
                continue
            locked = locked_by(entry.name for entry in entries) if locked is None else locked
            try:
                if entry.is_symlink():
                    continue
                if entry.is_dir():
                    self._below(sweep, entry, relative, depth)
                elif self._wanted(name):
                    self._file(sweep, entry, relative, is_locked=name.lower() in locked)
            except FileNotFoundError:
                continue  # gone between the listing and the look: nothing to take
            except OSError as error:
                sweep.seen.add(relative)
                sweep.failures[relative] = f"cannot be looked at: {error.strerror or error}"

    def _may_wait(self, relative: str, at: int) -> bool:
        """Whether something done with is left for a later look: asking a share for each is slow."""
        turn = self._looks % _ROTATION
        is_due = self._looks == 0 or at % _ROTATION == turn or relative in self._recent
        return not is_due and relative not in self._pending

    def _below(self, sweep: _Sweep, entry: os.DirEntry[str], relative: str, depth: int) -> None:
        changed = entry.stat(follow_symlinks=False).st_mtime_ns
        path = Path(entry.path)
        if not self._is_run(path, relative, changed):
            if depth > 0:
                self._folder(sweep, path, relative, depth - 1)
            return
        if not self._wanted(entry.name):
            return
        sweep.files += 1
        sweep.seen.add(relative)
        done = self.done.get(relative)
        if done is not None:
            before = self._checked.get(relative)
            if before and before[0] == changed and sweep.now < before[1] + _FOLDER_AGAIN_S:
                return
            if done == _mark_when_done(path):
                self._checked[relative] = (changed, sweep.now)
                return
            self._checked.pop(relative, None)
        self._judge(sweep, path, relative, _mark_of_folder(path), is_locked=False)

    def _is_run(self, path: Path, relative: str, changed: int) -> bool:
        before = self._kinds.get(relative)
        if before is None or before[0] != changed:
            before = self._kinds[relative] = (changed, folders.is_run(path))
        return before[1]

    def _file(
        self, sweep: _Sweep, entry: os.DirEntry[str], relative: str, *, is_locked: bool
    ) -> None:
        found = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            return
        sweep.files += 1
        done = self.done.get(relative)
        if done is not None and done.mtime_ns == found.st_mtime_ns and done.size == found.st_size:
            return
        sweep.seen.add(relative)
        self._judge(sweep, Path(entry.path), relative, _mark(found), is_locked=is_locked)

    def _judge(
        self, sweep: _Sweep, path: Path, relative: str, mark: Mark, *, is_locked: bool
    ) -> None:
        pending = self._pending.get(relative)
        if pending is None or pending.mark != mark or is_locked or not mark.size:
            self._pending[relative] = _Pending(mark=mark, since=sweep.now)
            if mark.size:
                sweep.unsettled.append(relative)
            return
        if sweep.now < pending.not_before:
            sweep.unsettled.append(relative)
            if relative in self._told:  # not tried at this look, so no better than before
                sweep.failures[relative] = self._told[relative]
            return
        if pending.ending is None:
            try:
                pending.ending = ending(path)
            except OSError as error:
                pending.not_before = sweep.now + _UNREADABLE_AGAIN_S
                sweep.unsettled.append(relative)
                if not isinstance(error, FileNotFoundError):
                    sweep.failures[relative] = f"cannot be opened: {error.strerror or error}"
                return
        if sweep.now - pending.since >= self._quiet(pending.ending):
            sweep.ready.append(Arrival(path=path, relative=relative, mark=mark))
        else:
            sweep.unsettled.append(relative)

    def _quiet(self, said: Ending) -> float:
        return {
            Ending.MARKED: 0.0,
            Ending.FITS: self.settle_s / 6,
            Ending.UNKNOWN: self.settle_s,
            Ending.UNFINISHED: self.settle_s * _PATIENCE,
        }[said]

    def _wanted(self, name: str) -> bool:
        return not self._patterns or any(fnmatch(name.lower(), each) for each in self._patterns)


def _mark(found: os.stat_result) -> Mark:
    return Mark(size=found.st_size, mtime_ns=found.st_mtime_ns)


def _inside(folder: Path, depth: int) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as listing:
        for entry in listing:
            if entry.is_symlink():
                continue
            if not entry.is_dir():
                yield entry
            elif depth:
                yield from _inside(Path(entry.path), depth - 1)


def _mark_of_folder(folder: Path) -> Mark:
    """Return the size of all files in a run's folder and the newest change among them.

    A file that says it is temporary makes the folder empty: it is still being written.
    """
    size, newest = 0, 0
    for count, entry in enumerate(_inside(folder, 3)):
        if count >= _RUN_FILES or is_temporary(entry.name):
            return Mark(size=0, mtime_ns=newest)
        found = entry.stat(follow_symlinks=False)
        size += found.st_size
        newest = max(newest, found.st_mtime_ns)
    return Mark(size=size, mtime_ns=newest)


def _mark_when_done(folder: Path) -> Mark:
    """Return the mark of what was measured: a report added to the folder later is no new run."""
    file = folders.run_file(folder)
    return _mark_of_folder(folder) if file is None else _mark(file.stat())
