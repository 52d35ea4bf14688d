from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from libraries import analogues, legal, legal_rules, structure, substances
from libraries.errors import LibraryError
from libraries.legal import Outcome

TABLE = substances.table()
RULES = legal_rules.packaged()
FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
BUTYRYL = "CCCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
MEPHEDRONE = "CNC(C)C(=O)c1ccc(C)cc1"


def read(smiles: str, rule: str, day: str = "") -> legal.RuleResult:
    (found,) = [each for each in legal.classify(smiles, day=day).rules if each.id == rule]
    return found


def of(name: str, rule: str, day: str = "") -> legal.RuleResult:
    row = TABLE.find(name)
    assert row is not None, name
    return read(row.smiles, rule, day)


@pytest.fixture(scope="module")
def all_read() -> dict[str, dict[str, legal.RuleResult]]:
    return {row.name: {each.id: each for each in legal.classify(row.smiles).rules} for row in TABLE}


Read = dict[str, dict[str, legal.RuleResult]]

# What every rule says of the 527 substances, by class: how many apply or may apply, are left open,
# are excepted by name. All others are refused. The measured table of docs/law.md.
MEASURED: dict[str, dict[str, tuple[int, int, int]]] = {
    "us-fentanyl-related": {"fentanyl": (115, 0, 4)},
    "uk-fentanyls": {"fentanyl": (116, 0, 0)},
    "uk-nitazenes": {"nitazene": (36, 1, 0)},
    "uk-nitazenes-named": {"nitazene": (14, 0, 0)},
    "uk-cathinones": {"synthetic cathinone": (45, 3, 3)},
    "uk-cathinones-other-rings": {"synthetic cathinone": (2, 0, 0)},
    "uk-phenethylamines": {"phenethylamine/amphetamine": (15, 0, 0)},
    "uk-n-benzyl-phenethylamines": {"phenethylamine/amphetamine": (3, 0, 0)},
    "uk-benzofurans": {"phenethylamine/amphetamine": (2, 0, 0)},
    "uk-arylcyclohexylamines": {"arylcyclohexylamine": (12, 0, 4)},
    "uk-tryptamines": {"tryptamine": (11, 2, 0)},
    "uk-cannabinoids": {"synthetic cannabinoid": (40, 0, 0)},
    "de-npsg-1": {
        "phenethylamine/amphetamine": (28, 0, 0),
        "synthetic cathinone": (55, 0, 0),
        "pharmaceutical adulterant": (3, 0, 0),
        "arylcyclohexylamine": (2, 0, 0),
        "other opioid": (2, 0, 0),
        "opiate/opioid": (1, 0, 0),
        "chemical precursor": (1, 0, 0),
        "fentanyl precursor/impurity": (1, 0, 0),
    },
    "de-npsg-2": {"synthetic cannabinoid": (40, 0, 0)},
    "de-npsg-3": {"benzodiazepine": (13, 0, 0), "designer benzodiazepine": (23, 0, 0)},
    "de-npsg-4": {"other opioid": (4, 0, 0)},
    "de-npsg-5": {"tryptamine": (13, 0, 0), "lysergamide": (4, 0, 0)},
    "de-npsg-6": {"arylcyclohexylamine": (16, 0, 0)},
    "de-npsg-7": {"nitazene": (37, 0, 0), "other opioid": (3, 0, 0)},
}


@pytest.mark.parametrize("rule", sorted(MEASURED))
def test_what_each_rule_says_of_the_table_is_the_measured_table(rule: str, all_read: Read) -> None:
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in TABLE:
        outcome = all_read[row.name][rule].outcome
        if outcome in (Outcome.APPLIES, Outcome.MAY_APPLY):
            found[row.class_name][0] += 1
        elif outcome in (Outcome.OPEN, Outcome.EXCEPTED):
            found[row.class_name][1 if outcome is Outcome.OPEN else 2] += 1
    assert {name: tuple(counts) for name, counts in found.items()} == MEASURED[rule]


