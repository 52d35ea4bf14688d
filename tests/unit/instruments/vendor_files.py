"""Small files as vendors write them, built by their published layouts for the tests here."""

import io
import struct
import zipfile

import numpy as np

OLE2_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def a_pascal(text, *, wide=False):
    raw = text.encode("utf-16-le" if wide else "latin-1")
    return bytes([len(text)]) + raw


def a_chemstation(scans, *, announced=None, gas=True, lengths=None):
    """A ``data.ms``: scans are (milliseconds, [(m/z, mantissa, exponent)])."""
    kind = "GC / MS Data File" if gas else "MSD Spectral File"
    header = bytearray(0x300)
    header[:4] = b"\x01\x32\x00\x00"
    header[4 : 4 + len(kind) + 1] = a_pascal(kind)
    struct.pack_into(">H", header, 0x10A, (len(header) + 2) // 2)
    count = len(scans) if announced is None else announced
    struct.pack_into("<H" if gas else ">I", header, 0x142 if gas else 0x116, count)
    body = b""
    for at, (moment, peaks) in enumerate(scans):
        size = 28 + 4 * len(peaks)
        length = size // 2 if lengths is None else lengths[at]
        body += struct.pack(">HI6xH4x", length, moment, len(peaks))
        for mz, mantissa, exponent in peaks:
            body += struct.pack(">HH", round(mz * 20), exponent << 14 | mantissa)
        body += struct.pack(">6xI", sum(m * 8**e for _, m, e in peaks))
    return bytes(header) + body


def an_fid(values=(1.0, 2.0, 3.0), version="179"):
    header = bytearray(0x1800)
    header[:4] = a_pascal(version)
    struct.pack_into(">Iff", header, 0x116, len(values), 0.0, 60_000.0)
    struct.pack_into(">d", header, 0x127C, 0.5)
    for at, text in ((0x1075, "Front Signal"), (0x104C, "pA")):
        raw = a_pascal(text, wide=True)
        header[at : at + len(raw)] = raw
    return bytes(header) + np.asarray(values, dtype="<f8").tobytes()


def a_delta_trace(values, version="130"):
    """A ``.ch`` of version 130: differences of 16 bits, a jump as 0x8000 and 32 bits."""
    header = bytearray(an_fid((), version))
    struct.pack_into(">ii", header, 0x11A, 0, 60_000)
    body, last = b"", 0
    for value in values:
        step = value - last
        body += (
            struct.pack(">h", step) if abs(step) < 0x7FFF else struct.pack(">hi", -0x8000, value)
        )
        last = value
    return bytes(header) + b"\x10" + bytes([len(values)]) + body + b"\x00\x00"


def a_double_delta_trace(values):
    """A ``.ch`` of version 181: second differences; the first value whole, after 0x7FFF."""
    header = an_fid((), "181")
    body = struct.pack(">hhi", 0x7FFF, 0, values[0])
    last, slope = values[0], 0
    for value in values[1:]:
        body += struct.pack(">h", value - last - slope)
        last, slope = value, value - last
    return header + body


def a_diode_array(rows, *, low=200, high=206, step=2, announced=None):
    header = bytearray(0x1000)
    header[:4] = a_pascal("131")
    kind = a_pascal("LC DATA FILE", wide=True)
    header[347 : 347 + len(kind)] = kind
    struct.pack_into(">I", header, 0x116, len(rows) if announced is None else announced)
    struct.pack_into(">d", header, 0xC0D, 0.25)
    body = b""
    for at, row in enumerate(rows):
        body += struct.pack("<4xI3H8x", 60_000 * at, 20 * low, 20 * high, 20 * step)
        last = 0
        for value in row:
            body += struct.pack("<h", value - last)
            last = value
    return bytes(header) + body


SCHEMA = """<?xml version="1.0" encoding="utf-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:complexType name="ScanRecordType"><xs:sequence>
<xs:element name="ScanID" type="xs:int"/><xs:element name="ScanTime" type="xs:double"/>
<xs:element name="MSLevel" type="xs:int"/><xs:element name="ScanType" type="xs:int"/>
<xs:element name="TIC" type="xs:double"/><xs:element name="IonPolarity" type="xs:int"/>
<xs:element name="SpectrumParamValues" type="SpectrumParamsType"/>
</xs:sequence></xs:complexType>
<xs:complexType name="SpectrumParamsType"><xs:sequence>
<xs:element name="SpectrumFormatID" type="xs:int"/>
<xs:element name="SpectrumOffset" type="xs:long"/>
<xs:element name="ByteCount" type="xs:int"/><xs:element name="PointCount" type="xs:int"/>
</xs:sequence></xs:complexType></xs:schema>"""


def a_masshunter(scans, *, kinds=None, points=None):
    """The files of an ``AcqData``: scans are (minutes, m/z, intensities)."""
    table, peaks = bytearray(0x60), b""
    struct.pack_into("<I", table, 0x58, len(table))
    for at, (minutes, mz, intensity) in enumerate(scans):
        block = np.asarray(mz, "<f8").tobytes() + np.asarray(intensity, "<f8").tobytes()
        kind = 1 if kinds is None else kinds[at]
        count = len(mz) if points is None else points[at]
        table += struct.pack("<idiidi", at, minutes, 1, kind, float(sum(intensity)), 0)
        table += struct.pack("<iqii", 1, len(peaks), len(block), count)
        peaks += block
    return {"MSScan.xsd": SCHEMA.encode(), "MSScan.bin": bytes(table), "MSPeak.bin": peaks}


def a_function(counts, size, *, minutes=None):
    """The index of a Waters function for scans of these many points of ``size`` bytes."""
    index, start = b"", 0
    for at, count in enumerate(counts):
        moment = at / 10.0 if minutes is None else minutes[at]
        index += struct.pack("<II4xf6x", start, count, moment)
        start += count * size
    return index


def a_functions_table(kinds, masses=(), products=()):
    table = b""
    for at, kind in enumerate(kinds):
        record = bytearray(416)
        record[0] = kind
        for place, values in ((160, masses), (288, products)):
            row = values[at] if at < len(values) else ()
            struct.pack_into(f"<{len(row)}f", record, place, *row)
        table += bytes(record)
    return table


def an_ole2(names):
    """A container whose directory holds these names, each an empty stream."""
    header = bytearray(512)
    header[:8] = OLE2_MAGIC
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    per_sector = 4
    sectors = -(-(len(names) + 1) // per_sector)
    struct.pack_into("<I", header, 44, 1)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<109I", header, 76, 0, *([0xFFFFFFFF] * 108))
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *([0xFFFFFFFF] * (128 - len(chain))))
    directory = b""
    for at, name in enumerate(("Root Entry", *names)):
        entry = bytearray(128)
        raw = name.encode("utf-16-le") + b"\x00\x00"
        entry[: len(raw)] = raw
        struct.pack_into("<HB", entry, 64, len(raw), 5 if at == 0 else 2)
        directory += bytes(entry)
    return bytes(header) + table + directory.ljust(512 * sectors, b"\x00")


def a_zip(entries, *, compressed=False):
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def a_sheet(rows):
    cells = []
    for at, row in enumerate(rows, 1):
        line = []
        for column, value in enumerate(row):
            place = f"{chr(65 + column)}{at}"
            if isinstance(value, str):
                line.append(f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>')
            else:
                line.append(f'<c r="{place}"><v>{value!r}</v></c>')
        cells.append(f'<row r="{at}">{"".join(line)}</row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{main}"><sheetData>{"".join(cells)}</sheetData></worksheet>'


def a_workbook(sheets):
    """An ``.xlsx`` of {title: rows}, or {title: sheet XML}."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packaged = "http://schemas.openxmlformats.org/package/2006/relationships"
    listed, targets, parts = "", "", {}
    for at, (title, rows) in enumerate(sheets.items(), 1):
        listed += f'<sheet name="{title}" sheetId="{at}" r:id="rId{at}"/>'
        targets += (
            f'<Relationship Id="rId{at}" Type="{relations}/worksheet" '
            f'Target="worksheets/sheet{at}.xml"/>'
        )
        parts[f"xl/worksheets/sheet{at}.xml"] = rows if isinstance(rows, str) else a_sheet(rows)
    return a_zip(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f'<Relationships xmlns="{packaged}"><Relationship Id="rId1" '
            f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}">'
            f"<sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packaged}">{targets}'
            "</Relationships>",
            **parts,
        },
        compressed=True,
    )


def an_spe(rows, *, kind=3, coefficients=(), laser=0.0, unit=1, version=2.5, height=1):
    """A WinView (2.x) file of frames."""
    types = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2"}
    header = bytearray(4100)
    data = np.asarray(rows, dtype=types[kind])
    struct.pack_into("<H", header, 42, data.shape[-1])
    struct.pack_into("<h", header, 108, kind)
    struct.pack_into("<H", header, 656, height)
    struct.pack_into("<i", header, 1446, data.shape[0] // height)
    struct.pack_into("<f", header, 1992, version)
    if coefficients:
        header[3016], header[3098], header[3101] = unit, 1, len(coefficients) - 1
        struct.pack_into(f"<{len(coefficients)}d", header, 3263, *coefficients)
    struct.pack_into("<d", header, 3311, laser)
    return bytes(header) + data.tobytes()
