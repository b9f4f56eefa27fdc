"""Areas as tables and back: what `storage` writes into a folder, readable by anybody's SQL, a row for what is not 0."""

import json
from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines.counts import Values
from tallyroll.tally.areas import N_CODES, PHASES, SHARES, AreaCells, Areas, values_of
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.identifiers import Urn

Tables = Mapping[str, pa.Table]
Numbers = npt.NDArray[np.integer]

_WEEK, _THURSDAY = 7, 3
_CODE_NAMES = ("nothing_received", *(f"code_{code.text}" for code in CODES))
_WHERE = [("la", pa.string()), ("phase", pa.string())]
_GROUP = [("characteristic", pa.string()), ("value", pa.uint8())]
_NUMBER = pa.int32()

SHAPES: Mapping[str, pa.Schema] = {
    "area_cells": pa.schema([*_WHERE, ("date", pa.date32()), *_GROUP, *((name, _NUMBER) for name in _CODE_NAMES)]),
    "area_schools": pa.schema([*_WHERE, ("monday", pa.date32()), *_GROUP, ("days", pa.uint8()), ("n", _NUMBER)]),
    "area_rolls": pa.schema([*_WHERE, ("date", pa.date32()), ("n", _NUMBER)]),
    "area_enrolments": pa.schema(
        [*_WHERE, ("first", pa.date32()), ("last", pa.date32()), *_GROUP]
        + [(name, _NUMBER) for name in ("schools", *SHARES)]
    ),
    "contributors": pa.schema([("urn", pa.int32()), ("la", pa.string())]),
}
"""The tables, by the names of their files. `days` are those of the week, Monday the lowest bit, a school is open on."""


def to_tables(areas: Areas) -> dict[str, pa.Table]:
    """The areas as tables. What no row says (breakdowns, windows, days) stands in the schema of the contributors."""
    parts: dict[str, list[pa.Table]] = {name: [shape.empty_table()] for name, shape in SHAPES.items()}
    for la, one in areas.authorities.items():
        for name, columns in _rows(one, areas):
            table = {"la": pa.repeat(pa.scalar(la), len(columns["phase"])), **columns}
            parts[name].append(pa.table(table).cast(SHAPES[name]))
    about = {
        "breakdowns": sorted(areas.breakdowns),
        "windows": [[first.isoformat(), last.isoformat()] for first, last in areas.windows],
        "n_days": areas.n_days,
        "schools_open": areas.schools_open,
    }
    schools = {"urn": [urn.number for urn in areas.contributors], "la": [*areas.contributors.values()]}
    listed = pa.table(schools, SHAPES["contributors"]).sort_by("urn")
    parts["contributors"] = [listed.replace_schema_metadata({"areas": json.dumps(about)})]
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _rows(one: AreaCells, areas: Areas) -> Iterator[tuple[str, dict[str, pa.Array]]]:
    """One authority's rows of each table."""
    mondays = np.array(one.mondays, dtype=np.int64)
    phase, week, day, place = np.nonzero(one.cells.any(axis=-1))
    every = np.zeros((len(phase), N_CODES), dtype=np.int32)
    every[:, list(one.codes)] = one.cells[phase, week, day, place]
    codes = {name: pa.array(every[:, code]) for code, name in enumerate(_CODE_NAMES)}
    yield "area_cells", {**_phase(phase), **_day("date", mondays[week] + day), **_group(areas.values, place), **codes}
    at = phase, week, place, days = np.nonzero(one.schools)
    n = {"days": pa.array(days), "n": pa.array(one.schools[at])}
    yield "area_schools", {**_phase(phase), **_day("monday", mondays[week]), **_group(areas.values, place), **n}
    at = phase, week, day = np.nonzero(one.on_roll)
    yield "area_rolls", {**_phase(phase), **_day("date", mondays[week] + day), "n": pa.array(one.on_roll[at])}
    at = window, phase, place = np.nonzero(one.enrolment_schools)
    edges = {
        name: pa.array([window[edge] for window in areas.windows], pa.date32()).take(pa.array(window))
        for edge, name in enumerate(("first", "last"))
    }
    counts = {"schools": pa.array(one.enrolment_schools[at])}
    counts |= {name: pa.array(one.enrolments[at][:, share]) for share, name in enumerate(SHARES)}
    yield "area_enrolments", {**_phase(phase), **edges, **_group(areas.values, place), **counts}


def _phase(phase: Numbers) -> dict[str, pa.Array]:
    return {"phase": pa.array(PHASES, pa.string()).take(pa.array(phase))}


