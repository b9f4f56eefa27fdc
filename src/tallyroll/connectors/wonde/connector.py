"""The connector itself: sign-up, the list of schools, and one school's pull within its time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import TracebackType
from typing import Self

import msgspec

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.connectors.wonde import bookmarks, schools
from tallyroll.connectors.wonde.client import Client, Missing
from tallyroll.connectors.wonde.pull import NAME, Job, pull
from tallyroll.connectors.wonde.records import AccessAnswer
from tallyroll.connectors.wonde.schools import Place
from tallyroll.connectors.wonde.settings import Settings, read
from tallyroll.governance import Door, Permit
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import SourceProblem, UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.identifiers import Urn

_ACCESS = msgspec.json.Decoder(AccessAnswer)


def connector(settings: Mapping[str, str]) -> "WondeConnector":
    """A connector with these settings; UsageProblem names a setting that is missing or not known."""
    return WondeConnector(read(settings))


class WondeConnector:
    """The way into every system behind the Wonde API. Use it in an `async with` block."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = Client(settings)
        self._places: dict[str, Place] = {}
        self.findings: tuple[Finding, ...] = ()
        """What is wrong with schools that `schools` left out; set anew by each call of it."""

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    @property
    def n_bytes(self) -> int:
        """Bytes of all answers so far."""
        return self._client.n_bytes

    async def schools(self) -> tuple[SourceSchool, ...]:
        """Every school that has been asked, with its state. A school that we cannot use is in `findings` instead."""
        listed = await schools.list_schools(self._client, settings=self._settings)
        self._places, self.findings = listed.places, tuple(listed.findings)
        return tuple(listed.schools.values())

    async def find(self, urn: Urn) -> SourceSchool | None:
        """A school that may never have been asked, by its URN; its state is given as unknown."""
        return await schools.find(self._client, urn, settings=self._settings)

    async def request_access(self, source: SourceSchool, *, contacts: Sequence[Mapping[str, str]] = ()) -> SourceSchool:
        """Ask a school to approve us (its staff `contacts` get a message); the school with its new state."""
        url = Place(self._settings.base_url, source.id).url("request-access")
        body = msgspec.json.encode({"contacts": [dict(contact) for contact in contacts]})
        answer = await self._client.post(url, body, _ACCESS)
        if not answer.success:
            raise SourceProblem(
                "The service did not pass our request on.",
                where=f"school {source.school.urn}",
                mend="Check the school's state in Wonde.",
            )
        return replace(source, state=_state(answer.state))

    async def pull(
        self, permit: Permit, source: SourceSchool, *, clock: Clock, first: date, last: date, resume: str = ""
    ) -> Extract:
        """One school's rows from first to last; changes only, where `resume` shows that this is enough.

        Raises: Refused; SourceProblem (retriable or not, with what to do), also when the school's time is up.
        """
        if last < first:
            raise UsageProblem("The last day lies before the first.", mend="Turn them round.")
        started = clock.now()
        permit.check(Door.PULL, now=started, schools=(source.school.urn,), days=(first, last))
        known = bookmarks.read(resume)
        try:
            async with asyncio.timeout(self._settings.budget_s):
                place = await self._place(source)
                job = Job(source.school, place, first, last, started, known, self._settings)
                return await self._pull(permit, job, source)
        except TimeoutError:
            raise SourceProblem(
                f"The school could not be read within {self._settings.budget_s:g} seconds.",
                where=f"school {source.school.urn}",
                mend="Try again later; if it lasts, raise 'budget_s'.",
                retriable=True,
            ) from None
        except SourceProblem:
            self._places.pop(source.id, None)  # its region may have changed: look it up anew next time
            raise

    async def _pull(self, permit: Permit, job: Job, source: SourceSchool) -> Extract:
        """The school's rows, following it to its new key where the old one is gone."""
        try:
            return await pull(permit, self._client, job)
        except Missing:
            place = await schools.locate_by_urn(self._client, source.school.urn, settings=self._settings)
            if place == job.place:
                raise
            self._places[source.id] = place
            return await pull(permit, self._client, replace(job, place=place))

    async def _place(self, source: SourceSchool) -> Place:
        """Where the school is: as last listed, or by asking."""
        if source.id not in self._places:
            try:
                place = await schools.locate(self._client, source.id, settings=self._settings)
            except Missing:
                place = await schools.locate_by_urn(self._client, source.school.urn, settings=self._settings)
            self._places[source.id] = place
        return self._places[source.id]


def _state(text: str) -> SchoolState:
    """The state that an answer names; anything we do not know counts as pending, for we have just asked."""
    return SchoolState(text) if text in set(SchoolState) else SchoolState.PENDING
