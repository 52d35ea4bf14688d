from datetime import UTC, date, datetime

import pytest

from lims import audit, clock, consumption, custody, division, intake, legal_hold, records, weighing
from lims.confirmations import here
from lims.division import Part
from lims.errors import CustodyError, NotFoundError, PermissionDenied, RecordError, StateError
from tests.lims_builders import a_sample, handed

G = 10**6


@pytest.fixture
def sample(lab):
    weighing.record_balance(
        lab,
        "ana",
        "B1",
        serial="1",
        repeatability_ug=30,
        calibration_ug=40,
        certificate="K-1",
        due=date(2099, 1, 1),
    )
    return a_sample(lab, held_by="ana", gross_ug=12 * G).number


def take_apart(lab, sample, *nets, residue=5 * G, **more):
    parts = [Part(description=f"part {i}", net_ug=net) for i, net in enumerate(nets)]
    more = {"balance": "B1", "gross_ug": 12 * G, "packaging_ug": 2 * G} | more
    return division.divide(lab, "ana", sample, parts, residue_ug=residue, **more)


def test_parts_become_samples_with_custody_of_their_own(lab, sample):
    made, children = take_apart(lab, sample, 2 * G, 3 * G, key="k")
    assert made.fits
    assert made.children == {
        child.number: net for child, net in zip(children, (2 * G, 3 * G), strict=True)
    }
    assert take_apart(lab, sample, 2 * G, 3 * G, key="k")[1] == children
    for child in children:
        assert child.parent == sample
        assert child.holder == "ana"
        assert records.transfers(lab.db, child.number)[0].giver == f"division:{made.seq}"
    assert records.sample_row(lab.db, sample)["gross_ug"] == 7 * G
    grandchild = take_apart(lab, children[0].number, G, gross_ug=3 * G, packaging_ug=G, residue=G)[
        1
    ][0]
    depths = [(depth, item.number) for depth, item in division.tree(lab, sample)]
    assert depths == [
        (0, sample),
        (1, children[0].number),
        (2, grandchild.number),
        (1, children[1].number),
    ]
    assert audit.replay(lab) == audit.projected(lab)


def test_parts_that_do_not_add_up_freeze_the_parent_and_register_nothing(lab, sample):
    with pytest.raises(CustodyError, match=r"the parts come to 9\.9 g, the whole was 10 g"):
        take_apart(lab, sample, 2 * G, 2_900_000)
    assert records.sample_row(lab.db, sample)["frozen"]
    assert len(division.tree(lab, sample)) == 1
    with pytest.raises(CustodyError, match="frozen"):
        take_apart(lab, sample, 2 * G, 3 * G)
    custody.resolve_discrepancy(lab, "qm", sample, reason="spilled, photo 2")
    assert take_apart(lab, sample, 2 * G, 2_900_000, consumed_ug=100_000)[0].fits


def test_tolerance_is_k_2_of_the_balance(lab, sample):
    # u of a reading 50; of the net 71; of three weighed sums sqrt(6·30² + (3·40)²) = 141; k = 2.
    made, _ = take_apart(lab, sample, 2 * G, 3 * G + 314)
    assert made.tolerance_ug == 2 * 158
    assert made.difference_ug == 314
    with pytest.raises(CustodyError):
        take_apart(lab, a_sample(lab).number, 2 * G, 3 * G + 317)


def test_a_sealed_sample_is_not_divided_nor_by_another(lab, sample):
    with pytest.raises(PermissionDenied):
        division.divide(
            lab, "cus", sample, [Part(description="x", net_ug=1)],
            balance="B1", gross_ug=2, packaging_ug=1, residue_ug=0,
        )  # fmt: skip
    sealed = a_sample(lab, seal="A1").number
    with pytest.raises(StateError, match="sealed"):
        take_apart(lab, sealed, 5 * G)


@pytest.mark.parametrize(
    "more",
    [
        {"packaging_ug": 13 * G},
        {"gross_ug": -1},
        {"balance": "B9"},
        {"consumed_ug": -5},
    ],
)
def test_masses_that_make_no_sense_are_refused(lab, sample, more):
    with pytest.raises(RecordError):
        take_apart(lab, sample, 5 * G, **more)
    assert not records.sample_row(lab.db, sample)["frozen"]
    with pytest.raises(RecordError, match="1 to 500"):
        take_apart(lab, sample)


def test_a_seal_of_a_part_is_used_once_or_nothing_is_divided(lab, sample):
    parts = [Part(description="x", net_ug=5 * G, seal="A1")] * 2
    with pytest.raises(CustodyError, match="on record already"):
        division.divide(
            lab, "ana", sample, parts,
            balance="B1", gross_ug=12 * G, packaging_ug=2 * G, residue_ug=0,
        )  # fmt: skip
    assert len(division.tree(lab, sample)) == 1