def test_every_rule_is_measured() -> None:
    assert {rule.id for rule in RULES} - set(MEASURED) == {"us-schedules-named"}


def test_119_of_129_fentanyls_meet_the_united_states_structure(all_read: Read) -> None:
    rows = TABLE.members("fentanyl")
    met = [r.name for r in rows if all_read[r.name]["us-fentanyl-related"].meets_structure]
    assert (len(rows), len(met)) == (129, 119)
    listed = {name for name in met if not all_read[name]["us-fentanyl-related"].applies}
    assert listed == {"alfentanil", "sufentanil", "carfentanil", "thiafentanil"}


def test_the_ten_refused_are_refused_for_their_reason(all_read: Read) -> None:
    no_core = "no 4-(N-acyl-N-aryl)amino-1-(2-ring-ethyl)piperidine core"
    on_ring = "substituent on piperidine not in list C"
    expected = {
        "benzylfentanyl": no_core,
        "benzylacetylfentanyl": no_core,
        "benzylacrylfentanyl": no_core,
        "benzylfuranylfentanyl": no_core,
        "para-fluorobutyryl benzylfentanyl": no_core,
        "phenylpropylfentanyl": no_core,
        "remifentanil": no_core,
        "4-phenylfentanyl": on_ring,
        "trefentanil": on_ring,
        "fentanyl": "no modification: this is fentanyl's own skeleton",
    }
    refused = {
        row.name: all_read[row.name]["us-fentanyl-related"].reasons[0]
        for row in TABLE.members("fentanyl")
        if not all_read[row.name]["us-fentanyl-related"].meets_structure
    }
    assert refused == expected


def test_nothing_outside_the_fentanyls_is_accepted(all_read: Read) -> None:
    others = [row for row in TABLE if row.class_name != "fentanyl"]
    assert len(others) == 398
    met = [r.name for r in others if all_read[r.name]["us-fentanyl-related"].meets_structure]
    assert met == []


def test_letters_agree_with_the_independent_reading_of_the_table(all_read: Read) -> None:
    letters = {
        row.name: "".join(all_read[row.name]["us-fentanyl-related"].letters)
        for row in TABLE.members("fentanyl")
    }
    for row in TABLE.members("fentanyl"):
        if "FRS " in row.us_schedule:
            assert letters[row.name] == row.us_schedule.split("FRS ")[1].rstrip(")"), row.name
    counts = Counter(letters.values())
    assert [counts[k] for k in ("DE", "E", "D", "B", "C")] == [38, 32, 13, 8, 6]


@pytest.mark.parametrize(
    ("smiles", "letters"),
    [
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2cccs2)CC1", "A"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCC2CCCCC2)CC1", "A"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc(F)cc2)CC1", "B"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc([N+](=O)[O-])cc2)CC1", "B"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CC(O)c2ccccc2)CC1", "B"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc(C#N)cc2)CC1", "A"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1C", "C"),
        ("CCC(=O)N(c1ccccc1)C1(C(=O)OCC)CCN(CCc2ccccc2)CC1", "C"),
        ("CCC(=O)N(c1ccncc1)C1CCN(CCc2ccccc2)CC1", "D"),
        ("CCC(=O)N(c1ccc(C#N)cc1)C1CCN(CCc2ccccc2)CC1", "D"),
        ("CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "E"),
        ("OCCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "E"),
        ("COCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1", "DE"),
        ("CC(C)C(=O)N(c1ccccc1)C1(COC)CCN(CCc2cccs2)CC1", "ACE"),
    ],
)
def test_each_site_gives_its_letter_and_its_reason(smiles: str, letters: str) -> None:
    rule = read(smiles, "us-fentanyl-related")
    assert rule.outcome is Outcome.APPLIES
    assert "".join(rule.letters) == letters
    assert [reason[0] for reason in rule.reasons] == list(letters)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("CCC(=O)N(c1ccccc1)C1CCN(Cc2ccccc2)CC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCCc2ccccc2)CC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1CCNCC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2cccc3ccccc23)CC1", "monocycle"),
        ("CCC(=O)N(c1cccc2ccccc12)C1CCN(CCc2ccccc2)CC1", "monocycle"),
        ("CCC(=O)N(C1CCCCC1)C1CCN(CCc2ccccc2)CC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1(C#N)CCN(CCc2ccccc2)CC1", "list C"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CC(C#N)c2ccccc2)CC1", "list B"),
        (FENTANYL, "own skeleton"),
    ],
)
def test_a_change_the_text_does_not_list_is_refused(smiles: str, reason: str) -> None:
    rule = read(smiles, "us-fentanyl-related")
    assert (rule.applies, rule.letters) == (False, ())
    assert reason in " ".join(rule.reasons)


