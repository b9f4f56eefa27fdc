"""Common Transfer Files: what is read of them, what is refused, and what an attacker's file comes to."""

import asyncio
from collections.abc import Collection
from datetime import date
from pathlib import Path

import pytest
from tests.lib.builders import CLOCK, permit
from tests.lib.csvfolders import told

from tallyroll.connectors.ctf import connector
from tallyroll.connectors.ctf.faults import FAULTS
from tallyroll.connectors.ctf.parsing import read_header, read_pupils
from tallyroll.connectors.interface import SourceSchool, names, open_connector
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.items import Item

SETTINGS = {"urn": "100001", "phase": "Primary"}
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 20)

YEAR = """<YearData><Year>2026</Year><LEA>{la}</LEA><Estab>2001</Estab><SessionsPossible>4</SessionsPossible>
<AttendSessions><AttendanceStartDate>{start}</AttendanceStartDate><AttendanceMarks>{marks}</AttendanceMarks>
</AttendSessions></YearData>"""
PUPIL = """<Pupil><UPN>{upn}</UPN><Surname>Secret</Surname><Forename>Secret</Forename><DOB>2015-01-01</DOB>
<Sex>F</Sex>{history}<Attendance>{years}</Attendance></Pupil>"""
HISTORY = """<SchoolHistory><School><LEA>999</LEA><Estab>1111</Estab><EntryDate>2019-09-01</EntryDate></School>
<School><LEA>201</LEA><Estab>2001</Estab><EntryDate>2022-09-01</EntryDate></School></SchoolHistory>"""
FILE = """<?xml version="1.0" encoding="utf-8"?>
<CTfile><Header><DocumentName>Common Transfer File</DocumentName><CTFversion>{version}</CTFversion>
<DateTime>2026-11-20T12:00:00</DateTime><SourceSchool><LEA>201</LEA><Estab>2001</Estab>
<SchoolName>Synthetic Primary</SchoolName></SourceSchool></Header><CTFpupilData>{pupils}</CTFpupilData></CTfile>"""


def year(marks: str, *, start: str = "2026-09-07", la: str = "201") -> str:
    return YEAR.format(marks=marks, start=start, la=la)


def pupil(upn: str = "K999999999001", *years: str, history: str = HISTORY) -> str:
    return PUPIL.format(upn=upn, years="".join(years), history=history)


def file(place: Path, *pupils: str, version: str = "25.0", name: str = "a.xml") -> Path:
    path = place / name
    path.write_text(FILE.format(pupils="".join(pupils), version=version), encoding="utf-8")
    return path


def pull(
    path: Path, *, items: Collection[Item] = tuple(Item), first: date = FIRST, last: date = LAST, **settings: str
) -> Extract:
    async def ask() -> Extract:
        async with connector({"file": str(path), **SETTINGS, **settings}) as source:
            (one,) = await source.schools()
            allowed = permit(schools=[one.school.urn], items=items, first=first, last=last)
            return await source.pull(allowed, one, clock=CLOCK, first=first, last=last)

    return asyncio.run(ask())


def schools_of(**settings: str) -> tuple[SourceSchool, ...]:
    return asyncio.run(connector(settings).schools())


def marks_of(extract: Extract) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in extract.marks.to_pylist()]


def test_connector_is_installed_as_a_plugin(tmp_path: Path) -> None:
    assert "ctf" in names()
    assert open_connector("ctf", {"file": "x.xml", **SETTINGS}).name == "ctf"


def test_pupils_enrolments_and_marks_are_read(tmp_path: Path) -> None:
    extract = pull(
        file(tmp_path, pupil("K999999999001", year("/\\I")), pupil("A999999999002", year("L\\"), history=""))
    )
    assert [tuple(row.values()) for row in extract.roll.to_pylist()] == [
        (1, "K999999999001", "K999999999001", "F", "2022-09-01", "", None),
        (2, "A999999999002", "A999999999002", "F", "", "", None),
    ]
    assert marks_of(extract) == [
        (1, "K999999999001", "2026-09-07", "AM", "/"),
        (1, "K999999999001", "2026-09-07", "PM", "\\"),
        (1, "K999999999001", "2026-09-08", "AM", "I"),
        (2, "A999999999002", "2026-09-07", "AM", "L"),
        (2, "A999999999002", "2026-09-07", "PM", "\\"),
    ]
    assert extract.findings == ()
    assert extract.full is False
    assert str(extract.school.laestab) == "2012001"
    assert "Secret" not in str(extract)


