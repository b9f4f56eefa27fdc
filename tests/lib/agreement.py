"""Counts of one register by the engines and by the plain second implementation, in one form, to be compared.

Counts of schools are dictionaries without zeros; an area's are five of them, added up here school by school.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines import Engine
from tallyroll.engines.counts import AuthorityCounts, AuthorityEngine
from tallyroll.tally import statements
from tallyroll.tally.definitions import Definition
from tallyroll.vocab.characteristics import YEAR_GROUP
from tallyroll.vocab.shapes import MARKS, Register
from tests.lib import oracle
from tests.lib.small_registers import Blocks

Key = tuple[Any, ...]
Cells = Mapping[Key, int]
"""Marks by (urn, day, session, characteristic, value, code)."""

Shares = Mapping[Key, tuple[int, int, int]]
"""Enrolments, persistently and severely absent ones, by (urn, characteristic, value)."""

EPOCH = date(1970, 1, 1).toordinal()


def tables_of(register: Register, definition: Definition) -> dict[str, pa.Table]:
    """The tables that the counting statements take."""
    away = [definition.population.year_11_away(urn) for urn in register.schools["urn"].to_pylist()]
    renamed = {"first": "first_day", "last": "last_day"}
    schools = register.schools.select(["urn"])
    for name, days in (("away_first", [first for first, _ in away]), ("away_last", [last for _, last in away])):
        schools = schools.append_column(name, pa.array(days, pa.date32()))
    return {
        "marks": register.marks.rename_columns({"date": "day"}),
        "spans": register.spans.rename_columns(renamed),
        "schools": schools,
    }


def cells(engine: Engine, register: Register, definition: Definition) -> Cells:
    """The cells that an engine counts."""
    table = engine.run(statements.count_sessions(definition), tables_of(register, definition))
    return {key: n for *key_, n in _rows(table, 6) for key in [tuple(key_)]}


def shares(engine: Engine, register: Register, definition: Definition) -> Shares:
    """The enrolments that an engine counts."""
    table = engine.run(statements.count_enrolments(definition), tables_of(register, definition))
    return {(urn, name, value): (n, some, half) for urn, name, value, n, some, half in _rows(table, 3)}


def _rows(table: pa.Table, n_keys: int) -> list[Key]:
    """The rows of a table, of which no two may have the same key."""
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert len({row[:n_keys] for row in rows}) == len(rows)
    return rows


def plain_cells(register: Register, definition: Definition) -> Cells:
    """The cells, counted one mark after another."""
    counted = oracle.count(register, characteristics=definition.characteristics, revision=0, **_whose(definition))
    return {(urn, *rest): n for (urn, _, _, _, *rest), n in counted.items()}


def plain_shares(register: Register, definition: Definition) -> Shares:
    """The enrolments, counted one mark after another."""
    counted = oracle.persistent(
        register,
        characteristics=definition.characteristics,
        first=date.min,
        last=date.max,
        revision=0,
        **_whose(definition),
    )
    return {(urn, name, value): n for (urn, _, _, _, _, _, name, value), n in counted.items()}


def _whose(definition: Definition) -> dict[str, Any]:
    """The population in the oracle's words."""
    whose = definition.population
    urns = {*whose.year_11_leaves_at, *range(100001, 100005)} if whose.year_11_leaves else {*whose.year_11_leaves_at}
    return {
        "years": [YEAR_GROUP.values[number].code for number in whose.year_groups],
        "away": {urn: whose.year_11_away(urn) for urn in urns},
    }


def between(register: Register, first: date, last: date) -> Register:
    """The register with the marks of these days only."""
    day = register.marks["date"]
    inside = pc.and_(pc.greater_equal(day, pa.scalar(first)), pc.less_equal(day, pa.scalar(last)))
    return Register(register.schools, register.spans, register.marks.filter(inside))


