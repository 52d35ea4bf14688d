import pytest

from lims import attachments, audit, custody, intake, queries, records
from lims.errors import CustodyError, NotFoundError, PermissionDenied, RecordError, StateError
from lims.model import Lane, SampleDraft, SampleState, ShipmentDraft, ShipmentState
from tests.lims_builders import a_sample, a_shipment


def test_declared_figures_stay_exactly_as_typed(lab):
    typed = {"declared_value": "10 usd", "declared_weight": "1,5 KG", "freight": "about 80"}
    kept = a_shipment(lab, **typed).draft
    assert {name: getattr(kept, name) for name in typed} == typed


def test_shipment_is_held_with_its_notes(lab):
    made = a_shipment(lab, declared_value="10 USD", declared_weight="1.5 kg", freight="80 USD")
    assert made.state is ShipmentState.HELD
    assert made.notes == ("declared value 6.67 USD per kg", "freight above goods value")


def test_wrong_check_digit_is_a_note_and_never_a_refusal(lab):
    made = a_shipment(lab, tracking="176-12345676", hs_code="77.01")
    assert len(made.notes) == 2
    assert all("unverified" in note for note in made.notes)


@pytest.mark.parametrize("code", ["China", "C1", "C", "ＣＮ"])
def test_country_is_a_code(lab, code):
    with pytest.raises(RecordError, match="country code"):
        a_shipment(lab, origin=code)
    assert a_shipment(lab, origin="cn").draft.origin == "CN"


def test_hostile_fields_are_all_named_and_nothing_is_saved(lab):
    with pytest.raises(RecordError) as refused:
        a_shipment(lab, carrier="\x1b[2J", consignor="x" * 500, destination="a\x00b")
    for name in ("carrier", "consignor", "destination"):
        assert name in refused.value.message
    assert queries.shipments(lab) == []


def test_markup_and_sql_are_only_text(lab):
    nasty = "[@click=app.wipe]ok[/]'); DROP TABLE event;--"
    made = a_shipment(lab, declared_goods=nasty)
    assert records.shipment(lab.db, made.number).draft.declared_goods == nasty


def test_receiver_is_the_first_holder_and_the_officer_the_giver(lab):
    made = a_sample(lab, held_by="cus", officer="olga", seal="A1", gross_ug=1_000)
    step = records.transfers(lab.db, made.number)[0]
    assert (made.holder, made.state, made.seal) == ("cus", SampleState.RECEIVED, "A1")
    assert (step.kind, step.giver, step.taker, step.seal_after) == ("received", "olga", "cus", "A1")


def test_nothing_is_taken_from_a_closed_shipment(lab):
    from lims import disposition

    parcel = a_shipment(lab)
    disposition.seize(lab, "olga", parcel.number, "presumptive")
    with pytest.raises(StateError, match="was seized"):
        a_sample(lab, shipment=parcel.number)


def test_sample_needs_a_shipment_that_exists(lab):
    with pytest.raises(NotFoundError):
        a_sample(lab, shipment="NOG-26-P000009-0")


def test_silent_field_tool_and_dear_freight_raise_priority(lab):
    odd = a_shipment(lab, declared_value="10 USD", freight="80 USD").number
    plain = a_sample(lab).priority
    silent = a_sample(lab, field_tool="handheld", field_result="No match").priority
    dear = a_sample(lab, shipment=odd).priority
    named = a_sample(lab, field_tool="handheld", field_result="cocaine").priority
    assert plain == named < dear < silent


def test_ten_of_ten_or_none(lab):
    parcels = [
        (ShipmentDraft(declared_goods=f"toy {n}"), SampleDraft(description="powder"))
        for n in range(10)
    ]
    made = intake.add_batch(lab, "olga", parcels, key="tray 7")
    assert len({sample.shipment for sample in made}) == 10
    assert intake.add_batch(lab, "olga", parcels, key="tray 7") == made
    bad = [*parcels, (ShipmentDraft(declared_goods=""), SampleDraft(description="x"))]
    with pytest.raises(RecordError, match="parcel 11 of 11"):
        intake.add_batch(lab, "olga", bad)
    assert queries.work_count(lab) == 10
    with pytest.raises(RecordError):
        intake.add_batch(lab, "olga", [])


