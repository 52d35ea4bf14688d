import io
import json
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims import (
    alerts,
    attachments,
    audit,
    bundle,
    bundle_choice,
    bundle_verify,
    chain,
    conclusion,
    events,
    intake,
    keys,
    outbox,
)
from lims.errors import AuditBrokenError, ConfigError, NotFoundError, PermissionDenied, StateError
from spectra.errors import LabError
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry


@pytest.fixture
def sample(lab, bench):
    """A sample with runs, an answer and reports, beside another in the same parcel."""
    parcel = a_shipment(lab, declared_goods="sand").number
    number = a_sample(lab, shipment=parcel, seal="A1", description="first jar").number
    other = a_sample(lab, shipment=parcel, description="SECRET OTHER JAR", held_by="abe").number
    a_finding(lab, bench, number, an_entry("match", "fentanyl", hazard="H1"), reviewed=True)
    a_finding(lab, bench, other, an_entry("match", "caffeine"), by="abe", reviewed=True)
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    conclusion.conclude(lab, "ana", number)
    attachments.add_photo(lab, "olga", number, "a.jpg", b"\xff\xd8\xff first picture")
    attachments.add_photo(lab, "olga", other, "b.jpg", b"\xff\xd8\xff SECRET PICTURE")
    intake.add_note(lab, "ana", number, f"found beside {other} in the SECRET BOX")
    both = json.dumps({"rows": [number, other, "SECRET ROW"]}).encode()
    outbox.queue(lab, "lee", "NOG-d1", "daily", both, keys.sign(lab, both))
    alone = json.dumps({"sample": number}).encode()
    outbox.queue(lab, "lee", "NOG-c1", "certificate", alone, keys.sign(lab, alone))
    return number


def parts(path):
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return target


def problems(files):
    return bundle_verify.check(packed(files))[0]


def test_bundle_holds_the_sample_and_verifies(lab, sample, tmp_path):
    made = bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip")
    found, said = bundle_verify.check(made.path, lab.public_key.hex())
    assert found == []
    assert "proven" in said[-1]
    held = parts(made.path)
    kinds = [json.loads(held[name])["kind"] for name in sorted(held) if name.startswith("events/")]
    assert kinds[0] == "lab.created"
    assert {"sample.received", "run.recorded", "finding.reviewed", "conclusion.made"} <= set(kinds)
    assert sum(name.startswith("raw/") for name in held) == made.files == 2
    assert sum(name.startswith("reports/") for name in held) == 1
    assert held["summary.txt"].index(b"HAZARD") < held["summary.txt"].index(b"first jar")
    assert b"NOG-d1" in held["summary.txt"]
    assert events.read(lab.db, 0, 1000)[-1].kind == "bundle.made"
    assert audit.verify(lab).ok


def test_nothing_of_another_sample_is_in_it(lab, sample, tmp_path):
    made = bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip")
    whole = made.path.read_bytes()
    for word in (b"SECRET", b"caffeine", b"S000002"):
        assert word not in whole, word
    assert made.withheld == 1


