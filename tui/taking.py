"""One file on its way into the record as a run: the stage it is in, stopped or finished.

Knows no screens. `Taking` is shared by the thread that works and the one that may stop it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lims.errors import RunCancelledError
from lims.model import Finding
from lims.stages import Stage
from spectra.errors import LabError

if TYPE_CHECKING:
    from tui.desk import Desk
    from tui.record import Record

_STAGES = tuple(Stage)
_LOUD = ("H1", "H2")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended: what to say, what can be done, and the finding if there is one.

    The text holds no identity: that stands behind the sample's hazard notice.
    """

    text: str
    hint: str = ""
    finding: Finding | None = None


class Taking:
    """A run being taken.

    Parameters
    ----------
    sample : str
    path : Path
    portion : str
        Its number or id; empty for none.
    told : callable
        Called in the working thread as each stage begins.
    instrument : str
        Its name in the lab; empty where the file says it, or nobody knows.
    """

    def __init__(
        self,
        sample: str,
        path: Path,
        portion: str,
        told: Callable[[Stage], None],
        instrument: str = "",
    ) -> None:
        self.sample = sample
        self.path = path
        self._portion = portion
        self._instrument = instrument
        self._told = told
        self._lock = threading.Lock()
        self._stage: Stage | None = None
        self._is_stopped = False

    @property
    def line(self) -> str:
        """What is being done, in words."""
        with self._lock:
            stage, stopped = self._stage, self._is_stopped
        doing = "waiting for its turn" if stage is None else stage.value
        if stopped:
            return f"{self.path.name}: stopping after {doing}"
        at = "" if stage is None else f" ({_STAGES.index(stage) + 1} of {len(_STAGES)})"
        stops = "" if stage is Stage.RECORD else " · Esc stops it"
        return f"{self.path.name}: {doing}{at} …{stops}"

    def stop(self) -> bool:
        """End before the next stage; False when it is being recorded already."""
        with self._lock:
            if self._stage is Stage.RECORD:
                return False
            self._is_stopped = True
            return True

    def going(self, stage: Stage) -> None:
        """Go on to a stage, unless somebody stopped.

        Raises
        ------
        RunCancelledError
        """
        with self._lock:
            if self._is_stopped:
                raise RunCancelledError(f"stopped before {stage.value}", hint=self._left())
            self._stage = stage
        self._told(stage)

    def _left(self) -> str:
        began = -1 if self._stage is None else _STAGES.index(self._stage)
        if began < _STAGES.index(Stage.KEEP):
            return "Nothing was kept or recorded."
        return "The file's bytes are kept; no run names them."

    async def run(self, desk: Desk[Record]) -> Outcome:
        """Take the file on a record and in a thread of its own; return how it ended."""
        try:
            finding = await desk.apart_on_record(
                lambda record: record.take_run(
                    self.path,
                    self.sample,
                    portion=self._portion,
                    instrument=self._instrument,
                    going=self.going,
                )
            )
        except RunCancelledError as stopped:
            return Outcome(text=f"{self.path.name}: {stopped.message}", hint=stopped.hint)
        except LabError as error:
            return Outcome(text=error.message, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - the worker boundary: logged, shown, not hidden
            _log.exception("taking a run failed")
            return Outcome(
                text=f"fault in the program: {type(error).__name__}",
                hint="Nothing was recorded; see the log.",
            )
        is_new = self._stage is Stage.RECORD
        said = "is recorded" if is_new else "was on record already: the same bytes"
        also = " · a hazard notice may wait" if finding.hazard in _LOUD else ""
        return Outcome(text=f"{finding.run} {said}{also}", finding=finding)
