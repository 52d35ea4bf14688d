import json
import zipfile

import pytest

from lims import (
    audit,
    bundle,
    bundle_verify,
    confirmations,
    containers,
    custody,
    division,
    legal_hold,
    records,
    seals,
    weighing,
)
from lims.errors import CustodyError, NotFoundError, PermissionDenied, StateError
from tests.lims_builders import a_finding, a_sample, an_entry


@pytest.fixture
def box(lab):
    """A box that ana holds, with one sealed and one unsealed sample of hers."""
    made = containers.make(lab, "ana", "grey box").number
    for seal in ("A1", ""):
        containers.put(lab, "ana", made, a_sample(lab, seal=seal).number)
    return made


def move(lab, box, giver, taker, **more):
    others = [x for x in (taker,) if not custody.is_place(x)]
    confirmed = confirmations.here(*others)
    return containers.move(
        lab, box, giver=giver, taker=taker, actor=giver, confirmed=confirmed, **more
    )


def test_moving_a_container_moves_all_and_each_chain_says_so(lab, box):
    containers.seal(lab, "ana", box, "B1")
    moved = move(lab, box, "ana", "cus", seal="B1", reason="to the vault")
    assert moved.holder == "cus"
    for number in moved.contents:
        assert records.sample(lab.db, number).holder == "cus"
        step = records.transfers(lab.db, number)[-1]
        assert (step.kind, step.giver, step.taker) == ("transferred", "ana", "cus")
        assert step.container == box
        assert set(step.confirmed) == {"ana", "cus"}
    assert [step.kind for step in containers.steps(lab, box)] == [
        "made",
        "put",
        "put",
        "sealed",
        "moved",
    ]
    assert containers.steps(lab, box)[-1].contents == moved.contents
    assert audit.replay(lab) == audit.projected(lab)


def test_contents_do_not_move_while_the_container_is_sealed(lab, box):
    sample = containers.container(lab, box).contents[0]
    containers.seal(lab, "ana", box, "B1")
    with pytest.raises(StateError, match="is sealed"):
        containers.take_out(lab, "ana", sample)
    with pytest.raises(StateError, match="is sealed"):
        containers.put(lab, "ana", box, a_sample(lab).number)
    containers.unseal(lab, "ana", box, "B1")
    assert sample not in containers.take_out(lab, "ana", sample).contents


def test_what_is_inside_is_not_handled_by_itself(lab, box):
    sample = containers.container(lab, box).contents[1]
    for attempt in (
        lambda: custody.transfer(lab, sample, giver="ana", taker="place:safe", actor="ana"),
        lambda: custody.open_sample(lab, "ana", sample),
        lambda: custody.weigh(lab, "ana", sample, gross_ug=1),
        lambda: containers.put(lab, "ana", box, sample),
    ):
        with pytest.raises(CustodyError, match=f"is inside {box}"):
            attempt()


def test_sealed_samples_in_an_open_container_do_not_move_unread(lab, box):
    with pytest.raises(CustodyError, match="nobody reads its seal"):
        move(lab, box, "ana", "cus")


def test_another_seal_freezes_the_container_until_a_second_person_resolves_it(lab, box):
    containers.seal(lab, "ana", box, "B1")
    with pytest.raises(CustodyError, match="must be read"):
        move(lab, box, "ana", "cus")
    with pytest.raises(CustodyError, match="B2 was read, B1 is on record"):
        move(lab, box, "ana", "cus", seal="B2")
    for attempt in (
        lambda: move(lab, box, "ana", "cus", seal="B1"),
        lambda: containers.unseal(lab, "ana", box, "B1"),
    ):
        with pytest.raises(CustodyError, match="frozen"):
            attempt()
    with pytest.raises(PermissionDenied):
        containers.resolve(lab, "ana", box, reason="typo")
    containers.resolve(lab, "qm", box, reason="misread", seal="B2")
    assert move(lab, box, "ana", "cus", seal="B2").holder == "cus"


