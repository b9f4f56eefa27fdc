"""Rules about how long and where stores keep what they hold, and how often a source is asked."""

from collections.abc import Iterator

from tallyroll.governance.manifest.ceilings import LONGEST, ceiling
from tallyroll.governance.manifest.rules.fault import Fault, Rule, specific, thin
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import Part, Receives, Store

_ROWS = ("LAW-07", "ACC-A15", "ACC-C06")
_UK = ("united kingdom", "uk", "england", "wales", "scotland", "northern ireland", "great britain")
STARTS = {
    Store.REGISTERS: "the day of the entry",
    Store.FINDINGS: "the day of the finding",
    Store.TALLIES: "the day that is counted",
    Store.SHARES: "the day that is counted",
}
"""When the clock of a store starts: the software counts from there, so that no text can start it later."""
OFTEN, TOO_OFTEN = 2, 4
"""Pulls a day: more than OFTEN needs a reason, more than TOO_OFTEN is refused whatever the reason."""


def uses_shares(manifest: Manifest) -> bool:
    """Whether counts are split into shares anywhere in this collection."""
    return (
        manifest.kept(Store.SHARES) is not None
        or any(one.part is Part.AGGREGATOR for one in manifest.parties)
        or any(one.receives is Receives.SHARES for one in manifest.recipients)
    )


def in_the_uk(country: str) -> bool:
    """Whether this is the United Kingdom or a part of it."""
    return country.strip().casefold() in _UK


def every_store_has_a_time(manifest: Manifest) -> Iterator[Fault]:
    """Every store that the collection uses says how long it keeps what it holds (LAW-07, ACC-C06)."""
    for store in Store:
        if manifest.kept(store) is None and (store is not Store.SHARES or uses_shares(manifest)):
            what, mend = "Nothing is said of how long this store keeps what it holds.", "Add it to [[retention]]."
            yield Fault(f"retention.{store}", what, mend, ("LAW-07", "MAN-09", "ACC-C06"))


def time_starts_with_the_data(manifest: Manifest) -> Iterator[Fault]:
    """The clock of a store starts with what it holds, not with a later event (LAW-07, ACC-A15)."""
    for one in manifest.retention:
        if one.starts != STARTS.get(one.store, one.starts):
            what, mend = "The clock of this store starts elsewhere.", f'Write starts = "{STARTS[one.store]}".'
            yield Fault(f"retention.{one.store}.starts", what, mend, _ROWS)


def time_has_a_reason_and_an_end(manifest: Manifest) -> Iterator[Fault]:
    """Each period has its reason, and a way in which things are destroyed (LAW-07, ACC-A15, ACC-C06)."""
    for one in manifest.retention:
        if thin(one.basis, words=4):
            yield Fault(f"retention.{one.store}.basis", "No reason is given for this period.", "Give it.", _ROWS)
        if not one.method.strip():
            what, mend = "How things are destroyed is not said.", "Say it."
            yield Fault(f"retention.{one.store}.method", what, mend, _ROWS)


def time_is_within_its_ceiling(manifest: Manifest) -> Iterator[Fault]:
    """No period is over its ceiling without a law that demands it, and none over six years (LAW-07, ACC-A15)."""
    tier = manifest.collection.tier
    for one in manifest.retention:
        most, clause = ceiling(one.store, tier=tier), f"retention.{one.store}.keep"
        if most is None or one.keep <= most:
            continue
        if not one.keep <= LONGEST:
            what = f"{one.keep.words} is over the {LONGEST.words} that no law cited can lengthen."
            yield Fault(clause, what, f"Keep for {most.words} at most.", _ROWS)
        elif not specific(one.enactment):
            what = f"{one.keep.words} is over the {most.words} that {one.store} may be kept at tier '{tier}'."
            yield Fault(clause, what, "Keep less long, or name the law that demands more, by section.", _ROWS)


def every_store_has_a_place(manifest: Manifest) -> Iterator[Fault]:
    """Every store stands somewhere that is named (LAW-31, MAN-10)."""
    placed = {one.store for one in manifest.locations}
    for one in manifest.retention:
        if one.store not in placed:
            what, mend = "Where this store stands is not said.", "Add it to [[locations]]."
            yield Fault(f"locations.{one.store}", what, mend, ("LAW-31", "MAN-10"))


def places_are_in_the_country(manifest: Manifest) -> Iterator[Fault]:
    """A store outside the United Kingdom has its safeguard (LAW-31)."""
    for one in manifest.locations:
        if not in_the_uk(one.country) and not one.safeguard.strip():
            what, mend = f"{one.country} is outside the United Kingdom, without a safeguard.", "Move it, or name one."
            yield Fault(f"locations.{one.store}", what, mend, ("LAW-31", "MAN-10"))


def sources_are_not_asked_too_often(manifest: Manifest) -> Iterator[Fault]:
    """More than two pulls a day need a reason, and there are never more than four (LAW-05, ACC-A20)."""
    pulls, rows = manifest.frequency.pulls_a_day, ("LAW-05", "ACC-A20")
    if pulls > TOO_OFTEN:
        what = f"{pulls} pulls a day are more than any register changes; {TOO_OFTEN} are the most."
        yield Fault("frequency.pulls_a_day", what, "Ask after each registration closes.", rows)
    elif pulls > OFTEN and thin(manifest.frequency.why):
        what = f"{pulls} pulls a day need a reason, for registers close twice."
        yield Fault("frequency.why", what, "Say why no less often, or ask less often.", rows)


RULES: tuple[Rule, ...] = (
    every_store_has_a_time,
    time_starts_with_the_data,
    time_has_a_reason_and_an_end,
    time_is_within_its_ceiling,
    every_store_has_a_place,
    places_are_in_the_country,
    sources_are_not_asked_too_often,
)
