"""The plugin interface of connectors. Ours use it too: a third party's plugin is an equal.

A plugin is a module (or object) registered under the entry-point group `tallyroll.connectors`, with a function
`connector(settings)` that gives a `Connector`. Settings are plain text by key; unknown keys are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.metadata import entry_points
from types import TracebackType
from typing import Protocol, Self, cast, runtime_checkable

from tallyroll.governance import Permit
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import School

GROUP = "tallyroll.connectors"


class SchoolState(StrEnum):
    """How far a school's sign-up has come. Only approved schools can be pulled."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    REVOKED = "revoked"
    UNKNOWN = "unknown"  # the source knows the school, and nobody has asked it yet


@dataclass(frozen=True, slots=True)
class SourceSchool:
    """A school as a source lists it: `id` is the source's own key."""

    id: str
    school: School
    state: SchoolState
    system: str = ""  # the product behind the source (SIMS, Arbor …), where the source says it


class Connector(Protocol):
    """A way into one kind of school information system. Use it in an `async with` block."""

    name: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with schools that the last call of `schools` left out because we cannot use them."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def schools(self) -> tuple[SourceSchool, ...]:
        """Every school the source knows and we can use, with its state. Nothing is about pupils: it needs no permit."""
        ...

    async def pull(
        self, permit: Permit, source: SourceSchool, *, clock: Clock, first: date, last: date, resume: str = ""
    ) -> Extract:
        """One school's rows from first to last. `resume` is the bookmark of its last kept extract, or blank.

        Raises: Refused when the permit does not cover it; SourceProblem when the source does not answer as agreed.
        """
        ...


class HoldsNothingOpen:
    """For connectors that read anew at each call: their `async with` block opens and closes nothing."""

    __slots__ = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@runtime_checkable
class SignUp(Protocol):
    """What a connector offers besides, where schools sign up with the source itself."""

    async def find(self, urn: Urn) -> SourceSchool | None:
        """A school that may never have been asked; None when the source does not know it."""
        ...

    async def request_access(self, source: SourceSchool, *, contacts: Sequence[Mapping[str, str]] = ()) -> SourceSchool:
        """Ask a school to approve us; the school with its new state."""
        ...


class Plugin(Protocol):
    """What an entry point of the group must offer."""

    def connector(self, settings: Mapping[str, str]) -> Connector:
        """A connector with these settings; UsageProblem names a setting that is missing or not known."""
        ...


def names() -> tuple[str, ...]:
    """The connectors installed on this machine."""
    return tuple(sorted(point.name for point in entry_points(group=GROUP)))


def open_connector(name: str, settings: Mapping[str, str]) -> Connector:
    """The connector of that name, ready for its `async with` block."""
    for point in entry_points(group=GROUP, name=name):
        return cast("Plugin", point.load()).connector(settings)
    raise UsageProblem(f"There is no connector '{name}'.", mend=f"Installed: {', '.join(names())}.")
