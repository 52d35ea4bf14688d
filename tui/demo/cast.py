"""Who and what the night is about: people, parcels, and the weeks before. Invented, all of it."""

from __future__ import annotations

from dataclasses import dataclass

from lims.model import Role, SampleDraft, ShipmentDraft

SITE, NAME, LOCODE, TIMEZONE = (
    "NOG",
    "Nogales forward lab (demonstration)",
    "USNOG",
    "America/Phoenix",
)

LEAD, ANALYST, REVIEWER, OFFICER, LIAISON = "moreau", "rivera", "okafor", "haddad", "lindqvist"
BENCH_SAFE = "place:drug safe"

PEOPLE = (
    (ANALYST, "L. Rivera", (Role.ANALYST, Role.CUSTODIAN)),
    (REVIEWER, "A. Okafor", (Role.REVIEWER, Role.ANALYST)),
    (OFFICER, "S. Haddad", (Role.OFFICER,)),
    (LIAISON, "K. Lindqvist", (Role.LIAISON,)),
)
FOUNDER = (LEAD, "C. Moreau", frozenset({Role.LEAD, Role.QUALITY}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel of the night: what its papers say and what an instrument will see."""

    title: str
    shipment: ShipmentDraft
    sample: SampleDraft
    export: str
    """File name of the instrument's export in the demonstration's ``exports`` folder."""
    end: str
    """``seize`` or ``release``."""
    reason: str


NIGHT = (
    Parcel(
        title="a jar of white powder declared as organic pigment set",
        shipment=ShipmentDraft(
            declared_goods="organic pigment set",
            declared_value="120 USD",
            declared_weight="0.8 kg",
            freight="38 USD",
            stream="express",
            carrier="courier",
            consignor="Bright Colours Trading",
            consignee="J. Example",
            consignee_address="12 Sample Street, Phoenix",
            origin="CN",
            destination_country="US",
            destination="Phoenix, Arizona",
            concealment="jar among paint sets",
        ),
        sample=SampleDraft(
            description="jar, white powder",
            form="powder",
            gross_ug=412_600_000,
            seal="A1001",
            officer=OFFICER,
            field_tool="handheld Raman",
            field_result="no match",
        ),
        export="parcel-1-gcms.cdf",
        end="seize",
        reason="presumptive fentanyl class, declared as pigment",
    ),
    Parcel(
        title="1.5 kg of silicon dioxide for 10 USD",
        shipment=ShipmentDraft(
            declared_goods="silicon dioxide",
            declared_value="10 USD",
            declared_weight="1.5 kg",
            freight="46 USD",
            stream="express",
            carrier="courier",
            consignor="Fine Minerals Export",
            consignee="M. Example",
            consignee_address="4 Harbour Road, Camden",
            origin="CN",
            destination_country="US",
            destination="New Jersey / Philadelphia",
        ),
        sample=SampleDraft(
            description="bag, white powder",
            form="powder",
            gross_ug=1_512_000_000,
            seal="A1002",
            officer=OFFICER,
        ),
        export="parcel-2-ftir.jdx",
        end="seize",
        reason="declared silicon dioxide, found xylazine",
    ),
    Parcel(
        title="capsules declared as vitamins; in them something that no library holds",
        shipment=ShipmentDraft(
            declared_goods="vitamin capsules",
            declared_value="60 USD",
            declared_weight="0.3 kg",
            freight="21 USD",
            stream="mail",
            carrier="post",
            consignor="Wellness Direct",
            consignee="R. Example",
            consignee_address="77 Hill Lane, Tucson",
            origin="IN",
            destination_country="US",
            destination="Tucson, Arizona",
        ),
        sample=SampleDraft(
            description="capsules, beige powder",
            form="capsules",
            gross_ug=298_000_000,
            seal="A1003",
            officer=OFFICER,
            field_tool="handheld Raman",
            field_result="no match",
        ),
        export="parcel-3-gcms.mzML",
        end="seize",
        reason="candidate analogue of the fentanyl class, handled as the class",
    ),
    Parcel(
        title="white filler that is what its papers say",
        shipment=ShipmentDraft(
            declared_goods="calcium carbonate filler",
            declared_value="95 USD",
            declared_weight="2 kg",
            freight="40 USD",
            stream="express",
            carrier="courier",
            consignor="Rhein Minerals",
            consignee="Atelier Example",
            consignee_address="9 Mill Road, Flagstaff",
            origin="DE",
            destination_country="US",
            destination="Flagstaff, Arizona",
        ),
        sample=SampleDraft(
            description="tin, white powder",
            form="powder",
            gross_ug=2_020_000_000,
            seal="A1004",
            officer=OFFICER,
        ),
        export="parcel-4-raman.csv",
        end="release",
        reason="found as declared",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Something seen in the weeks before, and how often: early weeks, late weeks."""

    substance: str
    technique: str
    declared: str
    origin: str
    destination: str
    early: int
    late: int
    end: str = "seize"


# Eight weeks of history: methamphetamine falls, fentanyl rises, honest goods pass all the time.
HISTORY = (
    Usual(
        substance="methamphetamine",
        technique="ftir",
        declared="bath salts",
        origin="MX",
        destination="Phoenix, Arizona",
        early=4,
        late=2,
    ),
    Usual(
        substance="fentanyl",
        technique="ftir",
        declared="makeup powder",
        origin="MX",
        destination="Phoenix, Arizona",
        early=1,
        late=3,
    ),
    Usual(
        substance="cocaine",
        technique="ftir",
        declared="plaster figures",
        origin="CO",
        destination="Los Angeles, California",
        early=2,
        late=2,
    ),
    Usual(
        substance="lidocaine",
        technique="raman",
        declared="cosmetic base",
        origin="CN",
        destination="Tucson, Arizona",
        early=1,
        late=1,
    ),
    Usual(
        substance="calcium carbonate",
        technique="ftir",
        declared="calcium carbonate filler",
        origin="DE",
        destination="Flagstaff, Arizona",
        early=2,
        late=2,
        end="release",
    ),
)
WEEKS = 8
