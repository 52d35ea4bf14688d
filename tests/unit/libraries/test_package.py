"""Library packages: same bytes for the same content, and nothing altered gets in."""

import io
import json
import random
import struct
import warnings
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from libraries import build, package, package_read
from libraries.errors import LibraryError
from libraries.library import open_library
from libraries.package import Contents, Issuer, Link
from tests.unit.libraries.reference_builders import SOURCE, a_curve, a_mass_spectrum

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ISSUER = Issuer(site="NOG", name="Nogales", public_key=KEY.public_key().public_bytes_raw())
CONTENTS = Contents(
    library="own-NOG",
    version="3",
    licence="CC0",
    training=False,
    created_at="2026-11-24T12:00:00.000Z",
    software="fol-lims 0",
)


def verify(key, data, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("sender")
    spectra = [a_curve(seed) for seed in range(4)] + [a_mass_spectrum(seed) for seed in range(3)]
    spectra[1] = replace(spectra[1], metadata={**spectra[1].metadata, "Formula": "C10H15N"})
    drafts = [build.draft(each, SOURCE, {}) for each in spectra]
    build.build_library(tmp_path, "own-NOG", "3", "CC0", drafts)
    with open_library("own-NOG", folder=tmp_path) as library:
        return list(library.entries())


def packed(entries, *, key=KEY, link=None, left_out=(), **contents):
    return package.pack(
        entries,
        left_out,
        replace(CONTENTS, **contents),
        replace(ISSUER, public_key=key.public_key().public_bytes_raw()),
        link or Link(sequence=1),
        key.sign,
    )


def parts_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts, kind=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def resigned(parts, key=KEY, **changes):
    """An enemy who owns a key: the manifest changed, its hashes made to fit, signed anew."""
    said = json.loads(parts["manifest.json"])
    for name in ("entries.jsonl", "numbers.bin"):
        said["files"][name] = package._facts(parts[name])
    said |= changes
    manifest = package.canonical(said)
    signed = key.sign(package.signed_bytes(manifest))
    return zipped({**parts, "manifest.json": manifest, "signature": signed})


def read(data):
    found = package_read.opened(data, verify)
    return found, list(package_read.drafts(found))


def test_what_was_packed_comes_back_with_every_hash(entries):
    made = packed(entries, link=Link(sequence=2, previous_version="2", previous_sha256="a" * 64))
    found, drafts = read(made.data)
    assert (found.contents, found.issuer, found.sha256) == (CONTENTS, ISSUER, made.sha256)
    assert found.link.previous_version == "2"
    wanted = {entry.record_hash: entry.draft for entry in entries}
    assert {draft.record_hash() for draft in drafts} == set(wanted)
    for draft in drafts:
        assert draft.identity == wanted[draft.record_hash()].identity
        assert np.array_equal(draft.y, wanted[draft.record_hash()].y)


def test_same_content_is_the_same_bytes_in_whatever_order_it_came(entries):
    assert packed(entries).data == packed(entries[::-1]).data
    assert packed(entries).data != packed(entries, version="4").data


def test_receiver_builds_the_same_entries(tmp_path, entries):
    _, drafts = read(packed(entries).data)
    report = build.build_library(tmp_path, "theirs", "3", "CC0", drafts)
    assert report.accepted == len(entries)
    with open_library("theirs", folder=tmp_path) as library:
        assert library.verify() == []
        assert {e.record_hash for e in library.entries()} == {e.record_hash for e in entries}


def test_entries_whose_terms_forbid_it_stay_and_are_named(entries):
    terms = replace(entries[0].draft.provenance, licence="not for redistribution")
    closed = replace(entries[0], draft=replace(entries[0].draft, provenance=terms))
    going, staying = package.parted([closed, *entries[1:]], frozenset())
    assert [each.id for each in staying] == [entries[0].id]
    found, drafts = read(packed(going, left_out=staying).data)
    assert [each.name for each in found.left_out] == [entries[0].name]
    assert len(drafts) == len(entries) - 1


def test_nothing_that_may_travel_is_no_package(entries):
    with pytest.raises(LibraryError, match="may be passed on") as refused:
        packed([], left_out=package.parted(entries, frozenset())[1])
    assert "--may-share" in refused.value.hint


def test_signature_is_over_a_domain_of_its_own(entries):
    parts = parts_of(packed(entries).data)
    parts["signature"] = KEY.sign(parts["manifest.json"])  # as a report would be signed
    with pytest.raises(LibraryError, match="signature"):
        read(zipped(parts))


@pytest.mark.parametrize("name", ["manifest.json", "signature", "entries.jsonl", "numbers.bin"])
def test_any_changed_byte_of_any_member_is_found(entries, name):
    parts = parts_of(packed(entries).data)
    chance = random.Random(name)
    for _ in range(25):
        spoilt = bytearray(parts[name])
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        with pytest.raises(LibraryError):
            read(zipped({**parts, name: bytes(spoilt)}))


def test_cut_and_flipped_files_are_refused_or_whole(entries):
    data = packed(entries).data
    chance = random.Random(5)
    for _ in range(60):
        with pytest.raises(LibraryError):
            read(data[: chance.randrange(len(data))])
    truth = read(data)[0]
    for _ in range(150):
        spoilt = bytearray(data)
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        try:
            found = read(bytes(spoilt))[0]
        except LibraryError:
            continue
        assert found == truth  # a bit of the container that says nothing, such as a date


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x00" * 1000])
def test_what_is_no_package_is_said_so(data):
    with pytest.raises(LibraryError):
        read(data)


def test_compressed_members_are_refused_before_they_grow(entries):
    parts = parts_of(packed(entries).data)
    bomb = {**parts, "numbers.bin": bytes(50_000_000)}
    with pytest.raises(LibraryError, match="compressed"):
        read(zipped(bomb, zipfile.ZIP_DEFLATED))


def test_stated_sizes_beyond_the_file_are_refused(entries):
    data = bytearray(packed(entries).data)
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    with pytest.raises(LibraryError):
        read(bytes(data))


@pytest.mark.parametrize("name", ["../evil", "index/raman/x.npy", "manifest.json"])
def test_another_member_is_refused(entries, name):
    parts = parts_of(packed(entries).data)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for each, data in parts.items():
            archive.writestr(each, data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # zipfile's own, for a name twice
            archive.writestr(name, b"x")
    with pytest.raises(LibraryError, match="members"):
        read(buffer.getvalue())


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "fol.library-package/2"},
        {"library": "../own"},
        {"library": "con"},
        {"version": ""},
        {"version": "a/b"},
        {"sequence": 0},
        {"sequence": True},
        {"sequence": 1.5},
        {"sequence": 2},
        {"previous": {"version": "1", "sha256": "a" * 64}},
        {"previous": {}},
        {"entries": 6},
        {"entries": 10**9},
        {"training": "no"},
        {"site": "NO\u202eG"},
        {"lab": 3},
        {"left_out": [{"id": "x"}]},
        {"left_out": "none"},
        {"fingerprint": package.fingerprint(OTHER.public_key().public_bytes_raw())},
        {"public_key": "00"},
        {"public_key": OTHER.public_key().public_bytes_raw().hex()},
        {"files": {}},
        {"extra": 1},
    ],
)
def test_manifest_that_cannot_be_is_refused_though_it_is_signed(entries, change):
    with pytest.raises(LibraryError):
        read(resigned(parts_of(packed(entries).data), **change))


