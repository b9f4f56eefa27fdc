"""A contributor's tally as bytes and back. Both ends take a permit and check the same closed world.

Equal tallies give equal bytes. What a payload says of itself (its days, its breakdowns) must be what its cells say.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tallyroll.governance import Door, Permit
from tallyroll.submission import reading
from tallyroll.submission.columns import Counted, Counts, counts_of, payload_of
from tallyroll.submission.wire import Payload, written
from tallyroll.vocab.errors import Refused
from tallyroll.vocab.identifiers import Urn

SKEW = timedelta(minutes=5)  # how far the clocks of two ends may lie apart
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a payload says it is, before anybody has permitted it: enough to ask the gate with, never to be repeated."""

    purpose: str
    contributor: Urn
    la: str
    revision: int
    first: date
    last: date
    breakdowns: frozenset[str]


def claims(payload: bytes) -> Claims:
    """What a payload claims. Raises: InputProblem when it is none."""
    read = reading.read(payload)
    return Claims(
        purpose=read.purpose,
        contributor=Urn(read.contributor),
        la=read.la,
        revision=read.revision,
        first=read.first,
        last=read.last,
        breakdowns=frozenset(read.breakdowns),
    )


def encode(permit: Permit, tally: Counted, *, now: datetime) -> bytes:
    """The payload of one contributor's tally in one revision, checked as the other end will check it.

    Raises: Refused outside the permit; VerificationProblem when it is of several contributors or revisions;
            InputProblem when it holds a word or number that payloads do not have.
    """
    permit.check(Door.SEND, now=now)
    made = written(payload_of(tally, manifest=permit.manifest, purpose=permit.request.purpose))
    _checked(permit, Door.SEND, made, now=now)
    return made


def decode(permit: Permit, payload: bytes, *, now: datetime) -> Counts:
    """The cells in a payload, each once and in the order of a tally.

    Raises: Refused outside the permit; InputProblem unless these are the bytes that `encode` gives for them.
    """
    permit.check(Door.RECEIVE, now=now)
    return _checked(permit, Door.RECEIVE, payload, now=now)


def _checked(permit: Permit, door: Door, raw: bytes, *, now: datetime) -> Counts:
    """The cells, once everything is checked: the same at both ends."""
    read = reading.read(raw)
    _check_permitted(permit, door, read, raw=raw, now=now)
    return counts_of(read)


def _check_permitted(permit: Permit, door: Door, read: Payload, *, raw: bytes, now: datetime) -> None:
    """Refused or InputProblem unless the permit covers the payload; in words that hold none of it."""
    for name, permitted in (("manifest", permit.manifest), ("purpose", permit.request.purpose)):
        if getattr(read, name) != permitted:
            raise reading.fault("is not the permit's.", raw=raw, place=name)
    urn = Urn(read.contributor)
    if urn not in permit.request.schools:  # `check` would name it
        what = "The permit does not cover this contributor."
        raise Refused(what, clause=permit.clause, where="contributor", mend="Ask the gate for it.")
    permit.check(door, now=now, schools=[urn], days=[read.first, read.last], characteristics=read.breakdowns)
    counted = _EPOCH + timedelta(microseconds=read.revision)
    if not datetime.combine(read.first, time(), UTC) - SKEW <= counted <= now + SKEW:
        mend = "A revision is the moment of counting, in microseconds since 1970."
        raise reading.fault("is not a moment from the first day to now.", raw=raw, place="revision", mend=mend)
