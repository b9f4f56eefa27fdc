"""The tables of an export, each said once: what its rows are, its columns, their types and what they mean.

Files, `dictionary.json` and the export's README all follow from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.shapes import WEEKS


class Layout(StrEnum):
    """How marks are laid out in an export."""

    EXCEPTIONS = "exceptions"
    SPELLS = "spells"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type in Parquet, and what it means."""

    name: str
    kind: pa.DataType
    meaning: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: what a row of it is, and its columns; `parted`: it lies in a folder for each authority, `la=201`."""

    name: str
    about: str
    columns: tuple[Column, ...]
    parted: bool = True

    @property
    def shape(self) -> pa.Schema:
        """The columns of its files; the authority stands in the folder's name."""
        return pa.schema([(column.name, column.kind) for column in self.columns])


_URN = Column("urn", pa.int32(), "the school's URN")
_PUPIL = Column("pupil", pa.int32(), "the pupil's number in this school's roll, given once, never reused; no UPN")
_SESSION = Column("session", pa.uint8(), "0 morning, 1 afternoon")
_CODE = Column("code", pa.uint8(), "number of an attendance code, see `codes`; 0: nothing was received for the pupil")

SCHOOLS = Sheet(
    "schools", "One row per school.", (_URN, Column("phase", pa.string(), "the phase its figures are published under"))
)
ROLL = Sheet(
    "roll",
    "One row per stretch of an enrolment in which nothing changes; stretches of a pupil do not overlap. A pupil is on"
    " the roll on a day that lies in one of them.",
    (
        _URN,
        _PUPIL,
        Column("first_date", pa.date32(), "its first day"),
        Column("last_date", pa.date32(), "its last day; 9999-12-31 or 31 August: it goes on"),
        *(
            Column(one.name, pa.uint8(), f"{one.label}: a number of `characteristics`; 0 unknown or not permitted")
            for one in ROLL_CHARACTERISTICS
        ),
    ),
)
SESSIONS = Sheet(
    "sessions",
    "One row per school and session of which the school sent anything at all. A session without a row was never"
    " received: nobody was present or absent in it, as far as anybody knows.",
    (_URN, Column("date", pa.date32(), "the day"), _SESSION),
)
EXCEPTIONS = Sheet(
    "exceptions",
    "One row per mark, in a session that was sent, of a pupil on the roll that day, that is not plain present (`/` in"
    " the morning, `\\` in the afternoon); code 0 among them. Present is who is on the roll in a session that was sent"
    " and has no row here.",
    (_URN, _PUPIL, Column("date", pa.date32(), "the day"), _SESSION, _CODE),
)
SPELLS = Sheet(
    "spells",
    "One row per run of the same exception, in sessions that follow one another among those that the school sent. The"
    " rows of `exceptions` are its sessions from first to last.",
    (
        _URN,
        _PUPIL,
        _CODE,
        Column("first_date", pa.date32(), "the day on which it begins"),
        Column("first_session", pa.uint8(), "0 it begins in the morning, 1 in the afternoon"),
        Column("last_date", pa.date32(), "the day on which it ends"),
        Column("last_session", pa.uint8(), "0 it ends with the morning, 1 with the afternoon"),
        Column("n_sessions", pa.int32(), "how many sessions it has"),
    ),
)
_WEEK_MEANINGS = {
    "urn": _URN.meaning,
    "monday": "the first day of the week",
    "revision": "the school's revision that the week is of",
    "n_pupils": "how many pupils, by number from 0, the marks reach; later ones have none",
    "marks": "the packed week: see `tallyroll.vocab.packing`",
}
PACKED = Sheet(
    "weeks",
    "One row per school and week of which anything came, packed as the scan side keeps it.",
    tuple(Column(field.name, field.type, _WEEK_MEANINGS[field.name]) for field in WEEKS),
)
CODES = Sheet(
    "codes",
    "One row per attendance code.",
    (
        Column("code", pa.uint8(), "its number"),
        Column("text", pa.string(), "what a register shows"),
        Column("name", pa.string(), "its name in the regulations"),
        Column("category", pa.string(), "how the statistics count it"),
    ),
    parted=False,
)
CHARACTERISTICS = Sheet(
    "characteristics",
    "One row per value of a characteristic of the roll.",
    (
        Column("characteristic", pa.string(), "the column of `roll`"),
        Column("value", pa.uint8(), "its number there"),
        Column("code", pa.string(), "its code in registers"),
        Column("label", pa.string(), "its label in published tables"),
    ),
    parted=False,
)

