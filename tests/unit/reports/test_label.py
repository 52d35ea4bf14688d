"""Every printed label and receipt is read back by an independent decoder."""

import io
import re

import pytest

from lims import containers, ids, label, receipt
from lims.errors import NotFoundError
from reports import label as labels
from reports import receipt as papers
from reports.errors import ReportError
from tests.lims_builders import a_lab, a_sample, a_shipment, handed

HOSTILE = '#image("/etc/passwd") ^FS^XZ ~JA \\& <b>[@click=x]中文 é_41'


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


def pixels(data):
    """Return a page of a PDF, or a PNG, as the decoder takes it."""
    if data.startswith(b"%PDF"):
        import pypdfium2

        return pypdfium2.PdfDocument(data)[0].render(scale=4).to_pil()
    from PIL import Image

    return Image.open(io.BytesIO(data))


def decoded(data):
    import zxingcpp

    return [found.text for found in zxingcpp.read_barcodes(pixels(data))]


def text_of(data):
    from pypdf import PdfReader

    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


@pytest.mark.parametrize("form", ["pdf", "png"])
@pytest.mark.parametrize("what", ["sample", "shipment", "container"])
def test_a_printed_label_reads_back_as_its_number(lab, form, what):
    number = {
        "sample": lambda: a_sample(lab, description=HOSTILE, officer="olga").number,
        "shipment": lambda: a_shipment(lab, declared_goods="x" * 200).number,
        "container": lambda: containers.make(lab, "ana", "box").number,
    }[what]()
    data = labels.render(label.label(lab, number), form)
    assert decoded(data) == [number]
    assert ids.parse(decoded(data)[0]).site == "NOG"


def test_number_and_check_character_are_printed_to_be_typed(lab):
    number = a_sample(lab, officer="olga").number
    printed = text_of(labels.render(label.label(lab, number), "pdf"))
    assert number in printed
    assert "by olga" in printed
    mistyped = number[:-1] + ("A" if number[-1] != "A" else "B")
    with pytest.raises(NotFoundError) as refused:
        label.label(lab, mistyped)
    assert number in refused.value.hint


def test_zpl_holds_the_number_and_no_word_of_the_record_is_a_command(lab):
    number = a_sample(lab, description=HOSTILE).number
    made = labels.render(label.label(lab, number), "zpl").decode("ascii")
    assert made.startswith("^XA")
    assert made.count("^XZ") == made.count("^XA") == 1
    assert re.findall(r"\^BQN,2,\d+\^FD(?:[HQML])A,([^^]*)\^FS", made) == [number]
    commands = set(re.findall(r"[\^~][A-Z0-9]{2}", made))
    assert commands <= {
        "^XA",
        "^CI",
        "^PW",
        "^LL",
        "^LH",
        "^FO",
        "^BQ",
        "^FD",
        "^FS",
        "^A0",
        "^FH",
        "^XZ",
    }
    fields = re.findall(r"\^FH_\^FD(.*?)\^FS", made)
    shown = [
        re.sub(rb"_([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), field.encode()).decode()
        for field in fields
    ]
    assert shown[0] == number
    assert shown[1][:30] == HOSTILE[:30]


def test_a_label_warns_of_the_hazard_group_and_names_nothing(lab, tmp_path, monkeypatch):
    from instruments import registry, sandbox
    from tests.lims_builders import a_finding, an_entry

    monkeypatch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
    number = a_sample(lab).number
    a_finding(lab, tmp_path, number, an_entry("match", "fentanyl", hazard="H1"))
    made = label.label(lab, number)
    assert made.hazard == "HAZARD H1"
    assert "fentanyl" not in text_of(labels.render(made, "pdf")).lower()


def test_the_same_label_gives_the_same_bytes(lab):
    made = label.label(lab, a_sample(lab).number)
    for form in labels.FORMATS:
        assert labels.render(made, form) == labels.render(made, form)
    with pytest.raises(ReportError, match="not made as"):
        labels.render(made, "svg")


def test_a_receipt_s_code_is_what_the_audit_takes(lab):
    number = a_sample(lab, held_by="cus", description=HOSTILE, seal="A1").number
    handed(lab, number, "cus", "ana", seal="A1", reason="x" * 200)
    made = receipt.receipt(lab, number)
    data = papers.pdf(made)
    assert data == papers.pdf(made)
    (read,) = decoded(data)
    assert read == f"{made.event_code} {made.root_code}"
    assert all(check.fits for check in receipt.check(lab, read.split()))
    printed = text_of(data)
    for wanted in (number, made.event_code, made.root_code, "Cus (cus)", "Ana (ana)"):
        assert wanted in printed
    plain = papers.text(made)
    assert made.event_code in plain
    assert all(ord(c) >= 32 or c == "\n" for c in plain)
