"""A digest of all laboratories as headed sections, laid out by the same renderers as a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from reports import html, pdf, silence
from reports.document import TRAINING_MARK
from reports.hub_digest import Digest, LabDay
from reports.layout import (
    NONE,
    Column,
    Section,
    View,
    clean,
    day_section,
    notice_section,
    panel_section,
    share_section,
)
from reports.measure_view import (
    STAGE_COLUMNS,
    exception_line,
    exception_words,
    field_tool_section,
    stage_cells,
)
from reports.wording import visible

LIMITS = (
    "A laboratory without a report is shown as such and counts nowhere; it is not a zero.",
    "Counts are samples that officers chose to submit; they do not measure traffic.",
    "Rows with a substance name unknown to headquarters are listed and held back from substance "
    "counts; the laboratories' own totals include them.",
    "Days are each laboratory's own local day.",
    "A signal over all laboratories may come from one of them, or from a change of method in one.",
    "A candidate is not identified: it has a class and evidence, and no name.",
)


def render_html(digest: Digest) -> bytes:
    """Return the digest as an HTML page."""
    return html.render_view(build(digest))


def render_pdf(digest: Digest) -> bytes:
    """Return the digest as a PDF."""
    return pdf.render_view(build(digest))


def build(digest: Digest) -> View:
    """Return the digest as a view."""
    missing = [lab.site for lab in digest.labs if lab.presence is silence.Presence.NO_REPORT]
    banner = f"No report from {', '.join(missing)}." if missing else ""
    tiles = (
        (f"{digest.reported} of {len(digest.labs)}", "laboratories reported"),
        (str(digest.submitted), "submitted"),
        (str(digest.tested), "tested"),
        (str(digest.found), "with a substance found"),
        (str(digest.candidates), "candidates, not identified"),
    )
    facts = (
        ("Day", digest.day.isoformat()),
        ("Made", digest.made_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")),
    )
    end = datetime.combine(digest.day + timedelta(days=1), time.min, tzinfo=UTC)
    return View(
        title=f"Digest {digest.day.isoformat()}",
        subtitle="All forward laboratories",
        report_id=f"digest-{digest.day.isoformat()}",
        language="en",
        training=f"{TRAINING_MARK}: {', '.join(digest.training_labs)}"
        if digest.training_labs
        else "",
        banner=visible(banner),
        facts=facts,
        tiles=tiles,
        sections=tuple(_sections(digest)),
        end_mark=f"End of digest {digest.day.isoformat()}",
        created=end,
    )


def _sections(digest: Digest) -> Iterable[Section]:
    yield notice_section(
        "signals", "Signals over all laboratories", digest.signals, "No new signal."
    )
    yield notice_section(
        "first-seen", "First seen and re-emerging", digest.first_seen,
        "Nothing seen for the first time.",
    )  # fmt: skip
    yield _labs(digest)
    yield _exceptions(digest)
    yield _turnaround(digest)
    yield day_section(digest.day_counts, digest.tested, "")
    yield Section(
        id="candidates",
        heading="Candidates: not identified",
        empty="None.",
        columns=(
            Column(label="Sample", width=1.5), Column(label="Class", width=1.5),
            Column(label="Statement", width=3), Column(label="From", width=0.6),
        ),
        rows=tuple(
            clean(row.sample, ", ".join(row.classes), row.text, row.origin)
            for row in digest.candidate_rows
        ),
    )  # fmt: skip
    yield _unknowns(digest)
    yield _field_tools(digest)
    yield panel_section(digest.series, digest.changes)
    yield share_section(
        "shares", "Substances, 28 days against the 28 before, all laboratories", digest.shares
    )
    yield _corrections(digest)
    yield _held(digest)
    yield Section(
        id="alarms",
        heading="Refused or doubtful deliveries",
        empty="None.",
        columns=(
            Column(label="When", width=1.3), Column(label="Laboratory", width=0.7),
            Column(label="Code"), Column(label="Report", width=1.3), Column(label="What", width=3),
        ),
        rows=tuple(
            clean(alarm.at, alarm.lab, alarm.code, alarm.report_id, alarm.detail)
            for alarm in digest.alarms
        ),
    )  # fmt: skip
    yield Section(id="limits", heading="What this digest cannot say", items=LIMITS)


def _unknowns(digest: Digest) -> Section:
    return Section(
        id="unknowns",
        heading="Unknowns: not identified",
        intro="Spectra of different laboratories so alike that they are taken for one unknown. "
        "Isomers can look the same."
        if digest.unknowns
        else "",
        empty="None today, and none at several laboratories in 28 days.",
        columns=(
            Column(label="Code", width=1.4), Column(label="Class", width=1.2),
            Column(label="Laboratories", width=2.4), Column(label="Samples", number=True),
            Column(label="Today", number=True), Column(label="First", width=0.9),
            Column(label="Last", width=0.9), Column(label="From", width=0.9),
            Column(label="State", width=1.5),
        ),
        rows=tuple(
            clean(
                each.code,
                each.class_name or NONE,
                "; ".join(
                    f"{lab.site} {lab.samples} ({', '.join(lab.codes)})" for lab in each.labs
                ),
                str(each.samples),
                str(each.today),
                each.first_day.isoformat(),
                each.last_day.isoformat(),
                ", ".join(each.origins) or NONE,
                f"named {each.name} at {each.named_at}" if each.name else "not identified",
            )
            for each in digest.unknowns
        ),
    )  # fmt: skip


def _labs(digest: Digest) -> Section:
    return Section(
        id="labs",
        heading="Laboratories",
        empty="No laboratory is enrolled.",
        columns=(
            Column(label="Laboratory", width=1.6), Column(label="State", width=2),
            Column(label="Submitted", number=True), Column(label="Tested", number=True),
            Column(label="Found", number=True), Column(label="Candidates", number=True),
            Column(label="Waiting", number=True), Column(label="Report", width=2),
            Column(label="Not arrived", width=1.2),
        ),
        rows=tuple(_lab_row(lab) for lab in digest.labs),
    )  # fmt: skip


def _exceptions(digest: Digest) -> Section:
    told = [(lab.site, lab.exceptions) for lab in digest.labs if lab.exceptions]
    return Section(
        id="exceptions",
        heading="Exceptions of custody",
        empty="None in the reports of the day.",
        columns=(
            Column(label="Laboratory", width=0.8), Column(label="Sample", width=1.5),
            Column(label="What", width=4),
        ),
        rows=(
            *(
                clean(site, each.sample, exception_line(each))
                for site, found in told
                for each in found.lines
            ),
            *(
                clean(site, "", exception_words(found))
                for site, found in told
                if found.lost or found.unresolved
            ),
        ),
    )  # fmt: skip


def _turnaround(digest: Digest) -> Section:
    rows: list[tuple[str, ...]] = []
    blank = ("",) * (len(STAGE_COLUMNS) - 2)
    for lab in digest.labs:
        if lab.presence is silence.Presence.NO_REPORT:
            rows.append(clean(lab.site, "", "no report received", *blank))
        elif lab.turnaround is None:
            rows.append(clean(lab.site, "", "not told by its software", *blank))
        else:
            rows += [(visible(lab.site), *stage_cells(each)) for each in lab.turnaround.stages]
    return Section(
        id="turnaround",
        heading="Turnaround by laboratory",
        intro="Each as the laboratory told it, of work that began in the days before. Medians of "
        "laboratories are not averaged.",
        empty="No laboratory is enrolled.",
        columns=(Column(label="Laboratory", width=0.9), *STAGE_COLUMNS),
        rows=tuple(rows),
    )


def _field_tools(digest: Digest) -> Section:
    told = digest.field_tools
    made = field_tool_section(told.months)
    who = f"From {len(told.until)} of {len(told.until) + len(told.untold)} laboratories."
    late = sorted(site for site, until in told.until.items() if until < digest.day)
    if late:
        days = ", ".join(f"{site} to {told.until[site].isoformat()}" for site in late)
        who += f" Not up to the day: {days}."
    if told.untold:
        who += f" Nothing told this month by {', '.join(told.untold)}."
    empty = made.empty if told.until else "No laboratory told it this month."
    return replace(made, intro=visible(f"{who} {made.intro}".strip()), empty=empty)


def _lab_row(lab: LabDay) -> tuple[str, ...]:
    state = silence.in_words(lab.presence, lab.tested or 0)
    if lab.late:
        state += ", late"
    if lab.complete is False:
        state += " (provisional)"
    numbers = (lab.submitted, lab.tested, lab.found, lab.candidates, lab.backlog)
    gaps = ", ".join(str(number) for number in lab.missing_sequences[:8])
    return clean(
        lab.site if lab.name == lab.site else f"{lab.site} {lab.name}",
        state,
        *(NONE if number is None else str(number) for number in numbers),
        lab.report_id,
        gaps,
    )


def _corrections(digest: Digest) -> Section:
    items = []
    for made in digest.corrections:
        what = "; ".join(made.changes[:12])
        more = f"; and {len(made.changes) - 12} more" if len(made.changes) > 12 else ""
        items.append(
            visible(
                f"{made.report_id} ({made.kind} of {made.supersedes}): {made.reason} {what}{more}"
            )
        )
    return Section(
        id="corrections",
        heading="Corrections and retractions, 28 days",
        empty="None.",
        items=tuple(items),
    )


def _held(digest: Digest) -> Section:
    return Section(
        id="held",
        heading="Rows held back: unknown substance names",
        empty="None.",
        columns=(
            Column(label="Laboratory", width=0.8), Column(label="Report", width=1.5),
            Column(label="Sample", width=1.5), Column(label="Names", width=2.5),
        ),
        rows=tuple(
            clean(held.lab, held.report_id, held.sample, held.names) for held in digest.held[:200]
        ),
    )  # fmt: skip
