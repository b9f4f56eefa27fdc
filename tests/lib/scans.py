"""What a scan gives, unpacked by hand, so that it can be held against what the write side gives."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from tallyroll.governance import Permit
from tallyroll.register import RegisterStore, read
from tallyroll.register.scan import ScanSide, scan
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.partitions import Partition
from tests.lib.builders import NOW

Facts = tuple[list[tuple[object, ...]], list[tuple[object, ...]], set[tuple[object, ...]]]
"""Schools, spans and marks, as plain rows in order."""


def plain_week(data: bytes, n_pupils: int) -> list[list[int]]:
    """A packed week, read bit by bit from the words of vocab.packing: pupil by pupil, ten numbers."""
    sent = _bits(data[:2])
    n_bytes = (n_pupils + 3) // 4
    states = [data[2 + pupil // 4] >> 2 * (pupil % 4) & 3 for pupil in range(n_pupils)]
    masks_at, n_others = 2 + n_bytes, states.count(2)
    masks = [_bits(data[at : at + 2]) for at in range(masks_at, masks_at + 2 * n_others, 2)]
    codes = iter(data[masks_at + 2 * n_others :])
    exceptions = iter([[next(codes) if differs else None for differs in mask] for mask in masks])
    weeks = []
    for state in states:
        plain = [code if state and came else 0 for code, came in zip([1, 2] * 5, sent, strict=True)]  # / and \
        given = next(exceptions) if state == 2 else [None] * 10
        weeks.append([code if code is not None else usual for code, usual in zip(given, plain, strict=True)])
    assert next(codes, None) is None
    return weeks


def _bits(data: bytes) -> list[bool]:
    return [bool(data[session // 8] >> session % 8 & 1) for session in range(10)]


def scanned(permit: Permit, store: RegisterStore, *, first: date, last: date, authorities: Sequence[str] = ()) -> Facts:
    """What the scan side gives of these days."""
    found = scan(permit, ScanSide.of(store), authorities=authorities, first=first, last=last, now=NOW)
    parts = [facts_of(one) for one in found]
    return (
        sorted(row for one in parts for row in one[0]),
        cut([row for one in parts for row in one[1]], first, last),
        {row for one in parts for row in one[2]},
    )


def facts_of(partition: Partition) -> Facts:
    """One partition's rows; marks dense, as `read` gives them."""
    spans = rows_of(partition.spans)
    pupils: dict[Any, set[Any]] = {}
    for urn, pupil, *_ in spans:
        pupils.setdefault(urn, set()).add(pupil)
    marks: set[tuple[object, ...]] = set()
    for weeks in partition.weeks:
        for row in weeks.to_pylist():
            week = dict(enumerate(plain_week(row["marks"], row["n_pupils"])))
            on_roll = {pupil: week.get(pupil, [0] * 10) for pupil in pupils.get(row["urn"], ())}
            for session in range(10):
                day = row["monday"] + timedelta(days=session // 2)
                if any(codes[session] for codes in week.values()):
                    marks |= {(row["urn"], pupil, day, session % 2, codes[session]) for pupil, codes in on_roll.items()}
    return rows_of(partition.schools), spans, marks


def read_directly(permit: Permit, store: RegisterStore, *, urns: Sequence[int], first: date, last: date) -> Facts:
    """What the write side gives of these days."""
    found = read(permit, store, schools=[Urn(urn) for urn in urns], first=first, last=last, now=NOW)
    return sorted(rows_of(found.schools)), cut(rows_of(found.spans), first, last), set(rows_of(found.marks))


def cut(spans: Sequence[tuple[Any, ...]], first: date, last: date) -> list[tuple[object, ...]]:
    """Spans as far as the days reach: what lies beyond is told by academic year on the scan side."""
    return sorted((*one[:2], max(one[2], first), min(one[3], last), *one[4:]) for one in spans)


def rows_of(table: pa.Table) -> list[tuple[object, ...]]:
    """A table's rows."""
    return [tuple(row.values()) for row in table.to_pylist()]