def test_same_record_gives_the_same_bytes_also_after_other_work(lab, sample, tmp_path):
    first = bundle.write_bundle(lab, "ana", sample, tmp_path / "a.zip")
    a_sample(lab)
    audit.checkpoint(lab, "lee")
    second = bundle.write_bundle(lab, "rex", sample, tmp_path / "b.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    intake.add_note(lab, "ana", sample, "one thing more")
    assert bundle.write_bundle(lab, "ana", sample, tmp_path / "c.zip").sha256 != first.sha256


def test_every_altered_missing_swapped_or_added_file_is_named(lab, sample, tmp_path):
    held = parts(bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip").path)
    assert problems(held) == []
    own = {"bundle.json", "bundle.sig"}
    for name, good in held.items():
        for place in {0, len(good) // 2, len(good) - 1}:
            bad = bytearray(good)
            bad[place] ^= 1
            try:
                found = problems({**held, name: bytes(bad)})
            except bundle_verify.BundleError as error:
                found = [str(error)]
            assert any(name in each for each in found), (name, place, found)
        if name not in own:
            rest = {other: data for other, data in held.items() if other != name}
            assert f"{name} is missing" in problems(rest)
    shown = sorted(name for name in held if name.startswith("events/"))
    swapped = {**held, shown[0]: held[shown[1]], shown[1]: held[shown[0]]}
    assert f"{shown[0]} was swapped: it holds the bytes of {shown[1]}" in problems(swapped)
    assert "raw/x was added" in problems({**held, "raw/x": b"x"})


def test_a_bundle_signed_anew_with_an_edited_event_does_not_pass(lab, sample, tmp_path):
    """Somebody with the key can sign the list again, but not what the log's root covers."""
    import hashlib

    held = parts(bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip").path)
    name = next(n for n in held if n.startswith("events/") and b"conclusion.made" in held[n])
    held[name] = held[name].replace(b"fentanyl", b"caffeine")
    manifest = json.loads(held["bundle.json"])
    for row in manifest["files"]:
        row["sha256"] = hashlib.sha256(held[row["path"]]).hexdigest()
    held["bundle.json"] = json.dumps(manifest).encode()
    held["bundle.sig"] = keys.sign(lab, held["bundle.json"]).hex().encode() + b"\n"
    found = problems(held)
    assert found == [f"{name} is not the event whose proof is given"]


def test_another_key_is_told(lab, sample, tmp_path):
    made = bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip")
    assert bundle_verify.check(made.path, "00" * 32)[0] == [
        "the bundle was signed with another key than the one you gave"
    ]


def test_a_stranger_runs_the_checker_with_python_alone(lab, sample, tmp_path):
    made = bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip")
    folder = tmp_path / "x"
    with zipfile.ZipFile(made.path) as whole:
        whole.extractall(folder)
    for arguments in ([], [str(made.path), "--key", lab.public_key.hex()]):
        # -I -S: no site-packages, no folder of ours.
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", str(folder / "verify.py"), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert done.stdout.endswith("whole\n")
    next((folder / "raw").iterdir()).write_bytes(b"forged")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(folder / "verify.py")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "was altered" in done.stdout


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * 100])
def test_what_is_no_bundle_is_refused_in_one_line(tmp_path, data):
    (tmp_path / "x.zip").write_bytes(data)
    said = []
    assert bundle_verify.main([str(tmp_path / "x.zip")], said.append) == 2
    assert len(said) == 1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_end_in_an_answer(small_bundle, data):
    whole = bytearray(small_bundle)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    if bytes(whole[:cut]) == small_bundle:
        return
    try:
        found, said = bundle_verify.check(io.BytesIO(whole[:cut]))
    except bundle_verify.BundleError:
        return
    # A byte of the zip's own dates or attributes says nothing about the files: they are whole.
    assert found or parts(io.BytesIO(whole[:cut])) == parts(io.BytesIO(small_bundle))
    assert said or found


@pytest.fixture(scope="module")
def small_bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    made = a_lab(folder / "lab")
    number = a_sample(made).number
    path = bundle.write_bundle(made, "ana", number, folder / "a.zip").path
    made.close()
    return path.read_bytes()


def test_nothing_is_handed_out_of_an_altered_lab(lab, sample, tmp_path):
    kept = next(path for path in lab.raw_folder.rglob("*") if path.is_file())
    kept.chmod(0o644)
    good = kept.read_bytes()
    for path in lab.raw_folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"other")
    assert good != b"other"
    with pytest.raises(LabError, match="changed"):
        bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_an_edited_log_gives_no_bundle(lab, sample, tmp_path):
    from lims.sqlite import sqlite3

    raw = sqlite3.connect(str(lab.folder / "lab.db"), isolation_level=None)
    raw.execute("DROP TRIGGER event_nu")
    raw.execute("UPDATE event SET body=json_set(body,'$.x',1) WHERE seq=3")
    raw.close()
    audit.checkpoint(lab, "lee")
    with pytest.raises(AuditBrokenError, match="not the one that was signed"):
        bundle.write_bundle(lab, "ana", sample, tmp_path / "case.zip")


def test_hazard_notice_is_seen_before_the_identity_leaves(lab, bench, tmp_path):
    number = a_sample(lab).number
    a_finding(lab, bench, number, an_entry("match", "fentanyl", hazard="H1"))
    with pytest.raises(StateError, match="not been acknowledged"):
        bundle.write_bundle(lab, "ana", number, tmp_path / "case.zip")
    assert not (tmp_path / "case.zip").exists()


def test_place_and_person_are_checked_first(lab, sample, tmp_path):
    (tmp_path / "there.zip").write_text("x")
    with pytest.raises(ConfigError, match="there already"):
        bundle.write_bundle(lab, "ana", sample, tmp_path / "there.zip")
    with pytest.raises(ConfigError, match="no folder"):
        bundle.write_bundle(lab, "ana", sample, tmp_path / "none" / "a.zip")
    with pytest.raises(PermissionDenied):
        bundle.write_bundle(lab, "nobody", sample, tmp_path / "a.zip")
    with pytest.raises(NotFoundError):
        bundle.write_bundle(lab, "ana", "NOG-26-S999999-X", tmp_path / "a.zip")


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 100])
def test_merkle_paths_prove_each_leaf_and_no_other_place(size):
    leaves = [chain.leaf_hash(bytes([n])) for n in range(size)]
    root = chain.merkle_root(leaves)
    for at, path in enumerate(bundle.inclusion_paths(leaves, range(size))):
        assert bundle_verify.is_included(leaves[at], at, size, path, root)
        assert not bundle_verify.is_included(leaves[at], (at + 1) % size, size, path, root) or (
            size == 1
        )
        assert not bundle_verify.is_included(leaves[at], at, size, [*path, root], root)
        assert not bundle_verify.is_included(chain.leaf_hash(b"zz"), at, size, path, root)


# RFC 8032, 7.1, tests 1 to 3.
@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
            "39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
            "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)
def test_signature_check_agrees_with_the_published_vectors(public, message, signature):
    key, data, signed = (bytes.fromhex(each) for each in (public, message, signature))
    assert bundle_verify.verify_ed25519(key, data, signed)
    assert not bundle_verify.verify_ed25519(key, data + b"x", signed)
    for place in range(64):
        bad = bytearray(signed)
        bad[place] ^= 4
        assert not bundle_verify.verify_ed25519(key, data, bytes(bad))


def test_numbers_are_found_in_every_spelling_and_not_inside_a_hash():
    text = "NOG-26-S000001-D.R1, nog26s000002d and S000003-D; ab12s000004d" + "f" * 64
    assert bundle_choice.numbers(text) == {"S000001D", "S000002D", "S000003D"}
