"""Shimadzu GC-MS runs (``.qgd``) through the optional package openszraw (Apache-2.0).

No real ``.qgd`` was at hand: the calls follow the package's own documentation, and every result
carries a fault that keeps it from matching until a person has compared it with the instrument.
"""

from __future__ import annotations

import numpy as np

from instruments.checks import peak_faults, time_faults
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.borrowed import guarded, on_disk, package
from instruments.limits import AGAIN, MAX_SPECTRA, RUN_BYTES
from spectra.spectrum import MassRun, Technique

_UNVERIFIED = "read by a young package that was not tested here on a real .qgd: compare the masses"
_INSTEAD = "export ANDI/netCDF (.cdf) or mzML from LabSolutions / GCMSsolution."


class ShimadzuReader:
    """Shimadzu .qgd, where openszraw is installed."""

    name = "shimadzu-qgd"
    suffixes = (".qgd",)
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.0: a container is known by the names inside, see `instruments.refusals`."""
        return 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run, always with a fault.

        Raises
        ------
        RefusedFormatError
            openszraw is not installed; the hint says how to install it.
        """
        openszraw = package("openszraw", "openszraw", "shimadzu", _INSTEAD)
        with on_disk({"run.qgd": data}) as folder, guarded("openszraw", "a Shimadzu .qgd run"):
            reader = openszraw.RawReader(str(folder / "run.qgd"))
            announced = int(reader.scan_count)
            if not 0 < announced <= MAX_SPECTRA * 10:
                raise CorruptFileError(f"{announced} scans are announced", hint=AGAIN)
            scans = [reader.read_spectrum(at) for at in range(announced)]
            times = np.array([scan.retention_time_sec for scan in scans], dtype=np.float64)
            mz = np.concatenate([np.asarray(scan.mz, dtype=np.float64) for scan in scans])
            intensity = np.concatenate([np.asarray(s.intensity, dtype=np.float64) for s in scans])
            counts = [len(scan.mz) for scan in scans]
        run = MassRun(
            title="",
            scan_time_s=times,
            offsets=np.concatenate(([0], np.cumsum(counts))),
            mz=mz,
            intensity=intensity,
            metadata={"time unit in file": "second"},
            faults=(_UNVERIFIED, *peak_faults(mz, intensity), *time_faults(times)),
        )
        return Reading(spectra=(run,), technique=Technique.GCMS, warnings=(_UNVERIFIED,))
