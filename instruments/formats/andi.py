"""ANDI / AIA netCDF (.cdf): GC-MS runs and chromatograms.

Source: ASTM E1947 (chromatography) and E2077 (mass spectrometry). The header is checked against the
file's size before any array is taken.
"""

from __future__ import annotations

import numpy as np

from instruments.checks import curve_faults, peak_faults, time_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.netcdf_arrays import Arrays, opened
from instruments.limits import AGAIN, RUN_BYTES
from spectra.axis import UNIT_MIN, UNIT_S, FloatArray, IntArray, XKind
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement, Technique, settled

_NOT_GIVEN = -9998.0
_HIGHEST_MZ = 100_000.0


class AndiReader:
    """ANDI netCDF-3 for mass spectrometry and chromatography."""

    name = "andi-cdf"
    suffixes = (".cdf", ".nc")
    size_limit = RUN_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for the netCDF-3 magic."""
        return 0.95 if head[:4] in (b"CDF\x01", b"CDF\x02") else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run, or the chromatogram of a file without mass values."""
        try:
            source = opened(data)
            metadata = _metadata(source)
            if "mass_values" in source and "scan_index" in source:
                return _run(source, metadata)
            return _chromatogram(source, metadata)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError) as error:
            raise CorruptFileError(f"the netCDF data are damaged ({error})", hint=AGAIN) from error


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return one_line(value.decode("latin-1"))
    return one_line(str(value))


def _metadata(source: Arrays) -> dict[str, str]:
    return clean_map({key: _text(value) for key, value in source.attributes.items()})


def _scalar(source: Arrays, name: str) -> float | None:
    if name not in source:
        return None
    value = source.first(name)
    return value if np.isfinite(value) and value > _NOT_GIVEN else None


def _unit(source: Arrays, name: str, metadata: dict[str, str]) -> str:
    stated = _text(source.attributes_of(name).get("units", "")) if name in source else ""
    return stated or metadata.get("retention_unit", "") or metadata.get("units", "")


def _run(source: Arrays, metadata: dict[str, str]) -> Reading:
    starts = _integers(source, "scan_index")
    counts = _integers(source, "point_count")
    mz = settled(source.numbers("mass_values"))
    intensity = settled(source.numbers("intensity_values"))
    if starts.size == 0 or starts.size != counts.size or mz.size != intensity.size:
        raise CorruptFileError("the scan table and the peaks do not belong together", hint=AGAIN)
    if (counts < 0).any() or (starts < 0).any() or (starts + counts > mz.size).any():
        raise CorruptFileError(
            f"the scan table points beyond the {mz.size} peaks of the file", hint=AGAIN
        )
    offsets = np.concatenate(([0], np.cumsum(counts)))
    if int(offsets[-1]) > mz.size:
        raise CorruptFileError("scans overlap: more peaks in scans than in the file", hint=AGAIN)
    mz, intensity = _of_scans(mz, intensity, starts, counts, offsets)
    warnings: list[str] = []
    wrong = peak_faults(mz, intensity)
    if wrong and not _all_sane(mz, intensity):
        sane = np.isfinite(mz) & (mz <= _HIGHEST_MZ) & np.isfinite(intensity)
        warnings.append(f"{int((~sane).sum())} peaks with an impossible m/z were left out")
        kept = np.concatenate(([0], np.cumsum(sane)))
        offsets, mz, intensity = kept[offsets], settled(mz[sane]), settled(intensity[sane])
        wrong = peak_faults(mz, intensity)
    if counts.size == 1 and "scan_acquisition_time" not in source:
        return _single(mz, intensity, metadata, warnings, wrong)
    times, unit, faults = _times(source, metadata, starts.size)
    tic = source.numbers("total_intensity") if "total_intensity" in source else None
    if tic is not None and (tic.size != starts.size or not np.isfinite(tic).all()):
        warnings.append("the stored total ion current does not fit the scans; the sum is used")
        tic = None
    run = MassRun(
        title=metadata.get("experiment_title", ""),
        scan_time_s=times,
        offsets=offsets,
        mz=mz,
        intensity=intensity,
        stored_tic=tic,
        ionization=_ionization(metadata),
        metadata=metadata | {"time unit in file": unit or "s (by the standard)"},
        faults=(*faults, *wrong, *time_faults(times)),
    )
    if tic is not None and not np.allclose(tic, _sums(run), rtol=0.02, atol=1.0):
        warnings.append("the stored total ion current is not the sum of the peaks; both are kept")
    return Reading(
        spectra=(run,), technique=Technique.GCMS, metadata=metadata, warnings=tuple(warnings)
    )


def _sums(run: MassRun) -> FloatArray:
    """Return the sum of the peaks of each scan; where no scan is empty, without a running total."""
    if (np.diff(run.offsets) > 0).all():
        return np.add.reduceat(run.intensity, run.offsets[:-1])
    return run.summed_tic()