SHEETS: dict[Layout, tuple[Sheet, ...]] = {
    Layout.EXCEPTIONS: (EXCEPTIONS, SESSIONS, ROLL, SCHOOLS, CODES, CHARACTERISTICS),
    Layout.SPELLS: (SPELLS, SESSIONS, ROLL, SCHOOLS, CODES, CHARACTERISTICS),
    Layout.WEEKS: (PACKED, ROLL, SCHOOLS, CODES, CHARACTERISTICS),
}
"""The tables of each layout."""

_COUNT = """
-- Marks of every code by authority, day and session: plain present, every exception, and 0 for nothing received.
SELECT la, date, session, code, count(*) AS n
FROM (SELECT due.la, due.date, due.session, coalesce(other.code, 1 + due.session) AS code
      FROM (SELECT sessions.la, sessions.urn, roll.pupil, sessions.date, sessions.session
            FROM sessions JOIN roll
              ON roll.urn = sessions.urn AND sessions.date BETWEEN roll.first_date AND roll.last_date) AS due
      LEFT JOIN exceptions AS other
        ON other.urn = due.urn AND other.pupil = due.pupil AND other.date = due.date AND other.session = due.session
     ) AS marks
GROUP BY la, date, session, code
ORDER BY la, date, session, code
"""
_UNROLL = """
-- Spells as exceptions: each session that the school sent between a spell's first and its last.
WITH exceptions AS (
  SELECT spells.la, spells.urn, spells.pupil, sessions.date, sessions.session, spells.code
  FROM spells JOIN sessions
    ON sessions.urn = spells.urn
   AND (sessions.date, sessions.session) >= (spells.first_date, spells.first_session)
   AND (sessions.date, sessions.session) <= (spells.last_date, spells.last_session)
)
"""

EXAMPLES: dict[Layout, str] = {
    Layout.EXCEPTIONS: _COUNT.strip() + "\n",
    Layout.SPELLS: _UNROLL.strip() + "\n" + _COUNT.strip() + "\n",
}
"""For each layout that SQL can count, a statement that counts every mark once; `/` is number 1 and `\\` number 2."""


def tree(layout: Layout) -> dict[str, object]:
    """The data dictionary of a layout, as `dictionary.json` holds it."""
    return {
        "layout": layout,
        "tables": [
            {
                "name": sheet.name,
                "about": sheet.about,
                "partitioned_by": ["la"] if sheet.parted else [],
                "columns": [{"name": one.name, "type": str(one.kind), "meaning": one.meaning} for one in sheet.columns],
            }
            for sheet in SHEETS[layout]
        ],
    }


def readme(layout: Layout, *, facts: Sequence[str]) -> str:
    """The README of an export; `facts` are lines that say what lies here."""
    lines = [
        f"# Registers as {layout}",
        "",
        *(f"- {fact}" for fact in facts),
        "",
        "**Rows about pupils, in the clear.** The store was encrypted; this is not. Nothing protects it but the rights",
        "of this folder and of the disk: keep it there no longer than you need it, and copy it nowhere else. That it",
        "was made, for whom and why, stands in the log of the gate, and in the public sharing register.",
        "",
        "A week that was never received is not full attendance. Count only what `sessions` says was sent.",
        "",
    ]
    for sheet in SHEETS[layout]:
        lines += _described(sheet)
    if layout in EXAMPLES:
        lines += ["## Counting", "", "With each table as a view of its name:", ""]
        lines += ["```sql", EXAMPLES[layout].rstrip(), "```", ""]
    return "\n".join(lines)


def _described(sheet: Sheet) -> list[str]:
    where = f"{sheet.name}/la=*/*.parquet" if sheet.parted else f"{sheet.name}/*.parquet"
    lines = [f"## `{sheet.name}`", "", f"`{where}`. {sheet.about}", "", "| Column | Type | Meaning |", "|---|---|---|"]
    lines += ["| `la` | string | old code of the authority: the folder's name |"] if sheet.parted else []
    return [*lines, *(f"| `{one.name}` | {one.kind} | {one.meaning} |" for one in sheet.columns), ""]
