"""One person's watch of a folder: look, take what is complete, tell what became of it.

The edge where a file may show a fault of ours: it is logged and told in a line, and the watch goes
on. Knows the record through its services and prints nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

from instruments.errors import FormatError
from instruments.watch import Arrival, FolderWatch, Look
from lims import arrivals, examination, pickup, queries, records
from lims.errors import AuditBrokenError, NotFoundError, PermissionDenied
from lims.pickup import Pickup, Taken
from spectra.errors import LabError

if TYPE_CHECKING:
    from lims.lab import Lab

INTERVAL_S = 0.25
LONGEST_S = 5.0
_SHARE = 20
"""A look may take a twentieth of the time: a folder of any size costs the same."""
_FAULTS = 3
_LONGEST_WAIT_S = 60.0
_REMEMBER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something a watch has to say.

    Parameters
    ----------
    event : str
        ``run``, ``known``, ``quarantined``, ``trouble``, ``mended``, ``fault`` or ``unfinished``.
    path : str
        Below the watched folder; empty for the folder itself or the lab.
    text : str
        One sentence.
    facts : dict
        What else there is to a file: hash, sample, finding, number in quarantine, reason.
    """

    event: str
    path: str
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


Tell = Callable[[Told], None]
Log = Callable[[BaseException], str]


