"""mzML 1.0 and 1.1: runs and chromatograms, streamed with lxml.

Source: HUPO-PSI mzML 1.1.0, https://www.psidev.info/mzML; terms from psi-ms.obo and unit.obo. Times
are taken with the unit the file states. Entities and external files are never followed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from instruments.checks import curve_faults, peak_faults, time_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats.xml_runs import decode_array, require_plain, root_element
from instruments.limits import AGAIN, RUN_BYTES
from spectra.axis import UNIT_MIN, UNIT_S, FloatArray, XKind
from spectra.spectrum import Chromatogram, MassRun, Measurement, Technique

_MZ, _INTENSITY, _TIME = "MS:1000514", "MS:1000515", "MS:1000595"
_START_TIME, _LEVEL, _TIC = "MS:1000016", "MS:1000511", "MS:1000285"
_POSITIVE, _NEGATIVE = "MS:1000130", "MS:1000129"
_ZLIB, _PLAIN = "MS:1000574", "MS:1000576"
_TYPES = {"MS:1000521": "<f4", "MS:1000523": "<f8", "MS:1000519": "<i4", "MS:1000522": "<i8"}
_MINUTE = ("UO:0000031", "MS:1000038")
_SECOND = ("UO:0000010", "MS:1000039")
_MILLISECOND = ("UO:0000028",)
_IONIZATION = {"MS:1000389": "EI", "MS:1000073": "ESI", "MS:1000071": "CI", "MS:1000070": "APCI"}


@dataclass(slots=True)
class _Run:
    """What is gathered while the file streams by."""

    times: list[float] = field(default_factory=list)
    mz: list[FloatArray] = field(default_factory=list)
    intensity: list[FloatArray] = field(default_factory=list)
    tics: list[float] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    curves: list[Measurement] = field(default_factory=list)
    groups: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    curves_announced: int | None = None
    units: set[str] = field(default_factory=set)
    ionization: str = ""
    sign: str = ""
    faults: list[str] = field(default_factory=list)


class MzmlReader:
    """mzML, plain or indexed."""

    name = "mzml"
    suffixes = (".mzml",)
    size_limit = RUN_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for a root element of mzML."""
        return 0.95 if root_element(head) in ("mzML", "indexedmzML") else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run, and the chromatograms of a file without spectra."""
        require_plain(data)
        found = _Run()
        complete = True
        try:
            _stream(data, found)
        except etree.XMLSyntaxError as error:
            if not found.times:
                raise CorruptFileError(f"the XML is damaged ({error.msg})", hint=AGAIN) from error
            complete = False
            found.faults.append(f"the file is cut or damaged after {len(found.times)} scans")
        return _reading(found, complete)


def _stream(data: bytes, found: _Run) -> None:
    for event, element in _elements(data):
        kind = _local(element)
        if event == "start":
            _on_start(kind, element, found)
            continue
        if kind == "spectrum":
            _add_spectrum(element, found)
        elif kind == "chromatogram":
            _add_chromatogram(element, found)
        elif kind == "referenceableParamGroup":
            found.groups[element.get("id", "")] = _params(element, {})
            continue
        elif kind == "source":
            terms = _params(element, found.groups)
            found.ionization = next((_IONIZATION[key] for key in terms if key in _IONIZATION), "")
            continue
        else:
            continue
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def _elements(data: bytes) -> Iterator[tuple[str, etree._Element]]:
    yield from etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        tag=[
            "{*}mzML",
            "{*}run",
            "{*}spectrumList",
            "{*}chromatogramList",
            "{*}spectrum",
            "{*}chromatogram",
            "{*}referenceableParamGroup",
            "{*}source",
        ],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _on_start(kind: str, element: etree._Element, found: _Run) -> None:
    if kind == "mzML":
        version = element.get("version", "")
        if version.startswith("0.") or "0.99" in version:
            raise RefusedFormatError(
                f"mzML {one_line(version, limit=20)} is a draft that is read wrongly",
                hint="Convert the original with a present ProteoWizard msconvert.",
            )
        found.metadata["mzML version"] = version
    elif kind == "run":
        for key in ("id", "startTimeStamp"):
            found.metadata[f"run {key}"] = element.get(key, "")
    elif kind == "spectrumList":
        found.announced = _count(element)
    elif kind == "chromatogramList":
        found.curves_announced = _count(element)


def _count(element: etree._Element) -> int | None:
    stated = element.get("count", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _params(
    element: etree._Element, groups: dict[str, dict[str, tuple[str, str]]]
) -> dict[str, tuple[str, str]]:
    """Return accession -> (value, unit accession) of an element's own terms, groups resolved."""
    terms: dict[str, tuple[str, str]] = {}
    for child in element:
        kind = _local(child)
        if kind == "cvParam":
            unit = child.get("unitAccession", "") or child.get("unitName", "")
            terms[child.get("accession", "")] = (child.get("value", ""), unit)
        elif kind == "referenceableParamGroupRef":
            terms.update(groups.get(child.get("ref", ""), {}))
    return terms