def test_both_sides_sign_for_a_container(lab, box):
    containers.seal(lab, "ana", box, "B1")
    with pytest.raises(CustodyError, match="cus did not confirm"):
        containers.move(lab, box, giver="ana", taker="cus", actor="ana", seal="B1")
    move(lab, box, "ana", "place:safe", seal="B1")
    with pytest.raises(CustodyError, match="by itself"):
        containers.move(lab, box, giver="place:safe", taker="place:vault", actor="cus", seal="B1")


def test_a_hold_on_one_sample_keeps_the_whole_container_from_leaving(lab, box):
    held = containers.container(lab, box).contents[0]
    legal_hold.set_hold(lab, "lee", held, document="C1", reason="trial")
    containers.seal(lab, "ana", box, "B1")
    with pytest.raises(CustodyError, match="legal hold C1"):
        move(lab, box, "ana", "olga", seal="B1")
    assert move(lab, box, "ana", "cus", seal="B1").holder == "cus"


def test_a_dangerous_sample_inside_asks_for_a_witness_at_a_place(lab, bench, box):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"))
    containers.put(lab, "ana", box, sample)
    containers.seal(lab, "ana", box, "B1")
    with pytest.raises(CustodyError, match="a witness is needed"):
        move(lab, box, "ana", "place:safe", seal="B1")
    assert move(lab, box, "ana", "place:safe", seal="B1", witness="olga").holder == "place:safe"


def test_only_what_both_are_in_one_hand_is_put_together(lab, box):
    other = a_sample(lab, held_by="cus").number
    with pytest.raises(CustodyError, match="held by cus"):
        containers.put(lab, "ana", box, other)
    with pytest.raises(CustodyError, match="held by ana"):
        containers.put(lab, "cus", box, other)
    open_one = a_sample(lab).number
    custody.open_sample(lab, "ana", open_one)
    with pytest.raises(StateError, match="is open"):
        containers.put(lab, "ana", box, open_one)


def test_a_seal_is_used_once_on_samples_and_containers_together(lab, box):
    with pytest.raises(CustodyError, match="on record already"):
        containers.seal(lab, "ana", box, "A1")
    containers.seal(lab, "ana", box, "B1")
    assert seals.look(lab, "B1") == (f"on record already, on {box}",)
    with pytest.raises(CustodyError, match=f"on record already, on {box}"):
        custody.reseal(lab, "ana", a_sample(lab).number, seal="B1")


def test_unknown_container_is_not_found(lab):
    with pytest.raises(NotFoundError):
        containers.container(lab, "NOG-26-C000009-0")
    with pytest.raises(NotFoundError, match="of a sample"):
        containers.container(lab, a_sample(lab).number)


def test_a_sample_s_own_steps_are_shown_in_court_without_telling_of_what_was_beside_it(
    lab, box, tmp_path
):
    first, second = containers.container(lab, box).contents
    containers.seal(lab, "ana", box, "B1")
    move(lab, box, "ana", "cus", seal="B1")
    made = bundle.write_bundle(lab, "lee", first, tmp_path / "case.zip")
    assert second.encode() not in made.path.read_bytes()
    with zipfile.ZipFile(made.path) as packed:
        names = [name for name in packed.namelist() if name.startswith("events/")]
        shown = [json.loads(packed.read(name)) for name in names]
    (step,) = [each["body"] for each in shown if each["kind"] == "sample.transferred"]
    assert (step["sample"], step["container"]) == (first, box)
    assert "container.moved" not in {each["kind"] for each in shown}
    assert bundle_verify.check(made.path, lab.public_key.hex())[0] == []


def test_a_part_s_bundle_does_not_name_its_parent(lab, tmp_path):
    weighing.record_balance(
        lab, "ana", "B1", serial="", repeatability_ug=9, calibration_ug=9, certificate="C"
    )
    parent = a_sample(lab).number
    parts = [division.Part(description="part", net_ug=5), division.Part(description="x", net_ug=5)]
    _, (child, other) = division.divide(
        lab, "ana", parent, parts, balance="B1", gross_ug=20, packaging_ug=5, residue_ug=5
    )
    made = bundle.write_bundle(lab, "lee", child.number, tmp_path / "case.zip")
    whole = made.path.read_bytes()
    for number in (parent, other.number):
        assert number.encode() not in whole
