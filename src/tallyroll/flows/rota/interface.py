"""What a rota answers, wherever it is kept: which school is due when, who has claimed it, and how it went.

Two homes keep one: a SQLite file for the collectors of one machine, PostgreSQL for collectors on many. Both hold to
this page, and the same tests judge both.

A **pull** is one of the day's rounds with its hours. In it every approved school has a **turn**, at a moment of its
own. A turn is *waiting* until a collector claims it. A claim is a lease: it holds until `until`, unless `beat` renews
it; afterwards anybody whom rule 3 lets may claim the turn anew. A turn ends *kept* or *given up*.

1. **Nothing is lost.** Each method is one short transaction, on disk when it returns. A collector that is killed leaves
   claims that run out, and nothing else.
2. **Nothing is doubled.** A turn is claimed by one process at a time. Each claim of a school has a number, one above
   the one before; `done`, `failed` and `released` count only while their number is still the school's latest. The
   line of the round in the register store remains the judge of what is finished: whoever claims asks it first.
3. **A school stays where its roll lies.** Its `home` is the register store that last kept it. Another home may claim
   it only when no collector of its home was seen for `Limits.grace`; it then reads everything anew (`Claim.anew`).
4. **Time never runs back.** What is said of a pull that opened before the one a school stands in changes no turn.

A rota holds no pupil's data, names no pupil, and needs no permit: whoever pulls asks the gate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from tallyroll.connectors.interface import SourceSchool
from tallyroll.governance.memory import round_of
from tallyroll.vocab.identifiers import Urn


@dataclass(frozen=True, slots=True, order=True)
class Pull:
    """One of a day's rounds: its day in London, its number from 1, and its hours, `closes` not among them (UTC)."""

    day: date
    number: int
    opens: datetime
    closes: datetime

    def round_id(self, source: str) -> str:
        """The name that the register store and the gate's log know this round by."""
        return round_of(source, self.opens, pull=self.number)


@dataclass(frozen=True, slots=True)
class Planned:
    """A school as the source lists it now, and the moment of its turn; `barred` says why it gets none.

    A turn is given to a school that is approved and not barred; every other is only shown on the board.
    """

    source: SourceSchool
    due: datetime
    barred: str = ""


@dataclass(frozen=True, slots=True)
class Collector:
    """Who claims: the register store it keeps into (`home`), and this very process (`name`, unique)."""

    home: str
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How far collectors may go together, whichever machines they run on.

    `at_once` schools of a source are claimed at most at any moment. `per_second` of them are handed out on average, in
    bursts of at most ten seconds' worth, or one school where that is more; 0 is no limit. `lease` is how long a claim
    holds without a beat, `grace` how long a home may be silent before another takes its schools (more than a lease).
    """

    at_once: int = 512
    per_second: float = 0.0
    lease: timedelta = timedelta(minutes=5)
    grace: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Claim:
    """A school's turn, held by one collector until `until`.

    `number` counts the claims of this school, ever; `tries` those of this pull that were not released, this one among
    them, from 1. `anew` says that this home did not keep the school last: no bookmark of it may be used.
    """

    source: SourceSchool
    round_id: str
    number: int
    tries: int
    anew: bool
    until: datetime

    @property
    def urn(self) -> Urn:
        """The school's URN."""
        return self.source.school.urn


class Turn(StrEnum):
    """How a school's turn stands in the pull that `Line.round_id` names."""

    NONE = "none"  # not approved, barred, or no longer listed: never claimed
    WAITING = "waiting"  # due at `Line.due`, now or later, and not held by anyone
    CLAIMED = "claimed"  # held by `Line.holder`; a lease that has run out reads as waiting
    KEPT = "kept"
    GIVEN_UP = "given up"  # the budget of tries is used up, until the next pull