@pytest.mark.parametrize(
    ("day", "outcome", "valid_from"),
    [
        ("2018-01-01", Outcome.NOT_YET, "2018-02-06"),
        ("2018-02-05", Outcome.NOT_YET, "2018-02-06"),
        ("2018-02-06", Outcome.APPLIES, "2018-02-06"),
        ("2025-07-15", Outcome.APPLIES, "2018-02-06"),
        ("2025-07-16", Outcome.APPLIES, "2025-07-16"),
        ("", Outcome.APPLIES, "2025-07-16"),
    ],
)
def test_the_fentanyl_definition_by_the_day(day: str, outcome: Outcome, valid_from: str) -> None:
    rule = read(BUTYRYL, "us-fentanyl-related", day)
    assert (rule.outcome, rule.valid_from) == (outcome, valid_from)
    assert rule.applies is (outcome is Outcome.APPLIES)
    # The structure is read all the same, so that a later law can be told.
    assert (rule.meets_structure, rule.letters) == (True, ("E",))


def test_the_two_versions_of_the_fentanyl_definition_leave_no_gap() -> None:
    older, newer = RULES.get("us-fentanyl-related").versions
    assert older.valid_to == newer.valid_from


def test_a_nitazene_is_named_before_the_class_is_controlled() -> None:
    days = ("2024-03-19", "2024-03-20", "2025-01-14", "2025-01-15")
    named = [of("isotonitazene", "uk-nitazenes-named", day).outcome for day in days]
    generic = [of("isotonitazene", "uk-nitazenes", day).outcome for day in days]
    assert named == [Outcome.NOT_YET, *[Outcome.APPLIES] * 3]
    assert generic == [*[Outcome.NOT_YET] * 3, Outcome.APPLIES]


def test_an_ended_version_is_shown_as_ended() -> None:
    rule = RULES.get("uk-tryptamines")
    first = rule.versions[0]
    ended = legal_rules.RuleSet((_with_versions(rule, (first,)),))
    (found,) = legal.classify("CN(C)CCc1c[nH]c2ccccc12", day="2020-01-01", rules=ended).rules
    assert (found.outcome, found.applies) == (Outcome.ENDED, False)
    assert "no longer in force on 2020-01-01" in found.reasons[0]


def _with_versions(
    rule: legal_rules.Rule, versions: tuple[legal_rules.Version, ...]
) -> legal_rules.Rule:
    return legal_rules.Rule(
        id=rule.id,
        jurisdiction=rule.jurisdiction,
        rule=rule.rule,
        classes=rule.classes,
        pointer=rule.pointer,
        versions=versions,
        digest=rule.digest,
        document=rule.document,
    )


def test_the_wider_tryptamine_definition_takes_in_what_the_first_left_out() -> None:
    # The reason for the change of 2015: AMT and 5-MeO-DALT were outside the first text.
    for name in ("AMT", "5-MeO-DALT"):
        assert not of(name, "uk-tryptamines", "2014-12-31").applies, name
        assert of(name, "uk-tryptamines", "2015-01-07").applies, name
    assert of("DMT", "uk-tryptamines", "2014-12-31").applies


