"""Data items: the closed list of what a manifest may permit a connector to ask a source for.

Names are ours; each manifest states for each item where it comes from, why, and under which clause.
"""

from enum import StrEnum


class Item(StrEnum):
    """One thing that a register or roll may hold about a pupil. There is no name, address or free text here."""

    PUPIL = "pupil"  # the source's own opaque key; needed to count a child once
    MARK = "mark"
    ADMISSION_DATE = "admission_date"
    LEAVING_DATE = "leaving_date"
    ENROLMENT_STATUS = "enrolment_status"
    UPN = "upn"
    YEAR_GROUP = "year_group"
    SEX = "sex"
    FSM = "fsm"
    FSM6 = "fsm6"
    PUPIL_PREMIUM = "pupil_premium"
    SEN = "sen"
    ETHNICITY = "ethnicity_minor"
    LOOKED_AFTER = "looked_after"
    PREVIOUSLY_LOOKED_AFTER = "previously_looked_after"


ESSENTIAL = frozenset({Item.PUPIL, Item.MARK, Item.ADMISSION_DATE, Item.LEAVING_DATE})
"""Without these no session can be counted rightly."""
