"""Arrow files: a closed world, judged by the same screen, every fault named with file, column and row."""

import asyncio
import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import CALENDAR, FRIDAY, MONDAY

from tallyroll.connectors.arrow import connector
from tallyroll.connectors.arrow.layout import COLUMNS, Part
from tallyroll.register import screen
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

URN = school().urn
WIDE = {*ESSENTIAL, Item.SEX, Item.FSM, Item.SEN}
DAY = date(2026, 11, 16)


def write(path, table, *, batch=None):
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table, max_chunksize=batch)


def table(part, rows, *, encoded=False):
    kinds = COLUMNS[part]
    arrays = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds.values(), strict=True)]
    if encoded:
        arrays = [array.dictionary_encode() if array.type == pa.string() else array for array in arrays]
    return pa.table(arrays, names=[*kinds])


ROLL = [
    ("ann", None, "F", date(2026, 9, 1), None, "C"),
    ("bob", None, "M", date(2026, 9, 1), None, None),
]
MARKS = [
    ("ann", DAY, "AM", "/"),
    ("bob", DAY, "AM", "I"),
    ("ann", date(2026, 11, 9), "AM", "/"),
    ("bob", DAY, "PM", "QQ"),
]
STATUS = [("ann", "fsm", "Y", None, None), ("bob", "sen", "K", date(2026, 10, 1), None)]


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "schools.arrow", table(Part.SCHOOLS, [(URN.number, "2014001", "Test School", "Primary")]))
    for part, rows in ((Part.ROLL, ROLL), (Part.STATUS, STATUS), (Part.MARKS, MARKS)):
        write(tmp_path / part.file(URN), table(part, rows))
    return tmp_path


def pulled(folder, *, items=WIDE, **days):
    first, last = days.get("first", MONDAY), days.get("last", FRIDAY)
    source = connector({"folder": str(folder)})
    (found,) = asyncio.run(source.schools())
    allowed = permit(schools=[URN], items=items)
    return asyncio.run(source.pull(allowed, found, clock=FixedClock(NOW), first=first, last=last))


def rows(one):
    return [tuple(row.values()) for row in one.to_pylist()]


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("batch", [None, 1])
def test_files_become_an_extract_in_whatever_form_their_text_and_batches_are(folder, encoded, batch):
    for part, given in ((Part.ROLL, ROLL), (Part.STATUS, STATUS), (Part.MARKS, MARKS)):
        write(folder / part.file(URN), table(part, given, encoded=encoded), batch=batch)
    made = pulled(folder)
    assert (made.source, made.full, made.school.laestab.la) == ("arrow", True, "201")
    assert rows(made.roll) == [
        (1, "ann", None, "F", "2026-09-01", None, None),
        (2, "bob", None, "M", "2026-09-01", None, None),
    ]
    assert rows(made.status) == [(1, "ann", "fsm", "Y", None, None), (2, "bob", "sen", "K", "2026-10-01", None)]
    assert rows(made.marks) == [
        (1, "ann", "2026-11-16", "AM", "/"),
        (2, "bob", "2026-11-16", "AM", "I"),
        (4, "bob", "2026-11-16", "PM", "QQ"),
    ]


def test_rows_are_judged_by_the_same_screen_under_the_row_of_their_file(folder):
    judged = screen(permit(schools=[URN], items=WIDE), pulled(folder), calendar=CALENDAR, now=NOW)
    (bad,) = [one for one in judged.findings if one.check == "mark_code_unknown"]
    assert (bad.place, bad.row, bad.field) == ("marks", 4, "code")
    assert (judged.received, judged.kept, judged.rejected) == (3, 2, 1)


def test_what_is_not_permitted_is_not_read(folder):
    made = pulled(folder, items={*ESSENTIAL, Item.SEN})
    assert made.roll["sex"].null_count == 2
    assert [row[2] for row in rows(made.status)] == ["sen"]


