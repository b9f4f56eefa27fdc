"""Cells: text as a spreadsheet left it, made plain. Each reader gives a cell's text and the check it failed, if any.

A column comes as distinct values and places, so a million marks cost no more than the few values in them.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.connectors.csvfile.sheets import ATTRIBUTES
from tallyroll.connectors.csvfile.words import WORDS

Read = tuple[str, str]  # the text to pass on, and the check that had something to say
Reader = Callable[[str], Read]

LONGEST = 200
DATES = ("date", "admission_date", "leaving_date", "first", "last")
_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|#{2,}")
_QUOTED = re.compile(r'="([^"]*)"')
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_AS_DATE = re.compile(
    rf"[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{2,4}}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|"
    rf"[0-9]{{1,2}}-({_MONTHS})(-[0-9]{{2,4}})?|({_MONTHS})-[0-9]{{2}}|[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}})?",
    re.IGNORECASE,
)
_TIME = r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")
_DAY_FIRST = re.compile(rf"([0-9]{{1,2}})/([0-9]{{1,2}})/([0-9]{{4}}){_TIME}")
_SERIAL = re.compile(r"[0-9]{5}(\.[0-9]+)?")


def plain(cell: str) -> Read:
    """The cell's text without what a spreadsheet puts round it."""
    text = cell.strip()  # a no-break space counts as white space too
    if len(text) > LONGEST:
        return text, "csv_cell_long"
    if text.startswith("'"):
        return text[1:].strip(), "csv_apostrophe"
    if text.startswith("=") and len(text) > 1:
        quoted = _QUOTED.fullmatch(text)
        return (quoted[1].strip(), "") if quoted else (text, "csv_formula")
    if text.startswith("#") and _ERROR.fullmatch(text.upper()):
        return text, "csv_excel_error"
    return text, ""


def key(cell: str) -> Read:
    """A pupil's key: anything but what a spreadsheet makes of long numbers and of 1-2."""
    text, check = plain(cell)
    if _SCIENTIFIC.fullmatch(text):
        return text, "csv_excel_number"
    return (text, "csv_excel_date") if _AS_DATE.fullmatch(text) else (text, check)


def code(cell: str) -> Read:
    """An attendance code, or another short code that is never a date."""
    text, check = plain(cell)
    return (text, "csv_excel_date") if _AS_DATE.fullmatch(text) else (text, check)


def upn(cell: str) -> Read:
    """A UPN; blank where a spreadsheet made a number of it."""
    text, check = plain(cell)
    return ("", "csv_upn_number") if _SCIENTIFIC.fullmatch(text) else (text, check)


def day(cell: str) -> Read:
    """A date as ISO text; as it came where it is not one, for screening to reject with its place."""
    text, check = plain(cell)
    if _SERIAL.fullmatch(text):
        return text, "csv_date_serial"
    found = _ISO.fullmatch(text)
    if found and found["zone"] and found["time"].strip("0:."):
        return text, "csv_date_zone"  # in summer, 23:00 UTC is the next day's midnight
    return iso(text) or text, check


def writes_day_first(cell: str) -> bool | None:
    """Whether a date is written 07/09/2026 (True) or 2026-09-07 (False); None where it is not a date."""
    text = plain(cell)[0]
    return None if not iso(text) else _DAY_FIRST.fullmatch(text) is not None


def iso(text: str) -> str:
    """The date as ISO text; blank where it is not one."""
    found = _ISO.fullmatch(text)
    if found:
        parts = (found[1], found[2], found[3])
    else:
        found = _DAY_FIRST.fullmatch(text)
        if not found:
            return ""
        parts = (found[3], found[2], found[1])
    try:
        return date(*(int(part) for part in parts)).isoformat()
    except ValueError:
        return ""


def word(cell: str, *, kind: str) -> Read:
    """The code of a word; the word itself where it is not in the table of its kind, for screening to judge."""
    text, check = plain(cell)
    return WORDS[kind].get(text.casefold(), text), check


def attribute(cell: str, *, kind: str) -> Read:
    """The code of a word in a column of its own; blank where it is not in the table of its kind."""
    text, check = plain(cell)
    code = WORDS[kind].get(text.casefold())
    return ("", "csv_value_unknown") if code is None else (code, check)


def reader_of(column: str) -> Reader:
    """How cells of one of our columns are read."""
    if column in ATTRIBUTES:
        return partial(attribute, kind=column)
    if column in WORDS:
        return partial(word, kind=column)
    return _READERS.get(column, plain)


_READERS: dict[str, Reader] = {
    **dict.fromkeys(DATES, day),
    "pupil": key,
    "code": code,
    "subcode": code,
    "upn": upn,
}


def translate(column: pa.DictionaryArray, read: Reader) -> tuple[pa.DictionaryArray, dict[str, npt.NDArray[np.bool_]]]:
    """The column with each value read, and for each check the places that it concerns."""
    cells = [read(value) for value in column.dictionary.to_pylist()]
    places = column.indices.to_numpy()
    faults = {
        check: np.array([found == check for _, found in cells], dtype=np.bool_)[places]
        for check in {found for _, found in cells} - {""}
    }
    texts = pa.array([text for text, _ in cells], type=pa.string())
    return pa.DictionaryArray.from_arrays(column.indices, texts), faults
