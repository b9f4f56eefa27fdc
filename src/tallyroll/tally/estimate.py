"""Estimation: how phases become the row `Total`. Methods are dated, and a release names the one it used.

`dfe-weighted` (to 2024/25): each rate is the mean of the phases' rates, weighted by census head counts, because not
every school answers and phases answer unequally; for regions and the nation only. `dfe-pooled` (from 2025/26): counts
are added and divided once; for authorities too. Counts of a Total row are sums under both.
Source: the department's published files of 2022 to 2026, reproduced cell by cell; its code changed on 2025-09-15.
"""

from collections.abc import Sequence
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

TOTAL = "Total"
NO_SKIP = pc.ScalarAggregateOptions(skip_nulls=False)  # what is hidden upstream makes its total unknown, not smaller


class Method(StrEnum):
    """A named way to estimate totals over phases."""

    WEIGHTED = "dfe-weighted"
    POOLED = "dfe-pooled"


Rates = Sequence[tuple[str, str]]  # (rate, numerator)


def add_rates(table: pa.Table, rates: Rates, *, denominator: str = "possible_sessions") -> pa.Table:
    """The table with each rate, in percent, beside its counts; null where the denominator is 0 or unknown.

    Rates are never averaged: they are divided once, from summed counts.
    """
    below = _null_where_zero(table[denominator])
    for rate, numerator in rates:
        table = table.append_column(rate, pc.multiply(pc.divide(table[numerator], below), 100.0))
    return table


def add_totals(
    phases: pa.Table,
    *,
    keys: Sequence[str],
    phase: str,
    rates: Rates,
    method: Method,
    denominator: str = "possible_sessions",
) -> pa.Table:
    """The rows of the phases (with their rates) and a Total row for each key, by the method.

    Shape: `phases` has one row per key and phase; every column that is neither key, phase nor rate is summed.
    """
    if method is Method.WEIGHTED:
        phases_in_totals = phases.filter(pc.not_equal(phases["geographic_level"], "Local authority"))
    else:
        phases_in_totals = phases
    names = [name for name, _ in rates]
    counts = [name for name in phases.column_names if name not in {*keys, phase, *names}]
    totals = _sums(phases_in_totals, keys, counts)
    if method is Method.POOLED:
        totals = add_rates(totals, rates, denominator=denominator)
    else:
        totals = totals.join(_weighted(phases_in_totals, keys, names), keys=list(keys))
    totals = totals.append_column(phase, pa.array([TOTAL] * totals.num_rows, pa.string()))
    return pa.concat_tables([phases, totals.select(phases.column_names)])


def _sums(table: pa.Table, keys: Sequence[str], columns: Sequence[str]) -> pa.Table:
    grouped = table.group_by(list(keys), use_threads=False)
    sums = grouped.aggregate([(name, "sum", NO_SKIP) for name in columns])
    return sums.rename_columns({f"{name}_sum": name for name in columns})


def _weighted(phases: pa.Table, keys: Sequence[str], rates: Sequence[str]) -> pa.Table:
    """For each key, every rate averaged over the phases with census head counts as weights."""
    weight = "total_enrolments"
    scaled = phases.select([*keys, weight])
    for rate in rates:
        scaled = scaled.append_column(rate, pc.multiply(phases[rate], phases[weight]))
    sums = _sums(scaled, keys, [weight, *rates])
    columns = {name: sums[name] for name in keys}
    below = _null_where_zero(sums[weight])
    return pa.table(columns | {rate: pc.divide(sums[rate], below) for rate in rates})


def _null_where_zero(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, 0.0), pa.scalar(None, pa.float64()), column)
