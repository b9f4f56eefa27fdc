"""Folders of CSV files for tests: written in code, pulled through the connector as anybody would."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from tallyroll.connectors.csvfile import connector
from tallyroll.connectors.interface import SourceSchool
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.items import Item
from tests.lib.builders import CLOCK, permit

SCHOOLS = "urn,laestab,name,phase\n100001,2012001,Synthetic Primary,Primary\n"
PUPILS = "pupil,admission_date,leaving_date\np1,2022-09-01,\np2,2022-09-01,\n"
MARKS = "pupil,date,session,code\np1,2026-09-07,AM,/\np1,2026-09-07,PM,\\\np2,2026-09-07,AM,I\n"
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 20)


def folder(place: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def generic(
    place: Path,
    *,
    schools: str | bytes = SCHOOLS,
    pupils: str | bytes = PUPILS,
    marks: str | bytes = MARKS,
    status: str | bytes | None = None,
) -> Path:
    """A folder in the generic layout."""
    extra = {} if status is None else {"status.csv": status}
    return folder(place, {"schools.csv": schools, "pupils.csv": pupils, "marks.csv": marks, **extra})


def schools_of(settings: Mapping[str, str]) -> tuple[SourceSchool, ...]:
    """The schools that the connector lists."""

    async def ask() -> tuple[SourceSchool, ...]:
        async with connector(settings) as source:
            return await source.schools()

    return asyncio.run(ask())


def pull(
    place: Path,
    *,
    items: Collection[Item] = tuple(Item),
    school: int = 0,
    first: date = FIRST,
    last: date = LAST,
    **settings: str,
) -> Extract:
    """The extract of one of the folder's schools."""

    async def ask() -> Extract:
        async with connector({"folder": str(place), **settings}) as source:
            one = (await source.schools())[school]
            allowed = permit(schools=[one.school.urn], items=items, first=first, last=last)
            return await source.pull(allowed, one, clock=CLOCK, first=first, last=last)

    return asyncio.run(ask())


def told(findings: Collection[Finding]) -> set[tuple[str, int | None, str]]:
    """Check, row and field of each finding."""
    return {(one.check, one.row, one.field) for one in findings}
