"""A report as page, PDF and signed files: what must be on it, and what cannot get onto it."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import re
import zipfile

import pytest
from pypdf import PdfReader

from instruments import registry, sandbox
from lims import (
    bundle,
    bundle_verify,
    certificate_copies,
    certificate_queries,
    certificates,
    keys,
)
from lims.certificate_model import Wanted
from reports import (
    certificate,
    certificate_files,
    certificate_issue,
    certificate_text,
    html,
    minisign,
    pdf,
    schema,
)
from reports.certificate import Standing
from reports.errors import ReportError
from tests.certificate_builders import AGENT, a_reportable, amended, issued, reviewed, withdrawn
from tests.lims_builders import a_lab, a_sample, a_shipment, an_entry
from tests.unit.reports.test_renderers import HOSTILE, parsed

SHAPE = schema.load("fol.certificate/1")
PLAIN = Standing()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    made = a_lab(tmp_path_factory.mktemp("lab") / "lab", timezone="America/Phoenix")
    yield made
    made.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
        yield tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def done(lab, bench):
    """An issued report with everything an author may type."""
    entry = an_entry("match", "cocaine", hazard="H1")
    sample = a_reportable(lab, bench, entry, gross_ug=12_600_000)
    wanted = Wanted(
        reference="HSI-42",
        condition="outer bag torn",
        opinions=("an amount for resale",),
        departures=("the blank was run after the sample",),
    )
    return issued(lab, sample, wanted)


@pytest.fixture(scope="module")
def said(lab, done):
    return certificate_queries.document(lab, done)


def view(document, now=PLAIN):
    return certificate.build(document, now)


def pages(data, most=None):
    found = PdfReader(io.BytesIO(data)).pages[:most]
    return [page.extract_text().replace("\u200b", "") for page in found]


def printed(data, most=None):
    return re.sub(r"\s+", " ", " ".join(pages(data, most)))


def replaced(value, text):
    """The same document with one text in every place where a text may be anything."""
    if isinstance(value, dict):
        kept = ("timezone", "at", "sha256", "level", "state", "as", "kind", "public_key")
        stamps = ("received_at", "first", "last", "reviewed_at", "resolved_at", "occurred_at")
        fixed = (*kept, *stamps, "sent_at", "answered_at", "accepted_at", "schema", "head")
        return {k: v if k in fixed else replaced(v, text) for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(each, text) for each in value]
    return text if isinstance(value, str) else value


# The document


def test_an_issued_document_has_the_documented_shape(lab, done):
    data = certificate_queries.document_bytes(lab, done.document_sha256, done.number)
    assert schema.problems(json.loads(data), SHAPE) == []


def test_documents_of_every_kind_have_the_documented_shape(lab, bench):
    sample = a_reportable(lab, bench, an_entry("analogue_candidate", class_name="fentanyl"))
    first = issued(lab, sample, preliminary=True)
    second = issued(lab, sample)
    third = amended(lab, second.number, Wanted(customer="Court"))
    for each in (first, second, third):
        assert schema.problems(certificate_queries.document(lab, each), SHAPE) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "fol.certificate/2"),
        (("extra",), 1),
        (("kind",), "secret"),
        (("number",), "../../etc/passwd"),
        (("revision",), 0),
        (("items", 0, "files", 0, "sha256"), "00"),
        (("items", 0, "conclusion", "level"), "identified"),
        (("items", 0, "results", 0, "statements", 0, "hits"), []),
        (("items", 0, "custody", "steps", 0, "at"), "yesterday"),
        (("signatures", 0, "as"), "witness"),
        (("issued", "log", "size"), "12"),
        (("lab", "training"), 0),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_what_does_not_fit_the_shape_is_named(said, path, value):
    changed = copy.deepcopy(said)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    found = schema.problems(changed, SHAPE)
    assert found
    assert str(path[-1]) in found[0]


# Page and PDF


def test_page_and_pdf_are_the_same_bytes_again(said):
    assert html.render_view(view(said)) == html.render_view(view(said))
    assert pdf.render_view(view(said)) == pdf.render_view(view(copy.deepcopy(said)))


def test_what_a_court_reads_is_printed(lab, done, said):
    text = printed(pdf.render_view(view(said)))
    for wanted in (
        done.number,
        "Certificate of analysis",
        "Presumptive, not identified",
        "Presumptive result, not an identification: cocaine",
        "relate only to the items tested",
        "What follows is the author's opinion",
        "an amount for resale",
        "the blank was run after the sample",
        "outer bag torn",
        "HSI-42",
        "12.6 g",
        "Technical reviewer",
        "Rex (rex)",
        "authorises the release of this report",
        f"End of report {done.number}",
        said["items"][0]["files"][0]["sha256"],
        said["issued"]["log"]["head"][:16],
    ):
        assert wanted in text, wanted
    last = pages(pdf.render_view(view(said)))[-1]
    assert f"End of report {done.number}" in last


def test_the_hazard_comes_before_the_identity(said):
    text = printed(pdf.render_view(view(said)))
    assert text.index("HAZARD") < text.index("cocaine")
    page = html.render_view(view(said)).decode()
    assert page.index("HAZARD") < page.index("cocaine")


def test_times_are_the_laboratorys_own_with_their_offset(said):
    assert "-0700" in printed(pdf.render_view(view(said)))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_printed_as_text(said, text):
    document = replaced(said, text)
    page = html.render_view(view(document))
    found = parsed(page)
    assert set(found.tags) & {"script", "img", "iframe", "link", "object", "form", "svg"} == set()
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    assert b"\x1b" not in page
    assert "\u202e" not in page.decode()
    assert found.tags.count("style") == 1
    made = pdf.render_view(view(document))
    assert "root:" not in printed(made, most=2)


def test_every_page_says_what_a_report_is_not(said):
    now = Standing(mark="WITHDRAWN, do not use", text="Withdrawn on 2026-11-24.")
    long = copy.deepcopy(said)
    long["opinions"] = ["one more line of opinion"] * 200
    found = pages(pdf.render_view(view(long, now)))
    assert len(found) > 3
    assert all("WITHDRAWN, do not use" in each for each in found)
    assert "WITHDRAWN, do not use" in html.render_view(view(long, now)).decode()


def test_a_preliminary_report_says_so_with_its_last_day(lab, bench):
    sample = a_reportable(lab, bench)
    made = issued(lab, sample, Wanted(valid_days=9), preliminary=True)
    text = printed(certificate_files.rendered(lab, made, "pdf"))
    assert "Preliminary report" in text
    assert f"PRELIMINARY, until {made.expires_on}" in text
    assert "must not be used as a final report" in text


def test_a_draft_is_marked_as_one_and_says_what_is_missing(lab, bench):
    sample = a_sample(lab, officer="").number
    made = certificates.draft(lab, "ana", sample)
    assert "DRAFT, not issued" in printed(certificate_files.rendered(lab, made, "pdf"))
    lines = certificate_text.lines(lab, made)
    assert any("nobody is named for whom it is" in each for each in lines)
    assert any("has no reviewed finding" in each for each in lines)
    with pytest.raises(ReportError, match="not issued"):
        certificate_files.published(lab, made)


def test_text_says_the_same_as_the_page(lab, done, said):
    text = "\n".join(certificate_text.lines(lab, done))
    for section in view(said).sections:
        for row in section.rows:
            assert all(cell in text for cell in row if len(cell) > 1)
        assert all(item in text for item in section.items)


# Files and signatures


def test_files_are_signed_and_an_altered_one_is_told(lab, done, tmp_path):
    paths = certificate_files.published(lab, done)
    assert set(paths) == {"pdf", "html", "json"}
    for path in paths.values():
        found = certificate_files.check(lab, path)
        assert (found.fits, found.number, found.standing) == (True, done.number, "stands")
        assert "issued" in found.comment
        target = tmp_path / path.name
        target.write_bytes(path.read_bytes() + b" ")
        signature = path.with_name(path.name + ".minisig").read_bytes()
        (tmp_path / f"{path.name}.minisig").write_bytes(signature)
        assert not certificate_files.check(lab, target).fits
        target.write_bytes(path.read_bytes())
        assert certificate_files.check(None, target, lab.public_key.hex()).fits
        assert not certificate_files.check(None, target, "11" * 32).fits
        (tmp_path / f"{path.name}.minisig").write_bytes(signature.replace(b"NOG", b"LAX"))
        assert not certificate_files.check(lab, target).fits


def test_a_signature_of_another_file_does_not_fit(lab, done, tmp_path):
    paths = certificate_files.published(lab, done)
    target = tmp_path / "a.pdf"
    target.write_bytes(paths["pdf"].read_bytes())
    html_signature = paths["html"].with_name(paths["html"].name + ".minisig")
    (tmp_path / "a.pdf.minisig").write_bytes(html_signature.read_bytes())
    assert not certificate_files.check(lab, target).fits


@pytest.mark.parametrize(
    "bad", [b"", b"\xff\xfe", b"a\nb\nc\nd\n", b"x" * 9_000, b"\n" * 4, b"untrusted comment: x\n"]
)
def test_what_is_no_signature_is_a_clear_error(lab, tmp_path, bad):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "a.pdf.minisig").write_bytes(bad)
    with pytest.raises(ReportError, match="signature"):
        certificate_files.check(lab, tmp_path / "a.pdf")


def test_a_file_without_its_signature_or_key_is_a_clear_error(lab, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(ReportError, match="cannot be read"):
        certificate_files.check(lab, tmp_path / "a.pdf")
    (tmp_path / "a.pdf.minisig").write_bytes(b"x")
    with pytest.raises(ReportError, match="no key"):
        certificate_files.check(None, tmp_path / "a.pdf")
    with pytest.raises(ReportError, match="64 hex"):
        certificate_files.check(None, tmp_path / "a.pdf", "xyz")


def test_the_signature_is_laid_out_as_minisign_reads_it(lab):
    """Independent of our reader: https://jedisct1.github.io/minisign/, signature format."""
    data = b"some bytes"
    made = minisign.signed(data, lab.public_key, "R1 of NOG", lambda d: keys.sign(lab, d)).decode()
    first, packed, trusted, both = made.splitlines()
    assert first.startswith("untrusted comment: ")
    raw = base64.b64decode(packed)
    key_file = minisign.public_file(lab.public_key, "NOG").decode().splitlines()
    public = base64.b64decode(key_file[1])
    assert (raw[:2], public[:2], len(raw), len(public)) == (b"ED", b"Ed", 74, 42)
    assert raw[2:10] == public[2:10]
    digest = hashlib.blake2b(data, digest_size=64).digest()
    assert bundle_verify.verify_ed25519(public[10:], digest, raw[10:])
    comment = trusted.removeprefix("trusted comment: ").encode()
    assert bundle_verify.verify_ed25519(public[10:], raw[10:] + comment, base64.b64decode(both))