def _arrays(element: etree._Element, found: _Run) -> tuple[dict[str, FloatArray], str]:
    """Return the arrays of a spectrum or chromatogram by accession, and the unit of its times."""
    length = element.get("defaultArrayLength", "")
    default = int(length) if length.isdigit() else 0
    arrays: dict[str, FloatArray] = {}
    time_unit = ""
    for binary in element.iter("{*}binaryDataArray"):
        terms = _params(binary, found.groups)
        own = binary.get("arrayLength", "")
        announced = int(own) if own.isdigit() else default
        kind = next((key for key in (_MZ, _INTENSITY, _TIME) if key in terms), "")
        if not kind:
            continue
        if kind == _TIME:
            time_unit = terms[_TIME][1]
        dtype = next((_TYPES[key] for key in terms if key in _TYPES), "")
        if not dtype or not (_ZLIB in terms or _PLAIN in terms):
            raise RefusedFormatError(
                "the arrays are compressed in a way that is not read (numpress?)",
                hint="Convert again with zlib or without compression.",
            )
        text = next((child.text or "" for child in binary if _local(child) == "binary"), "")
        arrays[kind] = decode_array(text, announced, dtype, compressed=_ZLIB in terms)
    return arrays, time_unit


def _seconds(value: float, unit: str) -> float:
    if unit in _MINUTE or unit == "minute":
        return value * 60.0
    return value / 1000.0 if unit in _MILLISECOND else value


def _add_spectrum(element: etree._Element, found: _Run) -> None:
    terms = _params(element, found.groups)
    time, unit = float("nan"), ""
    for scan in element.iter("{*}scan", "{*}spectrumDescription"):
        started = _params(scan, found.groups).get(_START_TIME)
        if started:
            time, unit = _float(started[0]), started[1]
            break
    arrays, _ = _arrays(element, found)
    empty = np.empty(0)
    mz, intensity = arrays.get(_MZ, empty), arrays.get(_INTENSITY, empty)
    if mz.size != intensity.size:
        raise CorruptFileError(
            f"scan {len(found.times) + 1}: {mz.size} m/z and {intensity.size} intensities",
            hint=AGAIN,
        )
    found.units.add(unit)
    found.times.append(_seconds(time, unit))
    found.mz.append(mz)
    found.intensity.append(intensity)
    found.tics.append(_float(terms.get(_TIC, ("nan", ""))[0]))
    level = terms.get(_LEVEL, ("1", ""))[0]
    found.levels.append(int(level) if level.isdigit() else 1)
    found.sign = found.sign or ("+" if _POSITIVE in terms else "-" if _NEGATIVE in terms else "")


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _add_chromatogram(element: etree._Element, found: _Run) -> None:
    arrays, unit = _arrays(element, found)
    if _TIME not in arrays or _INTENSITY not in arrays:
        return
    x, y = arrays[_TIME], arrays[_INTENSITY]
    if x.size != y.size:
        raise CorruptFileError(f"a chromatogram of {x.size} times and {y.size} signals", hint=AGAIN)
    if x.size == 0:
        return
    minutes = unit in _MINUTE or unit == "minute"
    known = minutes or unit in _SECOND or unit in ("", "second")
    found.curves.append(
        Chromatogram(
            title=one_line(element.get("id", "")),
            x=x,
            y=y,
            x_unit=UNIT_MIN if minutes else UNIT_S if known else one_line(unit, limit=20),
            metadata={"index": element.get("index", "")},
            faults=curve_faults(x, y, XKind.TIME),
        )
    )


def _reading(found: _Run, complete: bool) -> Reading:
    warnings: list[str] = []
    if not found.times:
        if not found.curves:
            raise CorruptFileError(
                "mzML without a spectrum or a chromatogram",
                hint="Was everything filtered out when it was converted?",
            )
        stated = found.curves_announced
        if stated is not None and stated != len(found.curves):
            warnings.append(
                f"the list announces {stated} chromatograms, {len(found.curves)} hold a signal"
            )
        if found.announced:
            warnings.append(f"{found.announced} spectra are announced, none is there: cut")
        return Reading(
            spectra=tuple(found.curves),
            technique=Technique.GC,
            metadata=clean_map(found.metadata),
            warnings=tuple(warnings),
        )
    if complete and found.announced is not None and found.announced != len(found.times):
        warnings.append(
            f"the list announces {found.announced} spectra, {len(found.times)} are there: "
            "filtered or cut"
        )
    above = sum(1 for level in found.levels if level > 1)
    if above:
        warnings.append(f"{above} of {len(found.levels)} scans are MS/MS, not full scans")
    named = {("minute" if u in _MINUTE else "second" if u in _SECOND else u) for u in found.units}
    if "" in named:
        warnings.append("scan times without a unit: taken for seconds")
    run = _mass_run(found, ", ".join(sorted(name for name in named if name)) or "not stated")
    return Reading(
        spectra=(run,),
        technique=Technique.GCMS,
        metadata=clean_map(found.metadata),
        warnings=tuple(warnings),
    )


def _mass_run(found: _Run, unit: str) -> MassRun:
    times = np.array(found.times, dtype=np.float64)
    sizes = np.array([part.size for part in found.mz], dtype=np.int64)
    mz, intensity = np.concatenate(found.mz), np.concatenate(found.intensity)
    tic = np.array(found.tics, dtype=np.float64)
    ionization = found.ionization
    if ionization not in ("", "EI"):
        ionization += found.sign
    return MassRun(
        title=one_line(found.metadata.get("run id", "")),
        scan_time_s=times,
        offsets=np.concatenate(([0], np.cumsum(sizes))),
        mz=mz,
        intensity=intensity,
        stored_tic=tic if np.isfinite(tic).all() else None,
        ionization=ionization,
        metadata=clean_map(found.metadata | {"time unit in file": unit}),
        faults=(*found.faults, *peak_faults(mz, intensity), *time_faults(times)),
    )
