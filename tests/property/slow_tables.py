"""Text tables read line by line and cell by cell: the slow way that the quick one must equal."""

import re

import numpy as np

from instruments.formats import text_table
from instruments.formats.text_rows import TextLayout, is_row, row_cells
from instruments.formats.text_table import MIN_ROWS, NumberTable
from instruments.mapping import DELIMITERS


def lines(text):
    return re.split(r"\r\n|\n|\r", text)


def find_layout(lines, min_rows=MIN_ROWS):
    found = {delimiter: list(_rows(lines, delimiter)) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda key: len(found[key]))
    rows = found[delimiter]
    if len(rows) < min_rows:
        grouped = [line for line in lines if text_table._THOUSANDS.search(line)]
        if len(grouped) >= MIN_ROWS:
            text_table._ask_thousands(grouped[0])
        return None
    cells = rows if delimiter != "," else text_table._inside_quotes(rows)
    comma = any(re.search(r"\d,\d", row) for row in cells)
    dot = any(re.search(r"\d\.\d|\.\d", row) for row in rows)
    if comma and dot:
        text_table._refuse_mixed(rows)
    if delimiter == " ":
        text_table.refuse_grouped([row for row in rows if "\t" in row])
    layout = TextLayout(delimiter=delimiter, decimal="," if comma else ".")
    text_table._refuse_hidden_thousands(rows, layout)
    return layout


def _rows(lines, delimiter):
    strict = TextLayout(delimiter=delimiter, decimal=".")
    loose = TextLayout(delimiter=delimiter, decimal="any")
    for line in lines:
        if delimiter not in line and delimiter != " ":
            continue
        if is_row(line, loose if delimiter != "," or '"' in line else strict):
            yield line


def tables(lines, layout, min_rows=MIN_ROWS, *, keep_blank=False):
    found, header, run = [], [], []
    for line in [*lines, None]:
        if line is not None and is_row(line, layout):
            run.append(line)
            continue
        if line is not None and run and not line.strip():
            continue
        if len(run) < min_rows or not run:
            header.extend(run)
        else:
            found.append(_table(run, header, layout, keep_blank=keep_blank))
            header = []
        run = []
        if line is not None:
            header.append(line)
    return found, tuple(header)


def _table(run, header, layout, *, keep_blank):
    cells = [row_cells(line, layout) for line in run]
    counts = {len(row) for row in cells}
    if layout.delimiter == " " and len(counts) > 1:
        text_table._refuse_counts(counts)
    values = np.array([[_float(cell) for cell in row] for row in _padded(cells, max(counts))])
    values[np.isinf(values)] = np.nan
    names = text_table._names(header, values.shape[1], layout.delimiter)
    used = ~np.isnan(values).all(axis=0)
    if keep_blank:
        of_used = text_table._names(header, int(used.sum()), layout.delimiter)
        values, names = text_table._to_last_column(values, names, used, of_used)
    elif not used.all():
        values = values[:, used]
        if names:
            names = tuple(name for name, kept in zip(names, used, strict=True) if kept)
        else:
            names = text_table._names(header, values.shape[1], layout.delimiter)
    return NumberTable(values=values, names=names, header=tuple(header))


def _padded(cells, width):
    return [row + [""] * (width - len(row)) for row in cells]


def _float(cell):
    return float(cell.replace("D", "E").replace("d", "e")) if cell else np.nan
