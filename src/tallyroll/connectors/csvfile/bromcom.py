"""Bromcom's export: Attendances.csv and Schools.csv; the roll comes as pupils.csv in the generic layout.

Source: Open-Education-AI/OEAI, modules/bromcom (2025-02). It names no columns of a students' export, so none is
relied on: `pupil` in pupils.csv is Bromcom's studentID.
"""

from tallyroll.connectors.csvfile.generic import PUPILS, STATUS
from tallyroll.connectors.csvfile.sheets import Dialect, sheet

MARKS = sheet(
    "Attendances.csv",
    needs=("pupil", "date", "session", "code"),
    telling=("studentID", "mark", "calendarName", "calendarStartDate"),
    pupil="studentID",
    date="calendarStartDate",
    session="calendarName",
    code="mark",
    subcode="markSubcode",
)

SCHOOLS = sheet(
    "Schools.csv",
    needs=("urn", "la", "establishment", "name"),
    telling=("uniqueReferenceNumber", "leaNumber"),
    urn="uniqueReferenceNumber",
    la="leaNumber",
    establishment="establishmentNumber",
    name="schoolName",
)

BROMCOM = Dialect("bromcom", "a Bromcom export", MARKS, PUPILS, SCHOOLS, STATUS)
