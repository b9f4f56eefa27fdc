"""What can be wrong with a pupil of a Common Transfer File: each check's severity, words and cure."""

from collections.abc import Mapping
from types import MappingProxyType

from tallyroll.vocab.findings import Finding, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_BY_HAND = "Send this pupil's marks by another connector, such as csv or wonde."

FAULTS: Mapping[str, tuple[Severity, str, str]] = MappingProxyType(
    {
        "ctf_code_two_characters": (
            _ERROR,
            "The marks hold a digit. How codes such as Y1 are written in this file is not certain, so that it cannot "
            "be told which mark belongs to which session; none of the pupil's marks in this string is taken.",
            _BY_HAND,
        ),
        "ctf_code_unknown": (
            _ERROR,
            "The marks hold a character that is no attendance code; none of the marks in this string is taken.",
            "Replace the school's own codes by the national ones, and export again.",
        ),
        "ctf_weekend_mark": (
            _ERROR,
            "Marks fall on a Saturday or Sunday, so the string has slipped or leaves weekends out; none is taken.",
            _BY_HAND,
        ),
        "ctf_marks_shifted": (
            _ERROR,
            "A morning mark stands in an afternoon or the reverse, so the string has slipped; none is taken.",
            _BY_HAND,
        ),
        "ctf_marks_long": (_ERROR, "The string of marks is longer than a year; none is taken.", _BY_HAND),
        "ctf_start_date": (
            _ERROR,
            "The marks have no readable AttendanceStartDate; none is taken.",
            "Dates are written 2026-09-01. Export again.",
        ),
        "ctf_code_halved": (
            _ERROR,
            "A withdrawn code stands where a two-character code that begins with it may be meant (J or J1, Y or Y1); "
            "these marks are not taken.",
            _BY_HAND,
        ),
        "ctf_upn_blank": (
            _ERROR,
            "The pupil has no UPN, which is the only key in this file.",
            "Allocate a UPN, and export again.",
        ),
        "ctf_closures": (
            _NOTE,
            "# on a weekday may be a planned closure or a filler, and is not taken; neither counts in any rate.",
            "Nothing needs to be done; closures come from the school's calendar.",
        ),
        "ctf_other_school": (
            _NOTE,
            "Attendance at other schools was left out.",
            "Nothing needs to be done; those schools send their own.",
        ),
        "ctf_outside_period": (
            _NOTE,
            "Marks on days that were not asked for were left out.",
            "Nothing needs to be done.",
        ),
        "ctf_version": (
            _WARNING,
            "The file's version is not one of those known here (24, 25.0); what could be read was read.",
            "Compare some pupils' marks with the register before relying on them.",
        ),
    }
)
"""Every check by its name."""


def finding(check: str, *, file: str, stage: str = "", pupil: int | None = None, n_rows: int = 1) -> Finding:
    """A finding; `pupil` is the pupil's place in the file, `stage` (roll, mark) which rows an error rejects."""
    severity, message, mend = FAULTS[check]
    name = f"{check}_{stage}_row" if severity is _ERROR else check
    field = {"mark": "AttendanceMarks", "roll": "UPN"}.get(stage, "")
    return Finding(name, severity, message, mend, place=file, row=pupil, field=field, n_rows=n_rows)
