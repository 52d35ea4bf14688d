"""Damaged copies of every real file: a checked spectrum or our error, soon, and nothing in between.

``FOL_MUTANTS=30000 pytest tests/real/test_mutants.py`` is the long run; by default a sample.
"""

import os

import pytest

from tests.real import mutation
from tests.real.instrument_files import needs_data

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(3600)]

COUNT = int(os.environ.get("FOL_MUTANTS", "400"))
SEED = int(os.environ.get("FOL_MUTANTS_SEED", "20261124"))
# Whatever happens to a file, none of this may.
FORBIDDEN = (
    "hangs",
    "kills the process",
    "memory",
    "slow",
    "traceback",
    "no message",
    "broken promise",
)
# Binary and counted formats whose own checks find any change of length: count, size, directory.
COUNTED = ("spc", "omnic-spa", "omnic-spg", "perkinelmer-sp", "renishaw-wdf", "andi-cdf", "mzml")
LENGTH = ("cut", "insert", "remove", "duplicate_a_chunk")


@pytest.fixture(scope="module")
def results():
    needs_data()
    return mutation.run(COUNT, SEED)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_mutant_does_what_no_file_may(results, what):
    found = [(name, seed, f) for name, seed, _, all_ in results for f in all_ if f[0] == what]
    assert not found


def test_every_mutant_was_answered(results):
    outcomes = [outcome for _, _, outcome, _ in results]
    assert len(outcomes) == COUNT
    assert set(outcomes) <= {"refused", "read", "told", "while reading"}
    # Damage is mostly noticed; were it never, the judge would be blind.
    assert outcomes.count("refused") + outcomes.count("told") > COUNT / 2


def test_a_cause_is_named_and_not_only_the_error_that_it_raised(results):
    assert sum(outcome == "while reading" for _, _, outcome, _ in results) <= COUNT / 200


def test_no_counted_format_changes_its_number_of_points_untold(results):
    found = [
        (name, seed, detail)
        for name, seed, _, all_ in results
        for what, detail, kind in all_
        if what == "silently other"
        and kind in LENGTH
        and detail.split(":")[0] in COUNTED
        and "points became" in detail
    ]
    assert not found


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        # Bytes lost or added inside the ordinates, with the log still announced further on.
        ("raman/spc/RAMAN.SPC", 113906),
        ("ir/spc/KKSAM.SPC", 103398),
        ("other/spc/XYTRACE.SPC", 106350),
        ("ir/spc/m_ordz.spc", 1851),
        # A damaged row ended the loop of a CIF early.
        ("raman/rod-cif/rod_file_1000679.rod", 2979),
        ("raman/rod-cif/rod_file_1000679.rod", 1329),
        # MAXY and MINY of a table without check points.
        ("ir/jcamp/SBO.jdx", 3892),
        ("ir/jcamp/PE1800.DX", 3686),
        # BLOCKS of a LINK, VAR_DIM of NTUPLES, and a stray Ctrl-Z in the middle.
        ("ms/jcamp/blckpkt1.jdx", 1706),
        ("ms/jcamp/ISAS_MS3.DX", 1762),
        ("other/jcamp-link/blckpac1.jdx", 1585),
        # The range the file states, and ordinates no detector gives.
        ("ir/perkinelmer-sp/single_PE_spectrum.sp", 2475),
        ("raman/omnic-spa/cylohex.spa", 515),
        ("gc/andi-cdf/SHIMADZU.CDF", 42),
        # A name line, a count line or a whole entry destroyed.
        ("ms/msp/MoNA-export-GC-MS-first10.msp", 104345),
        ("ms/msp/250541.MSP", 764),
        ("ms/msp/massbank_five_spectra.msp", 3245),
        ("ms/mgf/test.mgf", 106743),
    ],
)
def test_damage_that_once_passed_in_silence_is_told(name, seed):
    needs_data()
    contents = (mutation.DATA / name).read_bytes()
    kind, data = mutation.mutant(name, contents, seed)
    assert data != contents
    whole = mutation.whole_outline(name, contents)
    outcome, findings = mutation.judge(name, data, kind, whole)
    assert outcome in ("told", "refused")
    assert not findings