@dataclass(frozen=True, slots=True)
class Line:
    """All that a rota knows of one school: a line of the health board is made of it.

    `due` is the next moment of its turn (a later one once it failed). `kept_at` is when it was last kept, in any pull;
    `missed` how many pulls in a row closed without; `failures` how many tries in a row failed, `failing_since` when
    the first of them did, and `reason` why the last one did, all blank again once it is kept. `latest_week` is the
    Monday of the last week with a mark in it.
    """

    source: SourceSchool
    listed: bool
    barred: str
    round_id: str
    due: datetime
    turn: Turn
    tries: int
    holder: str = ""
    home: str = ""
    kept_at: datetime | None = None
    missed: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    reason: str = ""
    latest_week: date | None = None

    @property
    def urn(self) -> Urn:
        """The school's URN."""
        return self.source.school.urn


@dataclass(frozen=True, slots=True)
class Listing:
    """When a source's schools were last enrolled, and for which pull."""

    pull: Pull
    at: datetime


class Rota(Protocol):
    """An open rota. Moments are UTC and come from the caller: a rota reads no clock.

    Methods may be called from any thread, and from several at once: an implementation lets them wait for each other.
    Raises: SourceProblem, `retriable`, where the rota is out of reach for the moment.
    """

    def close(self) -> None:
        """Close it. Claims stay until they run out: give them back first."""
        ...

    def enrol(self, source: str, planned: Sequence[Planned], *, pull: Pull, now: datetime) -> None:
        """Bring in the source's whole list for a pull: what is not in it is no longer listed.

        A school that stands in this pull already keeps its turn, its claim and its due moment; what the source says
        of it is renewed, and one that can no longer be pulled loses its turn, unless it was kept. One that stands in
        an earlier pull gets a fresh turn: waiting, no tries; where the earlier turn was neither kept nor none, `missed`
        grows by one. A claim of the earlier pull is void for the new turn. Of a list for an earlier pull than
        the last one enrolled, nothing is believed (rule 4).
        """
        ...

    def listing(self, source: str) -> Listing | None:
        """The last enrolment of this source; None before the first."""
        ...

    def claim(
        self, source: str, pull: Pull, collector: Collector, *, at_most: int, limits: Limits, now: datetime
    ) -> tuple[Claim, ...]:
        """At most so many turns of this pull, held by this process from now on, in the order in which they fell free.

        A turn falls free when it is due, or when its claim runs out; of one moment the lesser URN comes first. Only
        turns of the pull that was enrolled last, until it closes, whose school is nobody's, or this collector's
        home's, or one whose home was last seen more than `limits.grace` ago. `home` becomes this collector's with the
        claim. Counts as a beat. Each claim is a try; one that ran out stays counted, so that a school that kills its
        collector does not do so for ever (whoever claims looks at `Claim.tries`).
        """
        ...

    def beat(self, collector: Collector, *, limits: Limits, now: datetime) -> None:
        """This process lives: its claims that have not run out hold for another `limits.lease`, its home was seen."""
        ...

    def done(self, source: str, claim: Claim, *, latest_week: date | None, now: datetime) -> bool:
        """The school was kept: its turn is over, its failures forgotten. False (and nothing changes) by rule 2."""
        ...

    def failed(self, source: str, claim: Claim, *, reason: str, retry_at: datetime | None, now: datetime) -> bool:
        """The try failed: the turn waits again until `retry_at`, or is given up where that is None.

        A home that never kept the school lets go of it, so that another may try. False as for `done`.
        """
        ...

    def released(self, source: str, claims: Sequence[Claim]) -> None:
        """Give claims back as if they had never been made: waiting, due as before, the try not counted.

        A home that never kept the school lets go of it. Claims that are not the school's latest are passed over.
        """
        ...

    def next_due(
        self, source: str, pull: Pull, collector: Collector, *, limits: Limits, now: datetime
    ) -> datetime | None:
        """The earliest moment from now on at which `claim` may hand out a turn of this pull to this collector.

        `now` itself where one is claimable already; the limits of `at_once` and `per_second` aside. A turn that
        another holds counts from when its claim runs out. None where this pull has no turn left for this collector.
        """
        ...

    def lines(self, source: str, *, now: datetime) -> tuple[Line, ...]:
        """Every school that was ever enrolled, in the order of URNs."""
        ...
