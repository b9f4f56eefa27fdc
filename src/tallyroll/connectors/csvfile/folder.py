"""A folder of CSV files: which dialect it holds, and which file is which sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tallyroll.connectors.csvfile.arbor import ARBOR
from tallyroll.connectors.csvfile.bromcom import BROMCOM
from tallyroll.connectors.csvfile.faults import FileProblem
from tallyroll.connectors.csvfile.generic import GENERIC
from tallyroll.connectors.csvfile.generic import PUPILS as OUR_PUPILS
from tallyroll.connectors.csvfile.opening import BOM, FIRST_LOOK, read_header
from tallyroll.connectors.csvfile.sheets import Dialect, Sheet
from tallyroll.vocab.errors import InputProblem, UsageProblem

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (GENERIC, ARBOR, BROMCOM)}


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a folder by their part; the roll may come in the generic layout beside any dialect."""

    dialect: Dialect
    marks: Path
    marks_sheet: Sheet
    pupils: Path
    pupils_sheet: Sheet
    schools: Path | None
    status: Path | None


def find(folder: Path, *, dialect: str = "") -> Found:
    """The sheets in this folder. Raises: UsageProblem or FileProblem that names the files seen."""
    files = _csv_files(folder)
    headings = {path: _headings(path) for path in files}
    spoken = DIALECTS[dialect] if dialect else _recognise(headings, folder)
    marks = _one(spoken.marks, headings)
    if marks is None:
        raise _absent(spoken.marks.name, spoken, files, folder)
    sheet, pupils = spoken.pupils, _one(spoken.pupils, headings)
    if pupils is None:
        sheet, pupils = OUR_PUPILS, _named(OUR_PUPILS.name, files)
    if pupils is None:
        names = " or ".join(dict.fromkeys((spoken.pupils.name, OUR_PUPILS.name)))
        raise _absent(names, spoken, files, folder)
    in_both = headings[marks] & headings[pupils]
    return Found(
        spoken,
        marks,
        _by_key(spoken.marks, in_both) if sheet is spoken.pupils else spoken.marks,
        pupils,
        _by_key(sheet, in_both),
        schools=_one(spoken.schools, headings) if spoken.schools else None,
        status=_one(spoken.status, headings) if spoken.status else None,
    )


def _by_key(sheet: Sheet, in_both: frozenset[str]) -> Sheet:
    """The sheet with only such headings of the pupil's key as both files have, where there are any."""
    shared = tuple(name for name in sheet.columns["pupil"] if name in in_both)
    return replace(sheet, columns={**sheet.columns, "pupil": shared}) if shared else sheet


def _csv_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageProblem("There is no such folder.", where=str(folder), mend="Set `folder` to where the files are.")
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.casefold() == ".csv")
    if not files:
        raise UsageProblem("The folder holds no CSV file.", where=str(folder), mend="Export the registers into it.")
    return files


def _headings(path: Path) -> frozenset[str]:
    """The headings of a file, as far as it can be read at all; what is wrong with it is said when it is opened."""
    with path.open("rb") as file:
        head = file.read(FIRST_LOOK)
    try:
        return frozenset(read_header(head.removeprefix(BOM), path=path)[1])
    except InputProblem:
        return frozenset()


def _named(name: str, files: list[Path]) -> Path | None:
    return next((path for path in files if path.name.casefold() == name.casefold()), None)


def _one(sheet: Sheet, headings: Mapping[Path, frozenset[str]]) -> Path | None:
    """The file with the sheet's name, or else the only one with its headings."""
    named = _named(sheet.name, list(headings))
    if named is not None:
        return named
    alike = [path for path, held in headings.items() if sheet.telling and sheet.telling <= held]
    if len(alike) > 1:
        raise FileProblem(
            "csv_file_ambiguous",
            f"{' and '.join(path.name for path in alike)} could each be {sheet.name}.",
            where=str(alike[0].parent),
            mend=f"Leave one in the folder, or name the right one {sheet.name}.",
        )
    return alike[0] if alike else None


def _recognise(headings: Mapping[Path, frozenset[str]], folder: Path) -> Dialect:
    spoken = [dialect for dialect in DIALECTS.values() if _one(dialect.marks, headings) is not None]
    if len(spoken) == 1:
        return spoken[0]
    if spoken:
        raise FileProblem(
            "csv_dialect_ambiguous",
            f"The folder looks like {' and like '.join(dialect.title for dialect in spoken)}.",
            where=str(folder),
            mend=f"Keep each export in a folder of its own, or set `dialect` to {_choices()}.",
        )
    names = ", ".join(path.name for path in headings)
    raise FileProblem(
        "csv_dialect_unknown",
        f"None of {names} has the columns of an attendance export that is known here.",
        where=str(folder),
        mend=f"Set `dialect` to {_choices()}; docs/reference/csv-layouts.md lists their columns.",
    )


def _choices() -> str:
    *most, last = DIALECTS
    return f"{', '.join(most)} or {last}"


def _absent(name: str, dialect: Dialect, files: list[Path], folder: Path) -> FileProblem:
    return FileProblem(
        "csv_file_missing",
        f"The folder holds no {name}; it holds {', '.join(path.name for path in files)}.",
        where=str(folder),
        mend=f"Put it there: the dialect is {dialect.title}.",
    )
