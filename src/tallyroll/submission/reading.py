"""Bytes as a payload, or a Problem that names the place and the kind of fault and repeats nothing of what came.

What was read is written again and compared, so there is no second spelling to hide in: no spaces, escapes, exponents,
doubled keys, fields in another order, bytes before or after.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec
from msgspec.structs import astuple

from tallyroll.submission.wire import (
    CATEGORIES,
    LARGEST_PAYLOAD,
    MARKS,
    OUTLINE,
    SPEC,
    Outline,
    Payload,
    summary,
    written,
)
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.lookalikes import seen_in

_DECODER = msgspec.json.Decoder(Payload)
_CATEGORY = {text: place for place, text in enumerate(CATEGORIES)}
_MARK = {text: place for place, text in enumerate(MARKS)}


def _words(part: object) -> Iterator[str]:
    """Every name and word of an outline."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list):
        for one in part:
            yield from _words(one)
        if isinstance(part, dict):
            yield from _words(list(part.values()))


def _places(part: Outline, within: str = "") -> Iterator[str]:
    """The dotted name of every field of an outline."""
    for name, inner in part.items() if isinstance(part, dict) else ():
        yield f"{within}{name}"
        yield from _places(inner, f"{within}{name}.")  # type: ignore[arg-type]  # an outline holds outlines


_KNOWN = frozenset(_words(OUTLINE))
_PLACES = frozenset(_places(OUTLINE))

_AT = re.compile(r" - at `\$\.([a-z.]+)(\[[0-9]{1,6}\])?`\Z")
_UNKNOWN = "Object contains unknown field"
_SAYINGS = {
    _UNKNOWN: "holds a field that payloads do not have.",
    "Object missing required field": "lacks a field.",
    "Invalid enum value": "holds something that is not in the closed list.",
    "Expected `str` matching": "holds something that is not in the closed form.",
    "Expected `int` ": "holds a number outside its bounds.",
    "Expected `array` of": "holds too many.",
}


def read(raw: bytes) -> Payload:
    """The payload in these bytes, every word of it from the closed lists, written in the one way.

    Raises: InputProblem otherwise.
    """
    if len(raw) > LARGEST_PAYLOAD:
        raise fault("is too large.", raw=b"", mend=f"A payload has at most {LARGEST_PAYLOAD:,} bytes: send fewer days.")
    try:
        payload = _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), raw) from None  # its text may repeat what came
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise fault("is not whole JSON.", raw=raw) from None
    if payload.spec != SPEC:
        raise fault("names other lists than ours.", raw=raw, place="spec", mend="Run the same version at both ends.")
    if written(payload) != raw:
        raise fault("is not written in the one canonical way.", raw=raw)
    _check_rows(payload, raw)
    return payload


def _check_rows(payload: Payload, raw: bytes) -> None:
    """InputProblem unless the tables have rows, each once and in order, and the head says what they say."""
    cells, enrolments = payload.cells, payload.enrolments
    category, code = map(_CATEGORY.get, cells.category), map(_MARK.get, cells.code)
    window = zip(enrolments.first, enrolments.last, map(_CATEGORY.get, enrolments.category), strict=False)
    keys = {"cells": zip(cells.date, cells.session, category, code, strict=False), "enrolments": window}
    for name, rows in keys.items():
        if len(set(map(len, astuple(getattr(payload, name))))) > 1:
            raise fault("has columns of different lengths.", raw=raw, place=name)
        if any(one >= other for one, other in pairwise(rows)):
            raise fault("holds a cell twice, or cells out of order.", raw=raw, place=name)
    if not (cells.date or enrolments.first):
        raise fault("holds no cell.", raw=raw)
    if (payload.first, payload.last, payload.breakdowns) != summary(cells, enrolments):
        raise fault("names other days or breakdowns than its cells have.", raw=raw)


def fault(what: str, *, raw: bytes, place: str = "", mend: str = "") -> InputProblem:
    """The Problem of a payload: the place, the kind of fault, and what the payload seems to hold."""
    kind = seen_in(raw, known=_KNOWN)
    looks = f" Somewhere it holds what looks like {kind}." if kind else ""
    subject = "This place" if place else "The payload"
    return InputProblem(
        f"{subject} {what}{looks}", where=place or "payload", mend=mend or "See docs/reference/payload.md."
    )


def _misfit(text: str, raw: bytes) -> InputProblem:
    saying = next((ours for theirs, ours in _SAYINGS.items() if text.startswith(theirs)), "is of the wrong type.")
    return fault(saying, raw=raw, place=_place(text))


def _place(text: str) -> str:
    """The place that a message of the decoder ends with, if it is a place that payloads have.

    The name of an unknown field is the sender's and may end like a place: only the two tables are believed then.
    """
    found = _AT.search(text)
    if found is None or found[1] not in _PLACES or (text.startswith(_UNKNOWN) and found[2]):
        return ""
    return f"{found[1]}{found[2] or ''}"
