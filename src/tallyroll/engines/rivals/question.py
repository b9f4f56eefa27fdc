"""The question that all are asked: how many marks of each cell, how many enrolments persistently and severely absent.

A cell is an authority, phase, day, code and one value of one breakdown. Nobody prints tens of millions of cells, so the
answer is of integers: how many cells there are, their sum, the sum of their squares, and a sum in which every cell is
weighted by the product of all that names it. A cell too many, too few, or under the wrong name changes it.
"""

# ruff: noqa: S608 - no text from outside: names are those of vocab.characteristics, and files of our own

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from tallyroll.vocab import codes
from tallyroll.vocab.characteristics import BY_NAME

Answer = tuple[int, ...]
"""Cells, marks, weighted sum, squares; then cells, enrolments, weighted sums of all, of persistent, of severe."""

BREAKDOWNS = tuple(BY_NAME)
ABSENT = sorted(codes.numbers_in(*codes.ABSENT))
POSSIBLE = sorted(codes.numbers_in(*codes.POSSIBLE))
_DAY, _AREA = ("la", "phase", "day", "code"), ("la", "phase")


def weight_of_value(breakdown: int, value: int) -> int:
    """What a value weighs: breakdown 0 is everybody, the others follow in the order of BREAKDOWNS."""
    return (breakdown + 1) * (value + 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which files, by how many threads; `marks` is `exceptions` or `long`."""

    folder: Path
    marks: str
    threads: int

    @property
    def marks_file(self) -> Path:
        """The table of marks."""
        return self.folder / f"{self.marks}.parquet"

    @property
    def stretches_file(self) -> Path:
        """The table of stretches."""
        return self.folder / "stretches.parquet"

    @property
    def is_long(self) -> bool:
        """Whether every mark has a row, not only those that are not plain present."""
        return self.marks == "long"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a product is spoken to: what its tables are called, and whether breakdowns are grouping sets or a union."""

    marks: str
    stretches: str
    grouping_sets: bool


def statements(asked: Asked, dialect: Dialect) -> tuple[str, str]:
    """The question in SQL: a statement for marks and one for enrolments, each giving one row of the answer."""
    return _sessions(dialect), _enrolments(asked, dialect)


def _sessions(dialect: Dialect) -> str:
    columns = ", ".join(f"s.{name} AS {name}" for name in (*_AREA, *BREAKDOWNS))
    rows = f"""SELECT m.day AS day, m.code AS code, {columns}
        FROM {dialect.marks} m JOIN {dialect.stretches} s ON m.stretch = s.stretch"""
    cells = _grouped(rows, _DAY, ["COUNT(*) AS n"], dialect)
    named = " * ".join(f"({name} + CAST(1 AS BIGINT))" for name in _DAY)
    return f"""SELECT COUNT(*) AS c, SUM(n) AS s, SUM(n * {named} * w) AS h, SUM(n * n) AS q FROM ({cells}) g"""


def _enrolments(asked: Asked, dialect: Dialect) -> str:
    status = ", ".join(f"s.{name} AS {name}" for name in (*_AREA, *BREAKDOWNS))
    possible = "COALESCE(t.possible, 0)" if asked.is_long else "s.sessions - COALESCE(t.impossible, 0)"
    rows = f"""SELECT {status},
            CASE WHEN 10 * u.absent >= u.possible THEN 1 ELSE 0 END AS x,
            CASE WHEN 2 * u.absent >= u.possible THEN 1 ELSE 0 END AS y
        FROM {dialect.stretches} s JOIN (
            SELECT s.pupil AS pupil, SUM(COALESCE(t.absent, 0)) AS absent, SUM({possible}) AS possible
            FROM {dialect.stretches} s LEFT JOIN (
                SELECT stretch,
                    SUM(CASE WHEN code IN ({_listed(ABSENT)}) THEN 1 ELSE 0 END) AS absent,
                    SUM(CASE WHEN code IN ({_listed(POSSIBLE)}) THEN 1 ELSE 0 END) AS possible,
                    SUM(CASE WHEN code IN ({_listed(POSSIBLE)}) THEN 0 ELSE 1 END) AS impossible
                FROM {dialect.marks} GROUP BY stretch
            ) t ON s.stretch = t.stretch GROUP BY s.pupil
        ) u ON s.pupil = u.pupil WHERE s.latest = 1 AND u.possible > 0"""
    cells = _grouped(rows, _AREA, ["COUNT(*) AS n", "SUM(x) AS x", "SUM(y) AS y"], dialect)
    named = " * ".join(f"({name} + CAST(1 AS BIGINT))" for name in _AREA)
    weighted = ", ".join(f"SUM({count} * {named} * w) AS h{count}" for count in "nxy")
    return f"SELECT COUNT(*) AS c, SUM(n) AS s, {weighted} FROM ({cells}) g"


def _grouped(rows: str, keys: Sequence[str], counts: Sequence[str], dialect: Dialect) -> str:
    """The rows counted by the keys and each breakdown, with the weight `w` of the value."""
    by, counted = ", ".join(keys), ", ".join(counts)
    weights = [f"{place + 1} * ({name} + CAST(1 AS BIGINT))" for place, name in enumerate(BREAKDOWNS, start=1)]
    if dialect.grouping_sets:
        sets = ", ".join([f"({by})", *(f"({by}, {name})" for name in BREAKDOWNS)])
        one_of_them = f"COALESCE({', '.join(weights)}, 1)"
        return f"SELECT {by}, {one_of_them} AS w, {counted} FROM ({rows}) j GROUP BY GROUPING SETS ({sets})"
    each = [f"SELECT {by}, CAST(1 AS BIGINT) AS w, {counted} FROM j GROUP BY {by}"] + [
        f"SELECT {by}, {weight} AS w, {counted} FROM j GROUP BY {by}, {name}"
        for name, weight in zip(BREAKDOWNS, weights, strict=True)
    ]
    return f"WITH j AS ({rows}) " + " UNION ALL ".join(each)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def digest(out: Path) -> Answer:
    """How many lines there are, and the sum of what each one's bytes come to, whatever their order."""
    with out.open("rb") as lines:
        sums = [crc32(line) for line in lines]
    return len(sums), sum(sums)
