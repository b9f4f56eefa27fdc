"""What a stray text looks like, so that a refusal can say so. It decides nothing: the closed lists refuse.

Sources: UPN: vocab.identifiers; NHS number: NHS Data Dictionary, modulus 11; postcode: Royal Mail, as in BS 7666.
"""

import json
import re
import unicodedata
from collections.abc import Collection
from datetime import date
from enum import StrEnum

from tallyroll.vocab.identifiers import is_upn

FIRST_DAY = date(2022, 9, 1)  # daily collection began; an earlier day in a payload is a birthday sooner than a session


class Lookalike(StrEnum):
    """What a text may look like, worst first."""

    UPN = "a UPN"
    UPN_SHAPE = "a UPN with a wrong check letter"
    NHS = "an NHS number"
    EMAIL = "an e-mail address"
    POSTCODE = "a postcode"
    BIRTH = "a date of birth"
    PHONE = "a telephone number"
    TEXT = "a name or other free text"


_UPN = re.compile(r"(?<![A-Z0-9])[A-Z][0-9]{11}[0-9A-Z](?![A-Z0-9])")
_UPN_TAIL = re.compile(r"(?<![0-9])[0-9]{12,13}(?![0-9])")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[A-Z]{2,}")
_POSTCODE = re.compile(r"(?<![A-Z0-9])(?:[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|GIR ?0AA)(?![A-Z0-9])")
_NHS = re.compile(r"(?<![0-9])([0-9]{3})[ -]?([0-9]{3})[ -]?([0-9]{4})(?![0-9])")
_PHONE = re.compile(r"(?<![0-9])(?:\+44|0)(?:[ ()-]*[0-9]){9,10}(?![0-9])")
_MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
_WORDED = re.compile(rf"[0-9]{{1,2}}(?:ST|ND|RD|TH)?[ -]+{_MONTH}[ ,-]+[0-9]{{2,4}}|{_MONTH} [0-9]{{1,2}},? [0-9]{{4}}")
_DIGITS = re.compile(r"(?<![0-9])([0-9]{1,4})([-/. ]?)([0-9]{1,2})\2([0-9]{1,4})(?![0-9])")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[0-9]+')  # a string that does not end goes to the end: linear time
LOOKED_AT, LONGEST = 2**16, 200  # bytes of a payload, letters of a word: a hint is not worth more of our time


def kind_of(text: str) -> Lookalike | None:
    """What a text looks like; None for none of them. Width, case and invisible characters do not hide it."""
    folded = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(char for char in folded if unicodedata.category(char) != "Cf").strip()
    upns = _UPN.findall(plain)
    looks = {
        Lookalike.UPN: any(map(is_upn, upns)),
        Lookalike.UPN_SHAPE: bool(upns or _UPN_TAIL.search(plain)),
        Lookalike.NHS: any(_is_nhs("".join(parts)) for parts in _NHS.findall(plain)),
        Lookalike.EMAIL: _EMAIL.search(plain),
        Lookalike.POSTCODE: _POSTCODE.search(plain),
        Lookalike.BIRTH: _WORDED.search(plain) or any(_is_day(found) for found in _DIGITS.finditer(plain)),
        Lookalike.PHONE: _PHONE.search(plain),
        Lookalike.TEXT: re.search(r"[^\W\d_]{2}", plain),
    }
    return next((kind for kind, found in looks.items() if found), None)


def seen_in(raw: bytes, *, known: Collection[str]) -> Lookalike | None:
    """The worst that any string or number in these bytes looks like, words that are known and session days apart."""
    tokens = set(_TOKEN.findall(raw[:LOOKED_AT].decode(errors="replace")))
    texts = {_unescaped(token) if "\\" in token else token.strip('"') for token in tokens}.difference(known)
    kinds = {kind_of(text[:LONGEST]) for text in texts if not _is_session_day(text)}
    return next((kind for kind in Lookalike if kind in kinds), None)


def _unescaped(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token.strip('"')


def _is_session_day(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)) and text >= FIRST_DAY.isoformat()


def _is_nhs(digits: str) -> bool:
    """Whether ten digits end in their check digit: 11 less the sum of digit times 10 to 2, modulo 11."""
    check = -sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check == int(digits[9])


def _is_day(found: re.Match[str]) -> bool:
    """Whether the digits are a day of 1900 to 2099, year first or last; two digits of a year need something between."""
    one, parting, month, other = found[1], found[2], found[3], found[4]
    if not parting:
        one, month, other = found[0][:4], found[0][4:6], found[0][6:]
        pairs = [(one, month, other), (found[0][4:], found[0][2:4], found[0][:2])] if len(found[0]) == 8 else []
    else:
        pairs = [(one, month, other), (other, month, one), (other, one, month)]
    return any(_exists(*pair) for pair in pairs)


def _exists(year: str, month: str, day: str) -> bool:
    if len(day) > 2 or len(year) not in (2, 4):
        return False
    try:
        return 1900 <= date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).year <= 2099
    except ValueError:
        return False
