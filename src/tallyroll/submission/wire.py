"""The closed world of a payload: every field, every word, every bound. What does not stand here cannot be said.

There is no field for text: a string is a word of a list below, a day, a digest, or the purpose that the permit names.
No number but the contributor's and the revision has more than four digits, too few for a date of birth or a UPN.
"""

import hashlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import rfc8785
from msgspec import Meta, Struct, inspect

from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.errors import Problem
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.schools import Phase

KIND: Literal["tally/1"] = "tally/1"
ALL = "all"  # the breakdown that breaks nothing down
LARGEST_PAYLOAD = 16 * 2**20  # bytes; a school's whole year with every breakdown stays below
MOST_CELLS = 400_000
MOST_PUPILS = 9_999  # of one school, in one session; the largest of England has fewer than 5,000

BREAKDOWNS = tuple(BY_NAME)
PAIRS = ((ALL, 0), *((name, number) for name, one in BY_NAME.items() for number in range(len(one.values))))
"""Breakdown and number of value of each of CATEGORIES."""
CATEGORIES = (ALL, *(f"{name}={value.code}" for name, one in BY_NAME.items() for value in one.values))
"""What a cell may count: `all`, or a breakdown and one of its codes; nothing after `=` is the unknown."""
MARKS = ("", *(code.text for code in CODES))
"""Attendance codes by their numbers, as registers show them; 0, nothing received, is the empty text."""
SESSIONS = ("AM", "PM")

Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Number = Annotated[int, Meta(ge=0, le=MOST_PUPILS)]
if TYPE_CHECKING:
    from builtins import str as Breakdown
    from builtins import str as Category
    from builtins import str as La
    from builtins import str as Mark
    from builtins import str as PhaseName
    from builtins import str as Session
else:  # lists of the vocabulary, which a type checker cannot read
    Breakdown, Category, Mark, Session = Literal[BREAKDOWNS], Literal[CATEGORIES], Literal[MARKS], Literal[SESSIONS]
    La, PhaseName = Literal[tuple(BY_OLD_CODE)], Literal[tuple(map(str, Phase))]

_short = Meta(max_length=MOST_CELLS)


class Cells(Struct, frozen=True, forbid_unknown_fields=True):
    """Cells of sessions, column by column. Unit: marks (one pupil, one session)."""

    date: Annotated[list[date], _short]
    session: Annotated[list[Session], _short]
    category: Annotated[list[Category], _short]
    code: Annotated[list[Mark], _short]
    n: Annotated[list[Number], _short]


class Enrolments(Struct, frozen=True, forbid_unknown_fields=True):
    """Cells of persistent absence, column by column. Unit: enrolments with at least one possible session."""

    first: Annotated[list[date], _short]
    last: Annotated[list[date], _short]
    category: Annotated[list[Category], _short]
    enrolments: Annotated[list[Number], _short]
    persistent: Annotated[list[Number], _short]
    severe: Annotated[list[Number], _short]


class Payload(Struct, frozen=True, forbid_unknown_fields=True):
    """One contributor's tally in one revision. All but the first four fields follows from the tally itself."""

    kind: Literal["tally/1"]
    spec: Digest
    manifest: Digest
    purpose: Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{1,63}\Z")]
    contributor: Annotated[int, Meta(ge=100_000, le=999_999)]
    la: La
    phase: PhaseName
    revision: Annotated[int, Meta(ge=0, lt=2**53)]  # microseconds since 1970
    first: date
    last: date
    breakdowns: Annotated[list[Breakdown], Meta(max_length=len(BREAKDOWNS))]
    cells: Cells
    enrolments: Enrolments


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """What a centre answers: the digest of the payload that it keeps, and since when."""

    sha256: Digest
    stored_at: datetime


Outline = dict[str, object] | list[object] | str


def outline(kind: inspect.Type) -> Outline:
    """A type in words of our own, so that no release of a library changes them: fields, lists, patterns, bounds.

    Raises: Problem for a type that a payload must not have, such as free text or a number without bounds.
    """
    match kind:
        case inspect.StructType(forbid_unknown_fields=True):
            return {field.encode_name: outline(field.type) for field in kind.fields if field.required}
        case inspect.ListType(max_length=int()):
            return [outline(kind.item_type), kind.max_length]
        case inspect.LiteralType():
            return list(kind.values)
        case inspect.StrType(pattern=str()):
            return str(kind.pattern)
        case inspect.IntType(ge=int()):
            return f"{kind.ge} to {kind.le if kind.le is not None else f'below {kind.lt}'}"
        case inspect.DateType():
            return "yyyy-mm-dd"
    raise Problem("A field of the payload is not closed.", mend="Give it a list, a pattern or bounds.")


OUTLINE = outline(inspect.type_info(Payload))
"""The whole closed world as plain values."""

SPEC = hashlib.sha256(rfc8785.dumps(OUTLINE)).hexdigest()  # type: ignore[arg-type]  # plain values, nested
"""Names the closed world; both ends must have the same."""


def summary(cells: Cells, enrolments: Enrolments) -> tuple[date, date, list[str]]:
    """The first and last day, and the breakdowns, that the cells of a payload speak of.

    Raises: ValueError when there is no cell.
    """
    days = {*cells.date, *enrolments.first, *enrolments.last}
    named = {category.partition("=")[0] for category in {*cells.category, *enrolments.category} if category}
    return min(days), max(days), [name for name in BREAKDOWNS if name in named]


def written(payload: Payload) -> bytes:
    """The one way to write a payload: compact JSON, fields in their order, ASCII only."""
    return msgspec.json.encode(payload)
