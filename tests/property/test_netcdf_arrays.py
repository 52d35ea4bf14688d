"""A netCDF-3 file read straight from its bytes holds what scipy reads from it."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import netcdf_file

from instruments.errors import FormatError
from instruments.formats import netcdf_arrays

TYPES = st.sampled_from(["i1", "i2", "i4", "f4", "f8"])
SCALES = {"scale_factor": 0.25, "add_offset": -3.0, "missing_value": 5, "_FillValue": 7.0}


@st.composite
def files(draw):
    """A file of a few variables, some of them growing with its records."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    records = draw(st.integers(1, 6))
    target = io.BytesIO()
    with netcdf_file(target, "w", version=draw(st.sampled_from([1, 2]))) as out:
        out.title = b"made"
        out.number = draw(st.integers(-5, 5))
        out.createDimension("point", None)
        out.createDimension("scan", 4)
        for at in range(draw(st.integers(1, 5))):
            shape = draw(st.sampled_from([("point",), ("scan",), ("scan", "scan"), ()]))
            kind = np.dtype(draw(TYPES))
            variable = out.createVariable(f"v{at}", kind, shape)
            size = [records if name == "point" else 4 for name in shape]
            values = random.integers(0, 9, size).astype(kind)
            if shape:
                variable[:] = values
            else:
                variable.data[...] = values
            for name in draw(st.sets(st.sampled_from(sorted(SCALES)))):
                setattr(variable, name, SCALES[name])
        out.flush()
        return target.getvalue()


def outcome(read, *given):
    try:
        return read(*given)
    except (ValueError, TypeError, KeyError, IndexError, FormatError) as error:
        return type(error)


@settings(deadline=None)
@given(files(), st.integers(0, 40))
def test_arrays_from_the_bytes_are_those_of_scipy(data, cut):
    data = data[: len(data) - cut] if cut > 20 else data
    ours, scipys = outcome(netcdf_arrays.opened, data), outcome(netcdf_arrays._Scipy, data)
    if isinstance(scipys, type) or isinstance(ours, type):
        assert cut > 20 or ours is scipys
        return
    assert list(map(str, ours.attributes.values())) == list(map(str, scipys.attributes.values()))
    for name in scipys._source.variables:
        one, other = outcome(ours.numbers, name), outcome(scipys.numbers, name)
        if isinstance(other, type):
            assert one is other
        else:
            np.testing.assert_array_equal(one, other)
        assert outcome(ours.first, name) == outcome(scipys.first, name)


@pytest.mark.parametrize("in_records", [True, False])
def test_usual_files_need_no_scipy(in_records):
    target = io.BytesIO()
    with netcdf_file(target, "w") as out:
        out.createDimension("point", None if in_records else 3)
        for name in ("mass_values", "intensity_values"):
            out.createVariable(name, "f8", ("point",))[:] = np.array([41.0, 43.0, 57.0])
        out.flush()
        data = target.getvalue()
    arrays = netcdf_arrays.opened(data)
    assert isinstance(arrays, netcdf_arrays._Plain)
    assert arrays.numbers("mass_values").tolist() == [41.0, 43.0, 57.0]
