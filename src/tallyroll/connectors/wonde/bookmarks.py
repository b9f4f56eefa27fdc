"""The connector's bookmark: a short text, kept with the rows, that says how far a school has been read."""

from datetime import date, datetime, timedelta

import msgspec

VERSION = 1


class Bookmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far one school has been read, and over which days."""

    school: str  # the service's key: another one means another system, and nothing of a delta would fit
    first: date  # marks of earlier days were not taken
    since: datetime  # the next delta asks for changes after this moment
    full: datetime  # when the school was last read whole
    generation: int  # how many times it has been
    version: int = VERSION

    def text(self) -> str:
        """The bookmark as JSON."""
        return msgspec.json.encode(self).decode()


def read(text: str) -> Bookmark | None:
    """The bookmark in this text; None where there is none that we can use, which means a whole reading."""
    if not text:
        return None
    try:
        found = msgspec.json.decode(text, type=Bookmark)
    except msgspec.MsgspecError:
        return None
    usable = found.version == VERSION and found.since.tzinfo is not None and found.full.tzinfo is not None
    return found if usable else None


def continues(known: Bookmark | None, *, school: str, first: date, now: datetime, full_sync_days: int) -> bool:
    """Whether a delta is enough: the same system, no earlier days than before, and a whole reading not yet due."""
    return (
        known is not None
        and known.school == school
        and known.first <= first
        and known.full <= now < known.full + timedelta(days=full_sync_days)
    )
