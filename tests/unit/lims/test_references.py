"""A run becomes a reference: two people, the kept bytes, and nothing on record against it."""

import shutil

import pytest

from instruments import raw
from instruments.errors import CorruptFileError
from libraries import catalog
from libraries.library import open_library
from libraries.licences import OWN
from lims import (
    again,
    alerts,
    audit,
    bench_instruments,
    examination,
    library_care,
    records,
    reference_entry,
    reference_identity,
    references,
    reliance,
    review,
    unknowns,
)
from lims.conclusion import conclude
from lims.errors import CustodyError, NotFoundError, PermissionDenied, RecordError, StateError
from lims.people import add_person
from lims.references import ReferenceState, approve, propose, withdraw
from spectra.spectrum import Technique
from tests.lims_builders import a_finding, a_match, a_sample, an_entry
from tests.unit.libraries.reference_builders import a_curve, a_mass_spectrum
from tests.unit.lims.own_references import (
    KNOWN,
    SOURCE,
    a_street_library,
    export,
    measured,
    proposal,
)


@pytest.fixture
def finding(lab, bench):
    return judged(lab, bench, an_entry("no_match"))


def judged(lab, bench, *entries, seed=77, accepted=True, sample="", title="unknown powder"):
    """A real curve whose match is given."""
    path = export(bench, f"c{seed}-{len(list(bench.iterdir()))}.jdx", [a_curve(seed, name=title)])
    where = sample or a_sample(lab).number
    found = examination.ingest(lab, "ana", path, where, match=a_match(*entries))
    return review.review(lab, "rex", found.id, accept=True) if accepted else found


def proposed(lab, finding, by="ana", **said):
    return propose(lab, by, finding.id, proposal(**said))


def entries_of(lab, name, version=None):
    with open_library(name, folder=lab.libraries_folder, version=version) as library:
        return list(library.entries())


def test_approved_run_is_an_entry_with_its_whole_history(lab, bench):
    device = bench_instruments.add_instrument(
        lab, "ana", "ftir-1", Technique.FTIR, maker="Bruker", model="Alpha", serial="9"
    )
    path = export(bench, "c.jdx", [a_curve(77, name="jar 3")])
    found = examination.ingest(
        lab,
        "ana",
        path,
        a_sample(lab).number,
        instrument=device.name,
        match=a_match(an_entry("no_match")),
    )
    review.review(lab, "rex", found.id, accept=True)
    made = proposed(lab, found, substance="xylazine", salt="hydrochloride", purity="98.5 %")
    assert (made.state, made.id, made.position) == (
        ReferenceState.PROPOSED,
        f"{found.sample}.L1",
        1,
    )
    assert catalog.installed(lab.libraries_folder) == []
    done = approve(lab, "rex", made.id)
    assert (done.state, done.library, done.version) == (ReferenceState.ENTERED, "own-NOG", "1")
    (entry,) = entries_of(lab, "own-NOG")
    assert (entry.id, entry.record_hash) == (done.entry, done.record_hash)
    who, origin = entry.draft.identity, entry.draft.provenance
    assert (who.name, who.inchikey) == ("xylazine hydrochloride", done.inchikey)
    assert origin.sha256 == records.runs(lab.db, found.sample)[0].raw_sha256
    assert origin.instrument == "ftir-1, Bruker, Alpha, serial 9"
    events = {e.kind: e for e in audit.events(lab, 0, 1000)}
    for fact in (
        made.id,
        found.run,
        SOURCE,
        "98.5 %",
        "proposed by ana",
        "approved by rex",
        events["reference.proposed"].event_id,
        events["reference.approved"].event_id,
        events["reference.proposed"].at,
        events["reference.approved"].at,
    ):
        assert fact in origin.notes or fact == origin.accession
    assert "jar 3" not in repr(entry.draft)
    assert audit.verify(lab).ok
    assert audit.replay(lab) == audit.projected(lab)


