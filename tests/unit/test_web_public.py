"""The public page: figures as a table, files to download, nothing else to reach. Over real HTTP."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import aiohttp
import pyarrow as pa
import pytest
from aiohttp import web

from tallyroll import disclosure, release
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.web import public

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


def a_release(folder: Path) -> Path:
    """A release with one small table, and a file beside it that must never be served."""
    rows = 2
    text = {
        "time_period": "202627",
        "time_identifier": "Academic year",
        "geographic_level": "National",
        "country_code": "E92000001",
        "country_name": "England",
        "region_code": "",
        "region_name": "",
        "new_la_code": "",
        "la_name": "",
        "old_la_code": "",
    }
    columns = {name: pa.array([value] * rows) for name, value in text.items()}
    columns["education_phase"] = pa.array(["Primary", "Total"])
    for name, value in {
        "num_schools": 12.0,
        "possible_sessions": 1000.0,
        "overall_absence_perc": 6.25,
        "authorised_absence_perc": 4.0,
        "unauthorised_absence_perc": 2.25,
        "illness_perc": 3.0,
        "pa_perc": 18.0,
    }.items():
        columns[name] = pa.array([value] * rows)
    protected = disclosure.protect(
        {"attendance_ytd": pa.table(columns)}, profile="dfe-single-school", last=date(2026, 11, 20)
    )
    (folder / "register.sqlite").write_text("named rows", encoding="utf-8")
    release.write(protected, folder / "release", method="dfe-pooled", created_at=NOW, notes=["Made up <here>."])
    return folder / "release"


def answers(folder: Path, *paths: str) -> list[tuple[int, str]]:
    """Status and text of each path, asked of a running server."""

    async def ask() -> list[tuple[int, str]]:
        runner = web.AppRunner(public.app(folder))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with aiohttp.ClientSession() as session:
                return [await one(session, root + path) for path in paths]
        finally:
            await runner.cleanup()

    async def one(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
        async with session.get(url) as answer:
            return answer.status, await answer.text()

    return asyncio.run(ask())


def test_the_page_shows_the_figures_and_says_what_they_are(tmp_path):
    [(status, text)] = answers(a_release(tmp_path), "/")
    assert status == 200
    for part in ("England", "Primary", "6.2", "18.0", "dfe-pooled", "can be found again by subtraction"):
        assert part in text
    assert "Made up &lt;here&gt;." in text


def test_only_files_that_the_release_names_are_served(tmp_path):
    folder = a_release(tmp_path)
    (folder / "draft.csv").write_text("not yet", encoding="utf-8")
    got = answers(
        folder, "/files/attendance_ytd.csv", "/files/release.json", "/files/draft.csv", "/files/..%2fregister.sqlite"
    )
    assert [status for status, _ in got] == [200, 200, 404, 404]
    assert got[0][1] == (folder / "attendance_ytd.csv").read_text(encoding="utf-8")


def test_a_release_that_was_changed_is_not_served(tmp_path):
    folder = a_release(tmp_path)
    with (folder / "attendance_ytd.csv").open("a", encoding="utf-8") as file:
        file.write("one more row\n")
    with pytest.raises(VerificationProblem, match="Not as published"):
        public.app(folder)


def test_a_folder_without_a_release_is_a_matter_of_usage(tmp_path):
    with pytest.raises(UsageProblem, match="no release here"):
        public.app(tmp_path)
