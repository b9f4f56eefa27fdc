"""The schools that a folder describes, from its files and from settings."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from tallyroll.connectors.csvfile.faults import FileProblem
from tallyroll.connectors.csvfile.opening import Opened, bad_byte, open_sheet
from tallyroll.connectors.csvfile.sheets import Sheet
from tallyroll.connectors.csvfile.words import PHASES
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.schools import Phase, School

FACTS = ("urn", "laestab", "name", "phase")

Facts = Mapping[str, str]


def read_schools(path: Path, *, sheet: Sheet, phase: str = "") -> tuple[School, ...]:
    """Every school of the file, `phase` for all where it has no such column.

    Raises: FileProblem that lists every row that cannot be used: one school is many pupils, so none is skipped.
    """
    opened = open_sheet(path, sheet=sheet)
    schools: list[School] = []
    faults: list[str] = []
    for row, facts in _rows(opened):
        try:
            school = make_school({"phase": phase, **_whole(facts)})
            if any(school.urn == other.urn for other in schools):
                faults.append(f"row {row}: urn {school.urn} stands twice.")
            schools.append(school)
        except InputProblem as problem:
            faults.append(f"row {row}: {problem.what}")
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults[:50])
        raise FileProblem(
            "csv_school_wrong", f"Schools cannot be used:{listed}\n", where=path.name, mend="Mend these rows."
        )
    return tuple(schools)


def school_in_settings(settings: Facts) -> School:
    """The one school that the settings describe; UsageProblem names what is missing or wrong."""
    missing = [fact for fact in FACTS if not settings.get(fact)]
    if missing:
        raise UsageProblem(
            f"The files do not say which school they are of; the settings lack {', '.join(missing)}.",
            mend="Set urn, laestab, name and phase.",
        )
    try:
        return make_school(settings)
    except InputProblem as problem:
        raise UsageProblem(problem.what, where="settings", mend=problem.mend) from problem


def make_school(facts: Facts) -> School:
    """A school from these texts; InputProblem says what is wrong with them, all at once."""
    faults = []
    urn = laestab = None
    try:
        urn = Urn(int(facts["urn"])) if facts["urn"].isdecimal() else None
    except InputProblem:
        urn = None
    if urn is None:
        faults.append("urn is not six digits.")
    try:
        laestab = Laestab.parse(facts["laestab"])
    except InputProblem:
        faults.append("laestab is not three digits and four digits.")
    if laestab is not None and laestab.la not in BY_OLD_CODE:
        faults.append(f"'{laestab.la}' is not the code of a local authority.")
    phase = PHASES.get(facts["phase"].casefold())
    if phase is None:
        faults.append(f"phase is not one of {', '.join(Phase)}.")
    if not facts["name"]:
        faults.append("name is blank.")
    if urn is None or laestab is None or phase is None or faults:
        raise InputProblem(" ".join(faults), mend="Look the school up in GIAS.")
    return School(urn, laestab, facts["name"], phase)


def _whole(facts: Facts) -> Facts:
    """The facts with a LAESTAB, where a file gives its two halves."""
    return {**facts, "laestab": facts["la"] + facts["establishment"]} if "la" in facts else facts


def _rows(opened: Opened) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a small file about schools, by the row they stand in."""
    data = opened.path.read_bytes()[opened.start :]
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise bad_byte(opened.path, row=row, offset=error.start - data.rfind(b"\n", 0, error.start) - 1) from None
    for row, cells in enumerate(csv.reader(lines, delimiter=opened.separator.decode()), start=1):
        if row == 1 or not any(cell.strip() for cell in cells):
            continue
        texts = [cell.strip().removeprefix("'") for cell in cells] + [""] * (opened.n_fields - len(cells))
        yield row, {name: texts[place] for name, place in opened.places.items()}
