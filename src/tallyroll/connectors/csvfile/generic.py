"""The generic layout: ours, made for spreadsheets and described in docs/reference/csv-layouts.md."""

from tallyroll.connectors.csvfile.sheets import ATTRIBUTES, Dialect, sheet

SCHOOLS = sheet(
    "schools.csv",
    needs=("urn", "laestab", "name", "phase"),
    urn="urn",
    laestab="laestab",
    name="name",
    phase="phase",
)

PUPILS = sheet(
    "pupils.csv",
    needs=("pupil", "admission_date", "leaving_date"),
    school="urn",
    pupil="pupil",
    upn="upn",
    sex="sex",
    admission_date="admission_date",
    leaving_date="leaving_date",
    enrolment_status="enrolment_status",
    **{name: name for name in ATTRIBUTES},
)

STATUS = sheet(
    "status.csv",
    needs=("pupil", "item", "value"),
    school="urn",
    pupil="pupil",
    item="item",
    value="value",
    first="first",
    last="last",
)

MARKS = sheet(
    "marks.csv",
    needs=("pupil", "date", "session", "code"),
    telling=("pupil", "date", "session", "code"),
    school="urn",
    pupil="pupil",
    date="date",
    session="session",
    code="code",
)

GENERIC = Dialect("generic", "the generic layout", MARKS, PUPILS, SCHOOLS, STATUS)
