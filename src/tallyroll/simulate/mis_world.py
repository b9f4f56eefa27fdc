"""The simulated world behind the service: its schools, its moment, who has access, and what has been done to it."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec

from tallyroll.simulate import mis_marks, mis_roll
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_history import Deletion, Edit, History, Manual, history, school_id
from tallyroll.simulate.model import SchoolYear
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import School

N_ROLLS = 256  # schools whose year and students are held ready: about 1.5 MB each
N_MARKS = 32  # schools whose marks are held ready: about 4 MB each for a whole year
T = TypeVar("T")


class SchoolSource(Protocol):
    """Where the simulated schools come from."""

    @property
    def schools(self) -> Sequence[School]:
        """Every school there is."""
        ...

    def school_year(self, urn: Urn) -> SchoolYear:
        """One school's roll, calendar and marks."""
        ...


class Access(StrEnum):
    """How far a school's sign-up with us has come."""

    APPROVED = "approved"
    PENDING = "pending"
    DECLINED = "declined"
    REVOKED = "revoked"
    UNASKED = "unasked"


class MarkEdit(msgspec.Struct, forbid_unknown_fields=True):
    """One mark changed at the world's moment; a blank code takes it away."""

    urn: int
    place: int
    date: date
    session: int
    code: str


class Pupil(msgspec.Struct, forbid_unknown_fields=True):
    """A pupil of a school, by the place on its roll."""

    urn: int
    place: int


class Control(msgspec.Struct, forbid_unknown_fields=True):
    """What may be changed about the world while it runs; what is left out stays as it is."""

    now: datetime | None = None
    awkward: dict[Awkward, list[int]] | list[Awkward] | None = None  # by name: of these schools; a list: of all
    access: dict[str, Access] = {}
    edits: list[MarkEdit] = []
    delete: list[Pupil] = []
    restore: list[Pupil] = []
    re_enrol: list[Pupil] = []
    fault_rate: float | None = None
    fault_burst: int | None = None
    slow_s: float | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came in, without its token."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: bool


