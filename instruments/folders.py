"""Runs that are folders: which file in them holds the data, case-blind, following no links."""

from __future__ import annotations

from pathlib import Path

from instruments.errors import RefusedFormatError, UnknownFormatError

_CHEMSTATION = ("data.ms", "msd1.ms", "datasim.ms")
_CONVERT = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."


def run_file(folder: Path) -> Path:
    """Return the file that holds the run of an instrument's folder.

    Raises
    ------
    RefusedFormatError
        A folder of a vendor that is not read (Waters ``.raw``, MassHunter ``AcqData``).
    UnknownFormatError
        Not an instrument's folder; a folder of exports is read with `instruments.collection.walk`.
    """
    names = {entry.name.lower(): entry for entry in folder.iterdir() if not entry.is_symlink()}
    for wanted in _CHEMSTATION:
        if wanted in names and names[wanted].is_file():
            return names[wanted]
    traces = sorted(name for name in names if name.endswith(".ch"))
    if traces:
        return names[traces[0]]
    if "acqdata" in names:
        raise RefusedFormatError(
            f"{folder.name}: this is an Agilent MassHunter run (AcqData)", hint=_CONVERT
        )
    if "_header.txt" in names or "_func001.dat" in names:
        raise RefusedFormatError(f"{folder.name}: this is a Waters .raw run", hint=_CONVERT)
    if folder.suffix.lower() in (".d", ".raw", ".rslt"):
        raise RefusedFormatError(
            f"{folder.name}: an instrument's folder without the data files", hint=_CONVERT
        )
    raise UnknownFormatError(
        f"{folder.name}: a folder, not a run",
        hint="Give the files in it, or the folder to a command that takes many files.",
    )


def is_run(folder: Path) -> bool:
    """Return whether a folder is one run of an instrument rather than a collection of files."""
    if folder.suffix.lower() in (".d", ".raw"):
        return True
    names = {entry.name.lower() for entry in folder.iterdir()}
    return bool(names & {"data.ms", "msd1.ms", "_func001.dat", "acqdata"})
