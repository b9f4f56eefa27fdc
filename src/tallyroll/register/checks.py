"""Every check that `screen` makes, as data: its name, how grave it is, the rule it holds to, and how to mend.

A finding's message is the rule, and the value that broke it where that is harmless. The tables of
docs/explanation/screening.md are these rows; a test keeps them the same.
"""

from dataclasses import dataclass
from enum import StrEnum

from tallyroll.vocab.findings import Severity


class Stage(StrEnum):
    """Which rows a check looks at; also the place that its findings name."""

    ROLL = "roll"
    STATUS = "status"
    MARKS = "marks"
    SCHOOL = "school"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `rule` says what must hold, `mend` what a school does when it does not."""

    name: str
    stage: Stage
    severity: Severity
    rule: str
    mend: str


_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_DATES = "Write it as 2026-09-01 or 01/09/2026."

_ROLL = (
    ("roll_pupil_blank", _ERROR, "Every row of the roll must name its pupil.", "Fill in the pupil's key."),
    ("roll_admission_unreadable", _ERROR, "The admission date must be a date.", _DATES),
    ("roll_leaving_unreadable", _ERROR, "The leaving date must be a date, or blank for a pupil still here.", _DATES),
    (
        "roll_dates_reversed",
        _ERROR,
        "A pupil cannot leave before the day of admission.",
        "Correct the admission date or the leaving date.",
    ),
    (
        "roll_overlap",
        _ERROR,
        "Enrolments of one pupil must not overlap; of two that do, the later row is kept.",
        "End the earlier enrolment, or delete the row that stands twice.",
    ),
    (
        "roll_admission_blank",
        _WARNING,
        "A pupil should have an admission date; without it the pupil counts from the start of the school year.",
        "Fill in the admission date.",
    ),
    ("roll_sex_unknown", _WARNING, "Sex must be F, M or blank; anything else counts as unknown.", "Use F or M."),
    (
        "roll_status_unknown",
        _WARNING,
        "The enrolment status must be C, M, S, G or blank; anything else counts as C.",
        "Use C (current), M (main), S (subsidiary) or G (guest).",
    ),
    (
        "upn_blank",
        _NOTE,
        "A pupil should have a UPN; the row is kept without it.",
        "Ask the former school, or allocate one.",
    ),
    (
        "upn_impossible",
        _WARNING,
        "A UPN has 13 characters, starts with its check letter and never holds I, O or S; the row is kept.",
        "Compare it with the former school's record.",
    ),
    (
        "upn_temporary",
        _NOTE,
        "A UPN that ends in a letter is temporary.",
        "Replace it once the permanent UPN is known.",
    ),
    (
        "upn_duplicate",
        _WARNING,
        "Two pupils of a school cannot share a UPN; both rows are kept.",
        "Correct the UPN, or join the two records if they are one child.",
    ),
)

_STATUS = (
    ("status_pupil_blank", _ERROR, "Every row of the status must name its pupil.", "Fill in the pupil's key."),
    (
        "status_item_unknown",
        _ERROR,
        "The item must be year_group, sex, fsm, fsm6, pupil_premium, sen, ethnicity_minor, looked_after or "
        "previously_looked_after.",
        "Rename the item, or leave the row out.",
    ),
    ("status_date_unreadable", _ERROR, "The dates of a status must be dates, or blank.", _DATES),
    ("status_dates_reversed", _ERROR, "A status cannot end before it begins.", "Correct its first or last day."),
    (
        "status_not_on_roll",
        _ERROR,
        "A status must belong to a pupil whose row of the roll was accepted in the same extract.",
        "Send the pupil's roll row too, and mend it if it was rejected.",
    ),
    (
        "status_value_unknown",
        _WARNING,
        "The value must be one of the code set of its item; anything else counts as unknown.",
        "Year group N1 N2 R 1 to 14 X; SEN N K E; yes-no items Y N; ethnicity the twenty main codes of the CBDS.",
    ),
    (
        "status_value_legacy",
        _NOTE,
        "SEN provision S counts as E, and A and P count as K.",
        "Record the provision by today's codes N, K or E.",
    ),
    (
        "status_outside_enrolment",
        _NOTE,
        "A status that lies wholly outside the enrolment has no effect.",
        "Nothing to do, unless its dates are wrong.",
    ),
    (
        "status_overlap",
        _WARNING,
        "Two values of one item cannot hold on the same day; the later row counts.",
        "End the earlier status before the later one begins.",
    ),
)

_MARKS = (
    ("mark_blank", _ERROR, "A mark needs a pupil, a date, a session and a code.", "Fill in the blank field."),
    ("mark_date_unreadable", _ERROR, "The date of a mark must be a date.", _DATES),
    ("mark_session_unknown", _ERROR, "The session must be AM or PM.", "Write AM or PM."),
    (
        "mark_code_unknown",
        _ERROR,
        "The code must be one of / \\ L K V P W B D C1 M J1 S X C2 C T R I E Q Y1 to Y7 G N O U Z #, or one "
        "withdrawn since 2022 (F H J Y).",
        "Replace a code of the school's own by the national one.",
    ),
    (
        "mark_in_future",
        _ERROR,
        "A mark cannot stand on a day that has not come.",
        "Correct the date; planned absence comes in on its day.",
    ),
    (
        "mark_outside_period",
        _ERROR,
        "A mark must lie within the days that were asked for.",
        "Nothing to do in the register; ask for those days too.",
    ),
    (
        "mark_on_closed_day",
        _ERROR,
        "A mark must stand on a day when the school is open; only # may stand on a closed weekday.",
        "Correct the date, or the calendar if the school was open.",
    ),
    (
        "mark_in_closed_session",
        _ERROR,
        "A mark must stand in a session when the school is open; only # may stand in a closed one.",
        "Correct the session, or the calendar if the school was open.",
    ),
    (
        "mark_not_on_roll",
        _ERROR,
        "A mark must belong to a pupil on the roll.",
        "Send the pupil's roll row too, and mend it if it was rejected.",
    ),
    (
        "mark_before_admission",
        _ERROR,
        "A mark cannot stand before the pupil's admission.",
        "Correct the admission date, or remove the mark.",
    ),
    (
        "mark_after_leaving",
        _ERROR,
        "A mark cannot stand after the pupil left, or between two enrolments.",
        "Correct the leaving date, or remove the mark.",
    ),
    (
        "mark_duplicate",
        _ERROR,
        "A session holds one mark for each pupil; of equal rows the last is kept.",
        "Remove the row that stands twice.",
    ),
    (
        "mark_conflicting",
        _ERROR,
        "A session holds one mark for each pupil; of rows that differ the last is kept.",
        "Remove the mark that does not hold.",
    ),
    (
        "mark_code_withdrawn",
        _NOTE,
        "A code withdrawn before this day is counted by its old category.",
        "Use the code that replaced it, such as J1 for J.",
    ),
    (
        "mark_code_not_yet",
        _NOTE,
        "A code that was not yet in force on this day is counted by its category.",
        "Use a code of that day's regulations.",
    ),
    (
        "mark_wrong_half",
        _WARNING,
        "/ is a morning mark and \\ an afternoon mark; the mark is kept as it came and counts as present.",
        "Correct the session or the mark.",
    ),
    (
        "mark_withdrawn",
        _NOTE,
        "A changed mark without a code takes the earlier mark away.",
        "Nothing to do, if the register has none either.",
    ),
)

_SCHOOL = (
    (
        "roll_empty",
        _WARNING,
        "A full extract should name at least one pupil.",
        "See whether the source still grants access to the roll.",
    ),
    (
        "session_without_marks",
        _WARNING,
        "An open session should have marks.",
        "Take the register, or add the closure to the calendar.",
    ),
    (
        "pupil_without_marks",
        _WARNING,
        "A pupil on the roll should have a mark in the period.",
        "Enter the marks, or the leaving date.",
    ),
    (
        "half_day_unmarked",
        _WARNING,
        "A pupil marked in one session of a day should be marked in the other.",
        "Enter the missing marks.",
    ),
    (
        "completeness_fell",
        _WARNING,
        "The share of sessions with a mark should not fall five points below what is usual for the school.",
        "See whether some registers were not taken or not sent.",
    ),
)

CHECKS: tuple[Check, ...] = tuple(
    Check(name, stage, severity, rule, mend)
    for stage, rows in (
        (Stage.ROLL, _ROLL),
        (Stage.STATUS, _STATUS),
        (Stage.MARKS, _MARKS),
        (Stage.SCHOOL, _SCHOOL),
    )
    for name, severity, rule, mend in rows
)
"""Every check. Within a stage the errors stand in the order in which they are made: the first that fails rejects."""

BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}