def test_spectrum_comes_from_the_kept_bytes_read_again(lab, finding):
    made = proposed(lab, finding)
    place = raw.place(lab.raw_folder, made.raw_sha256)
    place.chmod(0o644)
    place.write_bytes(place.read_bytes().replace(b"##NPOINTS", b"##NPOINTz"))
    with pytest.raises(CorruptFileError, match="changed"):
        approve(lab, "rex", made.id)
    assert catalog.installed(lab.libraries_folder) == []


def test_signature_survives_a_stop_before_the_library_was_built(lab, finding):
    made = proposed(lab, finding)
    place = raw.place(lab.raw_folder, made.raw_sha256)
    place.rename(place.with_name("away"))
    with pytest.raises(CorruptFileError):
        approve(lab, "rex", made.id)
    assert references.reference(lab, made.id).state is ReferenceState.APPROVED
    place.with_name("away").rename(place)
    add_person(lab, "lee", "ron", "Ron", ("reviewer",))
    assert approve(lab, "ron", made.id).approved_by == "rex"
    kinds = [e.kind for e in audit.events(lab, 0, 1000)]
    assert kinds.count("reference.approved") == kinds.count("reference.entered") == 1


def test_approving_again_changes_nothing(lab, finding):
    made = proposed(lab, finding)
    done = approve(lab, "rex", made.id)
    before = len(audit.events(lab, 0, 1000))
    assert approve(lab, "rex", made.id) == done
    assert len(audit.events(lab, 0, 1000)) == before


def test_proposer_does_not_approve_whatever_their_roles(lab, finding):
    made = proposed(lab, finding, by="rex")
    with pytest.raises(PermissionDenied, match="proposed"):
        approve(lab, "rex", made.id)


def test_who_measured_it_does_not_approve(lab, bench):
    add_person(lab, "lee", "both", "Both", ("analyst", "reviewer"))
    sample = a_sample(lab, held_by="both").number
    path = export(bench, "b.jdx", [a_curve(77)])
    found = examination.ingest(lab, "both", path, sample, match=a_match(an_entry("no_match")))
    review.review(lab, "rex", found.id, accept=True)
    made = proposed(lab, found)
    with pytest.raises(PermissionDenied):
        approve(lab, "both", made.id)


def test_only_scientists_propose_and_only_reviewers_approve(lab, finding):
    for person in ("olga", "cus", "root", "lia"):
        with pytest.raises(PermissionDenied):
            proposed(lab, finding, by=person)
    made = proposed(lab, finding)
    for person in ("abe", "lee", "qm", "olga"):
        with pytest.raises(PermissionDenied):
            approve(lab, person, made.id)


def test_finding_that_waits_or_was_sent_back_is_no_reference(lab, bench):
    waiting = judged(lab, bench, an_entry("no_match"), accepted=False)
    with pytest.raises(StateError, match="accepted"):
        proposed(lab, waiting)
    review.review(lab, "rex", waiting.id, accept=False, remark="no")
    with pytest.raises(StateError, match="accepted"):
        proposed(lab, waiting)


def test_finding_that_names_another_substance_contradicts(lab, bench):
    found = judged(lab, bench, an_entry("match", "cocaine"))
    with pytest.raises(StateError, match="cocaine"):
        proposed(lab, found, substance="xylazine")
    assert proposed(lab, found, substance="cocaine", salt="hydrochloride").substance == "cocaine"


def test_one_of_a_group_may_be_told_by_its_source(lab, bench):
    found = judged(lab, bench, an_entry("match_group", "xylazine", "testonite"))
    assert proposed(lab, found, substance="testonite").name == "testonite"


def test_conclusion_that_names_another_substance_contradicts(lab, bench, finding):
    other = judged(lab, bench, an_entry("match", "cocaine"), seed=5, sample=finding.sample)
    with pytest.raises(StateError, match="cocaine"):
        proposed(lab, finding, substance="xylazine")
    conclude(lab, "ana", other.sample)
    with pytest.raises(StateError, match="cocaine"):
        proposed(lab, finding, substance="xylazine")


