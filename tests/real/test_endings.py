"""What real files say of their own end, whole and cut."""

import io

import pytest

from instruments.endings import Ending, ending, of_stream
from tests.real.instrument_files import DATA, needs_data

pytestmark = pytest.mark.real

WITHOUT_AN_END = {"ELEY_3_SUBTRACT.JDX", "gcms.jdx", "nist08_test.jca"}
"""JCAMP-DX files that stop without ``##END=``: taken after some patience."""


@pytest.fixture(scope="module")
def files():
    needs_data()
    return [path for path in sorted(DATA.rglob("*")) if path.is_file() and path.parent != DATA]


def test_whole_files_are_not_called_unfinished(files):
    said = {path.name for path in files if ending(path) is Ending.UNFINISHED}
    assert said <= WITHOUT_AN_END


def test_cut_files_are_not_called_whole(files):
    """Up to nine tenths: what follows the last block that a header announces says nothing."""
    wrong = []
    for path in files:
        data = path.read_bytes()
        if len(data) > 3_000_000 or of_stream(io.BytesIO(data)) is Ending.UNKNOWN:
            continue
        for tenth in range(1, 10):
            said = of_stream(io.BytesIO(data[: len(data) * tenth // 10]))
            if said in (Ending.MARKED, Ending.FITS):
                wrong.append((path.name, tenth))
    assert wrong == []


def test_half_of_the_formats_need_no_waiting(files):
    known = [path for path in files if ending(path) in (Ending.MARKED, Ending.FITS)]
    assert len(known) > len(files) // 2