@pytest.mark.parametrize(
    ("name", "rule", "outcome", "letters", "word"),
    [
        ("mephedrone", "uk-cathinones", Outcome.APPLIES, "i iii", "alkyl"),
        ("MDPV", "uk-cathinones", Outcome.APPLIES, "i ii iii", "alkylenedioxy"),
        ("bupropion", "uk-cathinones", Outcome.EXCEPTED, "i iii", "excepted by name"),
        ("mexedrone", "uk-cathinones", Outcome.NO, "", "position 3"),
        ("benzylone", "uk-cathinones", Outcome.OPEN, "i", "not settled"),
        ("naphyrone", "uk-cathinones", Outcome.NO, "", "fused ring"),
        ("naphyrone", "uk-cathinones-other-rings", Outcome.APPLIES, "ii iii ring", "ring system"),
        ("mephedrone", "uk-cathinones-other-rings", Outcome.NO, "", "other than phenyl"),
        ("etonitazene", "uk-nitazenes", Outcome.APPLIES, "i ii iii", "nitro"),
        ("ethyleneoxynitazene", "uk-nitazenes", Outcome.APPLIES, "i ii iii", "fused"),
        ("5-aminoisotonitazene", "uk-nitazenes", Outcome.OPEN, "i ii", "amino"),
        ("brorphine", "uk-nitazenes", Outcome.NO, "", "core"),
        ("fentanyl", "uk-fentanyls", Outcome.NO, "", "own skeleton"),
        ("carfentanil", "uk-fentanyls", Outcome.APPLIES, "v", "alkoxycarbonyl"),
        ("alpha-methylthiofentanyl", "uk-fentanyls", Outcome.APPLIES, "i ii", "heteromonocycle"),
        ("para-hydroxyfentanyl", "uk-fentanyls", Outcome.NO, "", "aniline ring"),
        ("MDMA", "uk-phenethylamines", Outcome.APPLIES, "ring", "alkylenedioxy"),
        ("amphetamine", "uk-phenethylamines", Outcome.NO, "", "no listed group"),
        ("ephedrine", "uk-phenethylamines", Outcome.NO, "", "unchanged"),
        ("N,N-dimethylamphetamine", "uk-phenethylamines", Outcome.NO, "", "2 groups"),
        ("25I-NBOMe", "uk-phenethylamines", Outcome.NO, "", "nitrogen"),
        ("25I-NBOMe", "uk-n-benzyl-phenethylamines", Outcome.APPLIES, "benzyl ring", "benzyl"),
        ("MDMA", "uk-n-benzyl-phenethylamines", Outcome.NO, "", "core"),
        ("5-MAPB", "uk-benzofurans", Outcome.APPLIES, "chain", "side chain"),
        ("AMT", "uk-benzofurans", Outcome.NO, "", "six-membered"),
        ("methoxetamine", "uk-arylcyclohexylamines", Outcome.APPLIES, "i ii", "alkoxy"),
        ("ketamine", "uk-arylcyclohexylamines", Outcome.EXCEPTED, "i ii", "named elsewhere"),
        ("tiletamine", "uk-arylcyclohexylamines", Outcome.EXCEPTED, "i iv", "thienyl"),
        ("diphenidine", "uk-arylcyclohexylamines", Outcome.NO, "", "core"),
        ("melatonin", "uk-tryptamines", Outcome.NO, "", "core"),
        ("psilocybin", "uk-tryptamines", Outcome.OPEN, "i", "phosphate"),
        ("LSD", "de-npsg-5", Outcome.MAY_APPLY, "", "ergolene"),
        ("U-47700", "de-npsg-4", Outcome.MAY_APPLY, "", "closed lists"),
        ("ketamine", "de-npsg-6", Outcome.MAY_APPLY, "", "1-aryl"),
    ],
)
def test_rules_are_read_as_their_text_says(
    name: str, rule: str, outcome: Outcome, letters: str, word: str
) -> None:
    found = of(name, rule)
    assert (found.outcome, " ".join(found.letters)) == (outcome, letters)
    assert word in " ".join(found.reasons)


