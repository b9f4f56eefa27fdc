"""One school's extract out of its Common Transfer File."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from tallyroll.connectors.ctf.faults import finding
from tallyroll.connectors.ctf.marks import Mark, decode, n_marks
from tallyroll.connectors.ctf.parsing import ENROLMENT, PUPIL, SESSIONS, YEAR, Facts, Pupil, Year, read_pupils
from tallyroll.governance import Permit
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import School
from tallyroll.vocab.shapes import RAW_MARKS, RAW_ROLL, RAW_STATUS


@dataclass(slots=True)
class _Gathered:
    """Rows and findings as the file is read."""

    school: School
    file: str
    first: date
    last: date
    roll: list[dict[str, object]] = field(default_factory=list)
    marks: list[tuple[int, str, Mark]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    n_other: int = 0
    n_outside: int = 0
    n_closures: int = 0


def read_extract(
    permit: Permit, path: Path, *, school: School, taken_at: datetime, first: date, last: date, full: bool
) -> Extract:
    """The school's pupils and their marks of these days, with findings about all that was refused."""
    gathered = _Gathered(school, path.name, first, last)
    for pupil in read_pupils(path, wanted=_wanted(permit)):
        _take(gathered, pupil)
    return Extract(
        school=school,
        source="ctf",
        taken_at=taken_at,
        first=first,
        last=last,
        full=full,
        roll=pa.Table.from_pylist(gathered.roll, schema=RAW_ROLL),
        status=RAW_STATUS.empty_table(),
        marks=_marks_table(gathered.marks),
        findings=(*gathered.findings, *_totals(gathered)),
    )


def _wanted(permit: Permit) -> frozenset[str]:
    """The elements to be read: those of permitted items, and the school numbers that say whose marks they are."""
    unasked = set() if Item.SEX in permit.request.items else {path for path in PUPIL if PUPIL[path] == "sex"}
    return frozenset({*PUPIL, *ENROLMENT, *YEAR, *SESSIONS} - unasked)


def _take(gathered: _Gathered, pupil: Pupil) -> None:
    runs = list(_runs(gathered, pupil))
    upn = pupil.facts.get("upn", "")
    if not upn:
        gathered.findings.append(finding("ctf_upn_blank", file=gathered.file, stage="roll", pupil=pupil.place))
        lost = sum(n_marks(run.get("marks", "")) for run in runs)
        if lost:
            _refuse(gathered, pupil, "ctf_upn_blank", lost)
        return
    gathered.roll += _roll_rows(gathered, pupil, upn)
    for run in runs:
        _take_run(gathered, pupil, upn, run)


def _runs(gathered: _Gathered, pupil: Pupil) -> Iterator[Facts]:
    """The runs of marks made at our school; a year that names no school is ours."""
    for year in pupil.years:
        if _is_ours(gathered.school, year.facts, unnamed=True):
            yield from year.runs
        else:
            gathered.n_other += _n_in(year)


def _n_in(year: Year) -> int:
    return sum(n_marks(run.get("marks", "")) for run in year.runs)


def _is_ours(school: School, facts: Facts, *, unnamed: bool) -> bool:
    la, establishment = facts.get("la", ""), facts.get("establishment", "")
    if not la and not establishment:
        return unnamed
    return (la, establishment) == (school.laestab.la, school.laestab.establishment)


def _roll_rows(gathered: _Gathered, pupil: Pupil, upn: str) -> list[dict[str, object]]:
    """A row for each enrolment at our school in the school history; one without dates where it names none."""
    ours = [facts for facts in pupil.enrolments if _is_ours(gathered.school, facts, unnamed=False)]
    same: dict[str, object] = {"row": pupil.place, "pupil": upn, "upn": upn, "sex": pupil.facts.get("sex")}
    return [
        {**same, "admission_date": facts.get("entry", ""), "leaving_date": facts.get("leaving", "")}
        for facts in ours or [{}]
    ]


def _take_run(gathered: _Gathered, pupil: Pupil, upn: str, run: Facts) -> None:
    text = run.get("marks", "")
    if not text.strip(" -"):
        return
    try:
        start = date.fromisoformat(run.get("start", ""))
    except ValueError:
        _refuse(gathered, pupil, "ctf_start_date", n_marks(text))
        return
    decoded = decode(text, start=start)
    if decoded.refused:
        _refuse(gathered, pupil, decoded.refused, n_marks(text))
    if decoded.halved:
        _refuse(gathered, pupil, "ctf_code_halved", decoded.halved)
    asked = [mark for mark in decoded.marks if gathered.first <= mark.day <= gathered.last]
    gathered.n_outside += len(decoded.marks) - len(asked)
    gathered.n_closures += decoded.n_closures
    gathered.marks += [(pupil.place, upn, mark) for mark in asked]


def _refuse(gathered: _Gathered, pupil: Pupil, check: str, n_rows: int) -> None:
    gathered.findings.append(finding(check, file=gathered.file, stage="mark", pupil=pupil.place, n_rows=n_rows))


def _totals(gathered: _Gathered) -> Iterator[Finding]:
    for check, n_rows in (
        ("ctf_other_school", gathered.n_other),
        ("ctf_outside_period", gathered.n_outside),
        ("ctf_closures", gathered.n_closures),
    ):
        if n_rows:
            yield finding(check, file=gathered.file, n_rows=n_rows)


def _marks_table(marks: list[tuple[int, str, Mark]]) -> pa.Table:
    return pa.table(
        {
            "row": [place for place, _, _ in marks],
            "pupil": [upn for _, upn, _ in marks],
            "date": [mark.day.isoformat() for _, _, mark in marks],
            "session": [mark.session.value for _, _, mark in marks],
            "code": [mark.code for _, _, mark in marks],
        },
        schema=RAW_MARKS,
    )
