"""The readers that are compared: for each, what it is asked to read and how, as its documents say.

An adapter returns what a reader found as plain arrays, with nothing corrected, except that times
are given in seconds. Each peer is imported only inside its own child process.
"""

from __future__ import annotations

import gzip
import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


@dataclass(slots=True, kw_only=True)
class Found:
    """Curves of one file, or the arrays of a run."""

    curves: list[tuple[Any, Any]] | None = None
    times_s: Any = None
    tics: tuple[Any, ...] = ()
    mz: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One reader: its distribution on the package index, its module, the families it reads."""

    name: str
    distribution: str
    module: str
    families: tuple[str, ...]
    read: Callable[[ModuleType, str], Found]
    note: str = ""
    whole_masses: bool = False
    general: bool = False


def _run(times: Iterable[float], mz: list[Any], intensity: list[Any], *tics: Any) -> Found:
    if not mz:
        return Found(times_s=np.empty(0))
    summed = np.array([np.sum(part) for part in intensity])
    return Found(times_s=np.array(list(times)), tics=(summed, *tics), mz=np.concatenate(mz))


def _ours(module: ModuleType, path: str) -> Found:
    first, *rest = module.read(path).spectra
    if first.kind == "gcms_run":
        return Found(times_s=first.scan_time_s, tics=(first.tic(), first.summed_tic()), mz=first.mz)
    if first.kind == "mass":
        return Found(curves=[(item.mz, item.intensity) for item in (first, *rest)])
    return Found(curves=[(item.x, item.y) for item in (first, *rest)])


def decoder(path: str) -> Callable[[], object]:
    """Return what decodes a file whose format is settled: no detection, no hash of the evidence."""
    from instruments import registry
    from instruments.compressed import GZIP_MAGIC, gunzip

    name, data = registry.source_bytes(Path(path))
    packed = data.startswith(GZIP_MAGIC)
    reader = registry.identify(gunzip(data) if packed else data, name.removesuffix(".gz"))

    def decode() -> object:
        _, held = registry.source_bytes(Path(path))
        with np.errstate(invalid="ignore", over="ignore"):
            return reader.read(gunzip(held) if packed else held, name)

    return decode


def _jcamp(module: ModuleType, path: str) -> Found:
    read = module.readfile(path)
    blocks = read.get("children") or [read]
    return Found(curves=[(block["x"], block["y"]) for block in blocks])


def _spc_io(module: ModuleType, path: str) -> Found:
    with Path(path).open("rb") as stream:
        read = module.SPC.from_bytes_io(stream)
    return Found(curves=[(part.xarray, part.yarray) for part in read])


def _spcfile(module: ModuleType, path: str) -> Found:
    return Found(curves=[(part.x, part.y) for part in module.SPCFile(path)])


def _brukeropus(module: ModuleType, path: str) -> Found:
    read = module.read_opus(path)
    order = [key for key in ("ra", "a", "t", "r") if key in read.data_keys]
    order += [key for key in read.data_keys if key not in order]
    return Found(curves=[(getattr(read, key).x, getattr(read, key).y) for key in order])


def _opusfc(module: ModuleType, path: str) -> Found:
    parts = module.listContents(path)
    ranked = sorted(parts, key=lambda part: part[0] not in ("RAM", "AB", "TR", "REFL"))
    read = [module.getOpusData(path, part) for part in ranked]
    return Found(curves=[(part.x, part.y) for part in read])


def _wire(module: ModuleType, path: str) -> Found:
    read = module.WDFReader(path)
    spectra = np.atleast_2d(np.asarray(read.spectra).reshape(-1, len(read.xdata)))
    read.close()
    return Found(curves=[(read.xdata, row) for row in spectra])


def _wdf(module: ModuleType, path: str) -> Found:
    with module.Wdf(path) as read:
        x = np.array(list(read.xlist()))
        return Found(
            curves=[(x, np.array(list(read.spectrum(at)))) for at in range(read.hdr.nspectra)]
        )


def _asp(module: ModuleType, path: str) -> Found:
    x, y = module.load_file(path).as_array()
    return Found(curves=[(x, y)])


def _pymzml(module: ModuleType, path: str) -> Found:
    times, mz, intensity, tics = [], [], [], []
    with module.run.Reader(path) as scans:
        for scan in scans:
            times.append(60.0 * scan.scan_time_in_minutes())
            mz.append(scan.mz)
            intensity.append(scan.i)
            tics.append(scan.TIC or np.nan)
    return _run(times, mz, intensity, np.array(tics))


def _opened(path: str) -> Any:
    return gzip.open(path, "rb") if path.endswith(".gz") else path


def _pyteomics_mzml(module: ModuleType, path: str) -> Found:
    times, mz, intensity, tics = [], [], [], []
    with module.MzML(_opened(path), use_index=False) as scans:
        for scan in scans:
            moment = scan["scanList"]["scan"][0].get("scan start time", np.nan)
            minutes = getattr(moment, "unit_info", "") == "minute"
            times.append(float(moment) * (60.0 if minutes else 1.0))
            mz.append(scan["m/z array"])
            intensity.append(scan["intensity array"])
            tics.append(scan.get("total ion current", np.nan))
    return _run(times, mz, intensity, np.array(tics))


def _pyteomics_mzxml(module: ModuleType, path: str) -> Found:
    times, mz, intensity, tics = [], [], [], []
    with module.MzXML(_opened(path), use_index=False) as scans:
        for scan in scans:
            moment = scan["retentionTime"]
            times.append(float(moment) * (60.0 if moment.unit_info == "minute" else 1.0))
            mz.append(scan["m/z array"])
            intensity.append(scan["intensity array"])
            tics.append(scan.get("totIonCurrent", np.nan))
    return _run(times, mz, intensity, np.array(tics))


def _pyteomics_mgf(module: ModuleType, path: str) -> Found:
    with module.read(path, use_index=False) as scans:
        return Found(curves=[(scan["m/z array"], scan["intensity array"]) for scan in scans])


def _rainbow(module: ModuleType, path: str) -> Found:
    read = module.parse_file(path)
    if path.lower().endswith(".ch"):
        return Found(curves=[(read.xlabels, read.data[:, 0])])
    return Found(times_s=60.0 * read.xlabels, tics=(read.data.sum(axis=1),), mz=read.ylabels)


def _matchms(loader: str, *, harmonize: bool = False) -> Callable[[ModuleType, str], Found]:
    def read(module: ModuleType, path: str) -> Found:
        logging.disable(logging.ERROR)  # it warns of every entry without a precursor
        spectra = getattr(module, loader)(path, metadata_harmonization=harmonize)
        return Found(curves=[(item.peaks.mz, item.peaks.intensities) for item in spectra])

    return read


def _andi(variables: Any) -> Found:
    """Take the arrays of an ANDI file that some netCDF library opened."""
    if "mass_values" not in variables:
        y = np.array(variables["ordinate_values"][:], dtype=float)
        if "raw_data_retention" in variables:
            return Found(curves=[(np.array(variables["raw_data_retention"][:]), y)])
        step = float(np.asarray(variables["actual_sampling_interval"][...]))
        start = float(np.asarray(variables["actual_delay_time"][...]))
        return Found(curves=[(start + step * np.arange(y.size), y)])
    times = np.array(variables["scan_acquisition_time"][:])
    mz = np.array(variables["mass_values"][:])
    intensity = np.array(variables["intensity_values"][:])
    starts = np.array(variables["scan_index"][:])
    summed = np.add.reduceat(intensity, starts) if (np.diff(starts) > 0).all() else times
    return Found(times_s=times, tics=(summed, np.array(variables["total_intensity"][:])), mz=mz)


def _netcdf4(module: ModuleType, path: str) -> Found:
    with module.Dataset(path) as source:
        return _andi(source.variables)


def _scipy(module: ModuleType, path: str) -> Found:
    with module.netcdf_file(path, "r", mmap=False, maskandscale=True) as source:
        scalars = {
            name: np.asarray(item.getValue() if not item.shape else item[:])
            for name, item in source.variables.items()
            if name in _ANDI_NAMES
        }
        return _andi(scalars)


_ANDI_NAMES = (
    "mass_values",
    "ordinate_values",
    "actual_sampling_interval",
    "actual_delay_time",
    "scan_acquisition_time",
    "intensity_values",
    "scan_index",
    "total_intensity",
    "raw_data_retention",
)


def _pandas(module: ModuleType, path: str) -> Found:
    text = Path(path).read_bytes().decode("utf-8-sig")
    table = module.read_csv(io.StringIO(text), sep=None, engine="python", header=None, comment="#")
    values = table.to_numpy(dtype=float)
    return Found(curves=[(values[:, 0], values[:, at]) for at in range(1, values.shape[1])])


def _numpy(module: ModuleType, path: str) -> Found:
    delimiter = "," if "," in Path(path).read_text(encoding="utf-8")[:200] else None
    x, *columns = module.loadtxt(path, delimiter=delimiter, unpack=True, encoding="utf-8")
    return Found(curves=[(x, y) for y in columns])


OURS = "fol"
PEERS: tuple[Peer, ...] = (
    Peer(name=OURS, distribution="fol-lims", module="instruments", families=("*",), read=_ours),
    Peer(name="jcamp", distribution="jcamp", module="jcamp", families=("JCAMP-DX",), read=_jcamp),
    Peer(
        name="spcfile", distribution="spcfile", module="spcfile", families=("SPC",), read=_spcfile
    ),
    Peer(name="spc-io", distribution="spc-io", module="spc_io", families=("SPC",), read=_spc_io),
    Peer(
        name="brukeropus",
        distribution="brukeropus",
        module="brukeropus",
        families=("Bruker OPUS",),
        read=_brukeropus,
    ),
    Peer(
        name="opusFC",
        distribution="opusFC",
        module="opusFC",
        families=("Bruker OPUS",),
        read=_opusfc,
        note="compiled",
    ),
    Peer(
        name="renishaw-wdf",
        distribution="renishaw-wdf",
        module="wdf",
        families=("Renishaw WDF",),
        read=_wdf,
    ),
    Peer(
        name="renishawWiRE",
        distribution="renishawWiRE",
        module="renishawWiRE",
        families=("Renishaw WDF",),
        read=_wire,
    ),
    Peer(
        name="agilentaspparser",
        distribution="agilentaspparser",
        module="agilentaspparser",
        families=("Agilent ASP",),
        read=_asp,
    ),
    Peer(
        name="rainbow-api",
        distribution="rainbow-api",
        module="rainbow.agilent.chemstation",
        families=("Agilent ChemStation",),
        read=_rainbow,
        note="rounds m/z to whole masses",
        whole_masses=True,
    ),
    Peer(
        name="netCDF4",
        distribution="netCDF4",
        module="netCDF4",
        families=("ANDI netCDF",),
        read=_netcdf4,
        note="compiled; arrays only",
    ),
    Peer(
        name="scipy.io",
        distribution="scipy",
        module="scipy.io",
        families=("ANDI netCDF",),
        read=_scipy,
        note="arrays only",
    ),
    Peer(name="pymzml", distribution="pymzml", module="pymzml", families=("mzML",), read=_pymzml),
    Peer(
        name="pyteomics",
        distribution="pyteomics",
        module="pyteomics.mzml",
        families=("mzML",),
        read=_pyteomics_mzml,
    ),
    Peer(
        name="pyteomics mzxml",
        distribution="pyteomics",
        module="pyteomics.mzxml",
        families=("mzXML",),
        read=_pyteomics_mzxml,
    ),
    Peer(
        name="pyteomics mgf",
        distribution="pyteomics",
        module="pyteomics.mgf",
        families=("MGF",),
        read=_pyteomics_mgf,
    ),
    Peer(
        name="matchms msp",
        distribution="matchms",
        module="matchms.importing",
        families=("MSP, MSL, ELU",),
        read=_matchms("load_from_msp"),
    ),
    Peer(
        name="matchms msp, harmonised",
        distribution="matchms",
        module="matchms.importing",
        families=(),
        read=_matchms("load_from_msp", harmonize=True),
    ),
    Peer(
        name="matchms mgf",
        distribution="matchms",
        module="matchms.importing",
        families=("MGF",),
        read=_matchms("load_from_mgf"),
    ),
    Peer(
        name="pandas",
        distribution="pandas",
        module="pandas",
        families=("Text tables",),
        read=_pandas,
        note="sep=None, comment='#'",
        general=True,
    ),
    Peer(
        name="numpy loadtxt",
        distribution="numpy",
        module="numpy",
        families=("Text tables",),
        read=_numpy,
        note="told the delimiter",
        general=True,
    ),
)

__all__ = ["OURS", "PEERS", "Found", "Peer"]