def test_every_answer_has_reasons_in_words(all_read: Read) -> None:
    for rules in all_read.values():
        for found in rules.values():
            assert found.reasons
            assert all(reason.strip() for reason in found.reasons)


def test_an_excepted_substance_of_no_table_is_excepted_by_its_skeleton() -> None:
    found = read("CCN(CC)C(C)C(=O)c1ccccc1", "uk-cathinones")
    assert (found.outcome, found.meets_structure) == (Outcome.EXCEPTED, True)
    assert "diethylpropion" in found.reasons[-1]
    assert read("NCCc1c[nH]c2ccccc12", "de-npsg-5").outcome is Outcome.EXCEPTED
    assert read("NCCc1ccccc1", "de-npsg-1").outcome is Outcome.EXCEPTED
    assert read("CNC(C)Cc1ccccc1OC", "uk-phenethylamines").outcome is Outcome.EXCEPTED


def test_a_ring_that_the_definition_does_not_name_is_refused() -> None:
    morpholine = "C1CCC(CC1)(c1ccccc1)N1CCOCC1"
    found = read(morpholine, "uk-arylcyclohexylamines")
    assert found.outcome is Outcome.NO
    assert "a ring at the nitrogen" in found.reasons[0]
    assert read(morpholine.replace("O", "C"), "uk-arylcyclohexylamines").meets_structure


def test_every_place_of_the_ring_is_looked_at() -> None:
    for name, smiles in {
        "4-APB": "CC(N)Cc1cccc2occc12",
        "5-APB": "CC(N)Cc1ccc2occc2c1",
        "6-APB": "CC(N)Cc1ccc2ccoc2c1",
        "7-APB": "CC(N)Cc1cccc2ccoc12",
        "5-IT": "CC(N)Cc1ccc2[nH]ccc2c1",
        "6-IT": "CC(N)Cc1ccc2cc[nH]c2c1",
        "5-APDI": "CC(N)Cc1ccc2CCCc2c1",
        "5-APDB": "CC(N)Cc1ccc2OCCc2c1",
    }.items():
        assert read(smiles, "uk-benzofurans").applies, name
    assert not read("CC(N)Cc1ccc2sccc2c1", "uk-benzofurans").applies


def test_a_mass_limit_is_kept() -> None:
    heavy = "CCN(CC)CCn1c(Cc2c(Br)c(Br)c(OC(C)C)c(Br)c2Br)nc2cc([N+](=O)[O-])ccc21"
    found = read(heavy, "uk-nitazenes")
    assert not found.applies
    assert "above 500" in found.reasons[0]


@pytest.mark.parametrize(
    "same",
    [
        f"{BUTYRYL}.Cl",
        f"{BUTYRYL}.OC(=O)CC(O)(C(=O)O)CC(=O)O",
        f"Cl.{BUTYRYL}.O",
        BUTYRYL.replace("CCN(CC", "CC[NH+](CC") + ".[Cl-]",
        "[2H]C([2H])([2H])CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1",
        "[13CH3]CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1",
    ],
)
def test_salts_ions_and_labels_are_the_same_substance(same: str) -> None:
    plain, found = legal.classify(BUTYRYL), legal.classify(same)
    assert [(r.id, r.outcome, r.letters) for r in found.rules] == [
        (r.id, r.outcome, r.letters) for r in plain.rules
    ]
    assert (found.inchikey, found.classes) == (plain.inchikey, plain.classes)


def test_stereochemistry_does_not_matter() -> None:
    for smiles in ("CN[C@@H](C)C(=O)c1ccc(C)cc1", "CN[C@H](C)C(=O)c1ccc(C)cc1", MEPHEDRONE):
        assert read(smiles, "uk-cathinones").letters == ("i", "iii")


def test_an_enol_is_read_as_its_ketone() -> None:
    found = read("CNC(C)=C(O)c1ccc(C)cc1", "uk-cathinones")
    assert (found.outcome, found.letters) == (Outcome.APPLIES, ("i", "iii"))
    assert "tautomer" in found.reasons[0]