def _day(name: str, day: Numbers) -> dict[str, pa.Array]:
    return {name: pa.array(day.astype(np.int32)).view(pa.date32())}


def _group(values: Values, place: Numbers) -> dict[str, pa.Array]:
    names, numbers = zip(*values, strict=True)
    taken = pa.array(place)
    return {
        "characteristic": pa.array(names, pa.string()).take(taken),
        "value": pa.array(numbers, pa.uint8()).take(taken),
    }


def from_tables(tables: Tables) -> Areas:
    """The areas that these tables hold.

    Raises: VerificationProblem when they do not belong together.
    """
    try:
        about = json.loads((tables["contributors"].schema.metadata or {})[b"areas"])
        values = values_of(about["breakdowns"])
        windows = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in about["windows"])
        n_days, schools_open = int(about["n_days"]), int(about["schools_open"])
        contributors = tables["contributors"].to_pylist()
        known = sorted(
            {la for name in ("area_cells", "area_enrolments") for la in tables[name]["la"].unique().to_pylist()}
        )
        return Areas(
            values=values,
            windows=windows,
            authorities={la: _cells(_of(tables, la), values, windows, n_days) for la in known},
            contributors={Urn(row["urn"]): row["la"] for row in contributors},
            schools_open=schools_open,
        )
    except (KeyError, ValueError, IndexError) as error:
        raise VerificationProblem("These tables are no areas.", mend="Count the areas again.") from error


def _of(tables: Tables, la: str) -> Tables:
    return {name: table.filter(pc.equal(table["la"], la)) for name, table in tables.items()}


def _cells(tables: Tables, values: Values, windows: tuple[tuple[date, date], ...], n_days: int) -> AreaCells:
    """One authority's area cells."""
    cells, schools, rolls, shares = (tables[name] for name in [*SHAPES][:4])
    phase, place, day, week, mondays = _phases(cells), _places(cells, values), *_days(cells)
    by_day = (len(PHASES), len(mondays), n_days)
    held = np.zeros((*by_day, len(values), N_CODES), dtype=np.int32)
    held[phase, week, day, place] = np.stack([_column(cells, name) for name in _CODE_NAMES], axis=-1)
    by_days = np.zeros((len(PHASES), len(mondays), len(values), 1 << n_days), dtype=np.uint16)
    at = np.searchsorted(mondays, _column(schools, "monday"))
    by_days[_phases(schools), at, _places(schools, values), _column(schools, "days")] = _column(schools, "n")
    on_roll = np.zeros(by_day, dtype=np.int32)
    dates = _column(rolls, "date")
    roll_day = (dates + _THURSDAY) % _WEEK
    on_roll[_phases(rolls), np.searchsorted(mondays, dates - roll_day), roll_day] = _column(rolls, "n")
    window = [
        windows.index(edges) for edges in zip(shares["first"].to_pylist(), shares["last"].to_pylist(), strict=True)
    ]
    enrolments = np.zeros((len(windows), len(PHASES), len(values), 1 + len(SHARES)), dtype=np.int32)
    counts = np.stack([_column(shares, name) for name in ("schools", *SHARES)], axis=-1)
    enrolments[window, _phases(shares), _places(shares, values)] = counts
    return AreaCells(
        tuple(mondays.tolist()), tuple(range(N_CODES)), held, by_days, on_roll, enrolments[..., 1:], enrolments[..., 0]
    )


def _column(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    column = table[name]
    days = pa.types.is_date32(column.type)
    found: npt.NDArray[np.int64] = (column.cast(pa.int32()) if days else column).to_numpy().astype(np.int64)
    return found


def _days(table: pa.Table) -> tuple[Numbers, Numbers, Numbers]:
    """Of each row the day of the week and the week's place; and the Mondays."""
    dates = _column(table, "date")
    day = (dates + _THURSDAY) % _WEEK
    mondays, week = np.unique(dates - day, return_inverse=True)
    return day, week, mondays


def _phases(table: pa.Table) -> Numbers:
    found: Numbers = pc.index_in(table["phase"], value_set=pa.array(PHASES, pa.string())).to_numpy()
    return found


def _places(table: pa.Table, values: Values) -> Numbers:
    """The place of each row's breakdown and value."""
    names = list(dict.fromkeys(name for name, _ in values))
    first = np.array([values.index((name, 0)) for name in names], dtype=np.int64)
    place: Numbers = first[pc.index_in(table["characteristic"], value_set=pa.array(names, pa.string())).to_numpy()]
    return place + _column(table, "value")