def _of_scans(
    mz: FloatArray, intensity: FloatArray, starts: IntArray, counts: IntArray, offsets: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the peaks that scans own; slots outside every scan may hold a vendor's rubbish."""
    total = int(offsets[-1])
    if (starts == offsets[:-1]).all():
        return (mz[:total], intensity[:total]) if total < mz.size else (mz, intensity)
    own = np.repeat(starts - offsets[:-1], counts) + np.arange(total)
    return mz[own], intensity[own]


def _all_sane(mz: FloatArray, intensity: FloatArray) -> bool:
    """Return whether four numbers show that every peak can be one; a NaN shows in them."""
    if not mz.size:
        return True
    ends = (mz.min(), mz.max(), intensity.min(), intensity.max())
    return bool(np.isfinite(ends).all() and ends[1] <= _HIGHEST_MZ)


def _integers(source: Arrays, name: str) -> IntArray:
    values = source.numbers(name)
    if not np.isfinite(values).all() or (np.abs(values) > 2**52).any():
        raise CorruptFileError(f"{name} holds what is no count", hint=AGAIN)
    return values.astype(np.int64)


def _single(
    mz: FloatArray,
    intensity: FloatArray,
    metadata: dict[str, str],
    warnings: list[str],
    faults: tuple[str, ...],
) -> Reading:
    spectrum = MassSpectrum(
        title=metadata.get("experiment_title", ""),
        mz=mz,
        intensity=intensity,
        ionization=_ionization(metadata),
        metadata=metadata,
        faults=faults,
    )
    return Reading(
        spectra=(spectrum,), technique=Technique.MS, metadata=metadata, warnings=tuple(warnings)
    )


def _times(
    source: Arrays, metadata: dict[str, str], n_scans: int
) -> tuple[FloatArray, str, list[str]]:
    unit = _unit(source, "scan_acquisition_time", metadata)
    if "scan_acquisition_time" not in source:
        return np.arange(n_scans, dtype=np.float64), unit, ["no scan times: the scan number stands"]
    times = source.numbers("scan_acquisition_time")
    if times.size != n_scans:
        raise CorruptFileError(f"{n_scans} scans and {times.size} scan times", hint=AGAIN)
    faults: list[str] = []
    if (times <= _NOT_GIVEN).any():
        faults.append(f"{int((times <= _NOT_GIVEN).sum())} scan times are not given (-9999)")
        times = np.where(times <= _NOT_GIVEN, np.nan, times)
    return (times * 60.0 if "min" in unit.lower() else times), unit, faults


def _ionization(metadata: dict[str, str]) -> str:
    stated = metadata.get("test_ionization_mode", "").lower()
    sign = "-" if "negative" in metadata.get("test_ionization_polarity", "").lower() else "+"
    if "electron impact" in stated:
        return "EI"
    if "electrospray" in stated:
        return "ESI" + sign
    return "CI" + sign if "chemical" in stated else one_line(stated, limit=20)


def _chromatogram(source: Arrays, metadata: dict[str, str]) -> Reading:
    name = "ordinate_values" if "ordinate_values" in source else "total_intensity"
    if name not in source:
        raise CorruptFileError(
            "netCDF without scans or ordinates: no chromatogram and no mass spectra",
            hint="Export the run as ANDI/AIA from the instrument's software.",
        )
    y = source.numbers(name)
    if y.size == 0:
        raise CorruptFileError("the chromatogram holds no points", hint=AGAIN)
    stored = next((v for v in ("raw_data_retention", "scan_acquisition_time") if v in source), "")
    x = source.numbers(stored) if stored else np.empty(0)
    faults: list[str] = []
    if x.size != y.size or not np.isfinite(x).all() or (x > 1e30).any():
        interval = _scalar(source, "actual_sampling_interval")
        if interval is None:
            faults.append("no sampling interval: the point number stands in place of time")
        start = _scalar(source, "actual_delay_time") or 0.0
        x = start + (interval or 1.0) * np.arange(y.size, dtype=np.float64)
    unit = _unit(source, stored, metadata)
    curve: Measurement = Chromatogram(
        title=metadata.get("sample_name", "") or metadata.get("experiment_title", ""),
        x=x,
        y=y,
        x_unit=UNIT_MIN if "min" in unit.lower() else UNIT_S,
        y_unit=metadata.get("detector_unit", "") or "unknown",
        metadata=metadata | {"time unit in file": unit or "s (by the standard)"},
        faults=(*faults, *curve_faults(x, y, XKind.TIME)),
    )
    of_ms = "MS" in metadata.get("detector_name", "").upper().split() or "MSD" in metadata.get(
        "detector_name", ""
    )
    return Reading(
        spectra=(curve,),
        technique=Technique.GCMS if of_ms else Technique.GC,
        metadata=metadata,
    )