def test_lost_files_are_made_again_with_the_same_bytes(lab, done):
    paths = certificate_files.published(lab, done)
    before = {path: path.read_bytes() for path in paths.values()}
    for path in paths.values():
        path.unlink()
    assert certificate_files.published(lab, done) == paths
    assert {path: path.read_bytes() for path in paths.values()} == before


def test_what_was_issued_is_never_written_over_and_marked_copies_stand_beside_it(lab, bench):
    sample = a_reportable(lab, bench)
    made = certificates.draft(lab, "ana", sample)
    reviewed(lab, made.number)
    _, paths = certificate_issue.issue(lab, "lee", made.number)
    before = {path: path.read_bytes() for path in paths.values()}
    second = certificates.amend(lab, "ana", made.number, Wanted(customer="Court"), reason="x")
    reviewed(lab, second.number)
    certificate_issue.issue(lab, "lee", second.number)
    first = certificate_queries.certificate(lab, made.number)
    marked = certificate_files.published(lab, first)
    assert {path: path.read_bytes() for path in before} == before
    assert f"AMENDED by {second.number}" in printed(marked["marked_pdf"].read_bytes())
    assert certificate_files.check(lab, marked["marked_pdf"]).fits
    assert "AMENDED" in certificate_files.check(lab, paths["pdf"]).standing
    certificate_issue.withdraw(lab, "qm", second.number, reason="a control was wrong")
    gone = certificate_issue.withdraw(lab, "lee", second.number)
    marked = certificate_files.published(lab, gone)
    assert "WITHDRAWN, do not use" in printed(marked["marked_pdf"].read_bytes())
    assert "a control was wrong" in marked["marked_html"].read_text()


