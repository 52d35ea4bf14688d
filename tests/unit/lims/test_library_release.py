"""One lab's library becomes another lab's: who signed, what follows what, and what is refused."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from instruments.writers import write
from libraries import catalog, package
from libraries.errors import LibraryError, LibraryVersionError
from libraries.library import open_library
from libraries.licences import OWN
from lims import again, alerts, audit, keys, library_care, records, trust
from lims.act import Act
from lims.errors import BusyError, ConfigError, NotFoundError, PermissionDenied, StateError
from lims.library_release import add, release
from lims.references import approve, propose, withdraw
from tests.lims_builders import a_lab
from tests.unit.libraries.reference_builders import a_curve
from tests.unit.libraries.test_package import parts_of, zipped
from tests.unit.lims.own_references import a_street_library, export, measured, proposal


@pytest.fixture
def other(tmp_path):
    """The receiving lab."""
    made = a_lab(tmp_path / "other", site="TIJ", name="Tijuana")
    yield made
    made.close()


@pytest.fixture
def own(lab, bench):
    """The sending lab, with versions 1 and 2 of a small library."""
    for count in (3, 4):
        path = export(bench, f"v{count}.jdx", [a_curve(seed) for seed in range(count)])
        library_care.import_library(lab, "ana", [path], "own", licence=OWN)
    return lab


def sent(lab, tmp_path, version, name="own", **more):
    path = tmp_path / f"{name}-{version}-{len(list(tmp_path.glob('*.folpkg')))}.folpkg"
    return release(lab, "qm", name, path, version=version, **more)


def trusting(lab):
    return trust.own_fingerprint(lab)


def kinds(lab):
    return [event.kind for event in audit.events(lab, 0, 10_000)]


def resigned(lab, path, **changes):
    """What the holder of the lab's key could also have signed."""
    parts = parts_of(path.read_bytes())
    said = json.loads(parts["manifest.json"]) | changes
    manifest = package.canonical(said)
    signature = keys.sign(lab, package.signed_bytes(manifest))
    made = path.with_name(f"re-{len(list(path.parent.glob('re-*')))}.folpkg")
    made.write_bytes(zipped({**parts, "manifest.json": manifest, "signature": signature}))
    return made


def test_release_becomes_a_library_with_its_origin(own, other, tmp_path):
    done = sent(own, tmp_path, "1")
    assert (done.sequence, done.entries, done.left_out) == (1, 3, ())
    added = add(other, "lee", done.path, trusting=trusting(own))
    assert (added.site, added.newly_trusted, added.report.accepted) == ("NOG", True, 3)
    (listed,) = library_care.libraries(other)
    assert (listed.name, listed.version, listed.problem) == ("own", "1", "")
    with (
        open_library("own", folder=other.libraries_folder) as theirs,
        open_library("own", folder=own.libraries_folder, version="1") as ours,
    ):
        assert theirs.verify() == []
        assert {e.record_hash for e in theirs.entries()} == {e.record_hash for e in ours.entries()}
    body = audit.events(other, 0, 1000)[-1].body
    assert body["release"]["sha256"] == done.sha256
    assert body["release"]["fingerprint"] == done.fingerprint
    for each in (own, other):
        assert audit.verify(each).ok
        assert audit.replay(each) == audit.projected(each)


def test_unknown_key_is_refused_with_what_to_compare(own, other, tmp_path):
    done = sent(own, tmp_path, "1")
    with pytest.raises(PermissionDenied) as refused:
        add(other, "lee", done.path)
    assert done.fingerprint in refused.value.message
    assert "Call the lab" in refused.value.hint
    assert catalog.installed(other.libraries_folder) == []
    assert "library.key_trusted" not in kinds(other)


def test_wrong_or_partial_fingerprint_trusts_nothing(own, other, tmp_path):
    done = sent(own, tmp_path, "1")
    with pytest.raises(PermissionDenied, match="not by"):
        add(other, "lee", done.path, trusting=trusting(other))
    with pytest.raises(LibraryError, match="fingerprint"):
        add(other, "lee", done.path, trusting=trusting(own)[:-1])
    assert trust.trusted(other) == ()


def test_trust_is_a_named_persons_and_lasts(own, other, tmp_path):
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    with pytest.raises(PermissionDenied, match="trust"):
        add(other, "ana", first.path, trusting=trusting(own))
    add(other, "qm", first.path, trusting=trusting(own).upper())
    (known,) = trust.trusted(other)
    assert (known.site, known.by, known.fingerprint) == ("NOG", "qm", trusting(own))
    assert add(other, "ana", second.path).newly_trusted is False


