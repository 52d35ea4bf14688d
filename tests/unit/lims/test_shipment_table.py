import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims import intake, records, shipment_table
from lims.errors import RecordError
from lims.model import ShipmentDraft

HEADER = "declared_goods,origin,tracking"


def read(*rows, header=HEADER):
    return shipment_table.read("\n".join((header, *rows)).encode())


def test_a_table_gives_one_draft_a_row():
    found = read("salt,CN,T1", '"a, b",,', "")
    assert found.ok
    assert [d.declared_goods for d in found.drafts] == ["salt", "a, b"]
    assert found.drafts[0].stream == "express"


def test_all_faults_of_all_rows_are_told_at_once():
    long = "x" * 300
    found = read("salt,China,T1", ",CN,T2", "a,b", f"{long},XX1,{long}", "fine,CN,", "a\x0bb,CN,")
    assert not found.ok
    told = {fault.row: fault.text for fault in found.faults}
    assert set(told) == {2, 3, 4, 5, 7}
    assert "not a country code" in told[2]
    assert "declared goods is missing" in told[3]
    assert "2 cells under 3 columns" in told[4]
    assert "declared goods has 300 characters" in told[5]
    assert "tracking has 300" in told[5]
    assert "hidden character U+000B" in told[7]
    assert len(found.drafts) == 1


def test_a_byte_order_mark_and_other_line_ends_do_not_matter():
    data = "\ufeff" + HEADER + "\r\nsalt,CN,T1\r\n"
    assert shipment_table.read(data.encode()).drafts[0].origin == "CN"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no header"),
        (b"\xff\xfed\x00", "UTF-16"),
        (b"declared_goods\n\xff", "not UTF-8"),
        (b"declared_goods\na\x00b", "NUL character at place 17"),
        (b"declared_goods;origin\nsalt;CN", "separated by ';'"),
        (b"declared_goods\torigin\nsalt\tCN", "separated by"),
        (b"declared_goods,holder\nsalt,x", "unknown columns 'holder'"),
        (b"origin\nCN", "declared_goods is missing"),
        (b"declared_goods,origin,origin\n", "twice"),
        (b'declared_goods\n"never closed\n' + b"x\n" * 50, "cannot be read"),
        (b"declared_goods\n" + b"x" * 200_000, "cannot be read: field larger"),
        (b"\x1b[2J,\xe2\x80\xae\n", "unknown columns"),
    ],
)
def test_what_is_no_table_of_shipments_is_refused(data, why):
    with pytest.raises(RecordError, match=why):
        shipment_table.read(data)


def test_a_million_rows_end_in_a_refusal_not_in_a_hang():
    with pytest.raises(RecordError, match="more than 10000 rows"):
        shipment_table.read(b"declared_goods\n" + b"x\n" * 1_000_000)
    with pytest.raises(RecordError, match="at most"):
        shipment_table.read(b"x" * (shipment_table.MAX_BYTES + 1))


def test_more_faults_than_anybody_reads_are_counted():
    found = read(*[f"x,{i}," for i in range(1_000)])
    assert len(found.faults) == shipment_table.MAX_FAULTS
    assert found.faults_left_out == 800


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)"])
def test_a_formula_is_kept_as_text_and_said_to_be_odd(cell):
    found = read(f'"{cell}",CN,T1')
    assert found.ok
    assert found.drafts[0].declared_goods == cell
    assert "never run" in found.notes[0].text


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_table_or_a_refusal(data):
    for whole in (data, b"declared_goods,origin\n" + data):
        try:
            found = shipment_table.read(whole)
        except RecordError:
            continue
        assert isinstance(found.rows, int)


def test_shipments_are_registered_all_or_none(lab):
    good, bad = ShipmentDraft(declared_goods="a"), ShipmentDraft(declared_goods="")
    with pytest.raises(RecordError, match="shipment 2 of 2"):
        intake.add_shipments(lab, "olga", [good, bad])
    assert records.value(lab.db, "SELECT count(*) FROM shipment") == 0
    first = intake.add_shipments(lab, "olga", [good] * 3, key="k")
    assert intake.add_shipments(lab, "olga", [good] * 3, key="k") == first
    assert records.value(lab.db, "SELECT count(*) FROM shipment") == 3
    with pytest.raises(RecordError, match="1 to 10000"):
        intake.add_shipments(lab, "olga", [])


def test_reading_does_not_change_the_limits_of_the_process():
    import csv

    before = csv.field_size_limit()
    shipment_table.read(io.BytesIO(b"declared_goods\nx\n").read())
    assert csv.field_size_limit() == before


def test_whole_papers_come_through_and_unknown_codes_are_told_not_refused():
    found = read(
        "salt,1.5 kg,1.62 kg,2,2501.00,2022,CN SHA,US NOG,Broker,CSQU3054384",
        header="declared_goods,net weight,gross_weight,pieces,hs_code,HS edition,port of loading,"
        "port_of_discharge,notify_party,container",
    )
    assert found.ok
    draft = found.drafts[0]
    assert (draft.net_weight, draft.pieces, draft.port_of_loading) == ("1.5 kg", "2", "CN SHA")
    assert (draft.notify_party, draft.hs_edition) == ("Broker", "2022")
    assert [(note.row, note.text) for note in found.notes] == [
        (2, "container: the check digit does not fit, unverified")
    ]
