"""Partitions of small registers: the same marks packed by week, and the dense register that says what they say."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.tally.refreshing import Change
from tallyroll.vocab.packing import pack
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.shapes import MARKS, WEEKS, Register

Week = tuple[int, date]
"""A school and a Monday."""


def blocks_of(register: Register) -> dict[Week, np.ndarray]:
    """The marks by school and week. Shape: [pupils, 5 days, 2 sessions]; weeks without a single mark are left out."""
    marks: dict[Week, list[dict[str, Any]]] = defaultdict(list)
    for row in register.marks.to_pylist():
        marks[row["urn"], row["date"] - timedelta(days=row["date"].weekday())].append(row)
    blocks = {}
    for week, rows in sorted(marks.items()):
        block = np.zeros((max(row["pupil"] for row in rows) + 1, 5, 2), dtype=np.uint8)
        for row in rows:
            block[row["pupil"], row["date"].weekday(), row["session"]] = row["code"]
        if block.any():
            blocks[week] = block
    return blocks


def weeks_table(blocks: dict[Week, np.ndarray], *, revision: int = 1) -> pa.Table:
    """Packed weeks, by school and Monday."""
    rows = [
        {"urn": urn, "monday": monday, "revision": revision, "n_pupils": len(block), "marks": pack(block)}
        for (urn, monday), block in sorted(blocks.items())
    ]
    return pa.Table.from_pylist(rows, schema=WEEKS)


def partitions_of(register: Register) -> list[Partition]:
    """A partition for each authority, its weeks in a table for each month."""
    blocks, found = blocks_of(register), []
    for la in sorted(set(register.schools["la"].to_pylist())):
        schools = register.schools.filter(pc.equal(register.schools["la"], la)).sort_by("urn")
        urns = schools["urn"].to_pylist()
        mine = {week: block for week, block in blocks.items() if week[0] in urns}
        months = sorted({monday.replace(day=1) for _, monday in mine})
        tables = [weeks_table({w: b for w, b in mine.items() if w[1].replace(day=1) == month}) for month in months]
        found.append(Partition(la, schools, _in_order(register.spans, urns), tables))
    return found


def _in_order(spans: pa.Table, urns: Sequence[int]) -> pa.Table:
    mine = spans.filter(pc.is_in(spans["urn"], value_set=pa.array(urns, pa.int32())))
    return mine.sort_by([(name, "ascending") for name in ("urn", "pupil", "first")])


def dense(register: Register) -> Register:
    """The register as a store reads it: a row for each pupil of the roll and each session in which anything came."""
    blocks, rows = blocks_of(register), []
    pupils: dict[int, set[int]] = defaultdict(set)
    for span in register.spans.to_pylist():
        pupils[span["urn"]].add(span["pupil"])
    for (urn, monday), block in blocks.items():
        for day, session in zip(*np.nonzero(block.any(axis=0)), strict=True):
            for pupil in sorted(pupils[urn]):
                code = int(block[pupil, day, session]) if pupil < len(block) else 0
                when = monday + timedelta(days=int(day))
                rows.append({"urn": urn, "pupil": pupil, "date": when, "session": int(session), "code": code})
    return Register(register.schools, register.spans, pa.Table.from_pylist(rows, schema=MARKS))


def changes_between(before: Register, after: Register) -> list[Change]:
    """What changed from one register to another, authority by authority; a school whose roll did is replaced whole."""
    old, new = blocks_of(before), blocks_of(after)
    homes_old, homes_new = ({row["urn"]: row for row in one.schools.to_pylist()} for one in (before, after))
    spans_old, spans_new = _spans_of(before), _spans_of(after)
    replaced = {
        urn
        for urn in homes_old.keys() | homes_new.keys()
        if homes_old.get(urn) != homes_new.get(urn) or spans_old.get(urn) != spans_new.get(urn)
    }
    found = []
    for la in sorted({home["la"] for homes in (homes_old, homes_new) for home in homes.values()}):
        gone = {w: b for w, b in old.items() if homes_old[w[0]]["la"] == la and not _same(w, old, new, replaced)}
        come = {w: b for w, b in new.items() if homes_new[w[0]]["la"] == la and not _same(w, old, new, replaced)}
        left = sorted(urn for urn in replaced if urn in homes_old and homes_old[urn]["la"] == la)
        here = sorted(urn for urn in replaced if urn in homes_new and homes_new[urn]["la"] == la)
        schools = after.schools.filter(pc.is_in(after.schools["urn"], value_set=pa.array(here, pa.int32())))
        spans = _in_order(after.spans, here)
        found.append(Change(la, weeks_table(gone), weeks_table(come), tuple(left), schools, spans))
    return found


def _same(week: Week, old: dict[Week, np.ndarray], new: dict[Week, np.ndarray], replaced: set[int]) -> bool:
    is_same = week in old and week in new and np.array_equal(old[week], new[week])
    return is_same and week[0] not in replaced


def _spans_of(register: Register) -> dict[int, list[dict[str, Any]]]:
    spans: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in register.spans.sort_by([("pupil", "ascending"), ("first", "ascending")]).to_pylist():
        spans[row["urn"]].append(row)
    return spans