def test_manifest_has_one_spelling(entries):
    parts = parts_of(packed(entries).data)
    loose = json.dumps(json.loads(parts["manifest.json"])).encode()
    signed = KEY.sign(package.signed_bytes(loose))
    with pytest.raises(LibraryError, match="spelling"):
        read(zipped({**parts, "manifest.json": loose, "signature": signed}))
    twice = parts["manifest.json"].replace(b'{"created_at"', b'{"version":"3","created_at"')
    signed = KEY.sign(package.signed_bytes(twice))
    with pytest.raises(LibraryError):
        read(zipped({**parts, "manifest.json": twice, "signature": signed}))


def changed_line(parts, at, **change):
    lines = parts["entries.jsonl"].splitlines()
    lines[at] = package.canonical(json.loads(lines[at]) | change)
    return {**parts, "entries.jsonl": b"\n".join(lines) + b"\n"}


@pytest.mark.parametrize(
    "change",
    [
        {"points": 0},
        {"points": 10**6},
        {"points": -1},
        {"section": "xray"},
        {"axes": ["mz", "m/z"]},
        {"axes": ["nonsense", "1", "2", "3"]},
        {"record_hash": "0" * 64},
        {"identity": {}},
        {"ionization": "EI\x1b[2J"},
        {"retention_index": "1"},
        {"retention_index": True},
        {"retention_index": 4.0},
        {"retention_index": 2**52},
        {"sampling": "x" * 9_000},
    ],
)
def test_entry_that_cannot_be_is_refused_though_it_is_signed(entries, change):
    parts = parts_of(packed(entries).data)
    with pytest.raises(LibraryError):
        read(resigned(changed_line(parts, 2, **change)))


