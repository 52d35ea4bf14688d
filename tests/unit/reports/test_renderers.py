from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from reports import daily, figures, html, pdf, table
from reports.document import Change, Series
from reports.wording import visible
from tests.unit.reports.builders import DAY, a_candidate, a_row, a_year, facts

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</style><svg onload=alert(1)>",
    "{{ 7*7 }} {% raw %}",
    "#read(\"/etc/passwd\")",
    "#import \"@preview/x:1.0.0\": *",
    "$ x $ *bold* _it_ `raw` @ref <label> \\ #",
    "=HYPERLINK(\"http://evil.example\")",
    "\x1b]0;title\x07\u202egnp.exe",
    "\ufeff=1+1",
    "＝1+1",
    "a\r\nb\tc",
    "x" * 3_000,
)  # fmt: skip


def hostile_report():
    rows = [
        a_row(
            DAY, text, declared_goods=text, destination=text, origin=text[:20], notes=(text,),
            text=text, field_result=text, shipment=text[:40], techniques=(text,),
        )
        for text in HOSTILE
    ]  # fmt: skip
    change = Change(day=DAY - timedelta(days=3), kind="method", text=HOSTILE[0])
    rows.append(a_candidate(declared_goods=HOSTILE[1], classes=(HOSTILE[4],)))
    return daily.compose(rows, [], DAY, facts(name=HOSTILE[0], changes=(change,)))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def parsed(page: bytes) -> Tags:
    tags = Tags()
    tags.feed(page.decode("utf-8"))
    return tags


@pytest.fixture(scope="module")
def report():
    change = Change(day=DAY - timedelta(days=100), kind="library", text="swgdrug 3.14")
    rows = [*a_year(1)[-60:], a_candidate(), a_row(DAY, "xylazine", hazard="H1")]
    return daily.compose(rows, rows, DAY, facts(changes=(change,)))


def test_page_has_no_script_no_handler_and_nothing_remote():
    page = html.render(hostile_report())
    found = parsed(page)
    assert set(found.tags) & {"script", "img", "iframe", "link", "object", "form"} == set()
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    assert not [v for _, name, v in found.attributes if name in ("src", "href", "style")]
    assert found.tags.count("style") == 1


def test_policy_allows_this_one_style_sheet_by_hash(report):
    page = html.render(report).decode("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_page_is_accessible(report):
    page = html.render(report)
    found = parsed(page)
    assert ("html", "lang", "en") in found.attributes
    headers = [v for tag, name, v in found.attributes if tag == "th" and name == "scope"]
    assert len(headers) == found.tags.count("th")
    labels = [v for tag, name, v in found.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == found.tags.count("svg") > 0
    assert any("in the last week" in label for label in labels)


def test_page_and_pdf_are_the_same_bytes_again(report):
    assert html.render(report) == html.render(report)
    assert pdf.render(report) == pdf.render(report)


def pages(data: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def test_pdf_prints_hostile_text_as_text():
    found = " ".join(pages(pdf.render(hostile_report()))).replace("\u200b", "")
    assert "root:" not in found
    assert "alert(1)" in found
    assert "#read(" in found


@pytest.mark.parametrize(
    "text", ["咖啡因 粉末", "кофеин", "καφεΐνη", "قهوة", "☕\U0001f600", "e\u0301"]
)
def test_pdf_takes_every_script_and_shows_what_its_fonts_lack(text):
    report = daily.compose([a_row(DAY, "caffeine", declared_goods=text)], [], DAY, facts())
    found = " ".join(pages(pdf.render(report))).replace("\u200b", "")
    lacking = not re.fullmatch(r"[\w\u0300-\u036f]+", text) or text.startswith("ق")
    assert ("\\u" in found or "\\U" in found) == lacking
    assert text in html.render(report).decode("utf-8") or text == "e\u0301"


def test_training_is_printed_on_every_page(report):
    from dataclasses import replace

    trained = replace(report, header=replace(report.header, training=True))
    found = pages(pdf.render(trained))
    assert len(found) > 1
    assert all("training, not for casework" in page for page in found)
    page = html.render(trained).decode("utf-8")
    assert page.count("training, not for casework") == 2
    assert "position: fixed" in page
    assert not any("training, not" in page for page in pages(pdf.render(report)))


def test_candidate_is_printed_as_not_identified(report):
    text = " ".join(pages(pdf.render(report)))
    assert "NOT IDENTIFIED" in text
    assert "not what it is" in text.replace("\n", " ")


def test_pdf_is_tagged_and_dated_by_its_period(report):
    reader = PdfReader(io.BytesIO(pdf.render(report)))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert "20261124000000" in str(reader.metadata.get("/CreationDate"))


def test_raw_csv_gives_every_cell_back_exactly():
    report = hostile_report()
    longest = 2_000
    read = list(csv.DictReader(io.StringIO(table.csv(report).decode("utf-8"), newline="")))
    assert [row["declared_goods"] for row in read] == [
        row.declared_goods
        if len(row.declared_goods) <= longest
        else row.declared_goods[: longest - 7] + "… (cut)"
        for row in report.rows
    ]


def test_guarded_csv_has_no_cell_a_spreadsheet_would_run():
    text = table.csv(hostile_report(), guarded=True).decode("utf-8")
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")
            assert not any(ord(mark) < 32 for mark in cell)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\u200b=1"])
def test_guard_puts_an_apostrophe_before_a_formula(cell):
    assert table.guard(cell).startswith("'")


def test_guard_leaves_plain_cells_alone():
    assert table.guard("10 USD") == "10 USD"


def test_panel_starts_at_zero_and_marks_changes():
    series = Series(name="a<b", counts=(0,) * 51 + (4,), totals=(9,) * 52, last_day=DAY)
    inside = Change(day=DAY - timedelta(days=30), kind="event", text="x")
    outside = Change(day=DAY - timedelta(days=3000), kind="event", text="y")
    drawn = figures.panel(series, (outside, inside))
    assert ">0</text>" in drawn
    assert ">4</text>" in drawn
    assert ">B</text>" in drawn
    assert ">A</text>" not in drawn
    assert "a&lt;b: 4 in the last week" in drawn


def test_letters_go_on_after_z():
    assert figures.letters(28)[25:] == ["Z", "AA", "AB"]


def test_hidden_characters_are_shown():
    assert visible("a\u202eb\x1b[31m") == "a\\u202eb\\x1b[31m"
    assert visible("x" * 5_000).endswith("… (cut)")
