"""A release as a folder: whole or not at all, the same bytes each time, and nothing but protected tables."""

import hashlib
import json
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tallyroll.disclosure import Protected, protect
from tallyroll.release import check, verify, write
from tallyroll.vocab.errors import ProtectionProblem, UsageProblem, VerificationProblem

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def ytd() -> pa.Table:
    """Two authorities, one of them with a single school, their region and the nation, in one phase and in total."""
    areas = [
        ("National", "", "", "", "", "", 20000.5, 1000.0),
        ("Regional", "E12000007", "London", "", "", "", 2400.0, 150.0),
        ("Local authority", "E12000007", "London", "E09000007", "Camden", "202", 60.0, 90.5),
        ("Local authority", "E12000007", "London", "E09000001", "City of London", "201", 1.0, 207.0),
    ]
    names = ("geographic_level", "region_code", "region_name", "new_la_code", "la_name", "old_la_code")
    rows = [
        {
            "time_period": "202627",
            "time_identifier": "Academic year",
            **dict(zip(names, area, strict=False)),
            "country_code": "E92000001",
            "country_name": "England",
            "education_phase": phase,
            "num_schools": area[6],
            "enrolments": area[7],
            "possible_sessions": 1000,
            "attendance_perc": 100 * 931 / 1003,
        }
        for area in areas
        for phase in ("Primary", "Total")
    ]
    return pa.Table.from_pylist(rows)


def protected(**tables: pa.Table) -> Protected:
    return protect(tables or {"attendance_ytd": ytd()}, profile="dfe-single-school", last=date(2026, 11, 20))


def publish(folder: Path, **changes: Any) -> Path:
    write(changes.pop("protected", protected()), folder, method="dfe-pooled", created_at=AT, **changes)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_release_passes_its_own_checks(tmp_path: Path) -> None:
    report = check(publish(tmp_path / "release"))

    assert report.passed
    assert [(one.check, str(one.outcome)) for one in report.files[0].faults] == [("data_dict_col_name", "WARN")]


def test_a_hidden_row_is_written_with_its_symbol(tmp_path: Path) -> None:
    lines = (publish(tmp_path / "release") / "attendance_ytd.csv").read_text().splitlines()

    hidden = [line for line in lines if "City of London" in line]
    assert len(hidden) == 2
    assert all(line.endswith(",c,c,c") for line in hidden)
    assert any(line.endswith(f",1000,{100 * 931 / 1003!r}") for line in lines)


def test_the_same_release_has_the_same_bytes(tmp_path: Path) -> None:
    first, second = publish(tmp_path / "one"), publish(tmp_path / "two")

    assert files(first) == files(second)
    assert sorted(files(first)) == ["attendance_ytd.csv", "attendance_ytd.meta.csv", "release.json"]


def test_the_manifest_says_what_was_done(tmp_path: Path) -> None:
    folder = publish(tmp_path / "release", notes=["Strike days are left out."])
    told = json.loads((folder / "release.json").read_text())

    assert told["created_at"] == "2026-11-20T16:00:00+00:00"
    assert told["method"] == "dfe-pooled"
    assert told["disclosure_profile"] == "dfe-single-school"
    assert told["open_to_subtraction"] is True
    assert told["notes"] == ["Strike days are left out."]
    (table,) = told["tables"]
    assert (table["name"], table["rows"], table["hidden_rows"]) == ("attendance_ytd", 8, 2)
    data = (folder / "attendance_ytd.csv").read_bytes()
    assert table["data"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert table["data"]["bytes"] == len(data)


def test_a_release_can_be_read_by_everybody(tmp_path: Path) -> None:
    folder = publish(tmp_path / "release")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_an_empty_folder_may_be_there_and_a_release_may_not(tmp_path: Path) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    publish(folder)
    before = files(folder)

    with pytest.raises(UsageProblem, match="here already"):
        publish(folder, notes=["Second thoughts."])
    assert files(folder) == before


def test_after_a_failure_half_way_nothing_is_left(tmp_path: Path) -> None:
    lists = pa.table({**{name: ytd()[name] for name in ytd().column_names}, "late_sessions": [[1]] * 8})
    good_then_bad = protected(a=ytd().filter(pa.compute.field("la_name") != "City of London"), b=_many_schools(lists))

    with pytest.raises(pa.ArrowException):
        publish(tmp_path / "release", protected=good_then_bad)
    assert list(tmp_path.iterdir()) == []


def _many_schools(table: pa.Table) -> pa.Table:
    """The table without rows that must be hidden."""
    return table.filter(pa.compute.field("num_schools") > 1)


def test_only_protected_tables_are_written(tmp_path: Path) -> None:
    with pytest.raises(ProtectionProblem):
        write({"attendance_ytd": ytd()}, tmp_path / "release", method="dfe-pooled", created_at=AT)  # type: ignore[arg-type]  # the point
    assert list(tmp_path.iterdir()) == []


def test_an_untouched_release_verifies(tmp_path: Path) -> None:
    assert verify(publish(tmp_path / "release")) == ("attendance_ytd.csv", "attendance_ytd.meta.csv")


@pytest.mark.parametrize("name", ["attendance_ytd.csv", "attendance_ytd.meta.csv"])
def test_a_changed_or_missing_file_is_named(name: str, tmp_path: Path) -> None:
    changed, missing = publish(tmp_path / "one"), publish(tmp_path / "two")
    (changed / name).write_bytes((changed / name).read_bytes() + b" ")
    (missing / name).unlink()

    for folder in (changed, missing):
        with pytest.raises(VerificationProblem, match=name):
            verify(folder)


def test_a_torn_manifest_is_a_problem_and_a_missing_one_too(tmp_path: Path) -> None:
    folder = publish(tmp_path / "release")
    (folder / "release.json").write_text('{"tables": 1}')
    with pytest.raises(VerificationProblem, match="cannot be read"):
        verify(folder)

    (folder / "release.json").unlink()
    with pytest.raises(UsageProblem, match="no release"):
        verify(folder)