def test_withdrawn_trust_is_asked_for_again_with_the_reason(own, other, tmp_path):
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    add(other, "lee", first.path, trusting=trusting(own))
    with pytest.raises(PermissionDenied):
        trust.withdraw_trust(other, "ana", trusting(own), "stolen")
    trust.withdraw_trust(other, "lee", trusting(own), "key was stolen")
    with pytest.raises(StateError):
        trust.withdraw_trust(other, "lee", trusting(own), "again")
    with pytest.raises(NotFoundError):
        trust.withdraw_trust(other, "lee", trusting(other), "never")
    with pytest.raises(PermissionDenied) as refused:
        add(other, "lee", second.path)
    assert "key was stolen" in refused.value.hint
    add(other, "lee", second.path, trusting=trusting(own))
    assert trust.trusted(other)[0].withdrawn_at is None
    assert audit.replay(other) == audit.projected(other)


def test_new_key_of_a_known_site_is_said_to_be_new(own, other, tmp_path, bench):
    add(other, "lee", sent(own, tmp_path, "1").path, trusting=trusting(own))
    imposter = a_lab(tmp_path / "imposter")
    try:
        library_care.import_library(imposter, "ana", [bench / "v3.jdx"], "own", licence=OWN)
        false = sent(imposter, tmp_path, "1")
        with pytest.raises(PermissionDenied) as refused:
            add(other, "lee", false.path)
        assert "under another key" in refused.value.hint
        with pytest.raises(StateError, match="another library"):
            add(other, "lee", false.path, trusting=trusting(imposter))
    finally:
        imposter.close()


def test_only_who_may_adds_or_releases(own, other, tmp_path):
    done = sent(own, tmp_path, "1")
    for person in ("olga", "rex", "cus", "root"):
        with pytest.raises(PermissionDenied):
            add(other, person, done.path, trusting=trusting(own))
        with pytest.raises(PermissionDenied):
            release(own, person, "own", tmp_path / "x.folpkg")
    assert not (tmp_path / "x.folpkg").exists()


def test_versions_follow_each_other(own, other, tmp_path):
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    assert second.sequence == 2
    add(other, "lee", first.path, trusting=trusting(own))
    add(other, "lee", second.path)
    assert catalog.in_use(other.libraries_folder, "own") == ["1", "2"]


def third(own, bench):
    path = export(bench, "v5.jdx", [a_curve(seed) for seed in range(5)])
    library_care.import_library(own, "ana", [path], "own", licence=OWN)


def test_gap_is_refused_and_names_what_is_missing(own, other, bench, tmp_path):
    third(own, bench)
    packages = [sent(own, tmp_path, version) for version in ("1", "2", "3")]
    add(other, "lee", packages[0].path, trusting=trusting(own))
    with pytest.raises(LibraryVersionError, match="gap") as refused:
        add(other, "lee", packages[2].path)
    assert "own 2" in refused.value.hint
    add(other, "lee", packages[1].path)
    assert add(other, "lee", packages[2].path).sequence == 3


def test_lab_that_joins_late_begins_with_the_newest(own, other, tmp_path):
    sent(own, tmp_path, "1")
    assert add(other, "lee", sent(own, tmp_path, "2").path, trusting=trusting(own)).sequence == 2


def test_step_back_is_refused(own, other, tmp_path):
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    add(other, "lee", second.path, trusting=trusting(own))
    with pytest.raises(LibraryVersionError, match="step back"):
        add(other, "lee", first.path)


def test_older_version_is_not_released_after_a_newer_one(own, other, tmp_path):
    second = sent(own, tmp_path, "2")
    with pytest.raises(StateError, match="older"):
        sent(own, tmp_path, "1")
    add(other, "lee", second.path, trusting=trusting(own))
    before = {"version": "2", "sha256": second.sha256}
    back = resigned(own, second.path, sequence=2, previous=before, version="1")
    with pytest.raises(LibraryVersionError, match="step back"):
        add(other, "lee", back)


def test_same_release_twice_is_said_so(own, other, tmp_path):
    first = sent(own, tmp_path, "1")
    add(other, "lee", first.path, trusting=trusting(own))
    with pytest.raises(LibraryVersionError, match="added here before"):
        add(other, "lee", first.path)
    library_care.remove_library(other, "lee", "own", "1", "space")
    with pytest.raises(LibraryVersionError, match="added here before"):
        add(other, "lee", first.path)


def test_one_version_never_has_two_contents(own, other, tmp_path):
    first = sent(own, tmp_path, "1")
    add(other, "lee", first.path, trusting=trusting(own))
    with pytest.raises(LibraryVersionError, match="two contents"):
        add(other, "lee", resigned(own, first.path, licence="CC0"))


