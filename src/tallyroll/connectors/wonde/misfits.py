"""Pages in which some rows are not as agreed: the rows that fit are taken, the others are marked for screening.

One bad mark among five hundred costs one mark, not the school. A field that does not fit becomes UNREADABLE, a text
that is no date, session or code, so that screening rejects the row and says which field it was. A key that does not
fit becomes blank, lest two such rows be taken for one pupil.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Raw, Struct

from tallyroll.connectors.wonde.records import Page

R = TypeVar("R", bound=Struct)
T_co = TypeVar("T_co", covariant=True)

UNREADABLE = "?"
_ROWS = msgspec.json.Decoder(Page[Raw])
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


class Decodes(Protocol[T_co]):
    """What makes an answer's bytes into records; msgspec.ValidationError where they are not as agreed."""

    def decode(self, answer: bytes, /) -> T_co:
        """The records."""
        ...


@dataclass(frozen=True, slots=True)
class Taking:
    """Decodes pages and hands their rows over at once, in the same thread: what comes back is an empty page."""

    pages: Decodes[Page[Any]]
    take: Callable[[list[Any]], None]

    def decode(self, answer: bytes, /) -> Page[Any]:
        """The page without its rows, which were taken."""
        page = self.pages.decode(answer)
        self.take(page.data)
        return Page([], page.meta)


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """Decodes pages as `whole` does where every row is as agreed, and row by row where one is not.

    `keys` are the fields by which a row's pupil is known: all of them become blank where one does not fit. `plain`
    decodes faster what is in the usual form throughout, and is tried first.
    """

    whole: msgspec.json.Decoder[Page[R]]
    keys: Sequence[str]
    plain: msgspec.json.Decoder[Page[Any]] | None = None

    def decode(self, answer: bytes, /) -> Page[Any]:
        """The page. Raises msgspec.ValidationError when it is not a page, or none of its rows is of this kind."""
        if self.plain is not None:
            with suppress(msgspec.ValidationError):
                return self.plain.decode(answer)
        try:
            return self.whole.decode(answer)
        except msgspec.ValidationError as fault:
            page = _ROWS.decode(answer)
            (kind,) = get_args(self.whole.type)
            if not any(_is_of(kind, row) for row in page.data):
                raise fault from None
            return Page([self._row(row, kind) for row in page.data], page.meta)

    def _row(self, row: Raw, kind: type[R]) -> R:
        try:
            made: R = _mended(row, kind)
        except msgspec.ValidationError:  # nothing of it can be told: not even which pupil it is about
            made = _mended(Raw(b"{}"), kind)
        if any(getattr(made, key) == UNREADABLE for key in self.keys):
            for key in self.keys:
                setattr(made, key, "")
        return made


def _is_of(kind: type[Struct], row: Raw) -> bool:
    """Whether a row is an object with the fields that every record of this kind has."""
    try:
        given = _FIELDS.decode(row)
    except msgspec.ValidationError:
        return False
    return all(field.encode_name in given for field in msgspec.structs.fields(kind) if field.required)


def _mended(value: Raw, kind: Any) -> Any:  # Any: a type expression, and a value of that type
    """The value as this kind, UNREADABLE where it does not fit. ValidationError where no text may stand for it."""
    try:
        return msgspec.json.decode(value, type=kind)
    except msgspec.ValidationError:
        options = (kind,) if isinstance(kind, type) or get_origin(kind) is list else get_args(kind)
        if str in options:
            return UNREADABLE
        for option in options:
            if isinstance(option, type) and issubclass(option, Struct):
                return _mended_record(value, option)
            if get_origin(option) is list and option != list[Raw]:
                (inner,) = get_args(option)
                return [_mended(one, inner) for one in msgspec.json.decode(value, type=list[Raw])]
        raise


def _mended_record(value: Raw, kind: type[Struct]) -> Struct:
    given = _FIELDS.decode(value)
    made = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in given:
            made[field.name] = _mended(given[field.encode_name], field.type)
        elif field.default is NODEFAULT:
            made[field.name] = UNREADABLE
    return kind(**made)
