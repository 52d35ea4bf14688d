"""Answers of a match that name nothing, with the spectrum that recognises them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spectra import unknown_signature
from tests.lims_builders import an_entry

FURAN = {283: 999, 240: 210, 95: 480, 158: 90, 105: 120, 77: 60, 67: 40, 91: 55, 82: 33, 132: 28}
"""Heights by m/z of one compound that no library holds."""
BENZYL = {91: 999, 203: 400, 146: 300, 160: 180, 82: 90, 118: 60, 132: 55, 77: 30, 65: 120, 58: 44}
"""Another one."""


def a_signature(ions: Mapping[int, float], **more: Any) -> dict[str, Any]:
    made = unknown_signature.of_ions(
        np.array([float(mz) for mz in ions]), np.array([float(h) for h in ions.values()]), **more
    )
    assert made is not None
    return unknown_signature.plain(made)


def a_curve(positions: tuple[float, ...], kind: str = "ftir") -> dict[str, Any]:
    x = np.arange(400.0, 1900.0, 2.0)
    y = sum(np.exp(-0.5 * ((x - at) / 9.0) ** 2) for at in positions)
    made = unknown_signature.of_curve(kind, x, np.asarray(y))
    assert made is not None
    return unknown_signature.plain(made)


def an_unknown(
    ions: Mapping[int, float] | None = None,
    *,
    state: str = "",
    class_name: str = "",
    curve: tuple[float, ...] = (),
    kind: str = "ei",
    index: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An answer that names nothing; a candidate where a class is given."""
    if curve:
        said = a_curve(curve, kind)
    else:
        said = a_signature(ions or FURAN, retention_index=index, phase="polar" if index else "")
    if class_name:
        more["class_name"] = class_name
    return an_entry(
        state or ("analogue_candidate" if class_name else "no_match"),
        compared_as=kind,
        signature=said,
        **more,
    )


def diluted(ions: Mapping[int, float], floor: float = 80.0) -> dict[int, float]:
    """The same compound with its small ions lost, and the rest a little different."""
    return {mz: h * (0.9 + 0.02 * (mz % 10)) for mz, h in ions.items() if h >= floor}


ENERGIES = {
    10: {188.1434: 300, 281.2012: 40, 216.1383: 60, 132.0808: 25, 105.0699: 20},
    30: {188.1434: 999, 105.0699: 420, 216.1383: 25, 134.0964: 40, 132.0808: 60, 103.0542: 15},
    60: {105.0699: 999, 188.1434: 45, 103.0542: 90, 79.0542: 160, 77.0386: 40, 134.0964: 15},
    90: {105.0699: 700, 79.0542: 999, 77.0386: 800, 103.0542: 400, 53.0386: 90, 51.0230: 60},
}
"""One ion of m/z 337.2274 at four collision energies: the ends share what the middle holds too."""


def fragments_of(
    peaks: Mapping[float, float], precursor: float = 337.2274, polarity: int = 1, **more: Any
) -> dict[str, Any]:
    from spectra import unknown_tandem

    made = unknown_tandem.of_peaks(
        np.array(list(peaks), dtype=float),
        np.array(list(peaks.values()), dtype=float),
        precursor,
        polarity=polarity,
        **more,
    )
    signature = unknown_signature.of_fragments(made)
    assert signature is not None
    return unknown_signature.plain(signature)


def an_ion(
    peaks: Mapping[float, float], precursor: float = 337.2274, polarity: int = 1, **more: Any
) -> dict[str, Any]:
    """An answer to an MS/MS spectrum that names nothing."""
    time_s = more.pop("retention_time_s", None)
    said = fragments_of(peaks, precursor, polarity, retention_time_s=time_s)
    return an_entry(
        more.pop("state", "no_match"),
        compared_as="msms",
        signature=said,
        **({} if time_s is None else {"retention_time_s": time_s}),
        **more,
    )
