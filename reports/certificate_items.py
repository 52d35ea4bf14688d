"""One item of a report as sections: results, methods, weights, sampling. Adds no facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reports.layout import NONE, Column, Notice, Section, clean
from reports.wording import LEVELS, visible

Item = Mapping[str, Any]
When = Callable[[str], str]

TECHNIQUES = {"ftir": "infrared (FTIR)", "raman": "Raman", "gcms": "GC-MS", "ms": "MS"}


def hazards(items: Sequence[Item]) -> Iterator[Section]:
    """Yield the hazard notices of all items: they come before any identity."""
    found = [(item["sample"], each) for item in items for each in item["hazards"]]
    if found:
        yield Section(
            id="hazards",
            heading="Hazard",
            notices=tuple(
                Notice(mark="HAZARD", text=visible(text)) for _, text in dict.fromkeys(found)
            ),
        )


def item_sections(at: int, item: Item, when: When) -> Iterator[Section]:
    """Yield what is said of an item in detail."""
    yield Section(
        id=f"item-{at}",
        heading=visible(f"Item {at}: {item['sample']}, single results"),
        intro=visible(_introduced(item)),
        empty="No result was reviewed.",
        columns=(
            Column(label="Result of", width=1.6), Column(label="Technique", width=0.9),
            Column(label="What it supports", width=2.6), Column(label="Instrument", width=1.7),
            Column(label="Measured, reviewed", width=1.8),
        ),
        rows=tuple(row for each in item["results"] for row in _result_rows(each, when)),
        items=tuple(visible(each) for each in _details(item, when)),
    )  # fmt: skip


def _introduced(item: Item) -> str:
    said = [f"Submitted by {item['submitted_by'] or 'somebody not named'}."]
    if item["parent"]:
        said.append(f"Taken out of {item['parent']}.")
    if item["field_test"]:
        said.append(f"Field test as reported: {item['field_test']}.")
    before = item["earlier_conclusions"]
    if before:
        told = "; ".join(
            f"{each['at'][:10]} {LEVELS[each['level']]}: "
            + each["text"].removeprefix(f"{each['level']}: ")
            for each in before
        )
        said.append(f"Concluded before, and kept beside the present answer: {told}.")
    return " ".join(said)


def _result_rows(result: Item, when: When) -> Iterator[tuple[str, ...]]:
    instrument = result["instrument"]
    device = f" ({instrument['device']})" if instrument["device"] else ""
    technique = TECHNIQUES.get(str(result["technique"]), str(result["technique"]))
    state = "; ".join((*instrument["verification"], *filter(None, (instrument["remark"],))))
    for at, said in enumerate(result["statements"]):
        first = at == 0
        yield clean(
            f"{result['run']}, portion {result['portion']}" if first else result["run"],
            technique,
            _statement(said),
            f"{instrument['name']}{device}: {state}" if first else "",
            f"{when(result['at'])} by {result['by']}; reviewed {when(result['reviewed_at'])} by "
            f"{result['reviewed_by']}"
            if first
            else "",
        )


def _statement(said: Item) -> str:
    parts = [said["statement"]]
    if said["retention_time_s"] is not None:
        index = said["retention_index"]
        told = f", index {index:.0f}" if index is not None else ""
        parts.append(f"at {said['retention_time_s'] / 60:.2f} min{told}")
    if said["hqi"] is not None:
        parts.append(f"hit quality {said['hqi']:.3f} ({said['entry']})")
    if said["alpha"] is not None and said["n_calibration"]:
        parts.append(
            f"threshold that {100 * said['alpha']:g} % of absent substances exceed (n "
            f"{said['n_calibration']})"
        )
    if said["likelihood_ratio"] is not None:
        parts.append(f"likelihood ratio {said['likelihood_ratio']:.3g}")
    return "; ".join(parts)


def _details(item: Item, when: When) -> Iterator[str]:
    for result in item["results"]:
        method = result["method"]
        searched = ", ".join(f"{each['name']} {each['version']}" for each in method["libraries"])
        mapped = (
            f", mapping version {method['mapping_version']}" if method["mapping_version"] else ""
        )
        yield (
            f"Method of {result['run']}: read by {method['reader']}{mapped}; compared with "
            f"{searched or 'no library'}"
        )
        if result["others"]:
            yield f"{result['run']} has {result['others']} more spectra or peaks; see its file."
    for test in item["tests"]:
        verdict = "positive" if test["positive"] else "negative"
        behaved = "controls behaved" if test["controls"] else "CONTROLS DID NOT BEHAVE"
        lot = f" lot {test['lot']}" if test["lot"] else ""
        yield (
            f"{test['technique']} {test['test']} ({test['reagent'] or 'no reagent'}{lot}): "
            f"{test['observed']}; {verdict} for {test['indicates']}; {behaved}; {when(test['at'])} "
            f"by {test['by']}, reviewed by {test['reviewed_by']}"
        )
    for each in item["left_out"]:
        yield (
            f"Not used: {each['finding']} ({each['technique']}), {each['state'].replace('_', ' ')}"
            f" by {each['reviewed_by'] or NONE}: {each['remark'] or 'no remark'}"
        )
    yield from _weights(item["weights"], when)
    for plan in item["sampling"]:
        yield f"Sampling {plan['plan']}: {plan['wording']}"
        if plan["weight"]:
            yield f"Sampling {plan['plan']}: {plan['weight']}"
    if not item["sampling"]:
        yield "Sampling: no plan is on record; nothing is said of what was not tested."
    for each in item["discrepancies"]:
        ended = (
            f"resolved {when(each['resolved_at'])} by {each['resolved_by']}: {each['resolution']}"
            if each["resolved_at"]
            else "OPEN"
        )
        yield (
            f"Discrepancy {each['number']} ({each['what']}): expected {each['expected']}, found "
            f"{each['found']}; {ended}"
        )
    custody = item["custody"]
    yield (
        f"Now {custody['state'].replace('_', ' ')}, held by {custody['holder']}, seal "
        f"{custody['seal_now'] or 'none'}"
    )


def _weights(weights: Item, when: When) -> Iterator[str]:
    if weights["submitted"]:
        yield f"Gross mass as submitted: {weights['submitted']}, uncertainty not stated"
    if weights["net_as_part"]:
        yield f"Net mass as a part: {weights['net_as_part']}"
    for each in weights["readings"]:
        fits = "" if each["fits"] else "; DOES NOT FIT what was expected"
        yield (
            f"Gross mass at {each['occasion']}: {each['gross']} {each['uncertainty']} on "
            f"{each['balance']}, {when(each['at'])}{fits}"
        )
    for each in weights["divisions"]:
        balance = "agrees" if each["fits"] else "DOES NOT AGREE"
        yield (
            f"Net mass: {each['net']} {each['uncertainty']} on {each['balance']}, "
            f"{when(each['at'])}; mass balance {balance}: parts, residue and consumed differ by "
            f"{each['difference']}, tolerance {each['tolerance']}"
        )
    for text in weights["consumed"]:
        yield f"Consumed: {text}"
    if not any(weights[name] for name in ("submitted", "net_as_part", "readings", "divisions")):
        yield "No mass is on record."
