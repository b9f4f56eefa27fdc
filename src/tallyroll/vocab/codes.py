"""Attendance codes: what each mark means, in force from when to when, and how the statistics count it.

Source: School Attendance (Pupil Registration) (England) Regulations 2024 (SI 2024/208) reg. 10, in force from
2024-08-19; before that the 2006 Regulations. Withdrawn codes still arrive from real schools (388 `H` in the
2025/26 national file) and are counted by their category and flagged, never refused.
"""

from collections.abc import Iterable
from csv import DictReader
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files

NOTHING_RECEIVED = 0
"""The byte of a session for which no mark has come. It is never attendance."""


class Category(StrEnum):
    """How the statistics count a mark."""

    PRESENT = "PRESENT"
    AEA = "AEA"  # approved educational activity: counts as attending
    AUTHORISED = "AUTH"
    UNAUTHORISED = "UNAUTH"
    NOT_REQUIRED = "NOTREQ"
    UNABLE = "UNABLE"
    ADMINISTRATIVE = "ADMIN"


ATTENDING = frozenset({Category.PRESENT, Category.AEA})
ABSENT = frozenset({Category.AUTHORISED, Category.UNAUTHORISED})
POSSIBLE = ATTENDING | ABSENT


@dataclass(frozen=True, slots=True)
class Code:
    """One attendance code; `number` is the byte that stands for it in a block of marks (1 to 38)."""

    number: int
    text: str
    name: str
    category: Category
    valid_from: date
    valid_to: date | None
    who: str

    def in_force(self, on: date) -> bool:
        """Whether the regulations of that day know this code."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def _read_codes() -> tuple[Code, ...]:
    text = files(__package__).joinpath("data/attendance_codes.csv").read_text(encoding="utf-8")
    return tuple(
        Code(
            number=number,
            text=row["code"],
            name=row["name"],
            category=Category(row["category"]),
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            who=row["who"],
        )
        for number, row in enumerate(DictReader(text.splitlines()), start=1)
    )


CODES: tuple[Code, ...] = _read_codes()
"""Every code known since 2022, in the order of their numbers."""

BY_TEXT: dict[str, Code] = {code.text: code for code in CODES}
"""Codes by what a register shows: `/`, `L`, `C1` …"""


def numbers(codes: Iterable[str]) -> frozenset[int]:
    """The bytes of the named codes."""
    return frozenset(BY_TEXT[text].number for text in codes)


def numbers_in(*categories: Category) -> frozenset[int]:
    """The bytes of every code in the given categories, withdrawn ones included."""
    return frozenset(code.number for code in CODES if code.category in categories)
