"""The connector: a folder of Arrow IPC files as a source of registers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tallyroll.connectors.arrow.extract import NAME, read_extract
from tallyroll.connectors.arrow.files import read_file
from tallyroll.connectors.arrow.layout import COLUMNS, Part
from tallyroll.connectors.csvfile.schools import make_school
from tallyroll.connectors.interface import HoldsNothingOpen, SchoolState, SourceSchool
from tallyroll.governance import Permit
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.schools import School


def connector(settings: Mapping[str, str]) -> "ArrowConnector":
    """A connector with these settings; UsageProblem names a setting that is missing or not known."""
    if unknown := sorted(set(settings) - {"folder"}):
        what = f"The arrow connector does not know the setting {', '.join(unknown)}."
        raise UsageProblem(what, mend="Known: folder.")
    if not settings.get("folder"):
        raise UsageProblem("The arrow connector needs the setting folder.", mend="Set it to where the files are.")
    return ArrowConnector(Path(settings["folder"]))


@dataclass(frozen=True, slots=True)
class ArrowConnector(HoldsNothingOpen):
    """A folder of Arrow IPC files; each pull reads them anew."""

    folder: Path
    name: str = NAME
    findings: tuple[Finding, ...] = ()  # a list of schools with a fault is refused whole

    async def schools(self) -> tuple[SourceSchool, ...]:
        """The schools that the folder describes: all approved, for whoever put the files there approved it."""
        listed = await asyncio.to_thread(read_schools, self.folder)
        return tuple(SourceSchool(str(school.urn), school, SchoolState.APPROVED) for school in listed)

    async def pull(
        self, permit: Permit, source: SourceSchool, *, clock: Clock, first: date, last: date, resume: str = ""
    ) -> Extract:
        """Everything the files hold about one school from first to last; `resume` is not needed.

        Raises: Refused when the permit does not cover it; InputProblem when a file cannot be read.
        """
        del resume
        return await asyncio.to_thread(
            read_extract, permit, self.folder, school=source.school, taken_at=clock.now(), first=first, last=last
        )


def read_schools(folder: Path) -> tuple[School, ...]:
    """Every school of `schools.arrow`. InputProblem lists every row that cannot be used: none is skipped."""
    if not folder.is_dir():
        raise UsageProblem("There is no such folder.", where=str(folder), mend="Set `folder` to where the files are.")
    name = Part.SCHOOLS.file()
    table = read_file(folder / name, part=Part.SCHOOLS, columns=COLUMNS[Part.SCHOOLS])
    schools: dict[str, School] = {}
    faults = []
    for facts in table.to_pylist():
        row = facts.pop("row")
        try:
            school = make_school({key: "" if value is None else str(value) for key, value in facts.items()})
            if str(school.urn) in schools:
                faults.append(f"row {row}: urn {school.urn} stands twice.")
            schools[str(school.urn)] = school
        except InputProblem as problem:
            faults.append(f"row {row}: {problem.what}")
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults[:50])
        raise InputProblem(f"Schools cannot be used:{listed}\n", where=name, mend="Mend these rows.")
    return tuple(schools.values())
