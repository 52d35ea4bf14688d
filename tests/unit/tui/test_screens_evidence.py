"""The spectra behind a finding: read again from the kept bytes, drawn the way they are read."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from instruments import raw, registry
from instruments.export import Export
from lims.model import Run
from spectra import simulate
from spectra.axis import XKind, YKind
from spectra.spectrum import MassSpectrum, Measurement, Spectrum, Technique
from tui.evidence import EvidenceError, QuerySource, opening_window, plot_data
from tui.verdict import Answer, answers

DATA = b"any bytes"


def a_run(sha256: str) -> Run:
    return Run(
        id="r", sample="s", portion="", technique="gcms", file_name="x.cdf", raw_sha256=sha256,
        format="", reader="", at=datetime(2026, 11, 24, tzinfo=UTC), by="ana",
    )  # fmt: skip


def an_answer(title: str = "", index: int = 0, retention_time_s: float | None = None) -> Answer:
    rows = [{"title": ""}] * index + [{"title": title, "retention_time_s": retention_time_s}]
    return answers({"spectra": rows})[index]


def ei(title: str, *mz: float) -> MassSpectrum:
    return MassSpectrum(
        title=title, mz=np.array(mz), intensity=np.linspace(1000, 200, len(mz)), ionization="EI"
    )


def a_curve(title: str, kind: XKind = XKind.WAVENUMBER, level: float = 1.0) -> Spectrum:
    return Spectrum(
        title=title, x=np.linspace(4000, 400, 500), y=np.full(500, level), x_kind=kind,
        x_unit="cm-1", y_kind=YKind.ABSORBANCE, y_unit="1",
    )  # fmt: skip


def a_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *spectra: Measurement, altered: bool = False
) -> QuerySource:
    """A kept file whose reader gives ``spectra``."""
    digest = raw.keep(folder, DATA)
    found = hashlib.sha256(b"other").hexdigest() if altered else digest
    export = Export(
        path=Path("x"), sha256=found, size=len(DATA), format="f", technique=Technique.OTHER,
        metadata={}, warnings=(), spectra=spectra, reader="f", reader_version="1",
    )  # fmt: skip
    monkeypatch.setattr(registry, "read_bytes", lambda *_: export)
    return QuerySource(folder, a_run(digest))


def test_a_gcms_answer_gets_the_component_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [
        simulate.RunComponent(spectrum=ei("a", 58, 91, 134), retention_time_s=120.0, area=1e6),
        simulate.RunComponent(spectrum=ei("b", 146, 189, 245), retention_time_s=170.0, area=1e6),
    ]
    run = simulate.gcms_run("run", parts, np.random.default_rng(1), duration_s=240.0)
    source = a_source(tmp_path, monkeypatch, run)
    for time_s, base in ((121.0, 58), (169.0, 146)):
        found = source.spectrum(an_answer(retention_time_s=time_s))
        assert isinstance(found, MassSpectrum)
        assert found.base_peak_mz == pytest.approx(base, abs=0.5)


def test_the_spectrum_is_found_by_title_then_by_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source(tmp_path, monkeypatch, a_curve("one"), a_curve("two"), a_curve("two"))
    assert source.spectrum(an_answer("one", 2)).title == "one"
    assert source.spectrum(an_answer("two", 1)).title == "two"
    assert source.spectrum(an_answer("gone", 9)).title == "two"


def test_bytes_that_are_not_the_recorded_ones_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source(tmp_path, monkeypatch, a_curve("one"), altered=True)
    with pytest.raises(EvidenceError, match="not the file of this run"):
        source.spectrum(an_answer("one"))


def test_wavenumbers_run_down_and_masses_up_to_a_hundred() -> None:
    infrared = plot_data("q", a_curve("c"))
    assert infrared.ends == (4000.0, 400.0)
    assert opening_window(infrared) == (1800.0, 650.0)
    shift = plot_data("q", a_curve("c", XKind.RAMAN_SHIFT))
    assert shift.ends == (400.0, 4000.0)
    assert opening_window(shift) is None
    mass = plot_data("q", ei("m", 58, 91), "r", ei("n", 40, 200))
    assert mass.ends == (38.0, 202.0)
    assert mass.full_scale == 100.0