@dataclass(frozen=True)
class Area:
    """The counts of some phases of an authority.

    cells by (phase, day, characteristic, value, code); schools by (phase, Monday, characteristic, value, days open as
    bits); on_roll by (phase, day); enrolments and their schools by (phase, characteristic, value).
    """

    cells: Mapping[Key, int]
    schools: Mapping[Key, int]
    on_roll: Mapping[Key, int]
    enrolments: Mapping[Key, tuple[int, int, int]]
    enrolment_schools: Mapping[Key, int]


def plain_area(counted: Cells, persistent: Shares, *, schools: pa.Table, phases: Sequence[str]) -> Area:
    """The counts of schools added up one by one."""
    phase_of = {row["urn"]: row["phase"] for row in schools.to_pylist() if row["phase"] in phases}
    sums: Counter[Key] = Counter()
    open_on: dict[Key, set[int]] = defaultdict(set)
    sessions: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for (urn, day, session, name, value, code), n in counted.items():
        if urn not in phase_of:
            continue
        sums[phase_of[urn], day, name, value, code] += n
        if oracle.text(code) in oracle.POSSIBLE:
            open_on[urn, _monday(day), name, value].add(day.weekday())
        if name == "all" and oracle.text(code) != "Z":
            sessions[urn, day][session] += n
    on_roll: Counter[Key] = Counter()
    for (urn, day), both in sessions.items():
        on_roll[phase_of[urn], day] += max(both)
    enrolments: dict[Key, tuple[int, int, int]] = {}
    of_schools: Counter[Key] = Counter()
    for (urn, *what), reached in persistent.items():
        if urn in phase_of:
            key = (phase_of[urn], *what)
            so_far = enrolments.get(key, (0, 0, 0))
            enrolments[key] = (so_far[0] + reached[0], so_far[1] + reached[1], so_far[2] + reached[2])
            of_schools[key] += 1
    open_schools = Counter(
        (phase_of[urn], *what, sum(1 << day for day in days)) for (urn, *what), days in open_on.items()
    )
    return Area(dict(sums), dict(open_schools), dict(on_roll), enrolments, dict(of_schools))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def area(
    engine: AuthorityEngine, given: Blocks, definition: Definition, *, first: date, last: date, phases: Sequence[str]
) -> Area:
    """The counts of packed weeks by an engine, from one day to another."""
    tables = tables_of(Register(given.schools, given.spans, MARKS.empty_table()), definition)
    numbers = [phases.index(one) if one in phases else -1 for one in given.schools["phase"].to_pylist()]
    tables["schools"] = tables["schools"].append_column("phase", pa.array(numbers, pa.int32()))
    days = {"first": first.toordinal() - EPOCH, "last": last.toordinal() - EPOCH}
    return named(
        engine.authority(statements.plan(definition), tables, given.packed, phases=len(phases), **days), phases
    )


def named(counts: AuthorityCounts, phases: Sequence[str]) -> Area:
    """What the kernel gives, without the zeros."""
    mondays = [date.fromordinal(EPOCH + monday) for monday in counts.mondays]

    def key(phase: int, place: int) -> Key:
        return (phases[phase], *counts.values[place])

    def day(week: int, number: int) -> date:
        return mondays[week] + timedelta(days=number)

    found: dict[str, Any] = {
        "cells": {
            (phases[p], day(w, d), *counts.values[v], counts.codes[c]): n
            for (p, w, d, v, c), n in _there(counts.cells).items()
        },
        "schools": {
            (phases[p], mondays[w], *counts.values[v], days): n for (p, w, v, days), n in _there(counts.schools).items()
        },
        "on_roll": {(phases[p], day(w, d)): n for (p, w, d), n in _there(counts.on_roll).items()},
        "enrolments": {
            key(p, v): tuple(counts.enrolments[p, v].tolist())
            for p, v, share in _there(counts.enrolments)
            if share == 0
        },
        "enrolment_schools": {key(p, v): n for (p, v), n in _there(counts.enrolment_schools).items()},
    }
    return Area(**found)


def _there(numbers: Any) -> dict[Any, int]:  # Any: arrays of any whole numbers
    """The numbers that are not 0, by their place."""
    places = zip(*(axis.tolist() for axis in numbers.nonzero()), strict=True)
    return {place: int(numbers[place]) for place in places}