def test_fork_is_refused(own, other, tmp_path):
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    add(other, "lee", first.path, trusting=trusting(own))
    before = {"version": "1", "sha256": "f" * 64}
    with pytest.raises(LibraryVersionError, match="fork"):
        add(other, "lee", resigned(own, second.path, previous=before))
    add(other, "lee", second.path)
    with pytest.raises(LibraryVersionError, match="fork"):
        add(other, "lee", resigned(own, second.path, version="2b"))


def test_altered_package_leaves_nothing_behind(own, other, tmp_path):
    first = sent(own, tmp_path, "1")
    data = bytearray(first.path.read_bytes())
    data[len(data) // 2] ^= 1
    first.path.write_bytes(bytes(data))
    with pytest.raises(LibraryError):
        add(other, "lee", first.path, trusting=trusting(own))
    assert catalog.installed(other.libraries_folder) == []
    assert trust.trusted(other) == ()


def test_what_the_record_refuses_does_not_stay_on_disk(own, other, tmp_path, monkeypatch):
    first = sent(own, tmp_path, "1")

    def busy(*_, **__):
        raise BusyError("another program is writing; nothing was written")

    monkeypatch.setattr(Act, "append", busy)
    with pytest.raises(BusyError):
        add(other, "lee", first.path, trusting=trusting(own))
    assert catalog.installed(other.libraries_folder) == []
    with pytest.raises(BusyError):
        sent(own, tmp_path, "2")
    assert len(list(tmp_path.glob("*.folpkg"))) == 1


def test_lab_does_not_add_its_own_release(own, tmp_path):
    with pytest.raises(StateError, match="own release"):
        add(own, "lee", sent(own, tmp_path, "1").path)


KILLED = """
import os, sys
from pathlib import Path
from libraries import catalog
from lims.lab import open_lab
from lims.library_release import add

catalog._put = lambda *_: os._exit(9)  # recorded, and dead before it had its place
add(open_lab(Path(sys.argv[1])), "lee", Path(sys.argv[2]), trusting=sys.argv[3])
"""


def test_death_between_record_and_disk_is_mended_by_the_next_command(own, other, tmp_path):
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    given = [str(other.folder), str(first.path), trusting(own)]
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", KILLED, *given], cwd=root, timeout=120)
    assert done.returncode == 9
    assert catalog.in_use(other.libraries_folder, "own") == []
    add(other, "lee", second.path)
    assert catalog.in_use(other.libraries_folder, "own") == ["1", "2"]
    assert [each.problem for each in library_care.libraries(other)] == ["", ""]


def test_name_of_another_library_is_not_taken(own, other, bench, tmp_path):
    library_care.import_library(other, "ana", [bench / "v3.jdx"], "own")
    first, second = sent(own, tmp_path, "1"), sent(own, tmp_path, "2")
    with pytest.raises(StateError, match="another library"):
        add(other, "lee", first.path, trusting=trusting(own))
    add(other, "lee", first.path, trusting=trusting(own), name="own-NOG")
    with pytest.raises(StateError, match="own-NOG"):
        add(other, "lee", second.path, name="third")
    assert add(other, "lee", second.path, name="own-NOG").sequence == 2


def test_library_of_another_lab_is_not_released_or_continued(own, other, bench, tmp_path):
    add(other, "lee", sent(own, tmp_path, "1").path, trusting=trusting(own))
    with pytest.raises(StateError, match="another lab"):
        release(other, "lee", "own", tmp_path / "again.folpkg")
    found = measured(other, bench)
    with pytest.raises(StateError, match="another lab"):
        propose(other, "ana", found.id, proposal(library="own"))


def test_same_version_again_is_the_same_file(own, tmp_path):
    first, again_ = sent(own, tmp_path, "1"), sent(own, tmp_path, "1")
    assert first.path.read_bytes() == again_.path.read_bytes()
    assert kinds(own).count("library.released") == 1
    with pytest.raises(ConfigError, match="exists"):
        release(own, "qm", "own", first.path)


def test_stop_between_file_and_record_leaves_no_signed_file(own, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Act, "append", stopped)
    with pytest.raises(KeyboardInterrupt):
        sent(own, tmp_path, "1")
    assert list(tmp_path.glob("*.folpkg")) == []


def test_release_is_of_what_was_imported(own, bench, tmp_path):
    shutil.rmtree(own.libraries_folder / "own" / "2")
    library_care.install(own.libraries_folder, [bench / "v3.jdx"], "own", "2")
    with pytest.raises(StateError, match="content"):
        sent(own, tmp_path, "2")
    library_care.install(own.libraries_folder, [bench / "v3.jdx"], "smuggled")
    with pytest.raises(StateError, match="record"):
        sent(own, tmp_path, None, name="smuggled")


def test_what_may_not_travel_stays_and_is_listed(lab, other, bench, tmp_path):
    open_ = replace(a_curve(1), metadata={"Name": "open", "Licence": "CC0"})
    closed = replace(a_curve(2), metadata={"Name": "closed", "Licence": "not for redistribution"})
    unclear = replace(a_curve(3), metadata={"Name": "unclear", "Licence": "SWGDRUG 3.14"})
    path = bench / "mixed.jdx"
    path.write_bytes(write([open_, closed, unclear], "jcamp"))
    library_care.import_library(lab, "ana", [path], "mixed")
    with open_library("mixed", folder=lab.libraries_folder) as library:
        if not all(e.draft.provenance.licence for e in library.entries()):
            pytest.fail("the file's licences did not arrive: the test would show nothing")
    done = sent(lab, tmp_path, None, name="mixed")
    assert {(each.name, each.reason) for each in done.left_out} == {
        ("closed", "its licence forbids passing it on"),
        ("unclear", "its licence is not known to allow passing it on"),
    }
    added = add(other, "lee", done.path, trusting=trusting(lab))
    assert {each.name for each in added.left_out} == {"closed", "unclear"}
    with open_library("mixed", folder=other.libraries_folder) as library:
        assert [e.name for e in library.entries()] == ["open"]


def test_person_may_vouch_for_unclear_terms_and_is_on_record(lab, bench, tmp_path):
    path = export(bench, "s.jdx", [a_curve(1)])
    library_care.import_library(lab, "ana", [path], "s", licence="SWGDRUG 3.14")
    with pytest.raises(LibraryError, match="may be passed on"):
        sent(lab, tmp_path, None, name="s")
    assert sent(lab, tmp_path, None, name="s", may_share=("SWGDRUG 3.14",)).entries == 1
    event = audit.events(lab, 0, 1000)[-1]
    assert (event.actor, event.body["may_share"]) == ("qm", ["SWGDRUG 3.14"])
    with pytest.raises(StateError, match="released already"):
        sent(lab, tmp_path, None, name="s", may_share=("SWGDRUG",))


def test_training_stays_training(tmp_path, other, bench):
    school = a_lab(tmp_path / "school", site="SCH", training=True)
    try:
        path = export(bench, "t.jdx", [a_curve(1)])
        library_care.import_library(school, "ana", [path], "t", licence="CC0")
        done = sent(school, tmp_path, None, name="t")
    finally:
        school.close()
    add(other, "lee", done.path, trusting=done.fingerprint)
    with open_library("t", folder=other.libraries_folder) as library:
        assert library.header.training


def test_one_labs_find_answers_another_labs_unknown(lab, other, bench, tmp_path):
    for each in (lab, other):
        a_street_library(each, bench)
    theirs = measured(other, bench, shake=3)
    ours = measured(lab, bench)
    approve(lab, "rex", propose(lab, "ana", ours.id, proposal(library="street")).id)
    done = sent(lab, tmp_path, None, name="street")
    add(other, "lee", done.path, trusting=trusting(lab), name="street-NOG")
    (found,) = again.search(other, "ana").found
    assert (found.finding, found.sample) == (theirs.id, theirs.sample)
    assert "testonite" in found.now
    assert "street-NOG 2" in found.libraries
    assert [each.kind for each in alerts.open_alerts(other)] == ["again"]
    hit = records.finding(other.db, found.new_finding).match["spectra"][0]["hits"][0]
    with open_library("street-NOG", folder=other.libraries_folder) as library:
        origin = library.entry(hit["entry"]).draft.provenance
    assert "approved by rex" in origin.notes


def test_entry_that_its_lab_withdrew_is_told_where_answers_rest_on_it(lab, other, bench, tmp_path):
    for each in (lab, other):
        a_street_library(each, bench)
    measured(other, bench, shake=3)
    made = propose(lab, "ana", measured(lab, bench).id, proposal(library="street"))
    approve(lab, "rex", made.id)
    first = sent(lab, tmp_path, None, name="street")
    add(other, "lee", first.path, trusting=trusting(lab), name="street-NOG")
    (found,) = again.search(other, "ana").found
    withdraw(lab, "rex", made.id, "wrong lot")
    add(other, "lee", sent(lab, tmp_path, None, name="street").path, name="street-NOG")
    told = {each.kind: each for each in alerts.open_alerts(other)}["withdrawn_reference"]
    assert told.sample == found.sample
    assert "NOG left it out of version 3" in told.detail


def test_releases_are_listed_as_recorded(own, tmp_path):
    from lims.release_chain import releases

    done = [sent(own, tmp_path, version) for version in ("1", "2")]
    assert [each["sha256"] for each in releases(own)] == [each.sha256 for each in done]
    assert releases(own)[1]["previous"]["sha256"] == done[0].sha256