def test_conclusion_drawn_after_the_proposal_still_counts(lab, bench, finding):
    made = proposed(lab, finding, substance="xylazine")
    judged(lab, bench, an_entry("match", "cocaine"), seed=5, sample=finding.sample)
    conclude(lab, "ana", finding.sample)
    with pytest.raises(StateError, match="cocaine"):
        approve(lab, "rex", made.id)
    assert references.reference(lab, made.id).state is ReferenceState.PROPOSED


def test_class_that_was_found_contradicts_another_class(lab, bench):
    found = judged(lab, bench, an_entry("analogue_candidate", class_name="synthetic cathinone"))
    with pytest.raises(StateError, match="synthetic cathinone"):
        proposed(lab, found, substance="xylazine")
    assert proposed(lab, found, substance="mephedrone").substance == "mephedrone"


def test_mixture_is_no_reference(lab, bench):
    found = judged(lab, bench, an_entry("mixture", "xylazine", "caffeine"))
    with pytest.raises(RecordError, match="mixture"):
        proposed(lab, found, substance="xylazine")


@pytest.mark.parametrize(
    "quality", [{"ok": False, "reasons": ["noise"]}, {"ok": True, "saturated": True}]
)
def test_poor_measurement_is_no_reference(lab, bench, quality):
    entry = an_entry("no_match") | {"quality": {"reasons": [], **quality}}
    with pytest.raises(RecordError):
        proposed(lab, judged(lab, bench, entry))


def test_frozen_sample_gives_no_reference(lab, finding):
    lab.db.conn.execute("UPDATE sample SET frozen=1 WHERE number=?", (finding.sample,))
    lab.db.conn.commit()
    with pytest.raises(CustodyError):
        proposed(lab, finding)


def test_source_is_needed_and_one_spectrum_is_one_reference(lab, finding):
    with pytest.raises(RecordError, match="source"):
        proposed(lab, finding, source=" ")
    made = proposed(lab, finding)
    with pytest.raises(StateError, match=made.id):
        proposed(lab, finding)
    withdraw(lab, "ana", made.id, "mistyped")
    assert proposed(lab, finding).id == f"{finding.sample}.L2"


def test_run_names_its_finding_that_stands(lab, finding):
    assert propose(lab, "ana", finding.run.lower(), proposal()).finding == finding.id
    with pytest.raises(NotFoundError):
        propose(lab, "ana", "NOG-26-S000001-D.R9", proposal())


def test_file_with_several_spectra_asks_which(lab, bench):
    path = bench / "two.msp"
    from instruments.writers import write

    path.write_bytes(write([a_mass_spectrum(1), a_mass_spectrum(2)], "msp"))
    two = an_entry("no_match"), an_entry("no_match")
    sample = a_sample(lab).number
    found = examination.ingest(lab, "ana", path, sample, match=a_match(*two))
    review.review(lab, "rex", found.id, accept=True)
    with pytest.raises(RecordError, match="2 spectra"):
        proposed(lab, found)
    with pytest.raises(NotFoundError):
        proposed(lab, found, position=3)
    made = approve(lab, "rex", proposed(lab, found, position=2).id)
    (entry,) = entries_of(lab, made.library)
    assert sorted(entry.draft.x) == sorted(a_mass_spectrum(2).mz)
    assert made.position == 2


def test_next_reference_makes_the_next_version(lab, bench, finding):
    approve(lab, "rex", proposed(lab, finding).id)
    other = judged(lab, bench, an_entry("no_match"), seed=78)
    done = approve(lab, "rex", proposed(lab, other, substance="otherite").id)
    assert done.version == "2"
    assert [e.name for e in entries_of(lab, "own-NOG")] == ["otherite", "testonite"]
    assert [e.name for e in entries_of(lab, "own-NOG", "1")] == ["testonite"]


def test_same_numbers_are_not_entered_twice(lab, bench, finding):
    approve(lab, "rex", proposed(lab, finding).id)
    twin = judged(lab, bench, an_entry("no_match"), title="another title")
    made = proposed(lab, twin)
    with pytest.raises(StateError, match="these numbers already"):
        approve(lab, "rex", made.id)
    assert withdraw(lab, "rex", made.id, "nothing new").state is ReferenceState.WITHDRAWN