# The bundle


def test_the_bundle_carries_issued_reports_and_its_checker_says_how_they_stand(
    lab, bench, tmp_path
):
    sample = a_reportable(lab, bench)
    first = issued(lab, sample)
    certificate_copies.give(lab, "lee", first.number, AGENT)
    second = amended(lab, first.number, Wanted(customer="Court"))
    withdrawn(lab, second.number)
    third = issued(lab, sample)
    made = bundle.write_bundle(lab, "lee", sample, tmp_path / "case.zip")
    problems, told = bundle_verify.check(made.path, lab.public_key.hex())
    assert problems == []
    assert f"report {first.number}: signed by the lab, amended by {second.number}" in told
    assert f"report {second.number}: signed by the lab, withdrawn" in told
    assert f"report {third.number}: signed by the lab, stands" in told
    with zipfile.ZipFile(made.path) as packed:
        kept = packed.read(f"reports/{third.document_sha256}")
        summary = packed.read("summary.txt").decode()
    assert json.loads(kept)["number"] == third.number
    assert first.number in summary


def test_a_report_that_names_another_sample_stays_out_of_a_bundle(lab, bench, tmp_path):
    parcel = a_shipment(lab).number
    one = a_reportable(lab, bench, shipment=parcel)
    a_reportable(lab, bench, an_entry("match", "SECRETIN"), shipment=parcel)
    issued(lab, parcel)
    made = bundle.write_bundle(lab, "lee", one, tmp_path / "case.zip")
    assert bundle_verify.check(made.path, lab.public_key.hex())[0] == []
    assert b"SECRETIN" not in made.path.read_bytes()