class Shelf:
    """Things that are dear to build, of which the last used ones are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[object, object] = OrderedDict()

    def get(self, key: object, build: Callable[[], T]) -> T:
        """The thing of this key, built where it is not kept; a key always stands for one kind of thing."""
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = build()
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return self._kept[key]  # type: ignore[return-value]  # the caller names a kind by its key

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()


@dataclass(slots=True)
class World:
    """Everything the service answers from. Changed only through `apply`, `ask` and `withdraw`."""

    source: SchoolSource
    now: datetime
    token: str = "synthetic-token"  # noqa: S105 - not a secret: everything behind it is made up
    seed: int = 1
    fault_rate: float = 0.3
    fault_burst: int = 2
    slow_s: float = 0.2
    retry_after_s: int = 0
    max_per_page: int = 5000
    other_domain: str = ""  # host:port that serves the schools of another region
    asked: deque[Asked] = field(default_factory=lambda: deque(maxlen=20_000))
    attempts: Counter[str] = field(default_factory=Counter)
    _awkward: dict[Awkward, frozenset[int] | None] = field(default_factory=dict)
    _access: dict[int, Access] = field(default_factory=dict)
    _manual: dict[int, Manual] = field(default_factory=dict)
    _schools: dict[int, School] = field(default_factory=dict)
    _years: Shelf = field(default_factory=lambda: Shelf(N_ROLLS))
    _rolls: Shelf = field(default_factory=lambda: Shelf(N_ROLLS))
    _moment: Shelf = field(default_factory=lambda: Shelf(3 * N_MARKS))  # holds for the world's moment only

    def __post_init__(self) -> None:
        self._schools = {school.urn.number: school for school in self.source.schools}

    # what is

    def schools(self, access: Access | None = None) -> list[School]:
        """The schools with that access (None: all), in the source's order."""
        return [s for s in self._schools.values() if access in (None, self.access(s.urn.number))]

    def school(self, urn: int) -> School | None:
        """The school of that URN, if there is one."""
        return self._schools.get(urn)

    def access(self, urn: int) -> Access:
        """The access that this school gives us now."""
        return self._access.get(urn, Access.APPROVED)

    def on(self, urn: int) -> frozenset[Awkward]:
        """The awkward behaviours of this school."""
        return frozenset(name for name, urns in self._awkward.items() if urns is None or urn in urns)

    def key(self, urn: int) -> str:
        """The service's present key of a school."""
        return school_id(urn, self._generation(urn))

    def urn(self, key: str) -> int | None:
        """The school behind a present key; None for keys that never were, or are no more."""
        urn = int(key[1:-1]) - 1_000_000 if key[:1] == "A" and key[1:].isdigit() and len(key) == 9 else 0
        return urn if urn in self._schools and self.key(urn) == key else None

    def year(self, urn: int) -> SchoolYear:
        """The school's year as the source gave it."""
        return self._years.get(urn, lambda: self.source.school_year(Urn(urn)))

    def history(self, urn: int) -> History:
        """The school's year with all that was done to it."""

        def build() -> History:
            manual = self._manual.get(urn, Manual())
            return history(self.year(urn), on=self.on(urn), manual=manual, seed=self.seed)

        return self._moment.get(("history", urn), build)

    def timeline(self, urn: int) -> mis_marks.Timeline:
        """The school's marks at the world's moment."""
        return self._moment.get(("timeline", urn), lambda: mis_marks.timeline(self.history(urn), self.now))

    def marks(self, urn: int) -> mis_marks.MarkWriter:
        """What writes the school's marks."""
        return self._moment.get(("marks", urn), lambda: mis_marks.MarkWriter(self.timeline(urn)))

    def students(self, urn: int) -> list[mis_roll.Student]:
        """The school's students at the world's moment; most days nothing about them changes."""
        past = self.history(urn)
        state = urn, mis_roll.state(past, self.now)
        return self._rolls.get(state, lambda: mis_roll.students(past, self.now))

    def _generation(self, urn: int) -> int:
        manual = self._manual.get(urn)
        return (manual.generation if manual else 0) + (Awkward.MIGRATION in self.on(urn))

    # what happens

    def attempt(self, request: str) -> int:
        """How many times this request has come before, counting this one in."""
        self.attempts[request] += 1
        return self.attempts[request] - 1

    def ask(self, urn: int) -> Access:
        """Ask a school for access: it is pending unless it has approved us already."""
        if self.access(urn) is not Access.APPROVED:
            self._access[urn] = Access.PENDING
        return self.access(urn)

    def withdraw(self, urn: int) -> Access:
        """End the access to a school."""
        self._access[urn] = Access.REVOKED
        return Access.REVOKED

    def apply(self, control: Control) -> None:
        """Change the world. UsageProblem when the change names a school, pupil or code that is not there."""
        self.now = control.now or self.now
        if self.now.tzinfo is None:
            raise UsageProblem("The moment of the simulated world needs a time zone.", mend="Write 2026-11-20T16:00Z.")
        if control.awkward is not None:
            self._awkward = _switches(control.awkward)
        self._access |= {int(urn): access for urn, access in control.access.items()}
        for name in ("fault_rate", "fault_burst", "slow_s", "retry_after_s"):
            value = getattr(control, name)
            setattr(self, name, getattr(self, name) if value is None else value)
        self._do(control)
        self._moment.clear()
        self.attempts.clear()

    def _do(self, control: Control) -> None:
        second = int(self.now.timestamp())
        for edit in control.edits:
            code = BY_TEXT[edit.code].number if edit.code else 0
            day = self.year(edit.urn).days.index(edit.date)
            self._by_hand(edit.urn).edits.append(Edit(edit.place, day, edit.session, second, code))
        for pupil in control.delete:
            self._by_hand(pupil.urn).deletions.append(Deletion(pupil.place, second, None))
        for pupil in control.restore:
            deletions = self._by_hand(pupil.urn).deletions
            deletions[:] = [
                d._replace(restored=second) if d.place == pupil.place and d.restored is None else d for d in deletions
            ]
        for pupil in control.re_enrol:
            days = self.year(pupil.urn).days
            n_past = sum(day <= self.now.date() for day in days)
            self._by_hand(pupil.urn).rejoins[pupil.place] = max(1, n_past - 1)

    def _by_hand(self, urn: int) -> Manual:
        if urn not in self._schools:
            raise UsageProblem(f"The simulated world has no school {urn}.", mend="Name one of its schools.")
        return self._manual.setdefault(urn, Manual())


def _switches(awkward: dict[Awkward, list[int]] | list[Awkward]) -> dict[Awkward, frozenset[int] | None]:
    if isinstance(awkward, list):
        return dict.fromkeys(awkward, None)
    return {name: frozenset(urns) for name, urns in awkward.items()}
