"""The connector: a folder of CSV files as a source of registers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tallyroll.connectors.csvfile.extract import open_files, read_extract
from tallyroll.connectors.csvfile.folder import DIALECTS, Found, find
from tallyroll.connectors.csvfile.owner import Owner
from tallyroll.connectors.csvfile.schools import FACTS, read_schools, school_in_settings
from tallyroll.connectors.interface import HoldsNothingOpen, SchoolState, SourceSchool
from tallyroll.governance import Door, Permit
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.schools import School

SETTINGS = ("folder", "dialect", *FACTS, "application_id")


def connector(settings: Mapping[str, str]) -> "CsvConnector":
    """A connector with these settings; UsageProblem names a setting that is missing or not known."""
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise UsageProblem(
            f"The csv connector does not know the setting {', '.join(unknown)}.", mend=f"Known: {', '.join(SETTINGS)}."
        )
    if not settings.get("folder"):
        raise UsageProblem("The csv connector needs the setting folder.", mend="Set it to where the files are.")
    if settings.get("dialect", "") not in ("", *DIALECTS):
        raise UsageProblem(
            f"There is no dialect '{settings['dialect']}'.", where="dialect", mend=f"Known: {', '.join(DIALECTS)}."
        )
    return CsvConnector(dict(settings))


@dataclass(frozen=True, slots=True)
class CsvConnector(HoldsNothingOpen):
    """A folder of CSV files; each pull reads them anew."""

    settings: Mapping[str, str]
    name: str = "csv"
    findings: tuple[Finding, ...] = ()  # a list of schools with a fault is refused whole

    async def schools(self) -> tuple[SourceSchool, ...]:
        """The schools that the folder describes: all approved, for whoever put the files there approved it."""
        return await asyncio.to_thread(self._schools)

    async def pull(
        self, permit: Permit, source: SourceSchool, *, clock: Clock, first: date, last: date, resume: str = ""
    ) -> Extract:
        """Everything the files hold about one school from first to last; `resume` is not needed.

        Raises: Refused when the permit does not cover it; InputProblem when a file cannot be read.
        """
        del resume
        now = clock.now()
        permit.check(Door.PULL, now=now, schools=(source.school.urn,), items=ESSENTIAL, days=(first, last))
        return await asyncio.to_thread(self._pull, permit, source, taken_at=now, first=first, last=last)

    def _found(self) -> Found:
        return find(Path(self.settings["folder"]), dialect=self.settings.get("dialect", ""))

    def _schools(self) -> tuple[SourceSchool, ...]:
        found = self._found()
        return tuple(
            SourceSchool(str(school.urn), school, SchoolState.APPROVED, system=_system(found))
            for school in self._listed(found)
        )

    def _listed(self, found: Found) -> tuple[School, ...]:
        sheet = found.dialect.schools
        if found.schools is None or sheet is None:
            return (school_in_settings(self.settings),)
        spare = [fact for fact in FACTS if self.settings.get(fact) and fact in (*sheet.columns, "laestab")]
        if spare:
            raise UsageProblem(
                f"{found.schools.name} describes the schools, and so do the settings {', '.join(spare)}.",
                mend="Remove the settings, or the file.",
            )
        return read_schools(found.schools, sheet=sheet, phase=self.settings.get("phase", ""))

    def _pull(self, permit: Permit, source: SourceSchool, *, taken_at: datetime, first: date, last: date) -> Extract:
        found = self._found()
        schools = {str(school.urn): school for school in self._listed(found)}
        urn = str(source.school.urn)  # the permit was checked for this URN, not for `source.id`
        if urn not in schools:
            raise UsageProblem(f"The folder describes no school {urn}.", mend="Ask it for its schools first.")
        owner = Owner(urn, frozenset(schools) - {urn}, self.settings.get("application_id", ""))
        files = open_files(found)
        for opened in (files.marks, files.pupils, files.status):
            if opened is not None:
                owner.check_can_tell(opened)
        return read_extract(permit, files, school=schools[urn], owner=owner, taken_at=taken_at, first=first, last=last)


def _system(found: Found) -> str:
    return "" if found.dialect.name == "generic" else found.dialect.name.capitalize()