class Watching:
    """Takes what arrives in a folder into the record until it is told to stop.

    Parameters
    ----------
    lab : Lab
    actor : str
        In whose hands the samples are.
    watch : FolderWatch
    tell : callable
        Gets a `Told` for each thing that happened.
    log : callable
        Keeps the traceback of a fault of ours and returns where.
    stop : Event
        Set from outside; the file in hand is finished first.
    libraries : sequence of str
    instrument : str
        Which of the lab's instruments writes here.
    """

    def __init__(
        self,
        lab: Lab,
        actor: str,
        watch: FolderWatch,
        tell: Tell,
        log: Log,
        stop: Event,
        *,
        libraries: Sequence[str] = (),
        instrument: str = "",
        read: pickup.Read | None = None,
        match: examination.Match | None = None,
    ) -> None:
        self.lab, self.actor, self.watch = lab, actor, watch
        self.counts: Counter[str] = Counter()
        self._tell, self._log, self._stop = tell, log, stop
        self._libraries, self._instrument = tuple(libraries), instrument
        self._read, self._match = read, match
        self._tries: Counter[str] = Counter()
        self._in_trouble: dict[str, str] = {}
        self._look_s = 0.0
        self._remembered_at = 0.0

    def run(self) -> None:
        """Look until stopped.

        Raises
        ------
        PermissionDenied, AuditBrokenError
            Going on could record nothing.
        """
        try:
            while not self._stop.is_set():
                self.turn(time.monotonic())
                self._stop.wait(_pause(self._look_s))
        finally:
            self._remember()

    def run_once(self) -> tuple[str, ...]:
        """Take what lies there and return what was left because it had not ended or was refused.

        Waits for files that are still settling, not for those that go on growing.
        """
        deadline = time.monotonic() + 2 * self.watch.settle_s + 1.0
        left: tuple[str, ...] = ()
        try:
            while not self._stop.is_set():
                begun = time.monotonic()
                taken = sum(self.counts.values())
                left = self.turn(begun).unsettled
                if sum(self.counts.values()) > taken:
                    deadline = time.monotonic() + 2 * self.watch.settle_s + 1.0
                elif not left or begun > deadline:
                    break
                self._stop.wait(_pause(self._look_s))
        finally:
            self._remember()
        for name in left:
            self._say(
                "unfinished", name, f"{name}: not taken: it has not ended, or cannot be taken now"
            )
        return left

    def turn(self, now: float) -> Look:
        """Look once and take what is complete; what could not be taken is among the unsettled."""
        try:
            look = self.watch.look(now)
        except Exception as error:  # noqa: BLE001 - the edge of the watch: logged, told, gone on
            self._fault("", error)
            return Look(unsettled=("",))
        self._look_s = time.monotonic() - now
        self._tries.pop("", None)
        for trouble in look.troubles:
            where = trouble.relative or str(self.watch.folder)
            self._say("trouble", trouble.relative, f"{where}: {trouble.message}; will look again")
        for name in look.mended:
            self._say("mended", name, f"{name or self.watch.folder}: can be read again")
        left = [arrival.relative for arrival in look.ready if not self._attempt(arrival)]
        return Look(unsettled=(*look.unsettled, *left), troubles=look.troubles, files=look.files)

    def _attempt(self, arrival: Arrival) -> bool:
        """Take one arrival; whether it is done with."""
        if self._stop.is_set():
            return False
        begun = time.monotonic()
        try:
            done = self._take(arrival)
        except (PermissionDenied, AuditBrokenError):
            raise
        except LabError as error:
            self._trouble(arrival, error.message, error.hint, of_file=_is_of_file(error))
            return False
        except OSError as error:  # a full disk, a share that went away
            self._trouble(arrival, error.strerror or str(error), "", of_file=False)
            return False
        except Exception as error:  # noqa: BLE001 - the edge of the watch: logged, told, gone on
            self._fault(arrival.relative, error)
            done = self._give_up(arrival, error)
        if done is None:
            self._postpone(arrival)
            return False
        self.watch.finish(arrival)
        self._tries.pop(arrival.relative, None)
        self._in_trouble.pop(arrival.relative, None)
        if self._in_trouble.pop("", None):
            self._say("mended", "", "files can be taken again")
        now = time.monotonic()
        self._told(arrival, done, 1000 * (now - begun))
        if now - self._remembered_at > _REMEMBER_S:
            self._remember()
            self._remembered_at = now
        return True

    def _take(self, arrival: Arrival) -> Pickup | None:
        return pickup.pick_up(
            self.lab,
            self.actor,
            arrival.path,
            folders=_folders(arrival),
            libraries=self._libraries,
            instrument=self._instrument,
            read=self._read,
            match=self._match,
            is_settled=lambda: not self._stop.is_set() and self.watch.is_unchanged(arrival),
        )

    def _trouble(self, arrival: Arrival, message: str, hint: str, *, of_file: bool) -> None:
        """Tell once what is in the way, of one file or of all, and try again later."""
        where = arrival.relative if of_file else ""
        if self._in_trouble.get(where) != message:
            self._in_trouble[where] = message
            text = f"{arrival.relative}: {message}; will try again"
            self._say("trouble", arrival.relative, text, hint=hint)
        self._postpone(arrival)

    def _postpone(self, arrival: Arrival) -> None:
        tries = self._tries[arrival.relative] = self._tries[arrival.relative] + 1
        wait = min(_LONGEST_WAIT_S, INTERVAL_S * 2 ** min(tries, 10))
        self.watch.postpone(arrival, time.monotonic() + wait)

    def _fault(self, name: str, error: Exception) -> None:
        if self._tries[name] == 0:
            kept = self._log(error)
            said = f"{name or self.watch.folder}: a fault in fol itself ({type(error).__name__})"
            self._say("fault", name, f"{said}; details are in {kept}")
        if not name:
            self._tries[name] += 1

    def _give_up(self, arrival: Arrival, error: Exception) -> Pickup | None:
        """After a few faults the file waits for a person rather than for luck."""
        if self._tries[arrival.relative] < _FAULTS - 1:
            return None
        reason = f"a fault in fol itself ({type(error).__name__}) while it was taken in"
        try:
            return pickup.set_aside(
                self.lab, self.actor, arrival.path, reason, folders=_folders(arrival)
            )
        except Exception as again:  # noqa: BLE001 - the edge of the watch: the file is tried again
            self._log(again)
            return None

    def _told(self, arrival: Arrival, done: Pickup, elapsed_ms: float) -> None:
        name, row, finding = arrival.relative, done.row, done.finding
        facts: dict[str, Any] = {
            "sha256": done.sha256,
            "sample": done.sample,
            "elapsed_ms": round(elapsed_ms, 1),
        }
        if row is not None:
            facts |= {"number": row.number, "reason": row.reason}
        if finding is not None:
            answer = self._answer(done)
            facts |= {"finding": finding.id, "run": finding.run, "answer": answer}
            text = f"{name}: {finding.id}: {answer}"
        elif done.taken is Taken.KNOWN:
            held = f"{row.state.value} as {row.number}" if row else f"a run of {done.sample}"
            text = f"{name}: seen before, {held}"
        else:
            text = f"{name}: waits as {row.number if row else '?'}: {row.reason if row else ''}"
        self._say(done.taken.value, name, text, **facts)

    def _answer(self, done: Pickup) -> str:
        """Return the headline; behind an unseen hazard notice only that there is one."""
        finding = done.finding
        if finding is None:
            return ""
        unseen = records.value(
            self.lab.db, "SELECT unacknowledged FROM sample WHERE number=?", finding.sample
        )
        if unseen:
            group = f"HAZARD {finding.hazard}: " if finding.hazard else ""
            return f"{group}{queries.HIDDEN} (fol alerts)"
        return finding.headline

    def _say(self, event: str, path: str, text: str, **facts: Any) -> None:
        self.counts[event] += 1
        self._tell(Told(event=event, path=path, text=text, facts=facts))

    def _remember(self) -> None:
        with suppress(LabError):  # the record is busy; the memory is only a saving of time
            arrivals.remember(self.lab, self.watch.folder, self.watch.done)


def _folders(arrival: Arrival) -> tuple[str, ...]:
    return tuple(arrival.relative.split("/")[:-1])


def _is_of_file(error: LabError) -> bool:
    return isinstance(error, (NotFoundError, FormatError))


def _pause(look_s: float) -> float:
    return min(LONGEST_S, max(INTERVAL_S, _SHARE * look_s))
