"""The same unknown at several laboratories: one line, with who has it, since when, and how many.

Computed from the reports in force; what a lab merged counts where it went. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from lims.model import ReportRow
from reports import notices, records
from reports.document import Signal
from reports.hub_model import HubCode, StoredUnknown
from reports.signals import SignalKind
from reports.unknowns import label

SHOWN_FOR = timedelta(days=28)
"""An unknown that several labs have stays in the digest this long after it was last met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabUnknown:
    """A laboratory's part of an unknown; ``codes`` are its own."""

    site: str
    codes: tuple[str, ...]
    samples: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HubUnknown:
    """One unknown over all laboratories. ``name`` is what one of them found it to be since."""

    code: str
    class_name: str
    labs: tuple[LabUnknown, ...]
    samples: int
    today: int
    first_day: date
    last_day: date
    origins: tuple[str, ...]
    name: str
    named_at: str
    named_on: date | None = None

    def line(self) -> str:
        """Return it as one line of text."""
        sites = [lab.site for lab in self.labs]
        where = f"same unknown at {_and(sites)}" if len(sites) > 1 else f"at {sites[0]}"
        each = ", ".join(f"{lab.site} {lab.samples} ({'/'.join(lab.codes)})" for lab in self.labs)
        state = f"named {self.name} at {self.named_at}" if self.name else "not identified"
        class_name = f", class {self.class_name}" if self.class_name else ""
        count = f"{self.samples} sample{'' if self.samples == 1 else 's'}"
        return (
            f"{self.code}{class_name}: {where}; {count} ({each}), {self.today} today; "
            f"first {self.first_day}, last {self.last_day}; "
            f"from {', '.join(self.origins) or 'not stated'}; {state}"
        )


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Where unknowns were met: by sample row, the lab and its codes."""

    row: ReportRow
    lab: str
    codes: tuple[str, ...]


def unknowns(
    met: Sequence[Met], said: Sequence[StoredUnknown], given: Sequence[HubCode], day: date
) -> tuple[HubUnknown, ...]:
    """Return every unknown met up to a day, the most widely met first.

    Parameters
    ----------
    met : sequence of Met
        Rows of reports in force with codes in them.
    said : sequence of StoredUnknown
        What the labs said of their clusters, oldest first.
    given : sequence of HubCode
    day : date
    """
    names = network_codes(said, given)
    latest = {(each.lab, str(each.body["code"])): each for each in said}
    told = names_of(said, names)
    seen: dict[str, list[tuple[date, Met, str]]] = {}
    for each in met:
        when = records.tested_on(each.row, records.zone("UTC"))
        for own in each.codes if when is not None and when <= day else ():
            code = names.get((each.lab, own))
            if code is not None and when is not None:
                seen.setdefault(code, []).append((when, each, own))
    found = [
        _unknown(code, seen[code], names, latest, day, told.get(code, ("", ""))) for code in seen
    ]
    found.sort(key=lambda item: (-len(item.labs), -item.samples, item.code))
    return tuple(found)


def network_codes(
    said: Sequence[StoredUnknown], given: Sequence[HubCode]
) -> dict[tuple[str, str], str]:
    """Return the hub's code of each lab's code, by lab and code.

    What a lab merged has the code of where it went, what headquarters merged the older one.
    """
    own = {(each.lab, each.lab_code): each.code for each in given}
    into = {
        (each.lab, str(each.body["code"])): str(each.body["merged_into"])
        for each in said
        if each.body["merged_into"]
    }
    found = {}
    for lab, code in own:
        end, steps = code, 0
        # A lab could write a circle into its reports; it ends where it began.
        while (lab, end) in into and steps <= len(into):
            end, steps = into[lab, end], steps + 1
        found[lab, code] = own.get((lab, end), own[lab, code])
    return found


def names_of(
    said: Sequence[StoredUnknown], leads: Mapping[tuple[str, str], str]
) -> dict[str, tuple[str, str]]:
    """Return, by the hub's code, what labs found an unknown to be, and which labs.

    Parameters
    ----------
    leads : mapping
        As `network_codes` gives it.
    """
    latest = {(each.lab, str(each.body["code"])): each.body for each in said}
    found: dict[str, set[tuple[str, str]]] = {}
    for key, body in latest.items():
        if body["name"] and key in leads:
            found.setdefault(leads[key], set()).add((key[0], str(body["name"])))
    return {
        code: (
            " / ".join(dict.fromkeys(name for _, name in sorted(named))),
            ", ".join(dict.fromkeys(lab for lab, _ in sorted(named))),
        )
        for code, named in found.items()
    }


def _unknown(
    code: str,
    seen: Sequence[tuple[date, Met, str]],
    leads: Mapping[tuple[str, str], str],
    latest: Mapping[tuple[str, str], StoredUnknown],
    day: date,
    named: tuple[str, str],
) -> HubUnknown:
    bodies = [latest[key].body for key in latest if leads.get(key) == code]
    classes = [str(body["class_name"]) for body in bodies if body["class_name"]]
    named_on = [str(body["named_on"]) for body in bodies if body["name"] and body["named_on"]]
    days = [when for when, _, _ in seen]
    return HubUnknown(
        code=code,
        class_name=max(sorted(set(classes)), key=classes.count, default=""),
        labs=_labs(seen),
        samples=len({each.row.sample for _, each, _ in seen}),
        today=len({each.row.sample for when, each, _ in seen if when == day}),
        first_day=min(days),
        last_day=max(days),
        origins=tuple(sorted({each.row.origin for _, each, _ in seen if each.row.origin})),
        name=named[0],
        named_at=named[1],
        named_on=date.fromisoformat(min(named_on)) if named_on else None,
    )


def _labs(seen: Sequence[tuple[date, Met, str]]) -> tuple[LabUnknown, ...]:
    made = []
    for site in {each.lab for _, each, _ in seen}:
        own = [(when, each, code) for when, each, code in seen if each.lab == site]
        days = [when for when, _, _ in own]
        made.append(
            LabUnknown(
                site=site,
                codes=tuple(sorted({code for _, _, code in own})),
                samples=len({each.row.sample for _, each, _ in own}),
                first_day=min(days),
                last_day=max(days),
            )
        )
    return tuple(sorted(made, key=lambda lab: (lab.first_day, lab.site)))


def worth_showing(known: Sequence[HubUnknown], day: date) -> tuple[HubUnknown, ...]:
    """Return those a digest tells of: met or named on the day, or at several labs of late."""
    return tuple(
        each
        for each in known
        if each.today
        or each.named_on == day
        or (len(each.labs) > 1 and each.last_day > day - SHOWN_FOR)
    )


def of_the_day(
    known: Sequence[HubUnknown],
    met: Sequence[Met],
    said: Sequence[StoredUnknown],
    given: Sequence[HubCode],
    history: notices.Past,
) -> tuple[Signal, ...]:
    """Return *new*, *first at another lab*, *re-emerging* and *new origin* for unknowns."""
    names = network_codes(said, given)
    by_code = {each.code: each for each in known if not each.name}
    named = {each.code: each for each in known if each.named_on == history.day}
    told_of: dict[str, list[ReportRow]] = {}
    detections: dict[str, list[tuple[date, ReportRow]]] = {}
    for each in met:
        when = records.tested_on(each.row, records.zone("UTC"))
        for code in {names.get((each.lab, own)) for own in each.codes}:
            if code in named:
                told_of.setdefault(code, []).append(each.row)
            if code in by_code and when is not None and when <= history.day:
                unknown = by_code[code]
                name = label(unknown.code, unknown.class_name)
                detections.setdefault(name, []).append((when, each.row))
    for seen in detections.values():
        seen.sort(key=lambda item: (item[0], item[1].sample))
    told = notices.novelties(replace(history, detections=detections))
    return (*_named(named, told_of, history), *told, *_first_at(by_code, detections, history))


def _named(
    named: Mapping[str, HubUnknown],
    told_of: Mapping[str, Sequence[ReportRow]],
    history: notices.Past,
) -> list[Signal]:
    """Return a notice for each unknown named on the day, with its samples at all labs."""
    told = []
    for code, each in sorted(named.items()):
        rows = sorted(told_of.get(code, ()), key=lambda row: row.sample)
        count = f"{len(rows)} sample{'' if len(rows) == 1 else 's'}"
        text = (
            f"{code} was named {each.name} at {each.named_at}; {count} at "
            f"{_and([lab.site for lab in each.labs])} held it. Each keeps its own answer until it "
            "is compared again."
        )
        told.append(
            notices.notice(
                SignalKind.UNKNOWN_NAMED,
                code,
                text,
                rows,
                total=history.tested.get(history.day, 0),
                first_seen=each.first_day,
            )
        )
    return told


def _first_at(
    by_code: Mapping[str, HubUnknown],
    detections: Mapping[str, Sequence[tuple[date, ReportRow]]],
    history: notices.Past,
) -> list[Signal]:
    """Return a notice for each lab that met another lab's unknown on the day for the first time."""
    told = []
    for each in sorted(by_code.values(), key=lambda item: item.code):
        before = [lab.site for lab in each.labs if lab.first_day < history.day]
        new = [lab.site for lab in each.labs if lab.first_day == history.day]
        if not before or not new:
            continue
        name = label(each.code, each.class_name)
        today = [row for when, row in detections[name] if when == history.day]
        text = (
            f"{name}: first at {_and(new)}; the same unknown at {_and(before)} "
            f"since {each.first_day}."
        )
        told.append(
            notices.notice(
                SignalKind.FIRST_HERE,
                name,
                text,
                today,
                total=history.tested.get(history.day, 0),
                first_seen=each.first_day,
            )
        )
    return told
