"""Counting in tests: a permit for every school of `small_registers`, an engine, and tables shown as text."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

from tallyroll.engines import Engine, open_engine
from tallyroll.governance import Door, Permit
from tallyroll.tally.algebra import Tally
from tallyroll.tally.count import count
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, Definition, Population
from tallyroll.tally.persistence import count_persistent
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.shapes import Register
from tests.lib.builders import NOW, permit
from tests.lib.small_registers import URNS, rows_of

FIRST, LAST = date(2026, 9, 1), date(2026, 11, 20)


@cache
def count_permit() -> Permit:
    """A permit to count every school of `small_registers`, by every characteristic, over the term so far."""
    return permit(Door.COUNT, schools=[Urn(number) for number in URNS], first=FIRST, last=LAST)


@cache
def _engine() -> Engine:
    """One engine for all tests of a process: opening one takes 0.1 s."""
    return open_engine(threads=1).__enter__()


def counted(
    register: Register,
    *characteristics: str,
    revision: int = 1,
    population: Population = COMPULSORY_SCHOOL_AGE,
    days: Collection[date] = (),
) -> Tally:
    """The register's sessions."""
    definition = Definition(characteristics, population)
    return count(count_permit(), _engine(), register, definition=definition, now=NOW, revision=revision, days=days)


def persistent(
    register: Register,
    *characteristics: str,
    first: date = FIRST,
    last: date = LAST,
    revision: int = 1,
    population: Population = COMPULSORY_SCHOOL_AGE,
    whole: bool = False,
) -> pa.Table:
    """The register's persistent absence."""
    definition = Definition(characteristics, population)
    return count_persistent(
        count_permit(),
        _engine(),
        register,
        definition=definition,
        first=first,
        last=last,
        now=NOW,
        revision=revision,
        whole=whole,
    )


def shown(table: pa.Table, *columns: str) -> list[dict[str, str]]:
    """The rows as `rows_of` reads them from text, sorted; codes as registers show them, `-` for nothing received."""
    rows = [{name: _text(name, row[name]) for name in columns} for row in table.to_pylist()]
    return sorted(rows, key=lambda row: list(row.values()))


def drawn(table: str) -> list[dict[str, str]]:
    """The rows of a text table, sorted, to compare with what is `shown`."""
    return sorted(rows_of(table), key=lambda row: list(row.values()))


def _text(name: str, value: object) -> str:
    if name == "code" and isinstance(value, int):
        return CODES[value - 1].text if value else "-"
    if name == "session":
        return ("AM", "PM")[int(str(value))]
    return str(value)


def as_dict(table: pa.Table, keys: Sequence[str]) -> dict[tuple[Any, ...], Any]:
    """Rows by these columns; the others as a value (a tuple when there are several), as the oracle writes them."""
    rest = [name for name in table.column_names if name not in keys]
    return {
        tuple(row[name] for name in keys): row[rest[0]] if len(rest) == 1 else tuple(row[name] for name in rest)
        for row in table.to_pylist()
    }
