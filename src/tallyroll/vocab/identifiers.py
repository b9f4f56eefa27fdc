"""Identifiers of schools and pupils: URN, LAESTAB and UPN, parsed once into types that cannot be wrong."""

import re
from dataclasses import dataclass

from tallyroll.vocab.errors import InputProblem

_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # no I, O or S
_UPN = re.compile(rf"[{_UPN_LETTERS}][0-9]{{11}}[0-9{_UPN_LETTERS}]")


@dataclass(frozen=True, slots=True, order=True)
class Urn:
    """A school's Unique Reference Number: six digits, new when a school becomes an academy."""

    number: int

    def __post_init__(self) -> None:
        if not 100_000 <= self.number <= 999_999:
            raise InputProblem(f"A URN has six digits; {self.number} has not.", mend="Look the school up in GIAS.")

    def __str__(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True, order=True)
class Laestab:
    """A school's number within its authority: LA code (3 digits) and establishment number (4 digits)."""

    la: str
    establishment: str

    def __post_init__(self) -> None:
        if not (re.fullmatch(r"[0-9]{3}", self.la) and re.fullmatch(r"[0-9]{4}", self.establishment)):
            raise InputProblem(
                f"A LAESTAB is three digits and four digits; {self.la}/{self.establishment} is not.",
                mend="Write it as 3054001 or 305/4001.",
            )

    def __str__(self) -> str:
        return f"{self.la}{self.establishment}"

    @classmethod
    def parse(cls, text: str) -> "Laestab":
        """Read `3054001` or `305/4001`."""
        digits = text.replace("/", "").strip()
        return cls(digits[:3], digits[3:])


def upn_check_letter(tail: str) -> str:
    """The check letter for the twelve characters after it.

    Source: DfE, Common Basic Data Set: sum of value times position (2 to 13), modulo 23. A letter in position 13
    (a temporary UPN) counts with its place in the alphabet without I, O and S.
    """
    values = (int(char) if char.isdigit() else _UPN_LETTERS.index(char) for char in tail)
    return _UPN_LETTERS[sum(value * place for place, value in enumerate(values, start=2)) % 23]


def is_upn(text: str) -> bool:
    """Whether this is a possible UPN, permanent or temporary, with the right check letter."""
    return bool(_UPN.fullmatch(text)) and text[0] == upn_check_letter(text[1:])


def is_temporary_upn(text: str) -> bool:
    """Whether this is a possible UPN of the temporary form (it ends in a letter)."""
    return is_upn(text) and text[-1].isalpha()
