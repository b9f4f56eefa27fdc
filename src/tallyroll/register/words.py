"""From text to numbers: how a date, a session, a code or a characteristic's value is read. One value at a time.

Blanks around a value and its case do not matter. What cannot be read is a sentinel, never a guess.
"""

import re
from datetime import date

from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.shapes import OPEN_END

BLANK = -1_000_000_000
UNREADABLE = -1_000_000_001
UNKNOWN_VALUE = 255

_EPOCH = date(1970, 1, 1).toordinal()
OPEN_END_DAY = OPEN_END.toordinal() - _EPOCH

_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][0-9:.+Z-]*)?")
_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SHOWN_CODE = re.compile(r"[A-Z0-9/\\#]{1,3}")
_SHOWN_SESSION = re.compile(r"[A-Z0-9]{1,3}")

_SYNONYMS: dict[str, dict[str, str]] = {
    "sex": {"FEMALE": "F", "MALE": "M"},
    "sen": {"S": "E", "A": "K", "P": "K"},
    "year_group": {"RECEPTION": "R", **{f"0{year}": str(year) for year in range(1, 10)}},
}
_YES_NO = {"YES": "Y", "TRUE": "Y", "1": "Y", "NO": "N", "FALSE": "N", "0": "N"}
LEGACY_SEN = frozenset(_SYNONYMS["sen"])


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(number + _EPOCH)


def read_day(text: str) -> int:
    """The day number of `2026-09-01`, `2026-09-01T00:00:00` or `01/09/2026`; BLANK or UNREADABLE."""
    text = text.strip()
    if not text:
        return BLANK
    try:
        if iso := _ISO.fullmatch(text):
            return day_number(date.fromisoformat(iso[1]))
        if british := _BRITISH.fullmatch(text):
            return day_number(date(int(british[3]), int(british[2]), int(british[1])))
    except ValueError:
        return UNREADABLE
    return UNREADABLE


def read_session(text: str) -> int:
    """0 for AM, 1 for PM; BLANK or UNREADABLE."""
    word = text.strip().upper()
    return {"AM": 0, "PM": 1, "": BLANK}.get(word, UNREADABLE)


def read_code(text: str) -> int:
    """The number of an attendance code; BLANK or UNREADABLE."""
    word = text.strip().upper()
    if not word:
        return BLANK
    code = BY_TEXT.get(word)
    return UNREADABLE if code is None else code.number


def _words_of(name: str, codes: list[str]) -> dict[str, int]:
    words = {code: number for number, code in enumerate(codes)}
    yes_no = _YES_NO if codes == ["", "N", "Y"] else {}
    return words | {word: words[code] for word, code in (_SYNONYMS.get(name, {}) | yes_no).items()}


WORDS: tuple[dict[str, int], ...] = tuple(
    _words_of(characteristic.name, [value.code for value in characteristic.values])
    for characteristic in ROLL_CHARACTERISTICS
)
"""For each characteristic of the roll, the number of every word that may stand for a value."""

PLACE_OF: dict[str, int] = {characteristic.name: place for place, characteristic in enumerate(ROLL_CHARACTERISTICS)}
"""The place of a characteristic among the columns of the roll."""


def read_value(place: int, text: str) -> int:
    """The number of a characteristic's value; UNKNOWN_VALUE when its code set does not hold it."""
    return WORDS[place].get(text.strip().upper(), UNKNOWN_VALUE)


def shown_day(number: int, *, first: date, last: date) -> str:
    """A day, for a message, from the school year before `first` to the one after `last`; blank otherwise.

    Where columns have slipped, a date may be a child's birthday; no child at school was born so lately.
    """
    earliest, latest = AcademicYear(AcademicYear.of(first).start - 1), AcademicYear(AcademicYear.of(last).start + 1)
    return str(date_of(number)) if day_number(earliest.first) <= number <= day_number(latest.last) else ""


def shown_code(text: str) -> str:
    """The text if it has the form of a code, for a message; blank otherwise, for it may be a name."""
    return text.strip() if _SHOWN_CODE.fullmatch(text.strip()) else ""


def shown_session(text: str) -> str:
    """The text if it is as short as AM and in capitals, for a message; blank otherwise, for it may be a name."""
    return text.strip() if _SHOWN_SESSION.fullmatch(text.strip()) else ""