def test_weighing_again_compares_with_what_was_taken_since(lab, sample):
    first = weighing.weigh_again(lab, "ana", sample, gross_ug=12 * G + 50, balance="B1")
    assert (first.expected_ug, first.u_ug, first.fits) == (12 * G, 50, True)
    intake.add_portion(lab, "ana", sample, "neat", mass_ug=20_000)
    again = weighing.weigh_again(
        lab, "ana", sample, gross_ug=12 * G - 20_000, balance="B1", occasion="return"
    )
    assert again.expected_ug == 12 * G + 50 - 20_000
    with pytest.raises(CustodyError, match=r"weighs 11\.5 g, expected 11\.98 g"):
        weighing.weigh_again(lab, "ana", sample, gross_ug=11_500_000, balance="B1")
    assert records.sample_row(lab.db, sample)["frozen"]


def test_after_an_unweighed_portion_only_a_gain_is_told(lab, sample):
    intake.add_portion(lab, "ana", sample, "neat")
    lighter = weighing.weigh_again(lab, "ana", sample, gross_ug=11 * G, balance="B1")
    assert lighter.expected_ug is None
    assert "without being weighed" in lighter.remark
    with pytest.raises(CustodyError, match="weighs 12 g"):
        weighing.weigh_again(lab, "ana", sample, gross_ug=12 * G, balance="B1")


def test_allowance_for_moisture_needs_a_reason(lab, sample):
    def weigh(**more):
        return weighing.weigh_again(
            lab, "ana", sample, gross_ug=12 * G + 9_000, balance="B1", **more
        )

    with pytest.raises(RecordError, match="reason is missing"):
        weigh(allowance_ug=9_000)
    assert weigh(allowance_ug=9_000, reason="wet season").fits


def test_a_balance_past_its_calibration_weighs_nothing(lab, sample):
    with clock.running_from(lambda: datetime(2099, 1, 2, tzinfo=UTC)):
        with pytest.raises(StateError, match="ran out on 2099-01-01"):
            weighing.weigh_again(lab, "ana", sample, gross_ug=12 * G, balance="B1")
        weighing.record_balance(
            lab, "qm", "B1", serial="1", repeatability_ug=30, calibration_ug=40,
            certificate="K-2", due=date(2100, 1, 1),
        )  # fmt: skip
        assert weighing.weigh_again(lab, "ana", sample, gross_ug=12 * G, balance="B1").fits


def authority(lab, sample, **more):
    return consumption.authorise(
        lab, "lee", sample, document="C-1", reason="all is needed", **more
    ).seq


def use(lab, sample, seq, **more):
    more = {"purpose": "GC-MS", "reviewer": here("rex")[0], "mass_ug": 1000} | more
    return consumption.consume(lab, "ana", sample, authority=seq, **more)


def test_consumption_needs_authority_analyst_and_reviewer(lab, sample):
    with pytest.raises(NotFoundError, match="no authority"):
        use(lab, sample, 999)
    seq = authority(lab, sample, limit_ug=1500)
    with pytest.raises(PermissionDenied, match="confirm that a sample was used up"):
        use(lab, sample, seq, reviewer=here("abe")[0])
    with pytest.raises(CustodyError, match="confirms twice"):
        use(lab, sample, seq, reviewer=here("ana")[0])
    made = use(lab, sample, seq)
    assert (made.analyst, made.reviewer, made.mass_ug) == ("ana", "rex", 1000)
    with pytest.raises(CustodyError, match="1000 µg are used"):
        use(lab, sample, seq)
    with pytest.raises(CustodyError, match=f"is for {sample}"):
        use(lab, a_sample(lab).number, seq)
    assert consumption.authorities(lab, sample)[0].used_ug == 1000


def test_who_permits_takes_no_other_part(lab, sample):
    from lims import people
    from lims.model import Role

    people.add_person(lab, "lee", "all", "All", (Role.LEAD, Role.ANALYST, Role.REVIEWER))
    seq = consumption.authorise(lab, "all", sample, document="C", reason="x").seq
    with pytest.raises(CustodyError, match="takes no other part"):
        use(lab, sample, seq, reviewer=here("all")[0])


def test_a_sample_that_is_used_up_ends_there(lab, sample):
    seq = authority(lab, sample)
    use(lab, sample, seq, everything=True)
    assert records.sample(lab.db, sample).state == "consumed"
    for attempt in (
        lambda: handed(lab, sample, "ana", "cus"),
        lambda: custody.weigh(lab, "ana", sample, gross_ug=1),
        lambda: use(lab, sample, seq),
        lambda: authority(lab, sample),
    ):
        with pytest.raises(StateError, match="was consumed"):
            attempt()
    assert audit.replay(lab) == audit.projected(lab)


def test_a_hold_blocks_consumption_of_the_whole_subtree(lab, sample):
    children = take_apart(lab, sample, 2 * G, 3 * G)[1]
    seq = authority(lab, children[0].number)
    legal_hold.set_hold(lab, "lee", sample, document="C-7", reason="trial")
    with pytest.raises(CustodyError, match="legal hold C-7 on "):
        use(lab, children[0].number, seq)
    with pytest.raises(CustodyError, match="legal hold"):
        authority(lab, children[1].number)
