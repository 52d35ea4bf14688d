"""``fol demo``: a whole night at a port, with no outside server, leaving a lab to explore."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lims.errors import ConfigError
from tui.demo import bench, cast, history
from tui.demo.headquarters import hub
from tui.demo.telling import Teller
from tui.output import line

if TYPE_CHECKING:
    import numpy as np

    from lims.lab import Lab
    from lims.model import Finding, Sample, Shipment

SIDE_FOLDER = "demonstration"
SEED = 20261124


def play(folder: Path, *, replace: bool) -> None:
    """Play the night into ``folder``; the line that opens the app on it is printed last.

    Raises
    ------
    ConfigError
        The folder holds something that no demonstration made.
    """
    import numpy as np

    _make_room(folder, replace=replace)
    random = np.random.default_rng(SEED)
    teller = Teller()
    side = folder / SIDE_FOLDER
    lab = _set_up(folder, side / "exports", teller, random)
    try:
        records = _night(lab, side / "exports", teller)
        _report(lab, teller)
        _push(lab, side / "headquarters", teller)
        _proof(lab, teller)
    finally:
        lab.close()
    _last_words(folder, teller, [sample.number for _, _, sample in records])


def _make_room(folder: Path, *, replace: bool) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / SIDE_FOLDER).is_dir():
        raise ConfigError(
            f"{folder} is not empty and no demonstration made it",
            hint="Name another folder: fol demo --lab night",
        )
    if not replace:
        raise ConfigError(f"{folder} holds a demonstration", hint="Play it with `fol tui`.")
    for part in folder.rglob("*"):
        if part.is_dir() and not part.is_symlink():
            part.chmod(0o755)
    shutil.rmtree(folder)


def _set_up(folder: Path, exports: Path, teller: Teller, random: np.random.Generator) -> Lab:
    from lims import clock, people
    from lims.lab import create_lab
    from lims.library_care import import_library
    from lims.model import Person

    played = history.PlayedClock(datetime.now(UTC) - timedelta(weeks=cast.WEEKS, days=1))
    with teller.step("Set-up: a lab, its people, a training library", night=False):
        founder_id, founder_name, roles = cast.FOUNDER
        with clock.running_from(played):
            lab = create_lab(
                folder,
                site=cast.SITE,
                name=cast.NAME,
                locode=cast.LOCODE,
                timezone=cast.TIMEZONE,
                founder=Person(id=founder_id, name=founder_name, roles=roles),
                training=True,
            )
            for person_id, name, person_roles in cast.PEOPLE:
                people.add_person(lab, cast.LEAD, person_id, name, frozenset(person_roles))
            report = import_library(
                lab,
                cast.LEAD,
                bench.write_library(exports / "library"),
                name="training",
                licence="made by this project; training, not for casework",
            )
        teller.say(
            f"{report.accepted} entries of published ions and bands: training, not for casework"
        )
    with teller.step("Set-up: the weeks before, played through the same services", night=False):
        count = history.play(lab, played, random)
        teller.say(f"{count} parcels in {cast.WEEKS} weeks")
    with teller.step("Set-up: what the bench's instruments will export tonight", night=False):
        bench.write_exports(exports, random)
        for parcel in cast.NIGHT:
            teller.say(str(exports / parcel.export))
    return lab


def _night(lab: Lab, exports: Path, teller: Teller) -> list[tuple[cast.Parcel, Shipment, Sample]]:
    logged = []
    with teller.step("1  Four parcels are logged"):
        from lims import intake

        for parcel in cast.NIGHT:
            shipment = intake.add_shipment(lab, cast.OFFICER, parcel.shipment)
            sample = intake.add_sample(lab, cast.OFFICER, shipment.number, parcel.sample)
            logged.append((parcel, shipment, sample))
            teller.say(f"{shipment.number}: {parcel.title}")
            for note in shipment.notes:
                teller.say(f"    note: {note}")
    for number, (parcel, shipment, sample) in enumerate(logged, start=2):
        with teller.step(f"{number}  {parcel.title}"):
            _examine(lab, parcel, shipment, sample, exports / parcel.export, teller)
    return logged


def _examine(
    lab: Lab,
    parcel: cast.Parcel,
    shipment: Shipment,
    sample: Sample,
    export: Path,
    teller: Teller,
) -> None:
    from lims import (
        alerts,
        conclusion,
        confirmations,
        custody,
        disposition,
        examination,
        intake,
        queries,
        review,
    )

    seal = parcel.sample.seal
    custody.transfer(
        lab,
        sample.number,
        giver=cast.OFFICER,
        taker=cast.ANALYST,
        actor=cast.ANALYST,
        seal=seal,
        confirmed=confirmations.here(cast.OFFICER),
    )
    custody.open_sample(lab, cast.ANALYST, sample.number, seal=seal)
    portion = intake.add_portion(lab, cast.ANALYST, sample.number, "neat")
    finding = examination.ingest(
        lab, cast.ANALYST, export, sample.number, portion=portion.id, libraries=("training",)
    )
    for alert in alerts.open_alerts(lab):
        teller.say(f"HAZARD: {alert.headline} ({alert.where})")
        seen = alerts.acknowledge(lab, cast.ANALYST, alert.id)
        teller.say(f"    seen by {seen.acknowledged_by}; only now the detail")
    teller.say(f"{finding.technique}: {finding.headline}")
    _say_evidence(finding, teller)
    custody.reseal(lab, cast.ANALYST, sample.number, seal=f"{seal}-R")
    custody.transfer(
        lab,
        sample.number,
        giver=cast.ANALYST,
        taker=cast.BENCH_SAFE,
        actor=cast.ANALYST,
        seal=f"{seal}-R",
        witness=cast.REVIEWER,
    )
    reviewed = review.review(lab, cast.REVIEWER, finding.id, accept=True, remark="agreed")
    concluded = conclusion.conclude(lab, cast.ANALYST, sample.number)
    teller.say(f"reviewed by {reviewed.reviewer}; {concluded.level}: {concluded.text}")
    act = disposition.release if parcel.end == "release" else disposition.seize
    after = act(lab, cast.OFFICER, shipment.number, parcel.reason)
    for note in after.notes[len(shipment.notes) :]:
        teller.say(f"note: {note}")
    minutes = next(
        row.answered_minutes for row in queries.board(lab) if row.sample == sample.number
    )
    teller.say(f"{after.number} {after.state}; intake to signed: {(minutes or 0) * 60:.1f} s")


def _say_evidence(finding: Finding, teller: Teller) -> None:
    parts = [*finding.match.get("spectra", ()), *finding.match.get("peaks", ())]
    for part in parts:
        decision = part["decision"]
        at = part.get("retention_time_s")
        where = f"{at / 60:.2f} min: " if at is not None else ""
        alpha, n = decision["alpha"], decision["n_calibration"]
        teller.say(f"    {where}{decision['state']} (α {alpha}, {n} calibration queries)")
        analogue = part.get("analogue")
        if analogue:
            nearest = ", ".join(
                f"{item['name']} {item['score']:.2f}" for item in analogue["nearest"][:3]
            )
            teller.say(f"    nearest entries: {nearest}; grade {analogue['candidate_grade']}")
            for text in analogue["explanations"][:2]:
                teller.say(f"    {text}")
            for title, key in (("in place", "shared_ions"), ("moved", "shifted_ions")):
                ions = ", ".join(str(mz) for mz in analogue[key][:8])
                teller.say(f"    ions {title}: m/z {ions}")


def _report(lab: Lab, teller: Teller) -> None:
    from lims.clock import now
    from reports.publish import publish_daily

    with teller.step("6  The daily report"):
        day = now().astimezone(ZoneInfo(lab.timezone)).date()
        made = publish_daily(lab, cast.LEAD, day)
        teller.say(f"{made.report_id}, number {made.seq}, signed, in the outbox")
        for kind, path in made.paths.items():
            teller.say(f"{kind:12} {path}")


def _push(lab: Lab, folder: Path, teller: Teller) -> None:
    from lims.keys import public_key
    from reports import hub_tls
    from reports.delivery import configure, push
    from reports.hub_keys import enroll
    from reports.hub_store import opened

    with teller.step("7  Headquarters: a hub on loopback; one acknowledgement is lost on purpose"):
        folder.mkdir(parents=True, exist_ok=True)
        enroll(folder, lab.site, public_key(lab), name=lab.name)
        with hub(folder, lose_acknowledgements=1) as url:
            configure(lab.folder, url, hub_tls.ensure(folder).ca)
            for outcome in push(lab, cast.LEAD):
                said = "acknowledged as already stored" if outcome.state == "duplicate" else "sent"
                said = said if outcome.state in ("duplicate", "sent") else outcome.detail
                teller.say(f"{outcome.report_id}: {said}, after {outcome.tries} tries")
        with opened(folder) as store:
            teller.say(f"stored at headquarters: {store.count()} report")
    with teller.step("8  What headquarters sees"):
        from reports.hub_digest import digest

        for text in digest(folder, datetime.now(ZoneInfo(lab.timezone)).date()).lines():
            teller.say(text)


def _proof(lab: Lab, teller: Teller) -> None:
    from lims.audit import verify

    with teller.step("9  The log is verified"):
        report = verify(lab)
        teller.say(f"{report.events} events, {'whole' if report.ok else 'NOT WHOLE'}")
        for problem in report.problems:
            teller.say(f"PROBLEM: {problem}")


def _last_words(folder: Path, teller: Teller, samples: list[str]) -> None:
    line("")
    line(
        f"The night took {teller.night_s:.1f} s of software time. Training data, not for casework."
    )
    line(f"Samples: {', '.join(samples)}")
    line(f"Explore it:  fol tui --lab {folder} --as {cast.REVIEWER}")
