"""Arbor's export: attendancesession.csv and students.csv, as multi-academy trusts receive them.

Source: Open-Education-AI/OEAI, modules/arbor (2025-02). Only columns named there are relied on.
"""

from tallyroll.connectors.csvfile.sheets import Dialect, sheet

MARKS = sheet(
    "attendancesession.csv",
    needs=("pupil", "date", "session", "code"),
    telling=("DATE", "PERIOD"),
    school="APPLICATION_ID",
    pupil="STUDENT_ID|STUDENT_UNIQUE_ID",
    date="DATE",
    session="PERIOD",
    code="MARK_CODE|RAW_MARK",
)

PUPILS = sheet(
    "students.csv",
    needs=("pupil",),
    telling=("CURRENT_YEAR_GROUP",),
    school="APPLICATION_ID",
    pupil="STUDENT_ID|STUDENT_UNIQUE_ID",
    upn="UPN",
    sex="SEX|GENDER",
    admission_date="ADMISSION_DATE",  # not in the export we know of; read where a school adds it
    leaving_date="LEAVING_DATE",
    year_group="CURRENT_YEAR_GROUP",
    fsm="FSM",
    fsm6="EVER_6_FSM",
    pupil_premium="PUPIL_PREMIUM_RECIPIENT|PUPIL_PREMIUM",
    sen="CURRENT_SEN_STATUS",
    ethnicity_minor="ETHNICITY",
    looked_after="IN_CARE",
)

ARBOR = Dialect("arbor", "an Arbor export", MARKS, PUPILS)
