"""The bytes of the two files of a pair. The same table gives the same bytes, on any machine."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.release.meta import EesTable, Filter, Indicator
from tallyroll.release.standard import FILTER, INDICATOR, NOT_APPLICABLE, NOT_AVAILABLE, OPTIONAL_META, REQUIRED_META

_BATCH_ROWS = 50_000  # about 20 MB of text at sixty columns
_EXPONENT = r"^-?[0-9.]+[eE][-+]?[0-9]+$"
_NEEDS_QUOTES = r'[",\r\n]'


def data_file(ees: EesTable) -> Iterator[bytes]:
    """The data file, in pieces: columns and rows in the table's order.

    A number is written with as few digits as give the same number back when read, never with an exponent, a whole one
    without a decimal point. What is missing is blank in columns of time and place, and a symbol in an indicator: z (not
    applicable) for a rate, which had nothing to divide by; x (not available) for a count or mean.
    """
    yield _line(ees.table.column_names)
    missing = {one.name: NOT_APPLICABLE if one.unit == "%" else NOT_AVAILABLE for one in ees.indicators}
    for batch in ees.table.to_batches(max_chunksize=_BATCH_ROWS):
        texts = [_text(batch[name], missing.get(name, "")) for name in batch.schema.names]
        lines = pc.binary_join_element_wise(*texts, ",")
        yield ("\n".join(lines.to_pylist()) + "\n").encode()


def meta_file(ees: EesTable) -> bytes:
    """The meta file: filters, then indicators, in the table's order; filter_default only where one is set."""
    with_default = any(one.default for one in ees.filters)
    names = (*REQUIRED_META, OPTIONAL_META[0]) if with_default else REQUIRED_META
    rows = [_filter_row(one) for one in ees.filters] + [_indicator_row(one) for one in ees.indicators]
    return b"".join([_line(names), *(_line([row.get(name, "") for name in names]) for row in rows)])


def _filter_row(one: Filter) -> dict[str, str]:
    return {
        "col_name": one.name,
        "col_type": FILTER,
        "label": one.label,
        "filter_hint": one.hint,
        "filter_grouping_column": one.grouping_column,
        "filter_default": one.default,
    }


def _indicator_row(one: Indicator) -> dict[str, str]:
    return {
        "col_name": one.name,
        "col_type": INDICATOR,
        "label": one.label,
        "indicator_grouping": one.grouping,
        "indicator_unit": one.unit,
        "indicator_dp": str(one.dp),
    }


def _line(cells: object) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)  # type: ignore[arg-type]  # any iterable of text
    return line.getvalue().encode()


def _text(column: pa.Array, missing: str) -> pa.Array:
    """The cells as they stand in the file."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    text = pc.cast(column, pa.string())
    if missing or pa.types.is_floating(column.type):
        text = _without_exponents(text)
    text = pc.fill_null(text, missing)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return text
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(text, _NEEDS_QUOTES), quoted, text)


def _without_exponents(text: pa.Array) -> pa.Array:
    """Arrow writes 1e+16 and 5e-7; the standard's readers want 10000000000000000 and 0.0000005."""
    if not pc.any(pc.match_substring(text, "e", ignore_case=True)).as_py():  # ten times faster than the pattern
        return text
    short = pc.fill_null(pc.match_substring_regex(text, _EXPONENT), False)
    plain = [np.format_float_positional(float(item), trim="-") for item in text.filter(short).to_pylist()]
    return pc.replace_with_mask(text, short, pa.array(plain, pa.string()))
