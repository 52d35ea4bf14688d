"""What is run beside a sample: its blank and the alkane ladder of its method.

Reads both, and says in the entries of `fol.match/1` what they mean for each peak. Nothing is
recorded here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims.instrument_condition import UNNAMED, Condition
from spectra.errors import SpectrumError
from spectra.retention import Phase, RetentionIndex

if TYPE_CHECKING:
    from instruments.export import Export
    from spectra.blank import BlankComparison, InBlank
    from spectra.chromatography import Component, RunReading
    from spectra.retention import Ladder

Json = dict[str, Any]

# A table of alkanes is a few hundred bytes; more is a run.
_MOST_TABLE_BYTES = 64_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file something was taken from."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunContext:
    """A blank run, a ladder, and the condition of the instrument; each may be missing."""

    blank: tuple[Component, ...] | None = None
    blank_source: Source | None = None
    ladder: Ladder | None = None
    ladder_source: Source | None = None
    condition: Condition = UNNAMED

    def indices(self, components: Sequence[Component]) -> list[RetentionIndex | None]:
        """Return the retention index of each component; None outside the ladder."""
        ladder = self.ladder
        return [
            None
            if ladder is None or not ladder.covers(each.retention_time_s)
            else ladder.index(each.retention_time_s, each.apex_error_s)
            for each in components
        ]

    def against_blank(self, components: Sequence[Component]) -> BlankComparison | None:
        """Return all components of a run compared with the blank, or None without one."""
        if self.blank is None:
            return None
        from spectra.blank import compare_with_blank

        return compare_with_blank(components, self.blank)

    def facts(self, reading: RunReading, compared: BlankComparison | None) -> Json:
        """Return what was found out about one run as a whole."""
        blank: Json | None = None
        if self.blank_source is not None and self.blank is not None:
            blank = {
                "file": self.blank_source.name,
                "sha256": self.blank_source.sha256,
                "components": len(self.blank),
                "shift_s": None if compared is None else round(compared.shift_s, 3),
                "shift_from": 0 if compared is None else compared.n_pairs,
            }
        ladder: Json | None = None
        if self.ladder is not None and self.ladder_source is not None:
            ladder = {
                "file": self.ladder_source.name,
                "sha256": self.ladder_source.sha256,
                "carbons": self.ladder.carbons.tolist(),
                "retention_time_s": [round(t, 3) for t in self.ladder.time_s.tolist()],
                "phase": self.ladder.phase.value,
                "method": "Kovats" if self.ladder.dead_time_s is not None else "linear",
            }
        return {
            "components": len(reading.components),
            "skew_scans": round(reading.skew_scans, 3),
            "remarks": list(reading.quality.remarks),
            "blank": blank,
            "ladder": ladder,
        }

    def stands_in(self, result: Mapping[str, Any]) -> bool:
        """Return whether a ``results`` entry was made with this blank and this ladder."""
        wanted = {"blank": self.blank_source, "ladder": self.ladder_source}
        return all(
            source is None or (run.get(name) or {}).get("sha256") == source.sha256
            for run in result.get("runs", ())
            for name, source in wanted.items()
        )

    def peak(self, component: Component, index: RetentionIndex | None) -> Json:
        """Return what is known of one component besides its identity."""
        note = ""
        if self.ladder is not None and index is None:
            note = f"outside the ladder ({self.ladder.span}): not extrapolated"
        return {
            "retention_time_s": round(component.retention_time_s, 3),
            "retention_index": None if index is None else round(index.value, 1),
            "retention_index_uncertainty": None if index is None else round(index.uncertainty, 1),
            "retention_index_note": note,
            "area": float(f"{component.area:.6g}"),
            "area_fraction": round(component.area_fraction, 6),
            "width_s": round(component.width_s, 3),
            "base_peak_mz": component.spectrum.base_peak_mz,
            "purity": round(component.purity, 4),
            "model_mz": list(component.model_mz),
            "saturated_mz": list(component.saturated_mz),
        }


NO_CONTEXT = RunContext()
"""Neither blank nor ladder."""


def blank_facts(found: InBlank | None) -> Json | None:
    """Return what the blank holds of one component."""
    if found is None:
        return None
    return {
        "comparable": found.comparable,
        "area_ratio": float(f"{found.area_ratio:.4g}"),
        "time_apart_s": round(found.time_apart_s, 3),
        "likeness": round(found.likeness, 4),
    }


def read_context(
    *,
    blank: Path | None = None,
    ladder: Path | None = None,
    phase: Phase = Phase.SEMI_STANDARD_NON_POLAR,
    dead_time_s: float | None = None,
) -> RunContext:
    """Read the blank run and the ladder (a run of n-alkanes, or a table of them).

    Parameters
    ----------
    blank, ladder : Path or None
    phase : Phase
        Of the column.
    dead_time_s : float or None
        Of an isothermal run, in s.

    Raises
    ------
    FormatError, SpectrumError
        A file that cannot be read, holds no run, or no ladder.
    """
    blank_run = blank_source = found = ladder_source = None
    if blank is not None:
        export = _read(blank)
        blank_run = components_of(export, "blank")
        blank_source = Source(name=blank.name, sha256=export.sha256)
    if ladder is not None:
        found, ladder_source = _ladder(ladder, phase, dead_time_s)
    return RunContext(
        blank=blank_run, blank_source=blank_source, ladder=found, ladder_source=ladder_source
    )


def _ladder(path: Path, phase: Phase, dead_time_s: float | None) -> tuple[Ladder, Source]:
    try:
        return _read_ladder(path, phase, dead_time_s)
    except SpectrumError as error:
        raise SpectrumError(f"{path.name}: {error.message}", hint=error.hint) from error


def _read_ladder(path: Path, phase: Phase, dead_time_s: float | None) -> tuple[Ladder, Source]:
    from lims import ladder_table
    from spectra.alkane_ladder import find_ladder
    from spectra.retention import Ladder

    data = _small_text(path)
    text = "" if data is None else data.decode("utf-8-sig", errors="replace")
    if data is not None and ladder_table.looks_like_table(text):
        carbons, times = ladder_table.parse(text)
        import numpy as np

        made = Ladder(
            carbons=np.array(carbons), time_s=np.array(times), phase=phase, dead_time_s=dead_time_s
        )
        return made, Source(name=path.name, sha256=hashlib.sha256(data).hexdigest())
    export = _read(path)
    found = find_ladder(components_of(export, "ladder"), phase=phase, dead_time_s=dead_time_s)
    return found, Source(name=path.name, sha256=export.sha256)


def _small_text(path: Path) -> bytes | None:
    if not path.is_file() or path.stat().st_size > _MOST_TABLE_BYTES:
        return None
    return path.read_bytes()


def _read(path: Path) -> Export:
    from instruments.sandbox import read_guarded

    return read_guarded(path)


def components_of(export: Export, what: str) -> tuple[Component, ...]:
    """Return the components of the one run of an export; ``what`` names it in a refusal.

    Raises
    ------
    SpectrumError
        It holds no run, several, or a faulty one.
    """
    from spectra.chromatography import read_run
    from spectra.spectrum import MassRun

    runs = [each for each in export.spectra if isinstance(each, MassRun)]
    if len(runs) != 1:
        raise SpectrumError(
            f"{export.path.name}: a {what} must be one GC-MS run, this file holds {len(runs)}",
            hint=f"Give the export of the {what} run itself.",
        )
    if runs[0].faults:
        raise SpectrumError(
            f"{export.path.name}: the {what} run cannot be used: {runs[0].faults[0]}",
            hint="Export the run again, or leave the option out.",
        )
    return read_run(runs[0]).components
