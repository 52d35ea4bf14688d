"""Calling readers that other people wrote: found or named as missing, given files, kept from harm.

They want paths, print, warn and fail in their own ways; here all of that becomes our errors.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from instruments.cleaning import one_line
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.limits import AGAIN

DISTRIBUTION = "fol-lims"


def package(name: str, distribution: str, extra: str, instead: str) -> ModuleType:
    """Return an optional package.

    Parameters
    ----------
    name, distribution : str
        To import, and to install.
    extra : str
        Of this project, that brings it; empty where the project itself needs it.
    instead : str
        What to export where nothing can be installed.

    Raises
    ------
    RefusedFormatError
        It is not installed; the hint holds the line that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        wanted = f"'{DISTRIBUTION}[{extra}]'" if extra else distribution
        raise RefusedFormatError(
            f"reading this format needs the package {distribution}, which is not installed",
            hint=f"Install it with: pip install {wanted}. Or: {instead}",
        ) from error


@contextmanager
def on_disk(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Give a folder that holds ``files`` under plain names chosen by us; gone afterwards."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fol-") as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        yield Path(folder)


@contextmanager
def guarded(reader: str, what: str) -> Iterator[None]:
    """Turn whatever a foreign reader raises or warns into an answer about the file.

    Parameters
    ----------
    reader : str
        The package.
    what : str
        What the bytes seem to be, for the message.

    Raises
    ------
    CorruptFileError
        Names the reader and its own words.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (FormatError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except ImportError as error:
        raise RefusedFormatError(
            f"{what}: {reader} needs a package for it ({one_line(str(error), limit=120)})",
            hint="Convert the run to mzML (ProteoWizard msconvert) and read that.",
        ) from error
    except Exception as error:  # foreign code raises bare Exception on purpose
        raise _damaged(reader, what, error) from error
    except BaseException as error:
        # A panic of a Rust extension is no Exception, and yet it only says that a file is bad.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(reader, what, error) from error


def _damaged(reader: str, what: str, error: BaseException) -> CorruptFileError:
    said = one_line(str(error), limit=160) or type(error).__name__
    return CorruptFileError(f"{what} that {reader} could not read: {said}", hint=AGAIN)
