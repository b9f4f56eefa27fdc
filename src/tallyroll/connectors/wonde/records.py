"""The service's records as we let them in: only the fields named here ever become Python objects.

What comes unasked (names, dates of birth, comments) is skipped by the parser, byte by byte. Which fields of a student
are let in follows from the permit: `FIELDS` is the one place where an item meets its include and its name.
Source: Wonde API v1.0 (php-client 3.1.4; pywonde openapi). What could not be verified is accepted in each likely form.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from tallyroll.vocab.items import Item

T = TypeVar("T")
Empty = list[msgspec.Raw]  # PHP services write an empty object as []
Scalar = bool | int | float | str | None


class Stamp(Struct, frozen=True, gc=False):
    """A date as an object, with its time zone. Frozen, so that equal ones are looked at once."""

    date: str
    timezone: str = ""


Day = Stamp | str | None


class Pagination(Struct):
    """Where the next page is."""

    next: str | None = None
    more: bool | None = None


class Meta(Struct):
    """What is said about an answer; the pagination object is missing where everything fits on one page."""

    pagination: Pagination | None = None


class Page(Struct, Generic[T]):
    """One page of records."""

    data: list[T]
    meta: Meta | Empty | None = None


class Single(Struct, Generic[T]):
    """One record."""

    data: T


class Included(Struct, gc=False):
    """A record given whole where a key was expected."""

    id: str | int = ""
    code: str | None = None


class Wrapped(Struct, gc=False):
    """The wrapping of an included record."""

    data: Included | None = None


class Mark(Struct, gc=False):
    """One session's mark of one student. There is no comment here. When it changed is read of few marks only."""

    date: Day
    session: str | None
    student: str | int | Wrapped | None
    attendance_code: str | int | Wrapped | None
    updated_at: msgspec.Raw = msgspec.Raw(b"null")


class LondonStamp(Struct, gc=False):
    """A date as an object, in the one time zone that dates of marks have."""

    date: str
    timezone: Literal["Europe/London"]


class PlainMark(Struct, gc=False):
    """A mark in the form that nearly all have. Closed sets make no text of their own: two thirds of a `Mark`'s time."""

    date: LondonStamp
    session: Literal["AM", "PM"]
    student: str
    attendance_code: str
    updated_at: msgspec.Raw = msgspec.Raw(b"null")


class AttendanceCode(Struct):
    """One attendance code of a school; its type is not trusted, so it is not read."""

    id: str | int
    code: str | None


class Deletion(Struct):
    """One record that the source has deleted, or restored."""

    type: str


class Identifiers(Struct):
    """A school's numbers, where they stand under its region."""

    urn: int | str | None = None
    la_code: int | str | None = None
    establishment_number: int | str | None = None


class Region(Struct):
    """Which domain serves a school."""

    domain: str | None = None
    identifiers: Identifiers | Empty | None = None


class SchoolRecord(Struct):
    """A school as the service lists it."""

    id: str | int
    name: str | None = None
    urn: int | str | None = None
    la_code: int | str | None = None
    establishment_number: int | str | None = None
    phase_of_education: str | None = None
    mis: str | None = None
    region: Region | Empty | None = None


class AccessAnswer(Struct):
    """The answer to a request for access."""

    success: bool = False
    state: str = ""


class DateRange(Struct, gc=False):
    """A stretch of days in which something held; `sen_status` only for special educational needs."""

    start_date: Day = None
    end_date: Day = None
    sen_status: Scalar = None


class DateRanges(Struct, gc=False):
    """The wrapping of date ranges."""

    data: list[DateRange] | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """Where an item stands: in an include (blank: in the student's own record), under which name."""

    item: Item
    include: str
    name: str
    kind: Any = Scalar


EDUCATION, EXTENDED = "education_details", "extended_details"

FIELDS: tuple[Field, ...] = (
    Field(Item.SEX, "", "gender"),
    Field(Item.UPN, EDUCATION, "upn"),
    Field(Item.YEAR_GROUP, EDUCATION, "current_nc_year"),
    Field(Item.ADMISSION_DATE, EDUCATION, "admission_date", Day),
    Field(Item.LEAVING_DATE, EDUCATION, "leaving_date", Day),
    Field(Item.ENROLMENT_STATUS, EXTENDED, "enrolment_status"),
    Field(Item.FSM, EXTENDED, "free_school_meals"),
    Field(Item.FSM6, EXTENDED, "free_school_meals_6"),
    Field(Item.PUPIL_PREMIUM, EXTENDED, "premium_pupil_indicator"),
    Field(Item.SEN, EXTENDED, "sen_status"),
    Field(Item.ETHNICITY, EXTENDED, "ethnicity_code"),
    Field(Item.LOOKED_AFTER, EXTENDED, "in_lea_care"),
    Field(Item.PREVIOUSLY_LOOKED_AFTER, EXTENDED, "ever_in_care"),
)
FIELD_OF: dict[Item, Field] = {field.item: field for field in FIELDS}

RANGES: dict[Item, str] = {
    Item.FSM: "fsm_date_ranges",
    Item.SEN: "sen_date_ranges",
    Item.LOOKED_AFTER: "in_care_date_ranges",
}
"""Includes that say from when to when an item held."""


def includes(items: frozenset[Item]) -> tuple[str, ...]:
    """The includes that these items need, and no other."""
    plain = {field.include for field in FIELDS if field.item in items and field.include}
    return (*sorted(plain), *sorted(RANGES[item] for item in RANGES if item in items))


@cache
def student_pages(items: frozenset[Item]) -> msgspec.json.Decoder[Page[Any]]:
    """What parses pages of students into structs that have fields for these items and no other."""
    fields: list[Any] = [("id", str | int), ("upi", str | int | None), ("restored_at", Day, None)]
    fields += [(f.name, f.kind, None) for f in FIELDS if f.item in items and not f.include]
    for include in (EDUCATION, EXTENDED):
        inner: list[Any] = [(f.name, f.kind, None) for f in FIELDS if f.item in items and f.include == include]
        if inner:
            data = msgspec.defstruct(f"{include}_data", inner, gc=False)
            wrapping: list[Any] = [("data", data | Empty | None, None)]
            fields.append((include, msgspec.defstruct(include, wrapping, gc=False) | Empty | None, None))
    fields += [(name, DateRanges | Empty | None, None) for item, name in RANGES.items() if item in items]
    student = msgspec.defstruct("Student", fields, gc=False)
    return msgspec.json.Decoder(Page[student])  # type: ignore[valid-type]  # made to measure, so no checker knows it


def column(students: list[Any], item: Item) -> list[Any]:  # students are made to measure: see student_pages
    """An item of every student as it came; None where it is not given."""
    field = FIELD_OF[item]
    try:
        return list(map(_reader(field), students))
    except AttributeError:  # an include that is missing, or empty, of some student
        wrappings = [getattr(student, field.include) for student in students]
        return [getattr(getattr(wrapping, "data", None), field.name, None) for wrapping in wrappings]


@cache
def _reader(field: Field) -> Callable[[Any], Any]:  # as above
    return attrgetter(f"{field.include}.data.{field.name}" if field.include else field.name)


def ranges(students: list[Any], item: Item) -> Iterator[tuple[int, list[DateRange]]]:  # as above
    """The date ranges of an item as they came, each with its student's place, where there are any."""
    if item in RANGES:
        for place, wrapping in enumerate(map(attrgetter(RANGES[item]), students)):
            if isinstance(wrapping, DateRanges) and wrapping.data:
                yield place, wrapping.data