def test_file_is_full_only_where_the_settings_say_so(tmp_path: Path) -> None:
    assert pull(file(tmp_path, pupil()), whole_school="yes").full is True


def test_element_names_are_read_in_any_case_and_any_namespace(tmp_path: Path) -> None:
    text = FILE.format(pupils=pupil("K999999999001", year("/\\")), version="25.0")
    for old, new in (("CTFversion", "CTFVersion"), ("<CTfile>", '<CTFile xmlns="urn:x">'), ("</CTfile>", "</CTFile>")):
        text = text.replace(old, new)
    path = tmp_path / "a.xml"
    path.write_text(text, encoding="utf-8")
    assert len(marks_of(pull(path))) == 2


def test_sex_is_not_read_without_a_permit_for_it(tmp_path: Path) -> None:
    extract = pull(file(tmp_path, pupil()), items=[item for item in Item if item is not Item.SEX])
    assert extract.roll.column("sex").to_pylist() == [None]


def test_file_without_a_permit_for_upns_is_refused_for_it_has_no_other_key(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        pull(file(tmp_path, pupil()), items=[item for item in Item if item is not Item.UPN])


def test_only_wanted_elements_are_ever_handed_over(tmp_path: Path) -> None:
    path = file(tmp_path, pupil("K999999999001", year("/\\")))
    (only,) = read_pupils(path, wanted=frozenset({"ctfpupildata/pupil/upn"}))
    assert (only.facts, only.enrolments, only.years[0].runs) == ({"upn": "K999999999001"}, [{}, {}], [{}])


@pytest.mark.parametrize(
    ("marks", "start", "check", "n_rows"),
    [
        ("/\\Y1/\\", "2026-09-07", "ctf_code_two_characters_mark_row", 6),
        ("/\\?\\", "2026-09-07", "ctf_code_unknown_mark_row", 4),
        ("/\\" * 6, "2026-09-07", "ctf_weekend_mark_mark_row", 12),
        ("\\/", "2026-09-07", "ctf_marks_shifted_mark_row", 2),
        ("I" * 800, "2026-09-07", "ctf_marks_long_mark_row", 800),
        ("/\\", "7 Sept", "ctf_start_date_mark_row", 2),
        ("J\\", "2026-09-07", "ctf_code_halved_mark_row", 1),
    ],
)
def test_refused_marks_of_one_pupil_leave_the_others(
    tmp_path: Path, marks: str, start: str, check: str, n_rows: int
) -> None:
    path = file(tmp_path, pupil("K999999999001", year("/\\")), pupil("A999999999002", year(marks, start=start)))
    extract = pull(path)
    (found,) = extract.findings
    assert (found.check, found.row, found.place, found.n_rows) == (check, 2, "a.xml", n_rows)
    assert found.message
    assert found.mend
    assert [row[0] for row in marks_of(extract) if row[0] == 1] == [1, 1]
    assert extract.roll.num_rows == 2


def test_received_marks_are_taken_or_refused(tmp_path: Path) -> None:
    path = file(tmp_path, pupil("K999999999001", year("/\\J\\")), pupil("A999999999002", year("/1")))
    extract = pull(path)
    assert extract.marks.num_rows + sum(found.n_rows for found in extract.findings) == 6


def test_pupil_without_a_upn_is_refused_with_the_marks(tmp_path: Path) -> None:
    extract = pull(file(tmp_path, pupil("", year("/\\"))))
    assert told(extract.findings) == {
        ("ctf_upn_blank_roll_row", 1, "UPN"),
        ("ctf_upn_blank_mark_row", 1, "AttendanceMarks"),
    }
    assert (extract.roll.num_rows, extract.marks.num_rows) == (0, 0)


def test_marks_of_other_schools_and_other_days_are_left_out_and_counted(tmp_path: Path) -> None:
    path = file(tmp_path, pupil("K999999999001", year("/\\/\\"), year("/\\", la="999"), year("##")))
    extract = pull(path, first=date(2026, 9, 8), last=date(2026, 9, 30))
    assert {(found.check, found.n_rows) for found in extract.findings} == {
        ("ctf_other_school", 2),
        ("ctf_outside_period", 2),
        ("ctf_closures", 2),
    }
    assert extract.marks.num_rows == 2


@pytest.mark.parametrize(("version", "warned"), [("25.0", False), ("24.0", False), ("24.1", False), ("26.0", True)])
def test_unknown_version_is_read_with_a_warning(tmp_path: Path, version: str, warned: bool) -> None:
    extract = pull(file(tmp_path, pupil("K999999999001", year("/\\")), version=version))
    assert ("ctf_version" in {found.check for found in extract.findings}) is warned
    assert extract.marks.num_rows == 2


BOMB = """<?xml version="1.0"?><!DOCTYPE CTfile [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<CTfile><Header><SourceSchool><LEA>&b;</LEA></SourceSchool></Header></CTfile>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE CTfile SYSTEM "file:///etc/passwd"><CTfile/>"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB.encode(), "entities"),
        (OUTSIDE.encode(), "document type definition"),
        (b"", "ends too soon"),
        (FILE.format(pupils="", version="25.0").encode()[:120], "ends too soon"),
        (b"<CTfile><Header></CTfile>", "not well-formed"),
        (b"<html><body/></html>", "not a Common Transfer File"),
        (b"<CTfile>" + b"<a>" * 50 + b"</a>" * 50 + b"</CTfile>", "not a Common Transfer File"),
        (b'<?xml version="1.0" encoding="nonsense"?><CTfile/>', "not well-formed XML|encoding"),
        (b'<?xml version="1.0" encoding="utf-8"?><CTfile>\xe9</CTfile>', "not well-formed"),
        (b'<?xml version="1.0" encoding="shift_jis"?><CTfile/>', "encoding"),
        (b"not xml at all", "not well-formed"),
        (b"<CTfile/>", "does not name its source school"),
    ],
)
def test_file_that_cannot_be_read_is_one_clear_problem(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    with pytest.raises(InputProblem, match=says) as caught:
        pull(path)
    assert caught.value.where == "a.xml"
    assert caught.value.mend


def test_file_that_breaks_off_among_the_pupils_gives_no_extract_at_all(tmp_path: Path) -> None:
    path = file(tmp_path, *(pupil(f"K{n:012d}", year("/\\")) for n in range(400)))
    path.write_bytes(path.read_bytes()[:-500])
    assert read_header(path)["version"] == "25.0"
    with pytest.raises(InputProblem, match="ends too soon"):
        pull(path)


def test_file_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    text = FILE.format(pupils=pupil("K999999999001", year("/\\")), version="25.0").replace("utf-8", "utf-16")
    path.write_bytes(text.encode("utf-16"))
    assert pull(path).marks.num_rows == 2


def test_folder_holds_one_file_for_each_listed_school(tmp_path: Path) -> None:
    schools = tmp_path / "schools.csv"
    schools.write_text("urn,laestab,name,phase\n100001,2012001,Listed Primary,Primary\n")
    file(tmp_path, pupil())
    (one,) = schools_of(folder=str(tmp_path), schools=str(schools))
    assert (one.id, one.school.name) == ("100001", "Listed Primary")
    file(tmp_path, pupil(), name="b.xml")
    with pytest.raises(InputProblem, match="of one school"):
        schools_of(folder=str(tmp_path), schools=str(schools))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "needs a file or a folder"),
        ({"file": "a", "folder": "b"}, "needs a file or a folder"),
        ({"file": "a"}, "no URN and no phase"),
        ({"file": "a", "urn": "100001"}, "no URN and no phase"),
        ({"file": "a", **SETTINGS, "whole_school": "perhaps"}, "yes or no"),
        ({"file": "a", **SETTINGS, "colour": "red"}, "does not know the setting colour"),
    ],
)
def test_settings_are_checked_at_once(settings: dict[str, str], says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        connector(settings)


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no Common Transfer File here"):
        schools_of(file=str(tmp_path / "none.xml"), **SETTINGS)


def test_every_check_explains_itself() -> None:
    assert all(name.startswith("ctf_") and message and mend for name, (_, message, mend) in FAULTS.items())
