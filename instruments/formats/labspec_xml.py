"""Horiba LabSpec XML (``LSX_Data``): single spectra and series, numbers written out as text.

Source: the structure of files that LabSpec 6 writes; values checked against the minimum, maximum
and mean that the files state themselves. No entities, no network, no document type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.xml_runs import require_plain, root_element
from instruments.limits import AGAIN, MAX_POINTS, SPECTRUM_BYTES
from instruments.units import x_axis, y_axis
from spectra.axis import FloatArray
from spectra.spectrum import Spectrum, Technique

if TYPE_CHECKING:
    from lxml.etree import _Element

# What each ID holds; LabSpec writes the same ones in every file.
_UNIT, _TITLE = "0x7C696E75", "0x6C7469D9"
_NAME, _VALUE, _EXACT = "0x6D6D616E", "0x7D6C61DB", "0x8736F70"
_AXES, _AXIS_VALUES = "0x7B697861", "0x7D6CD4DB"
_EXPORT = "Save it as .txt or .spc in LabSpec."


class LabSpecXmlReader:
    """Horiba LabSpec XML."""

    name = "horiba-xml"
    suffixes = (".xml",)
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for the root element."""
        return 0.95 if root_element(head) == "LSX_Data" else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every spectrum of the file, those of a map or series in its order."""
        from lxml import etree

        require_plain(data)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise CorruptFileError(f"the XML is damaged ({error})", hint=AGAIN) from error
        tree = root.find("LSX_Tree")
        if tree is None:
            raise CorruptFileError("LabSpec XML without its description", hint=_EXPORT)
        facts = _parameters(tree)
        spectra = tuple(_spectra(tree, root.iter("LSX_Row"), facts))
        return Reading(spectra=spectra, technique=Technique.RAMAN, metadata=facts)


def _child(element: _Element, identity: str) -> _Element | None:
    return next((each for each in element if each.get("ID") == identity), None)


def _text(element: _Element, identity: str) -> str:
    found = _child(element, identity)
    return one_line(found.text or "") if found is not None else ""


def _parameters(tree: _Element) -> dict[str, str]:
    """Return each named parameter with its value, the exact one where both are written."""
    facts: dict[str, str] = {}
    for element in tree.iter("LSX"):
        name = _text(element, _NAME)
        if name:
            value = _text(element, _VALUE)
            exact = _text(element, _EXACT)
            facts.setdefault(name, exact if name.startswith("Laser") and exact else value)
    laser = facts.get("Laser (nm)", "")
    return clean_map(
        {"title": _text(tree, _TITLE)} | facts | ({"laser_nm": laser} if laser else {})
    )


def _spectra(tree: _Element, rows: Iterable[_Element], facts: dict[str, str]) -> Iterator[Spectrum]:
    axes = next((each for each in tree.iter("LSX") if each.get("ID") == _AXES), None)
    if axes is None or len(axes) < 2:
        raise CorruptFileError("LabSpec XML without an axis", hint=_EXPORT)
    ordinate, abscissa = axes[0], axes[1]
    x = _numbers(_child(abscissa, _AXIS_VALUES))
    curves = [_numbers(row) for row in rows]
    if x.size == 0 or not curves:
        raise CorruptFileError("LabSpec XML without points", hint=_EXPORT)
    # Unlike other writers, LabSpec says when a wavenumber is absolute and no Raman shift.
    absolute = "abs" in _text(abscissa, _UNIT).lower()
    technique = Technique.OTHER if absolute else Technique.RAMAN
    x_kind, x_unit = x_axis(_text(abscissa, _UNIT), technique)
    for at, y in enumerate(curves):
        if y.size != x.size:
            raise CorruptFileError(f"{x.size} x values and {y.size} intensities", hint=AGAIN)
        y_kind, y_unit = y_axis(_text(ordinate, _UNIT), y, Technique.RAMAN)
        title = facts.get("title", "")
        yield Spectrum(
            title=title if len(curves) == 1 else f"{title} [{at + 1}]",
            x=x,
            y=y,
            x_kind=x_kind,
            x_unit=x_unit,
            y_kind=y_kind,
            y_unit=y_unit,
            metadata=facts,
            faults=curve_faults(x, y, x_kind),
        )


def _numbers(element: _Element | None) -> FloatArray:
    """Return the numbers of an element, as many as it announces."""
    if element is None:
        return np.empty(0)
    words = (element.text or "").split()
    announced = element.get("Size", "")
    if announced != str(len(words)) or len(words) > MAX_POINTS:
        raise CorruptFileError(
            f"{one_line(announced, limit=20)} values announced, {len(words)} found", hint=AGAIN
        )
    try:
        return np.array(words, dtype=np.float64)
    except ValueError as error:
        raise CorruptFileError("what should be numbers is not", hint=AGAIN) from error
