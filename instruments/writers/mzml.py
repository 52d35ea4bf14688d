"""mzML 1.1: runs, mass spectra and chromatograms, 64-bit and zlib.

Source: HUPO-PSI mzML 1.1.0, https://www.psidev.info/mzML. Well-formed, with ProteoWizard's terms;
no index, no checksum.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from instruments.cleaning import one_line
from instruments.errors import RefusedFormatError
from spectra.axis import FloatArray
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement

_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">
<cvList count="2">
<cv id="MS" fullName="Proteomics Standards Initiative Mass Spectrometry Ontology" \
URI="https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo"/>
<cv id="UO" fullName="Unit Ontology" \
URI="https://raw.githubusercontent.com/bio-ontology-research-group/unit-ontology/master/unit.obo"/>
</cvList>
<fileDescription><fileContent>
<cvParam cvRef="MS" accession="MS:1000294" name="mass spectrum"/>
</fileContent></fileDescription>
<softwareList count="1"><software id="fol" version="1">
<cvParam cvRef="MS" accession="MS:1000799" name="custom unreleased software tool" value="fol"/>
</software></softwareList>
<instrumentConfigurationList count="1"><instrumentConfiguration id="IC1">
<cvParam cvRef="MS" accession="MS:1000031" name="instrument model"/>
{components}</instrumentConfiguration></instrumentConfigurationList>
<dataProcessingList count="1"><dataProcessing id="DP1">
<processingMethod order="0" softwareRef="fol">
<cvParam cvRef="MS" accession="MS:1000544" name="Conversion to mzML"/>
</processingMethod></dataProcessing></dataProcessingList>
"""
_SOURCES = {
    "EI": ("MS:1000389", "electron ionization"),
    "ESI": ("MS:1000073", "electrospray ionization"),
    "CI": ("MS:1000071", "chemical ionization"),
    "APCI": ("MS:1000070", "atmospheric pressure chemical ionization"),
}
_SECOND = 'unitCvRef="UO" unitAccession="UO:0000010" unitName="second"'
_MINUTE = 'unitCvRef="UO" unitAccession="UO:0000031" unitName="minute"'


def encode(measurements: Sequence[Measurement]) -> bytes:
    """Return one mzML document with every scan and chromatogram.

    Raises
    ------
    RefusedFormatError
        A measurement is neither mass spectrum nor chromatogram.
    """
    scans: list[tuple[MassSpectrum, float | None]] = []
    curves: list[Chromatogram] = []
    for measurement in measurements:
        if isinstance(measurement, MassRun):
            tic = measurement.stored_tic
            scans.extend(
                (measurement.scan(at), None if tic is None else float(tic[at]))
                for at in range(measurement.n_scans)
            )
        elif isinstance(measurement, MassSpectrum):
            scans.append((measurement, None))
        elif isinstance(measurement, Chromatogram):
            curves.append(measurement)
        else:
            raise RefusedFormatError(
                "mzML holds mass spectra and chromatograms only",
                hint="Write Raman and infrared as jcamp or csv.",
            )
    first = measurements[0]
    ionization = "" if isinstance(first, Chromatogram) else getattr(first, "ionization", "")
    parts = [_HEAD.format(components=_components(ionization))]
    title = one_line(first.title) or "run"
    parts.append(f'<run id={quoteattr(title)} defaultInstrumentConfigurationRef="IC1">\n')
    if scans:
        parts.append(f'<spectrumList count="{len(scans)}" defaultDataProcessingRef="DP1">\n')
        parts.extend(_spectra(scans))
        parts.append("</spectrumList>\n")
    if curves:
        parts.append(f'<chromatogramList count="{len(curves)}" defaultDataProcessingRef="DP1">\n')
        parts.extend(_curves(curves))
        parts.append("</chromatogramList>\n")
    parts.append("</run>\n</mzML>\n")
    return "".join(parts).encode("utf-8")


def _components(ionization: str) -> str:
    term = _SOURCES.get(ionization.rstrip("+-"))
    if term is None:
        return ""
    return (
        '<componentList count="1"><source order="1">'
        f'<cvParam cvRef="MS" accession="{term[0]}" name="{term[1]}"/>'
        "</source></componentList>\n"
    )


def _spectra(scans: Sequence[tuple[MassSpectrum, float | None]]) -> Iterator[str]:
    for at, (scan, tic) in enumerate(scans):
        level = 1 if scan.precursor_mz is None else 2
        yield f'<spectrum index="{at}" id="scan={at + 1}" defaultArrayLength="{scan.mz.size}">\n'
        yield _term("MS:1000511", "ms level", str(level))
        yield _term("MS:1000127", "centroid spectrum")
        if scan.ionization.endswith("-"):
            yield _term("MS:1000129", "negative scan")
        else:
            yield _term("MS:1000130", "positive scan")
        if tic is not None:
            yield _term("MS:1000285", "total ion current", repr(tic))
        if scan.title:
            yield _term("MS:1000796", "spectrum title", one_line(scan.title))
        if scan.retention_time_s is not None:
            yield '<scanList count="1">' + _term("MS:1000795", "no combination") + "<scan>"
            yield _term("MS:1000016", "scan start time", repr(scan.retention_time_s), _SECOND)
            yield "</scan></scanList>\n"
        if scan.precursor_mz is not None:
            yield '<precursorList count="1"><precursor><selectedIonList count="1"><selectedIon>'
            yield _term("MS:1000744", "selected ion m/z", repr(scan.precursor_mz))
            yield "</selectedIon></selectedIonList><activation/></precursor></precursorList>\n"
        yield '<binaryDataArrayList count="2">\n'
        yield _array(scan.mz, "MS:1000514", "m/z array")
        yield _array(scan.intensity, "MS:1000515", "intensity array")
        yield "</binaryDataArrayList></spectrum>\n"


def _curves(curves: Sequence[Chromatogram]) -> Iterator[str]:
    for at, curve in enumerate(curves):
        name = quoteattr(one_line(curve.title) or f"chromatogram {at + 1}")
        yield f'<chromatogram index="{at}" id={name} defaultArrayLength="{curve.x.size}">\n'
        yield _term("MS:1000235", "total ion current chromatogram")
        yield '<binaryDataArrayList count="2">\n'
        unit = _MINUTE if curve.x_unit == "min" else _SECOND
        yield _array(curve.x, "MS:1000595", "time array", unit)
        yield _array(curve.y, "MS:1000515", "intensity array")
        yield "</binaryDataArrayList></chromatogram>\n"


def _term(accession: str, name: str, value: str = "", unit: str = "") -> str:
    stated = f" value={quoteattr(value)}" if value else ""
    return f'<cvParam cvRef="MS" accession="{accession}" name="{name}"{stated} {unit}/>\n'


def _array(values: FloatArray, accession: str, name: str, unit: str = "") -> str:
    packed = base64.b64encode(zlib.compress(values.astype("<f8").tobytes(), 6)).decode("ascii")
    return (
        f'<binaryDataArray encodedLength="{len(packed)}">\n'
        + _term("MS:1000523", "64-bit float")
        + _term("MS:1000574", "zlib compression")
        + _term(accession, name, "", unit)
        + f"<binary>{packed}</binary></binaryDataArray>\n"
    )