def test_every_part_of_a_mixture_is_read() -> None:
    diazepam = "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21"
    found = legal.classify(f"{diazepam}.{BUTYRYL}.Cl")
    assert set(found.classes) == {"fentanyl", "benzodiazepine"}
    assert len(found.parts) == 2
    by_id = {rule.id: rule for rule in found.rules}
    assert by_id["us-fentanyl-related"].letters == ("E",)
    assert by_id["de-npsg-3"].applies
    assert "of 2 parts" in by_id["us-fentanyl-related"].reasons[0]
    named = " ".join(by_id["us-schedules-named"].reasons)
    assert "butyrylfentanyl" in named
    assert "diazepam" in named


def test_a_controlled_part_is_not_hidden_by_a_larger_harmless_one() -> None:
    sugar = "OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O"
    assert read(f"{sugar}.{MEPHEDRONE}", "uk-cathinones").applies


def test_writing_order_does_not_matter() -> None:
    from rdkit import Chem

    for name, rule in (("ocfentanil", "us-fentanyl-related"), ("MDPV", "uk-cathinones")):
        row = TABLE.find(name)
        assert row is not None
        molecule = Chem.MolFromSmiles(row.smiles)
        expected = read(row.smiles, rule).letters
        for root in range(0, molecule.GetNumAtoms(), 5):
            again = Chem.MolToSmiles(molecule, rootedAtAtom=root)
            assert read(again, rule).letters == expected


def test_a_candidate_gets_a_pointer_without_a_structure() -> None:
    assert "fentanyl-related substances" in legal.pointer("fentanyl")
    assert "Not legal advice" in legal.pointer("nitazene")
    assert legal.pointer("diluent") == ""
    assert analogues.legal_pointer("nitazene") == legal.pointer("nitazene")


def test_every_classification_says_it_is_no_advice_and_by_which_rules() -> None:
    found = legal.classify("C", day="2026-01-01")
    assert "Not legal advice" in found.advice
    assert (found.on, found.rule_set) == ("2026-01-01", RULES.digest)


@pytest.mark.parametrize("day", ["2018", "2018-13-01", "yesterday", "2018-02-30", "٢٠١٨-٠١-٠١"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(LibraryError, match="not a day"):
        legal.classify("C", day=day)


@pytest.mark.parametrize(
    "bad",
    [
        "((((",
        "C" * 10_000_000,
        "C(" * 200 + "C" + ")" * 200,
        "C1CC1" * 10_000,
        "*CC",
        "CC>>CO",
        "CC |$a$|",
        "C\0C",
        ".".join("C" * n for n in range(1, 22)),
        "[" * 400,
    ],
    ids=["open", "10MB", "nested", "rings", "dummy", "reaction", "extension", "nul", "parts", "["],
)
def test_a_hostile_structure_is_refused_fast_with_a_hint(bad: str) -> None:
    with pytest.raises(LibraryError) as caught:
        legal.classify(bad)
    assert caught.value.hint
    assert len(caught.value.message) < 300


def test_a_cage_of_rings_is_refused_before_its_rings_are_looked_for() -> None:
    cage = (
        "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1"
        "c1c6c6c%11c2c2c7c3c3c8c4c4c9c5c1c1c6c2c3c41"
    )
    with pytest.raises(LibraryError, match="31 rings"):
        legal.classify(cage)


def test_every_packaged_rule_can_be_asked() -> None:
    for rule in RULES:
        legal.check(rule)


def test_class_screens_compile() -> None:
    for screen in structure.screens():
        for smarts in (*screen.patterns, *screen.unless):
            assert structure.pattern(smarts) is not None


@pytest.mark.parametrize("smarts", ["C(", "", "[$(" * 41 + "C" + ")]" * 41, "C" * 1_501])
def test_a_pattern_that_cannot_be_read_is_an_error_of_ours(
    smarts: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LibraryError):
        structure.pattern(smarts)
    assert capfd.readouterr().err == ""
