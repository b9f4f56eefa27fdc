"""Entries: one leaf of the log, as a value and as the bytes that are hashed (RFC 8785 JSON)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import rfc8785

from tallyroll.ledger.tiles import LARGEST_ENTRY
from tallyroll.vocab.errors import UsageProblem, VerificationProblem


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf: its place (from 0), when, what kind of event, and the facts as plain JSON values."""

    index: int
    at: datetime
    event: str
    facts: Mapping[str, object]


class _Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: datetime
    event: str
    facts: dict[str, object]


def leaf_of(*, at: datetime, event: str, facts: Mapping[str, object]) -> bytes:
    """The bytes of an entry.

    Raises: UsageProblem when the moment has no time zone, a fact is no JSON value, or the whole is too long.
    """
    if at.tzinfo is None:
        raise UsageProblem("The moment of an entry has no time zone.", where=event, mend="Give it in UTC.")
    moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    try:
        leaf = rfc8785.dumps({"at": moment, "event": event, "facts": facts})  # type: ignore[dict-item]  # it checks
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        mend = "Use text, whole numbers below 2^53, lists and objects."
        raise UsageProblem(f"A fact cannot be written down: {error}.", where=event, mend=mend) from error
    if len(leaf) > LARGEST_ENTRY:
        mend = "Keep what is long as a document, and write down its SHA-256."
        raise UsageProblem(f"This entry has {len(leaf):,} bytes; {LARGEST_ENTRY:,} fit.", where=event, mend=mend)
    return leaf


def entry_of(leaf: bytes, *, index: int, where: str) -> Entry:
    """The entry in these bytes; VerificationProblem when it is not one."""
    try:
        found = msgspec.json.decode(leaf, type=_Leaf)
        if found.at.tzinfo is not None:
            return Entry(index, found.at.astimezone(UTC), found.event, found.facts)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        pass
    raise _no_entry(index, where)


def check_form(leaf: bytes, entry: Entry, *, where: str) -> None:
    """Return when these bytes are the one way to write the entry; VerificationProblem when not."""
    try:
        if leaf_of(at=entry.at, event=entry.event, facts=entry.facts) == leaf:
            return
    except UsageProblem:
        pass
    raise _no_entry(entry.index, where)


def _no_entry(index: int, where: str) -> VerificationProblem:
    mend = "It was changed, or another program wrote it. Restore the file from a mirror."
    return VerificationProblem(f"Entry {index} is not an entry of a ledger.", where=where, mend=mend)


def documents_of(value: object) -> Iterator[str]:
    """The SHA-256 of every document that facts name: what stands under the key `document`, at any depth."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "document" and isinstance(part, str):
                yield part
            else:
                yield from documents_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from documents_of(part)