def test_lab_library_is_continued_and_stays_calibrated(lab, bench):
    a_street_library(lab, bench)
    found = measured(lab, bench)
    done = approve(lab, "rex", proposed(lab, found, library="street").id)
    assert (done.library, done.version) == ("street", "2")
    assert len(entries_of(lab, "street")) == KNOWN + 1
    body = audit.events(lab, 0, 1000)[-2].body
    assert (body["name"], body["techniques"]["ftir"]["n_calibration"]) == ("street", KNOWN + 1)


def test_terms_of_other_entries_are_never_changed(lab, bench):
    a_street_library(lab, bench, licence="")
    before = {e.record_hash for e in entries_of(lab, "street")}
    done = approve(lab, "rex", proposed(lab, measured(lab, bench), library="street").id)
    after = {e.record_hash: e.draft.provenance.licence for e in entries_of(lab, "street")}
    assert before <= set(after)
    assert {after[each] for each in before} == {""}
    assert after[done.record_hash] == OWN


def test_two_approvals_at_once_lose_no_entry(lab, bench, finding, monkeypatch):
    first = proposed(lab, finding)
    other = judged(lab, bench, an_entry("no_match"), seed=78)
    second = proposed(lab, other, substance="otherite")
    real = reference_entry.base_of
    calls = []

    def interrupted(of, name):
        found = real(of, name)
        if not calls:
            calls.append(1)
            approve(of, "rex", second.id)
        return found

    monkeypatch.setattr(reference_entry, "base_of", interrupted)
    with pytest.raises(StateError, match="meanwhile"):
        approve(lab, "rex", first.id)
    monkeypatch.setattr(reference_entry, "base_of", real)
    assert approve(lab, "rex", first.id).version == "2"
    assert len(entries_of(lab, "own-NOG")) == 2


def test_spectrum_that_is_a_reference_is_not_searched_in_itself(lab, bench):
    a_street_library(lab, bench)
    found = measured(lab, bench)
    approve(lab, "rex", proposed(lab, found, library="street").id)
    assert unknowns.waiting(lab) == []
    withdraw(lab, "rex", references.references(lab)[0].id, "wrong lot")
    assert [each.finding.id for each in unknowns.waiting(lab)] == [found.id]


def test_withdrawn_reference_leaves_with_a_new_version_and_the_reason(lab, bench, finding):
    first = approve(lab, "rex", proposed(lab, finding).id)
    other = judged(lab, bench, an_entry("no_match"), seed=78)
    approve(lab, "rex", proposed(lab, other, substance="otherite").id)
    with pytest.raises(PermissionDenied):
        withdraw(lab, "ana", first.id, "because")
    with pytest.raises(RecordError, match="reason"):
        withdraw(lab, "qm", first.id, " ")
    gone = withdraw(lab, "qm", first.id, "the lot was recalled")
    assert (gone.state, gone.closed_by, gone.reason) == (
        ReferenceState.WITHDRAWN,
        "qm",
        "the lot was recalled",
    )
    assert [e.name for e in entries_of(lab, "own-NOG")] == ["otherite"]
    with pytest.raises(StateError):
        withdraw(lab, "qm", first.id, "again")
    with pytest.raises(StateError):
        approve(lab, "rex", first.id)
    assert audit.replay(lab) == audit.projected(lab)


def test_answers_that_rest_on_a_withdrawn_reference_are_told(lab, bench):
    a_street_library(lab, bench)
    twin = measured(lab, bench, shake=4)
    made = approve(lab, "rex", proposed(lab, measured(lab, bench), library="street").id)
    (found,) = again.search(lab, "ana").found
    assert found.finding == twin.id
    assert [f.id for f in reliance.findings_on(lab.db, "street", {made.entry})] == [
        found.new_finding
    ]
    assert reliance.findings_on(lab.db, "other", {made.entry}) == []
    assert reliance.findings_on(lab.db, "street", set()) == []
    many = {made.entry, *(f"{n:016x}" for n in range(200))}
    assert len(reliance.findings_on(lab.db, "street", many)) == 1
    withdraw(lab, "qm", made.id, "the lot was recalled")
    told = {each.kind: each for each in alerts.open_alerts(lab)}["withdrawn_reference"]
    assert told.sample == twin.sample
    assert "testonite" not in told.headline
    assert found.new_finding in told.detail
    assert "recalled" in told.detail
    assert audit.replay(lab) == audit.projected(lab)


