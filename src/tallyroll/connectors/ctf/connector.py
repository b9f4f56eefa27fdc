"""The connector: one Common Transfer File, or a folder with one for each school."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from tallyroll.connectors.csvfile.generic import SCHOOLS
from tallyroll.connectors.csvfile.schools import make_school, read_schools
from tallyroll.connectors.ctf.extract import read_extract
from tallyroll.connectors.ctf.faults import finding
from tallyroll.connectors.ctf.parsing import Facts, read_header
from tallyroll.connectors.interface import HoldsNothingOpen, SchoolState, SourceSchool
from tallyroll.governance import Door, Permit
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.items import ESSENTIAL, Item
from tallyroll.vocab.schools import School

SETTINGS = ("file", "folder", "urn", "phase", "schools", "whole_school")
KNOWN_VERSIONS = ("25.0", "24")  # as versions begin; a newer one is read with a warning


def connector(settings: Mapping[str, str]) -> "CtfConnector":
    """A connector with these settings; UsageProblem names a setting that is missing or not known."""
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise UsageProblem(
            f"The ctf connector does not know the setting {', '.join(unknown)}.", mend=f"Known: {', '.join(SETTINGS)}."
        )
    if bool(settings.get("file")) == bool(settings.get("folder")):
        raise UsageProblem("The ctf connector needs a file or a folder.", mend="Set `file` or `folder`, not both.")
    if bool(settings.get("schools")) == bool(settings.get("urn") and settings.get("phase")):
        raise UsageProblem(
            "A Common Transfer File gives no URN and no phase.",
            mend="Set `urn` and `phase` for one school, or `schools` to a schools.csv of all of them.",
        )
    if settings.get("whole_school", "no") not in ("yes", "no"):
        raise UsageProblem("The setting whole_school is yes or no.", mend="Say yes if the file names every pupil.")
    return CtfConnector(dict(settings))


@dataclass(frozen=True, slots=True)
class CtfConnector(HoldsNothingOpen):
    """Common Transfer Files on disk; each pull reads them anew."""

    settings: Mapping[str, str]
    name: str = "ctf"
    findings: tuple[Finding, ...] = ()  # a list of schools with a fault is refused whole

    async def schools(self) -> tuple[SourceSchool, ...]:
        """The source school of each file: approved, for whoever put the file there approved it."""
        found = await asyncio.to_thread(self._files)
        return tuple(SourceSchool(urn, school, SchoolState.APPROVED) for urn, (_, school, _) in sorted(found.items()))

    async def pull(
        self, permit: Permit, source: SourceSchool, *, clock: Clock, first: date, last: date, resume: str = ""
    ) -> Extract:
        """What the school's file holds from first to last; `resume` is not needed.

        The extract is full only where the setting `whole_school` says that the file names every pupil: a Common
        Transfer File is made to move some.

        Raises: Refused when the permit does not cover it, or not the UPN, which is the only key in the file.
        """
        del resume
        now = clock.now()
        items = ESSENTIAL | {Item.UPN}
        permit.check(Door.PULL, now=now, schools=(source.school.urn,), items=items, days=(first, last))
        return await asyncio.to_thread(self._pull, permit, source, taken_at=now, first=first, last=last)

    def _pull(self, permit: Permit, source: SourceSchool, *, taken_at: datetime, first: date, last: date) -> Extract:
        files = self._files()
        urn = str(source.school.urn)  # the permit was checked for this URN, not for `source.id`
        if urn not in files:
            raise UsageProblem(f"There is no file of school {urn}.", mend="Ask the connector for its schools.")
        path, school, version = files[urn]
        full = self.settings.get("whole_school") == "yes"
        extract = read_extract(permit, path, school=school, taken_at=taken_at, first=first, last=last, full=full)
        if version.startswith(KNOWN_VERSIONS):
            return extract
        return replace(extract, findings=(finding("ctf_version", file=path.name), *extract.findings))

    def _files(self) -> dict[str, tuple[Path, School, str]]:
        """Path, school and version of each file, by URN; InputProblem where two are of one school."""
        found: dict[str, tuple[Path, School, str]] = {}
        for path in self._paths():
            header = read_header(path)
            school = self._school(header, path)
            other = found.setdefault(str(school.urn), (path, school, header.get("version", "")))
            if other[0] != path:
                raise InputProblem(
                    f"{other[0].name} and {path.name} are of one school.",
                    where=str(path.parent),
                    mend="Leave the newer one in the folder.",
                )
        return found

    def _paths(self) -> Iterator[Path]:
        place = Path(self.settings.get("file") or self.settings["folder"])
        paths = [place] if self.settings.get("file") else sorted(place.glob("*.[xX][mM][lL]"))
        if not paths or not all(path.is_file() for path in paths):
            raise UsageProblem("There is no Common Transfer File here.", where=str(place), mend="Export one there.")
        return iter(paths)

    def _school(self, header: Facts, path: Path) -> School:
        laestab = header.get("la", "") + header.get("establishment", "")
        if len(laestab) != len("3052001"):
            raise InputProblem(
                "The header does not name its source school by LEA and Estab.", where=path.name, mend="Export again."
            )
        if self.settings.get("schools"):
            listed = read_schools(Path(self.settings["schools"]), sheet=SCHOOLS)
            for school in listed:
                if str(school.laestab) == laestab:
                    return school
            raise InputProblem(
                f"The file is of school {laestab}, which is not listed.",
                where=path.name,
                mend=f"Add it to {Path(self.settings['schools']).name}.",
            )
        name = header.get("name") or laestab
        return make_school({**self.settings, "laestab": laestab, "name": name})