def test_portions_are_numbered_and_need_an_open_sample(lab):
    sample = a_sample(lab, seal="A1").number
    with pytest.raises(StateError, match="is sealed"):
        intake.add_portion(lab, "ana", sample, "neat")
    custody.open_sample(lab, "ana", sample, seal="A1")
    neat = intake.add_portion(lab, "ana", sample, "neat", mass_ug=5_000, key="p")
    assert intake.add_portion(lab, "ana", sample, "neat", mass_ug=5_000, key="p") == neat
    extract = intake.add_portion(lab, "ana", sample, "extract", ("methanol", "water"))
    assert (neat.id, extract.id) == (f"{sample}.1", f"{sample}.2")
    assert extract.solvents == ("methanol", "water")
    with pytest.raises(CustodyError, match="held by ana"):
        intake.add_portion(lab, "abe", sample, "neat")


def test_notes_and_priorities_carry_who_and_why(lab):
    sample = a_sample(lab)
    intake.add_note(lab, "olga", sample.number, "two bags\nin one sleeve")
    intake.add_note(lab, "olga", sample.shipment, "sender called")
    raised = intake.set_priority(lab, "ana", sample.number, 50, reason="flight leaves at 4")
    assert raised.priority == 50
    assert queries.remarks(lab, sample.number)[0][1:] == ("olga", "two bags\nin one sleeve")
    with pytest.raises(RecordError, match="reason"):
        intake.set_priority(lab, "ana", sample.number, 1, reason=" ")
    with pytest.raises(PermissionDenied):
        intake.set_priority(lab, "olga", sample.number, 1, reason="x")


def test_photo_is_kept_as_it_is_and_other_bytes_are_refused(lab):
    sample = a_sample(lab).number
    picture = b"\xff\xd8\xff\xe0" + b"jpeg" * 10
    digest = attachments.add_photo(lab, "olga", sample, "../../x.jpg", picture)
    assert (lab.raw_folder / digest[:2] / digest[2:4] / digest).read_bytes() == picture
    with pytest.raises(RecordError, match="not a photograph"):
        attachments.add_photo(lab, "olga", sample, "x.jpg", b"#!/bin/sh")
    assert audit.verify(lab).ok


def test_batch_and_single_intake_keep_the_lane(lab):
    assert a_sample(lab, lane=Lane.FULL).draft.lane is Lane.FULL


def test_short_number_with_its_check_character_is_enough(lab):
    sample = a_sample(lab).number
    assert records.sample(lab.db, sample[7:]).number == sample
    with pytest.raises(NotFoundError):
        records.sample(lab.db, sample[7:14])
    wrong = sample[7:-1] + ("A" if sample[-1] != "A" else "B")
    with pytest.raises(NotFoundError):
        records.sample(lab.db, wrong)


def test_unknown_codes_are_marked_and_never_refused(lab):
    made = intake.add_shipment(
        lab,
        "olga",
        ShipmentDraft(
            declared_goods="sand, CAS 7631-86-8",
            tracking="176-12345676",
            hs_code="2939.71",
            hs_edition="2022",
            container="CSQU3054384",
            conveyance="mv Port, IMO 9319467",
            origin="ZZ",
            port_of_loading="QQABC",
            port_of_discharge="US NOG",
            destination="US-QQ",
            pieces="some",
        ),
    )
    assert [each.field for each in made.unverified] == [
        "declared_goods", "pieces", "hs_code", "tracking", "container", "origin",
        "port_of_loading", "destination", "conveyance",
    ]  # fmt: skip
    assert set(made.notes) == {each.says for each in made.unverified}
    assert made.draft.origin == "ZZ"


def test_codes_that_fit_leave_no_mark(lab):
    made = intake.add_shipment(
        lab,
        "olga",
        ShipmentDraft(
            declared_goods="silica, CAS 7631-86-9",
            tracking="176-12345675",
            hs_code="2811.22",
            hs_edition="HS 2022",
            container="CSQU3054383",
            conveyance="IMO9319466",
            origin="CN",
            transit="PA",
            port_of_loading="CN SHA",
            port_of_discharge="Nogales",
            destination="US-NJ",
            pieces="12",
        ),
    )
    assert made.unverified == made.notes == ()


def test_declared_figures_and_places_stay_as_typed(lab):
    typed = {
        "gross_weight": "1,62 kg", "net_weight": "1.5 KG", "pieces": "2", "freight": "USD 25.00",
        "port_of_loading": "Shanghai", "notify_party": "Broker & Sons", "hs_edition": "hs 2022",
    }  # fmt: skip
    made = intake.add_shipment(lab, "olga", ShipmentDraft(declared_goods="sand", **typed))
    assert {name: getattr(made.draft, name) for name in typed} == typed
