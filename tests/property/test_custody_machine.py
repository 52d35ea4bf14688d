"""Random days at a bench: whatever people try, the invariants of the chain of custody hold.

``FOL_STEPS=10000`` runs as many steps; the check on every change runs fewer.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lims import (
    audit,
    clock,
    confirmations,
    consumption,
    containers,
    corrections,
    custody,
    disposal,
    division,
    handover,
    irregular,
    legal_hold,
    records,
    weighing,
)
from lims.errors import RecordError
from tests.lims_builders import a_lab, a_sample
from tests.property.custody_notebook import (
    ANALYSTS,
    CLERKS,
    HANDS,
    PEOPLE,
    PLACES,
    Box,
    Item,
    Notebook,
)

STEPS = int(os.environ.get("FOL_STEPS", "600"))
STEPS_IN_A_DAY = 100
MOST_ITEMS, MOST_BOXES = 7, 2

people = st.sampled_from((*PEOPLE, "nobody"))
parties = st.sampled_from((*PEOPLE, "nobody", "place:safe", "place:shelf", "place:"))
seals = st.sampled_from(("", "S1", "S2", "S3", "S4"))
fresh = st.sampled_from((*(f"N{n}" for n in range(60)), "S1", "S2", "S3"))
others = st.lists(st.sampled_from((*PEOPLE, "nobody")), max_size=2).map(tuple)
minutes = st.sampled_from((0, 1, 5, 31))
slips = st.sampled_from(("", "", "", "item", "actor", "seal", "taker", "signs", "behalf", "giver"))
"""What one person gets wrong in an act that is right otherwise; mostly nothing that matters."""


class Bench(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 11, 24, 8, tzinfo=UTC)
        self.clock = clock.running_from(lambda: self.now)
        self.clock.__enter__()
        self.folder = Path(tempfile.mkdtemp())
        self.lab = a_lab(self.folder / "lab")
        self.book = Notebook()
        weighing.record_balance(
            self.lab,
            "ana",
            "B1",
            serial="",
            repeatability_ug=10,
            calibration_ug=10,
            certificate="C",
        )

    def teardown(self) -> None:
        try:
            assert audit.replay(self.lab) == audit.projected(self.lab)
            assert audit.verify(self.lab).problems == ()
        finally:
            self.lab.close()
            shutil.rmtree(self.folder)
            self.clock.__exit__(None, None, None)

    @initialize()
    def first_parcel(self) -> None:
        """A day begins with three parcels, one in a box and one divided, its part permitted."""
        for holder, seal in (("ana", "S1"), ("ana", ""), ("cus", ""), ("lee", "S2")):
            self._receive(holder, seal)
        first, second, *_ = self.book.items.values()
        box = containers.make(self.lab, "ana", "box").number
        containers.put(self.lab, "ana", box, first.number)
        self.book.boxes[box], first.box = Box(number=box, holder="ana"), box
        (part,) = self._take_apart("ana", second.number, 0)
        self.book.items[part] = Item(
            number=part, holder="ana", seal="", at=self.now, parent=second.number
        )
        given = consumption.authorise(
            self.lab, "qm", part, document="D", limit_ug=1000, reason="needed"
        )
        self.book.items[part].authorities[given.seq] = 1000

    def _take_apart(self, actor: str, number: str, off: int) -> list[str]:
        _, children = division.divide(
            self.lab,
            actor,
            number,
            [division.Part(description="part", net_ug=4 * 10**6)],
            balance="B1",
            gross_ug=12 * 10**6,
            packaging_ug=2 * 10**6,
            residue_ug=6 * 10**6 + off,
        )
        return [child.number for child in children]

    # What is drawn and compared.

    def item(self, data: st.DataObject, honest: bool = False, fits=bool) -> Item:
        """Draw a sample; an honest person takes one that the act fits, where there is one."""
        wanted = [n for n, item in sorted(self.book.items.items()) if honest and fits(item)]
        return self.book.items[data.draw(st.sampled_from(wanted or sorted(self.book.items)))]

    def at_the_bench(self, item: Item) -> bool:
        return item.holder in ANALYSTS and self.book.free(item, self.now) and not item.ordered

    def box(self, data: st.DataObject) -> Box:
        return self.book.boxes[data.draw(st.sampled_from(sorted(self.book.boxes)))]

    def attempt(self, verdict: str, act) -> bool:
        """Do it: it must succeed exactly when the notebook says so."""
        size = audit.events(self.lab, 0, 10_000)[-1].seq
        try:
            act()
        except RecordError as error:
            if verdict == "yes":
                raise AssertionError(f"refused what custody allows: {error.message}") from error
            written = audit.events(self.lab, size, 10)
            told = [e.kind for e in written if e.kind != "handover.lapsed"]
            wanted = (["discrepancy.raised"], ["container.disagrees"])
            assert told in wanted if verdict == "odd" else told == []
            return False
        assert verdict == "yes", f"allowed what custody forbids ({verdict})"
        return True

    def alive(self) -> int:
        return sum(not item.gone for item in self.book.items.values())

    def ready(self) -> bool:
        return any(self.at_the_bench(i) and not i.seal for i in self.book.items.values())

    def frozen(self) -> list[Item | Box]:
        return [x for x in (*self.book.items.values(), *self.book.boxes.values()) if x.frozen]

    def went(self, item: Item, taker: str) -> None:
        item.holder, item.returned, item.at = taker, taker == "olga", self.now

    def _receive(self, holder: str, seal: str) -> None:
        number = a_sample(self.lab, held_by=holder, seal=seal).number
        self.book.items[number] = Item(number=number, holder=holder, seal=seal, at=self.now)
        self.book.seals.add(seal)

    @rule(wait=minutes)
    def time_passes(self, wait: int) -> None:
        self.now += timedelta(minutes=wait)

    @precondition(lambda self: self.alive() < MOST_ITEMS)
    @rule(holder=st.sampled_from(HANDS[:4]), seal=seals)
    def receive(self, holder: str, seal: str) -> None:
        self._receive(holder, seal)

    # From hand to hand.

    def hand_over(self, data, held, seal, slip):
        """Draw giver, taker, actor, confirmations, on_behalf and the seal: right but for one."""
        giver = held if slip != "giver" else data.draw(parties)
        fit = [x for x in (*HANDS, *PLACES) if x != held and not (held in PLACES and x in PLACES)]
        taker = data.draw(st.sampled_from(fit) if slip != "taker" else parties)
        both = [each for each in (giver, taker) if each in PEOPLE]
        actor = data.draw(st.sampled_from([*both, "cus"])) if slip != "actor" else data.draw(people)
        confirm = tuple(each for each in both if each != actor)
        confirm = data.draw(others) if slip == "signs" else confirm
        on_behalf = data.draw(st.booleans()) if slip == "behalf" else False
        if on_behalf and data.draw(st.booleans()):
            confirm = ()
        read = seal if slip != "seal" else data.draw(seals)
        return giver, taker, actor, confirm, on_behalf, read

    @rule(data=st.data(), slip=slips)
    def transfer(self, data, slip) -> None:
        self._transfer(data, slip, late=False)

    @rule(data=st.data(), slip=slips)
    def transfer_again(self, data, slip) -> None:
        self._transfer(data, slip, late=False)

    @rule(data=st.data(), slip=slips, ago=minutes)
    def enter_late(self, data, slip, ago) -> None:
        self._transfer(data, slip, late=True, ago=ago)

    def _transfer(self, data, slip, *, late: bool, ago: int = 0) -> None:
        item = self.item(data, slip != "item", lambda i: self.book.free(i, self.now) and not i.open)
        drawn = self.hand_over(data, item.holder, item.seal, slip)
        giver, taker, actor, confirm, on_behalf, read = drawn
        happened = self.now - timedelta(minutes=ago)
        fits = (
            actor in (HANDS if not late else (*ANALYSTS, *CLERKS))
            and self.book.free(item, self.now)
            and self.book.parties(item.holder, giver, taker)
            and self.book.signed(giver, taker, actor, confirm, on_behalf=on_behalf)
            and not item.open
            and self.book.may_leave(item, taker)
            and (not late or happened >= item.at)
        )
        more = {
            "giver": giver,
            "taker": taker,
            "seal": read,
            "reason": "why",
            "confirmed": confirmations.here(*confirm),
            "on_behalf": on_behalf,
        }

        def act():
            if late:
                irregular.enter_late(self.lab, actor, item.number, occurred_at=happened, **more)
            else:
                custody.transfer(self.lab, item.number, actor=actor, **more)

        verdict = self.book.read(fits, item.seal, read)
        item.frozen |= verdict == "odd"
        if self.attempt(verdict, act):
            self.went(item, taker)
            if late:
                item.at = happened

    @rule(data=st.data(), slip=slips, taker=parties, actor=people, seal=seals)
    def propose(self, data, slip, taker, actor, seal) -> None:
        item = self.item(
            data, slip != "item", lambda i: self.book.free(i, self.now) and i.holder in HANDS
        )
        actor = item.holder if slip != "actor" else actor
        seal = item.seal if slip != "seal" else seal
        if slip != "taker":
            taker = data.draw(st.sampled_from([x for x in HANDS if x != actor]))
        fits = (
            actor in HANDS
            and self.book.hands_on(item, actor, self.now)
            and taker in HANDS
            and self.book.parties(item.holder, actor, taker)
            and not item.open
            and self.book.may_leave(item, taker)
        )
        verdict = self.book.read(fits, item.seal, seal)
        item.frozen |= verdict == "odd"
        if self.attempt(
            verdict,
            lambda: handover.propose(self.lab, actor, item.number, taker=taker, seal=seal),
        ):
            item.offer = (actor, taker, self.now + timedelta(minutes=30))

    @precondition(lambda self: any(item.offer for item in self.book.items.values()))
    @rule(data=st.data(), slip=slips, actor=people, seal=seals)
    def accept(self, data, slip, actor, seal) -> None:
        item = self.item(data, slip != "item", lambda i: self.book.offered(i, self.now))
        giver, taker, _ = item.offer or ("", "nobody", self.now)
        actor = taker if slip != "actor" else actor
        seal = item.seal if slip != "seal" else seal
        fits = (
            self.book.offered(item, self.now)
            and actor == taker
            and not (item.gone or item.frozen or item.open)
            and item.holder == giver
            and self.book.may_leave(item, taker)
        )
        verdict = self.book.read(fits, item.seal, seal)
        item.frozen |= verdict == "odd"
        if self.attempt(verdict, lambda: handover.accept(self.lab, actor, item.number, seal=seal)):
            self.went(item, taker)
            item.offer = None

    @precondition(lambda self: any(item.offer for item in self.book.items.values()))
    @rule(data=st.data(), actor=people, slip=slips)
    def decline(self, data, actor, slip) -> None:
        item = self.item(data, slip != "item", lambda i: self.book.offered(i, self.now))
        actor = item.offer[1] if slip != "actor" and item.offer else actor
        fits = self.book.offered(item, self.now) and actor in (item.offer or ())[:2]
        if self.attempt(
            "yes" if fits else "no",
            lambda: handover.decline(self.lab, actor, item.number, reason="torn"),
        ):
            item.offer = None

    # Opened, closed, weighed, divided, used up.

    @rule(data=st.data(), slip=slips, actor=people, seal=seals)
    def open_it(self, data, slip, actor, seal) -> None:
        item = self.item(data, slip != "item", lambda i: self.at_the_bench(i) and not i.open)
        actor = item.holder if slip != "actor" else actor
        seal = item.seal if slip != "seal" else seal
        fits = (
            actor in ANALYSTS
            and self.book.hands_on(item, actor, self.now)
            and not item.open
            and not item.ordered
        )
        verdict = self.book.read(fits, item.seal, seal)
        item.frozen |= verdict == "odd"
        if self.attempt(
            verdict, lambda: custody.open_sample(self.lab, actor, item.number, seal=seal)
        ):
            item.open, item.seal, item.at = True, "", self.now

    @precondition(lambda self: any(not i.seal and not i.gone for i in self.book.items.values()))
    @rule(data=st.data(), slip=slips, actor=people, seal=fresh)
    def reseal(self, data, slip, actor, seal) -> None:
        item = self.item(data, slip != "item", lambda i: self.at_the_bench(i) and not i.seal)
        actor = item.holder if slip != "actor" else actor
        fits = (
            actor in ANALYSTS
            and self.book.hands_on(item, actor, self.now)
            and not item.seal
            and not item.ordered
            and self.book.unused(seal)
        )
        if self.attempt(
            "yes" if fits else "no",
            lambda: custody.reseal(self.lab, actor, item.number, seal=seal),
        ):
            item.open, item.seal, item.at = False, seal, self.now
            item.returned = False
            self.book.seals.add(seal)

    @rule(data=st.data(), slip=slips, actor=people, mass=st.integers(-1, 10**9))
    def weigh(self, data, slip, actor, mass) -> None:
        item = self.item(data, slip != "item", self.at_the_bench)
        actor = item.holder if slip != "actor" else actor
        fits = (
            mass >= 0 and actor in (*ANALYSTS, "cus") and self.book.hands_on(item, actor, self.now)
        )
        if self.attempt(
            "yes" if fits else "no",
            lambda: custody.weigh(self.lab, actor, item.number, gross_ug=mass),
        ):
            item.at = self.now

    @precondition(lambda self: self.alive() < MOST_ITEMS and self.ready())
    @rule(data=st.data(), slip=slips, actor=people, off=st.sampled_from((0, 0, 20, -(10**5))))
    def divide(self, data, slip, actor, off) -> None:
        item = self.item(data, slip != "item", lambda i: self.at_the_bench(i) and not i.seal)
        actor = item.holder if slip != "actor" else actor
        fits = (
            actor in ANALYSTS
            and self.book.hands_on(item, actor, self.now)
            and not item.seal
            and not item.ordered
        )
        # u of a difference and of two sums on this balance is some tens of micrograms.
        verdict = "no" if not fits else "yes" if abs(off) < 50 else "odd"
        item.frozen |= verdict == "odd"
        made: list[str] = []

        if self.attempt(verdict, lambda: made.extend(self._take_apart(actor, item.number, off))):
            for number in made:
                self.book.items[number] = Item(
                    number=number, holder=actor, seal="", at=self.now, parent=item.number
                )

    @rule(data=st.data(), limit=st.sampled_from((1000, 5000)), actor=st.sampled_from(("qm", "ana")))
    def authorise(self, data, limit, actor) -> None:
        item = self.item(data)
        fits = actor in ("lee", "qm") and not item.gone and not self.book.bound(item)
        made: list[int] = []

        def act():
            given = consumption.authorise(
                self.lab, actor, item.number, document="D", limit_ug=limit, reason="needed"
            )
            made.append(given.seq)

        if self.attempt("yes" if fits else "no", act):
            item.authorities[made[0]] = limit

    @precondition(
        lambda self: any(i.authorities for i in self.book.items.values()) and self.ready()
    )
    @rule(
        data=st.data(),
        slip=slips,
        actor=people,
        reviewer=people,
        mass=st.sampled_from((1, 300, 900, 6000)),
        everything=st.booleans(),
    )
    def consume(self, data, slip, actor, reviewer, mass, everything) -> None:
        holding = [i for i in self.book.items.values() if i.authorities]
        ready = [i for i in holding if self.at_the_bench(i) and not i.seal]
        permitted = sorted(i.number for i in (slip != "item" and ready) or holding)
        owner = self.book.items[data.draw(st.sampled_from(permitted))]
        authority = data.draw(st.sampled_from(sorted(owner.authorities)))
        item = owner if slip != "giver" else self.item(data)
        actor = item.holder if slip != "actor" else actor
        reviewer = "rex" if slip != "signs" else reviewer
        fits = (
            actor in ANALYSTS
            and self.book.hands_on(item, actor, self.now)
            and not item.seal
            and not item.ordered
            and not self.book.bound(item)
            and reviewer == "rex"
            and owner is item
            and mass <= owner.authorities[authority]
        )
        if self.attempt(
            "yes" if fits else "no",
            lambda: consumption.consume(
                self.lab,
                actor,
                item.number,
                authority=authority,
                purpose="GC-MS",
                reviewer=confirmations.here(reviewer)[0],
                mass_ug=mass,
                everything=everything,
            ),
        ):
            item.authorities[authority] -= mass
            item.gone = "consumed" if everything else ""

    # Boxes.

    @precondition(lambda self: len(self.book.boxes) < MOST_BOXES)
    @rule(actor=people)
    def make_box(self, actor) -> None:
        made: list[str] = []
        verdict = "yes" if actor in HANDS else "no"
        if self.attempt(
            verdict, lambda: made.append(containers.make(self.lab, actor, "box").number)
        ):
            self.book.boxes[made[0]] = Box(number=made[0], holder=actor)

    @precondition(lambda self: self.book.boxes)
    @rule(data=st.data(), slip=slips, actor=people)
    def put(self, data, slip, actor) -> None:
        box = self.box(data)
        item = self.item(
            data,
            slip != "item",
            lambda i: i.holder == box.holder and self.book.free(i, self.now) and not i.open,
        )
        actor = box.holder if slip != "actor" else actor
        fits = (
            actor in HANDS
            and not box.frozen
            and box.holder == actor
            and not box.seal
            and self.book.hands_on(item, actor, self.now)
            and not item.open
        )
        if self.attempt(
            "yes" if fits else "no",
            lambda: containers.put(self.lab, actor, box.number, item.number),
        ):
            item.box = box.number

    @precondition(lambda self: any(item.box for item in self.book.items.values()))
    @rule(data=st.data(), slip=slips, actor=people)
    def take_out(self, data, slip, actor) -> None:
        inside = sorted(item.number for item in self.book.items.values() if item.box)
        item = self.book.items[data.draw(st.sampled_from(inside))]
        box = self.book.boxes[item.box]
        actor = box.holder if slip != "actor" else actor
        fits = actor in HANDS and not box.frozen and box.holder == actor and not box.seal
        if self.attempt(
            "yes" if fits else "no", lambda: containers.take_out(self.lab, actor, item.number)
        ):
            item.box = ""

    @precondition(lambda self: self.book.boxes)
    @rule(data=st.data(), slip=slips, actor=people, seal=fresh)
    def seal_box(self, data, slip, actor, seal) -> None:
        box = self.box(data)
        actor = box.holder if slip != "actor" else actor
        fits = (
            actor in HANDS
            and not box.frozen
            and box.holder == actor
            and not box.seal
            and self.book.unused(seal)
        )
        if self.attempt(
            "yes" if fits else "no",
            lambda: containers.seal(self.lab, actor, box.number, seal),
        ):
            box.seal = seal
            self.book.seals.add(seal)

    @precondition(lambda self: self.book.boxes)
    @rule(data=st.data(), slip=slips, actor=people, seal=seals)
    def open_box(self, data, slip, actor, seal) -> None:
        box = self.box(data)
        actor = box.holder if slip != "actor" else actor
        seal = box.seal if slip != "seal" else seal
        fits = actor in HANDS and not box.frozen and box.holder == actor and bool(box.seal)
        verdict = self.book.read(fits, box.seal, seal)
        box.frozen |= verdict == "odd"
        if self.attempt(verdict, lambda: containers.unseal(self.lab, actor, box.number, seal)):
            box.seal = ""

    @precondition(lambda self: self.book.boxes)
    @rule(data=st.data(), slip=slips)
    def move_box(self, data, slip) -> None:
        box = self.box(data)
        drawn = self.hand_over(data, box.holder, box.seal, slip)
        giver, taker, actor, confirm, on_behalf, read = drawn
        inside = self.book.inside(box)
        fits = (
            actor in HANDS
            and not box.frozen
            and self.book.parties(box.holder, giver, taker)
            and self.book.signed(giver, taker, actor, confirm, on_behalf=on_behalf)
            and all(not (item.gone or item.frozen) for item in inside)
            and all(box.seal or not item.seal for item in inside)
            and all(self.book.may_leave(item, taker) for item in inside)
        )
        verdict = self.book.read(fits, box.seal, read)
        box.frozen |= verdict == "odd"
        if self.attempt(
            verdict,
            lambda: containers.move(
                self.lab,
                box.number,
                giver=giver,
                taker=taker,
                actor=actor,
                seal=read,
                reason="why",
                confirmed=confirmations.here(*confirm),
                on_behalf=on_behalf,
            ),
        ):
            box.holder = taker
            for item in inside:
                self.went(item, taker)

    # Discrepancies, holds, the end.

    @precondition(
        lambda self: any(x.frozen for x in (*self.book.items.values(), *self.book.boxes.values()))
    )
    @rule(data=st.data())
    def resolve(self, data) -> None:
        found = data.draw(st.sampled_from(self.frozen()))
        if isinstance(found, Item):
            custody.resolve_discrepancy(self.lab, "qm", found.number, reason="read again")
        else:
            containers.resolve(self.lab, "qm", found.number, reason="read again")
        found.frozen = False

    @precondition(lambda self: len(self.book.holds) < 3)
    @rule(
        data=st.data(),
        actor=st.sampled_from(("lee", "qm", "ana")),
        document=st.sampled_from(("C1", "C2")),
    )
    def set_hold(self, data, actor, document) -> None:
        item = self.item(data)
        fits = actor in ("lee", "qm") and (item.number, document) not in self.book.holds
        if self.attempt(
            "yes" if fits else "no",
            lambda: legal_hold.set_hold(
                self.lab, actor, item.number, document=document, reason="trial"
            ),
        ):
            self.book.holds[item.number, document] = actor

    @precondition(lambda self: self.book.holds)
    @rule(data=st.data(), actor=st.sampled_from(("lee", "qm", "ana")))
    def lift_hold(self, data, actor) -> None:
        subject, document = data.draw(st.sampled_from(sorted(self.book.holds)))
        fits = actor in ("lee", "qm") and self.book.holds[subject, document] != actor
        if self.attempt(
            "yes" if fits else "no",
            lambda: legal_hold.lift_hold(
                self.lab, actor, subject, document="C9", reason="final", of_document=document
            ),
        ):
            del self.book.holds[subject, document]

    @rule(data=st.data(), actor=st.sampled_from(("lee", "lee", "cus")))
    def order_disposal(self, data, actor) -> None:
        item = self.item(data, True, lambda i: not (i.open or i.gone or i.returned or i.frozen))
        fits = (
            actor == "lee"
            and not (item.gone or item.frozen or item.ordered or item.open or item.returned)
            and not self.book.bound(item)
        )
        if self.attempt(
            "yes" if fits else "no",
            lambda: disposal.order(self.lab, actor, item.number, document="C5", reason="closed"),
        ):
            item.ordered = True

    @precondition(lambda self: any(item.ordered for item in self.book.items.values()))
    @rule(data=st.data(), slip=slips, actor=people, witnesses=others, seal=seals)
    def end_order(self, data, slip, actor, witnesses, seal) -> None:
        item = self.item(data, slip != "item", lambda i: i.ordered)
        if data.draw(st.integers(0, 3)) == 0:
            actor = "lee" if slip != "actor" else actor
            fits = actor == "lee" and item.ordered
            if self.attempt(
                "yes" if fits else "no",
                lambda: disposal.cancel(self.lab, actor, item.number, reason="appeal"),
            ):
                item.ordered = False
            return
        actor = item.holder if slip != "actor" else actor
        seal = item.seal if slip != "seal" else seal
        if slip != "signs":
            witnesses = ("rex", data.draw(st.sampled_from(("qm", "olga", "lee"))))
        fits = (
            actor in CLERKS
            and self.book.hands_on(item, actor, self.now)
            and item.ordered
            and not self.book.bound(item)
            and len(witnesses) == 2
            and len({actor, "lee", *witnesses}) == 2 + len({actor, "lee"})
            and set(witnesses) <= set(PEOPLE)
        )
        verdict = self.book.read(fits, item.seal, seal)
        item.frozen |= verdict == "odd"
        if self.attempt(
            verdict,
            lambda: disposal.destroy(
                self.lab,
                actor,
                item.number,
                place="plant",
                method="fire",
                witnesses=confirmations.here(*witnesses),
                seal=seal,
            ),
        ):
            item.gone, item.ordered = "destroyed", False

    @precondition(lambda self: self.alive() > 2)
    @rule(data=st.data(), actor=st.sampled_from(("cus", "olga")))
    def lose(self, data, actor) -> None:
        item = self.item(data, True, lambda i: not i.gone)
        fits = actor == "cus" and not item.gone
        if self.attempt(
            "yes" if fits else "no",
            lambda: irregular.report_lost(self.lab, actor, item.number, circumstances="gone"),
        ):
            item.gone, item.box, item.at = "lost", "", self.now

    @precondition(lambda self: any(item.gone == "lost" for item in self.book.items.values()))
    @rule(data=st.data(), actor=st.sampled_from(("cus", "ana", "qm", "olga")), seal=seals)
    def find(self, data, actor, seal) -> None:
        item = self.item(data, True, lambda i: i.gone == "lost")
        fits = item.gone == "lost" and actor in (*ANALYSTS, *CLERKS)
        if self.attempt(
            "yes" if fits else "no",
            lambda: irregular.report_found(self.lab, actor, item.number, where="shelf", seal=seal),
        ):
            self.went(item, actor)
            item.gone, item.frozen, item.open = "", True, False

    @rule(data=st.data(), text=st.sampled_from(("grey powder", "tablets", "resin")))
    def correct(self, data, text) -> None:
        item = self.item(data)
        same = records.sample(self.lab.db, item.number).draft.description == text
        self.attempt(
            "no" if same else "yes",
            lambda: corrections.correct(
                self.lab, "lee", item.number, "description", text, reason="typo"
            ),
        )

    # What must hold after every step.

    @invariant()
    def record_is_what_the_notebook_says(self) -> None:
        for number, item in self.book.items.items():
            row = records.sample_row(self.lab.db, number)
            ended = row["state"] if row["state"] in ("lost", "consumed", "destroyed") else ""
            assert row["holder"] == item.holder
            assert row["seal"] == item.seal
            assert bool(row["frozen"]) == item.frozen
            assert ended == item.gone
            assert row["container"] == item.box
            assert row["parent"] == item.parent
            if not ended:
                assert (row["state"] == "opened") == item.open
                assert (row["state"] == "disposal_pending") == item.ordered
                assert (row["state"] == "returned") == item.returned
        for number, box in self.book.boxes.items():
            known = containers.container(self.lab, number)
            assert (known.holder, known.seal, known.frozen) == (box.holder, box.seal, box.frozen)
            assert {item.number for item in self.book.inside(box)} == set(known.contents)

    @invariant()
    def contents_are_where_their_container_is(self) -> None:
        for item in self.book.items.values():
            if item.box:
                assert item.holder == self.book.boxes[item.box].holder

    @invariant()
    def chain_has_no_gap_and_no_impossible_step(self) -> None:
        for number, item in self.book.items.items():
            steps = records.transfers(self.lab.db, number)
            assert steps[0].kind == "received"
            assert steps[-1].taker == item.holder
            for before, after in pairwise(steps):
                assert after.giver == before.taker
                assert after.seal_before == before.seal_after
                assert after.at >= before.at
                assert (after.occurred_at or after.at) >= (before.occurred_at or before.at)
                moved = after.giver != after.taker
                places = custody.is_place(after.giver) and custody.is_place(after.taker)
                assert not (moved and places)
                if after.kind in ("transferred", "late_entry"):
                    signers = {x for x in (after.giver, after.taker) if not custody.is_place(x)}
                    assert after.giver != after.taker
                    assert after.on_behalf or signers == set(after.confirmed)
                    assert not after.on_behalf or after.reason


Bench.TestCase.settings = settings(
    max_examples=max(1, STEPS // STEPS_IN_A_DAY),
    stateful_step_count=STEPS_IN_A_DAY,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestBench = Bench.TestCase