def test_last_reference_withdrawn_takes_the_library_out_of_use(lab, finding):
    made = approve(lab, "rex", proposed(lab, finding).id)
    withdraw(lab, "rex", made.id, "wrong")
    assert catalog.in_use(lab.libraries_folder, "own-NOG") == []
    assert [e.name for e in references.references(lab, everything=True)] == ["testonite"]
    assert references.references(lab) == ()
    again = propose(lab, "ana", finding.id, proposal())
    assert approve(lab, "rex", again.id).version == "2"


def test_proposer_takes_a_proposal_back_alone(lab, finding):
    made = proposed(lab, finding)
    with pytest.raises(PermissionDenied):
        withdraw(lab, "abe", made.id, "not mine")
    assert withdraw(lab, "ana", made.id, "typo").state is ReferenceState.WITHDRAWN


def test_lost_libraries_folder_is_made_again_from_the_kept_bytes(lab, bench, finding):
    first = approve(lab, "rex", proposed(lab, finding).id)
    shutil.rmtree(lab.libraries_folder / "own-NOG")
    other = judged(lab, bench, an_entry("no_match"), seed=78)
    approve(lab, "rex", proposed(lab, other, substance="otherite").id)
    names = {e.record_hash: e.name for e in entries_of(lab, "own-NOG")}
    assert names[first.record_hash] == "testonite"
    assert len(names) == 2


def test_altered_own_library_is_not_continued(lab, bench, finding):
    approve(lab, "rex", proposed(lab, finding).id)
    place = lab.libraries_folder / "own-NOG"
    shutil.rmtree(place)
    library_care.install(
        lab.libraries_folder, [export(bench, "x.jdx", [a_curve(3)])], "own-NOG", "1"
    )
    other = judged(lab, bench, an_entry("no_match"), seed=78)
    with pytest.raises(RecordError, match="content"):
        proposed(lab, other, substance="otherite")


def test_same_key_is_the_same_proposal(lab, finding):
    made = propose(lab, "ana", finding.id, proposal(), key="k")
    assert propose(lab, "ana", finding.id, proposal(), key="k") == made


def test_too_short_a_curve_is_refused_before_anybody_signs(lab, bench):
    found = a_finding(lab, bench, a_sample(lab).number, an_entry("no_match"), reviewed=True)
    with pytest.raises(RecordError, match="60 needed"):
        proposed(lab, found)
    assert references.references(lab) == ()
    assert catalog.installed(lab.libraries_folder) == []


def test_names_and_keys_are_one_substance_or_refused():
    resolved = reference_identity.resolved
    by_name = resolved("xylazine HCl")
    assert (by_name.name, by_name.salt) == ("xylazine", "hydrochloride")
    assert resolved(by_name.inchikey, salt="hcl") == by_name
    assert resolved("xylazine", salt="free base").salt == ""
    assert resolved("Testonite sulfate").name == "Testonite"
    for wrong in (
        ("",),
        ("AAAAAAAAAAAAAA-AAAAAAAAAA-A",),
        ("xylazine", "AAAAAAAAAAAAAA-AAAAAAAAAA-A"),
        ("xylazine", "nonsense"),
        ("xylazine hydrochloride", "", "sulfate"),
        ("xylazine hydrochloride", "", "base"),
        ("xylazine", "", "unobtainate"),
        ("xyla\u202ezine",),
    ):
        with pytest.raises(RecordError):
            resolved(*wrong)


def test_answers_of_a_finding_are_spectra_then_peaks(finding):
    assert len(reference_identity.answers(finding)) == 1
