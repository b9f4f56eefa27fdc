"""One school's extract out of a folder: its roll, its dated attributes and its marks as raw tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.connectors.csvfile.cells import translate, word
from tallyroll.connectors.csvfile.faults import FileProblem, Report, Stage
from tallyroll.connectors.csvfile.folder import Found
from tallyroll.connectors.csvfile.opening import Opened, open_sheet
from tallyroll.connectors.csvfile.owner import Owner
from tallyroll.connectors.csvfile.reading import Part, lookup, read_parts
from tallyroll.connectors.csvfile.settling import Settler
from tallyroll.connectors.csvfile.sheets import ATTRIBUTES, Sheet
from tallyroll.connectors.csvfile.words import ITEMS
from tallyroll.governance import Permit
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.schools import School
from tallyroll.vocab.shapes import RAW_MARKS, RAW_ROLL, RAW_STATUS


@dataclass(frozen=True, slots=True)
class Files:
    """The opened files of a folder."""

    marks: Opened
    pupils: Opened
    status: Opened | None


def open_files(found: Found) -> Files:
    """Every file opened; FileProblem says at once all that is wrong with any header."""
    problems: list[FileProblem] = []

    def opened(path: Path, sheet: Sheet) -> Opened | None:
        try:
            return open_sheet(path, sheet=sheet)
        except FileProblem as problem:
            problems.append(problem)
            return None

    marks, pupils = opened(found.marks, found.marks_sheet), opened(found.pupils, found.pupils_sheet)
    status = opened(found.status, found.dialect.status) if found.status and found.dialect.status else None
    if marks is None or pupils is None or problems:
        raise _joined(problems)
    return Files(marks, pupils, status)


def _joined(problems: list[FileProblem]) -> FileProblem:
    first, *more = problems
    if not more:
        return first
    what = first.what + "".join(f"\n{other.where}: {other.what}" for other in more) + "\n"
    return FileProblem(first.check, what, where=first.where, mend=first.mend)


def read_extract(
    permit: Permit, files: Files, *, school: School, owner: Owner, taken_at: datetime, first: date, last: date
) -> Extract:
    """The school's rows of these days, permitted columns only, with findings about all that was left out.

    Raises: FileProblem where a file is not UTF-8, or no pupil of the school is in it.
    """
    roll, attributes, roll_findings = _roll(permit, files, owner=owner, school=school)
    status, status_findings = _status(permit, files.status, owner=owner)
    marks, mark_findings = _marks(permit, files.marks, owner=owner, first=first, last=last)
    return Extract(
        school=school,
        source="csv",
        taken_at=taken_at,
        first=first,
        last=last,
        full=True,
        roll=roll,
        status=pa.concat_tables([attributes, status]),
        marks=marks,
        findings=(*roll_findings, *status_findings, *mark_findings),
    )


def _settled(permit: Permit, opened: Opened, *, owner: Owner, report: Report, settler: Settler) -> Iterator[Part]:
    for part in read_parts(permit, opened, report=report, concerns=owner.concerns(opened)):
        ours = owner.pick(part, opened=opened, report=report)
        if ours.rows.size:
            yield settler.settle(ours)
    settler.finish()


def _roll(
    permit: Permit, files: Files, *, owner: Owner, school: School
) -> tuple[pa.Table, pa.Table, tuple[Finding, ...]]:
    """The roll, and the attributes that stand in columns of their own."""
    opened = files.pupils
    report = Report(opened.path.name, Stage.ROLL)
    settler = Settler(opened, report)
    parts = list(_settled(permit, opened, owner=owner, report=report, settler=settler))
    if not any(part.rows.size for part in parts):
        raise FileProblem(
            "csv_no_pupils",
            f"The file holds no sound row of a pupil of school {school.urn}.",
            where=opened.path.name,
            mend="Look whether it is the right export: without a roll nothing can be counted.",
        )
    absent = [name for name in _unmet(permit, opened) if files.status is None or name not in ATTRIBUTES]
    if absent:
        report.add_file("csv_column_absent", field=", ".join(absent))
    columns = [_attribute_rows(part, name) for part in parts for name in ATTRIBUTES if name in part.columns]
    roll = pa.concat_tables([_table(part, RAW_ROLL) for part in parts])
    return roll, pa.concat_tables([RAW_STATUS.empty_table(), *columns]), report.findings()


def _unmet(permit: Permit, opened: Opened) -> list[str]:
    """Items that the permit covers and a file of pupils has no column for."""
    on_roll = {*RAW_ROLL.names, *ATTRIBUTES}
    return sorted(item for item in permit.request.items if item in on_roll and item not in opened.places)


def _attribute_rows(part: Part, name: str) -> pa.Table:
    """The status rows of a plain column: its value holds for the whole enrolment; a blank says nothing."""
    held = part.without(lookup(part.columns[name], lambda value: not value))
    columns = {"pupil": held.columns["pupil"], "value": held.columns[name]}
    table = _table(Part(held.rows, columns), RAW_STATUS)
    return table.set_column(
        table.schema.get_field_index("item"), "item", pa.repeat(pa.scalar(name, pa.string()), held.rows.size)
    )


def _status(permit: Permit, opened: Opened | None, *, owner: Owner) -> tuple[pa.Table, tuple[Finding, ...]]:
    """The rows of status.csv about permitted items, each value read as its item has it."""
    if opened is None:
        return RAW_STATUS.empty_table(), ()
    report = Report(opened.path.name, Stage.STATUS)
    settler = Settler(opened, report)
    tables = [RAW_STATUS.empty_table()]
    for part in _settled(permit, opened, owner=owner, report=report, settler=settler):
        unknown = lookup(part.columns["item"], lambda item: item.casefold() not in ITEMS)
        report.add("csv_item_unknown", part.rows[unknown], field=opened.heading("item"))
        known = part.without(unknown)
        unasked = lookup(known.columns["item"], lambda item: item.casefold() not in permit.request.items)
        report.add("csv_item_unasked", known.rows[unasked], field=opened.heading("item"))
        tables += [_of_item(known.without(unasked), item) for item in sorted(ITEMS & permit.request.items)]
    return pa.concat_tables(tables).sort_by("row"), report.findings()


def _of_item(part: Part, item: str) -> pa.Table:
    chosen = part.without(lookup(part.columns["item"], lambda name: name.casefold() != item))
    values, _ = translate(chosen.columns["value"], lambda value: word(value, kind=item))
    items = pa.repeat(pa.scalar(item, pa.string()), chosen.rows.size).dictionary_encode()
    return _table(Part(chosen.rows, {**chosen.columns, "value": values, "item": items}), RAW_STATUS)


def _marks(
    permit: Permit, opened: Opened, *, owner: Owner, first: date, last: date
) -> tuple[pa.Table, tuple[Finding, ...]]:
    report = Report(opened.path.name, Stage.MARKS)
    settler = Settler(opened, report)
    tables = [RAW_MARKS.empty_table()]
    for part in _settled(permit, opened, owner=owner, report=report, settler=settler):
        asked = settler.within(part, first=first, last=last)
        tables.append(_table(settler.without_subcodes(asked), RAW_MARKS))
    marks = pa.concat_tables(tables)
    if not marks.num_rows:
        report.add_file("csv_no_marks")
    return marks, report.findings()


def _table(part: Part, shape: pa.Schema) -> pa.Table:
    """The part as a raw table; a column that was not read is null."""
    n = part.rows.size
    columns = [
        pc.cast(part.columns[name], pa.string()) if name in part.columns else pa.nulls(n, kind)
        for name, kind in zip(shape.names[1:], shape.types[1:], strict=True)
    ]
    return pa.table([pa.array(part.rows, type=pa.int32()), *columns], schema=shape)
