"""Random days at a bench: whatever people try, the invariants of the chain of custody hold."""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lims import audit, custody, intake, records
from lims.errors import RecordError
from lims.model import SampleState
from tests.lims_builders import a_lab, a_sample

PEOPLE = ("ana", "abe", "cus", "olga", "lee", "qm", "root", "nobody")
PARTIES = (*PEOPLE, "place:safe", "place:shelf", "place:")
SEALS = ("", "S1", "S2", "S3", "S4", "S5")


class Bench(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.lab = a_lab(self.folder / "lab")
        self.samples: list[str] = []
        # What an honest clerk with a notebook would believe: holder, seal, open, frozen.
        self.notebook: dict[str, dict[str, object]] = {}

    def teardown(self) -> None:
        assert audit.replay(self.lab) == audit.projected(self.lab)
        assert audit.verify(self.lab).problems == ()
        self.lab.close()
        shutil.rmtree(self.folder)

    @precondition(lambda self: len(self.samples) < 3)
    @rule(holder=st.sampled_from(("ana", "abe", "cus", "olga")), seal=st.sampled_from(SEALS))
    def receive(self, holder: str, seal: str) -> None:
        sample = a_sample(self.lab, held_by=holder, seal=seal).number
        self.samples.append(sample)
        self.notebook[sample] = {"holder": holder, "seal": seal, "open": False, "frozen": False}

    def attempt(self, sample, act, allowed, after):
        """Do it; it must succeed exactly when the notebook says it may."""
        before = self.picture(sample)
        try:
            act()
        except RecordError:
            assert not allowed, "refused what the chain of custody allows"
            return False
        assert allowed, f"allowed what the chain of custody forbids: {before}"
        self.notebook[sample].update(after)
        return True

    def picture(self, sample):
        row = records.sample_row(self.lab.db, sample)
        return {
            "holder": row["holder"],
            "seal": row["seal"],
            "open": row["state"] == SampleState.OPENED,
            "frozen": bool(row["frozen"]),
        }

    @precondition(lambda self: self.samples)
    @rule(
        data=st.data(),
        giver=st.sampled_from(PARTIES),
        taker=st.sampled_from(PARTIES),
        actor=st.sampled_from(PEOPLE),
        seal=st.sampled_from(SEALS),
        honest=st.booleans(),
    )
    def transfer(self, data, giver, taker, actor, seal, honest) -> None:
        sample = data.draw(st.sampled_from(self.samples))
        known = self.notebook[sample]
        if honest:
            giver, seal = str(known["holder"]), str(known["seal"])
            actor = taker if custody.is_place(giver) and taker in PEOPLE else giver
        hands = ("ana", "abe", "cus", "olga", "lee")
        places = ("place:safe", "place:shelf")
        fits = (
            not known["frozen"]
            and not known["open"]
            and giver == known["holder"]
            and giver != taker
            and giver in hands + places
            and taker in hands + places
            and not (giver in places and taker in places)
            and actor in hands
            and (actor in (giver, taker) or actor in ("cus", "lee"))
        )
        self._note_other_seal(fits, known, seal)
        self.attempt(
            sample,
            lambda: custody.transfer(
                self.lab, sample, giver=giver, taker=taker, actor=actor, seal=seal
            ),
            fits and seal == known["seal"],
            {"holder": taker},
        )

    def _note_other_seal(self, fits, known, seal) -> None:
        if fits and seal and seal != known["seal"]:
            known["frozen"] = True

    @precondition(lambda self: self.samples)
    @rule(
        data=st.data(),
        actor=st.sampled_from(PEOPLE),
        seal=st.sampled_from(SEALS),
        honest=st.booleans(),
    )
    def open_it(self, data, actor, seal, honest) -> None:
        sample = data.draw(st.sampled_from(self.samples))
        known = self.notebook[sample]
        if honest:
            actor, seal = str(known["holder"]), str(known["seal"])
        fits = (
            actor in ("ana", "abe")
            and actor == known["holder"]
            and not known["open"]
            and not known["frozen"]
        )
        self._note_other_seal(fits, known, seal)
        self.attempt(
            sample,
            lambda: custody.open_sample(self.lab, actor, sample, seal=seal),
            fits and seal == known["seal"],
            {"open": True, "seal": ""},
        )

    @precondition(lambda self: self.samples)
    @rule(
        data=st.data(),
        actor=st.sampled_from(PEOPLE),
        serial=st.integers(0, 30),
        honest=st.booleans(),
    )
    def reseal(self, data, actor, serial, honest) -> None:
        sample = data.draw(st.sampled_from(self.samples))
        known = self.notebook[sample]
        if honest:
            actor = str(known["holder"])
        seal = f"N{serial}"
        used = self.lab.db.execute("SELECT 1 FROM custody WHERE seal_after=?", [seal]).fetchone()
        fits = (
            actor in ("ana", "abe")
            and actor == known["holder"]
            and not known["seal"]
            and not known["frozen"]
            and used is None
        )
        self.attempt(
            sample,
            lambda: custody.reseal(self.lab, actor, sample, seal=seal),
            fits,
            {"open": False, "seal": seal},
        )

    @precondition(lambda self: self.samples)
    @rule(data=st.data(), actor=st.sampled_from(PEOPLE), mass=st.integers(-1, 10**9))
    def weigh(self, data, actor, mass) -> None:
        sample = data.draw(st.sampled_from(self.samples))
        known = self.notebook[sample]
        fits = (
            mass >= 0
            and actor in ("ana", "abe", "cus")
            and actor == known["holder"]
            and not known["frozen"]
        )
        self.attempt(
            sample, lambda: custody.weigh(self.lab, actor, sample, gross_ug=mass), fits, {}
        )

    @precondition(lambda self: any(known["frozen"] for known in self.notebook.values()))
    @rule(data=st.data())
    def resolve(self, data) -> None:
        frozen = [sample for sample, known in self.notebook.items() if known["frozen"]]
        sample = data.draw(st.sampled_from(frozen))
        custody.resolve_discrepancy(self.lab, "qm", sample, reason="read again")
        self.notebook[sample]["frozen"] = False

    @precondition(lambda self: self.samples)
    @rule(data=st.data())
    def remark(self, data) -> None:
        intake.add_note(self.lab, "olga", data.draw(st.sampled_from(self.samples)), "seen")

    @invariant()
    def record_is_what_the_notebook_says(self) -> None:
        for sample, known in self.notebook.items():
            assert self.picture(sample) == known

    @invariant()
    def chain_has_no_gap_and_no_impossible_step(self) -> None:
        for sample in self.samples:
            steps = records.transfers(self.lab.db, sample)
            assert steps[0].kind == "received"
            assert steps[-1].taker == self.notebook[sample]["holder"]
            for before, after in pairwise(steps):
                assert after.giver == before.taker
                assert after.seal_before == before.seal_after
                assert after.at >= before.at
                assert not (custody.is_place(after.giver) and custody.is_place(after.taker))
                if after.kind == "transferred":
                    assert after.giver != after.taker


Bench.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestBench = Bench.TestCase