def test_entries_stand_once_and_all_numbers_belong_to_one(entries):
    parts = parts_of(packed(entries).data)
    lines = parts["entries.jsonl"].splitlines(keepends=True)
    twice = {**parts, "entries.jsonl": b"".join([*lines, lines[-1]])}
    with pytest.raises(LibraryError):
        read(resigned(twice, entries=len(entries) + 1))
    with pytest.raises(LibraryError, match="belong to no entry"):
        read(resigned({**parts, "numbers.bin": parts["numbers.bin"] + bytes(16)}))
    with pytest.raises(LibraryError):
        read(resigned({**parts, "entries.jsonl": b"[" * 60_000 + b"\n"}, entries=1))


def test_points_that_are_not_numbers_are_refused(entries):
    parts = parts_of(packed(entries).data)
    spoilt = bytearray(parts["numbers.bin"])
    spoilt[:8] = struct.pack("<d", float("nan"))
    with pytest.raises(LibraryError, match="not numbers"):
        read(resigned({**parts, "numbers.bin": bytes(spoilt)}))


def test_hidden_characters_and_endless_texts_do_not_travel(entries):
    who = replace(entries[0].draft.identity, name="co\u202ecaine")
    long = replace(entries[1].draft.provenance, notes="x" * 5_000)
    odd = [
        replace(entries[0], draft=replace(entries[0].draft, identity=who)),
        replace(entries[1], draft=replace(entries[1].draft, provenance=long)),
    ]
    going, staying = package.parted([*odd, *entries[2:]], frozenset())
    assert [each.reason for each in staying] == ["it holds hidden characters", "it is too large"]
    assert read(packed(going, left_out=staying).data)[0].left_out[0].name == "co\ufffdcaine"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 4_000, "9" * 5_000, "NaN"])
def test_numbers_that_cannot_be_are_refused_though_they_are_signed(entries, number):
    parts = parts_of(packed(entries).data)
    wild = parts["entries.jsonl"].replace(
        b'"retention_index":null', b'"retention_index":' + number.encode(), 1
    )
    assert wild != parts["entries.jsonl"]
    with pytest.raises(LibraryError):
        read(resigned({**parts, "entries.jsonl": wild}))


def test_depth_ends_in_an_error(entries):
    parts = parts_of(packed(entries).data)
    deep = parts["manifest.json"].replace(
        b'"left_out":[]', b'"left_out":' + b"[" * 900 + b"]" * 900
    )
    signed = KEY.sign(package.signed_bytes(deep))
    with pytest.raises(LibraryError):
        read(zipped({**parts, "manifest.json": deep, "signature": signed}))


def test_fingerprint_is_typed_whole_in_any_spelling():
    shown = package.fingerprint(ISSUER.public_key)
    assert package.typed_fingerprint(shown.upper().replace(" ", "-")) == shown
    assert shown != package.fingerprint(OTHER.public_key().public_bytes_raw())
    for wrong in (shown[:-1], "", shown[:20], shown + "0", "g" * 40):
        with pytest.raises(LibraryError):
            package.typed_fingerprint(wrong)