def test_a_blank_day_is_for_screening_to_reject(folder):
    write(folder / Part.MARKS.file(URN), table(Part.MARKS, [("ann", None, "AM", "/"), ("ann", DAY, "AM", "/")]))
    assert [row[0] for row in rows(pulled(folder).marks)] == [1, 2]


def test_a_school_without_marks_or_status_is_empty_and_not_a_fault(folder):
    (folder / Part.STATUS.file(URN)).unlink()
    write(folder / Part.MARKS.file(URN), table(Part.MARKS, [MARKS[0]]).slice(0, 0))
    made = pulled(folder)
    assert (made.status.num_rows, made.marks.num_rows) == (0, 0)
    assert screen(permit(schools=[URN], items=WIDE), made, calendar=CALENDAR, now=NOW).received == 0


def test_every_fault_of_the_columns_is_named_and_a_strange_column_by_its_place(folder):
    good = table(Part.MARKS, MARKS)
    bad = good.drop_columns(["code"]).append_column("Secret Name", good["pupil"])
    bad = bad.set_column(1, "date", good["date"].cast(pa.string()))
    write(folder / Part.MARKS.file(URN), bad)
    with pytest.raises(InputProblem) as caught:
        pulled(folder)
    told = str(caught.value)
    assert f"{URN}.marks.arrow" in told
    assert "column 'code' is missing" in told
    assert "column 4 is not of this layout" in told
    assert "column 'date' must be date32." in told
    assert "Secret" not in told


def test_text_that_is_not_utf_8_is_named_with_column_and_row(folder):
    good = table(Part.MARKS, MARKS)
    binary = pa.array([b"/", b"I", b"\xff", b"/"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 4, binary.buffers())
    write(folder / Part.MARKS.file(URN), good.set_column(3, "code", broken), batch=2)
    with pytest.raises(InputProblem, match=r"marks.arrow: Row 3 of column 'code'"):
        pulled(folder)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"x" * 500])
def test_a_file_that_is_not_whole_is_refused(folder, damage):
    path = folder / Part.MARKS.file(URN)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputProblem, match="not a whole Arrow IPC file"):
        pulled(folder)


def test_a_missing_file_is_named(folder):
    (folder / Part.MARKS.file(URN)).unlink()
    with pytest.raises(InputProblem, match=f"{URN}.marks.arrow: The file cannot be read"):
        pulled(folder)


def test_a_list_of_schools_with_faults_is_refused_with_their_rows(folder):
    listed = [(URN.number, "2014001", "A", "Primary"), (URN.number, "2014002", "B", "Primary"), (5, "x", "", "?")]
    write(folder / "schools.arrow", table(Part.SCHOOLS, listed))
    with pytest.raises(InputProblem) as caught:
        asyncio.run(connector({"folder": str(folder)}).schools())
    assert "row 2: urn 100001 stands twice" in str(caught.value)
    assert "row 3: urn is not six digits" in str(caught.value)


def test_a_school_outside_the_permit_is_refused(folder):
    source = connector({"folder": str(folder)})
    (found,) = asyncio.run(source.schools())
    narrow = permit(schools=[Urn(100002)], items=WIDE)
    with pytest.raises(Refused):
        asyncio.run(source.pull(narrow, found, clock=FixedClock(NOW), first=MONDAY, last=FRIDAY))


@pytest.mark.parametrize("settings", [{}, {"folder": "x", "colour": "red"}])
def test_settings_are_closed_too(settings):
    with pytest.raises(UsageProblem, match="arrow connector"):
        connector(settings)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageProblem, match="no such folder"):
        asyncio.run(connector({"folder": str(tmp_path / "none")}).schools())


def test_the_page_lists_the_columns_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "arrow.md").read_text(encoding="utf-8")
    parts = re.split(r"^### `(?:URN\.)?(\w+)\.arrow`", page, flags=re.MULTILINE)[1:]
    found = {
        name: re.findall(r"^\| `(\w+)` \| \w+ \|", text, flags=re.MULTILINE)
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    assert found == {str(part): [*columns] for part, columns in COLUMNS.items()}
