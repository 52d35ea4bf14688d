"""A run read again the way it was read: its mapping, its blank and its ladder."""

from functools import partial

import numpy as np
import pytest

from instruments import raw
from instruments.errors import CorruptFileError
from instruments.writers import write
from lims import again, examination, kept_runs, records, references, review, unknowns
from lims.errors import NotFoundError, RecordError
from lims.kept_runs import Beside
from lims.matching import match_export
from lims.references import Proposal, approve, propose
from lims.run_context import read_context
from spectra import simulate
from spectra.spectrum import MassSpectrum, Technique
from tests.lims_builders import a_sample
from tests.unit.libraries.reference_builders import a_mass_spectrum, drafts
from tests.unit.lims.own_references import installed

KNOWN, UNKNOWN = 24, 500


def a_run(folder, name, parts, seed=1):
    random = np.random.default_rng(seed)
    components = [
        simulate.RunComponent(spectrum=spectrum, retention_time_s=time_s, area=area)
        for spectrum, time_s, area in parts
    ]
    path = folder / name
    made = simulate.gcms_run(name, components, random, duration_s=480.0)
    path.write_bytes(write([made], "andi"))
    return path


def ei(seed):
    found = a_mass_spectrum(seed)
    assert isinstance(found, MassSpectrum)
    return found


@pytest.fixture
def gcms(lab, bench):
    """A lab with an EI library, and a reviewed run of one known and one unknown substance."""
    installed(lab, "ei", drafts([ei(seed) for seed in range(KNOWN)]), licence="CC0")
    path = a_run(bench, "run.cdf", [(ei(2), 200.0, 8e5), (ei(UNKNOWN), 320.0, 2e6)])
    blank = a_run(bench, "blank.cdf", [(ei(40), 100.0, 8e5), (ei(41), 150.0, 8e5)], seed=2)
    ladder = bench / "alkanes.csv"
    ladder.write_text("carbons,retention_time_min\n10,1.5\n14,3.5\n18,5.5\n22,7.5\n")
    raw.keep(lab.raw_folder, blank.read_bytes())
    context = read_context(blank=blank, ladder=ladder)
    found = examination.ingest(
        lab, "ana", path, a_sample(lab).number, match=partial(match_export, context=context)
    )
    return lab, review.review(lab, "rex", found.id, accept=True)


def at(match, time_s):
    return next(p for p in match["peaks"] if abs(p["retention_time_s"] - time_s) < 5)


def test_run_is_compared_again_with_its_blank_and_its_ladder(gcms):
    lab, found = gcms
    said = kept_runs.beside(found.match)
    context = kept_runs.context_again(lab.raw_folder, said)
    export = kept_runs.read_again(kept_runs.of_run(lab, kept_runs.run(lab, found.run)))
    from lims.matching import open_libraries

    libraries = open_libraries(lab.libraries_folder)
    try:
        once_more = match_export(export, libraries, context=context)
    finally:
        for library in libraries:
            library.close()
    assert once_more["runs"] == found.match["runs"]
    for name in ("retention_index", "blank", "decision"):
        assert [p[name] for p in once_more["peaks"]] == [p[name] for p in found.match["peaks"]]


def test_lost_blank_is_a_problem_and_never_a_search_without_it(gcms):
    lab, found = gcms
    said = kept_runs.beside(found.match)
    raw.place(lab.raw_folder, said.blank_sha256).unlink()
    with pytest.raises(CorruptFileError):
        kept_runs.context_again(lab.raw_folder, said)


def test_isothermal_ladder_cannot_be_rebuilt_and_says_so(lab):
    said = Beside(carbons=(10.0, 12.0), time_s=(60.0, 90.0), phase="polar", is_isothermal=True)
    with pytest.raises(RecordError, match="dead time"):
        kept_runs.context_again(lab.raw_folder, said)


def test_peak_of_a_run_becomes_a_reference_and_answers_another_run(gcms, bench):
    lab, found = gcms
    unknown = at(found.match, 320.0)
    assert unknown["decision"]["state"] in ("no_match", "unexplained")
    position = found.match["peaks"].index(unknown) + 1
    said = Proposal(substance="testonite", source="lot 7", position=position, library="ei")
    made = approve(lab, "rex", propose(lab, "ana", found.id, said).id)
    from libraries.library import open_library

    with open_library("ei", folder=lab.libraries_folder) as library:
        entry = library.entry(made.entry)
    assert entry.technique == "ei"
    wanted = ei(UNKNOWN)
    tall = wanted.mz[np.argmax(wanted.intensity)]
    assert round(float(entry.draft.x[np.argmax(entry.draft.y)])) == tall
    other = a_run(bench, "other.cdf", [(ei(UNKNOWN), 300.0, 2e6)], seed=9)
    answer = examination.ingest(lab, "ana", other, a_sample(lab).number)
    assert answer.substances == ("testonite",)


def test_named_cut_does_not_hide_an_unknown_run_from_the_next_library(lab, bench):
    installed(lab, "ei", drafts([ei(seed) for seed in range(KNOWN)]), licence="CC0")
    path = a_run(bench, "only.cdf", [(ei(UNKNOWN), 320.0, 2e6)])
    found = examination.ingest(lab, "ana", path, a_sample(lab).number)
    assert found.level == "no_match"
    more = [ei(seed) for seed in (*range(KNOWN), UNKNOWN)]
    installed(lab, "ei", drafts(more), licence="CC0")
    assert [each.finding.id for each in unknowns.waiting(lab)] == [found.id]
    (told,) = again.search(lab, "ana").found
    assert "substance 500" in told.now
    assert records.finding(lab.db, told.new_finding).technique == Technique.GCMS.value


def test_unknown_run_is_not_found(lab):
    with pytest.raises(NotFoundError):
        kept_runs.run(lab, "NOG-26-S000001-D.R1")
    assert references.references(lab) == ()
