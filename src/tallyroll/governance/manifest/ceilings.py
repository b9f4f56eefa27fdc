"""How long each store may keep what it holds at most, by where registers rest (LAW-07). Written in code, on purpose.

A manifest may say less. It may say more only with the law that demands it, and never more than LONGEST.
"""

from tallyroll.governance.manifest.words import Store, Tier
from tallyroll.vocab.durations import Duration

LONGEST = Duration.parse("P6Y")
"""No law cited makes data about a person live longer: as long as a school itself must preserve a register's entry."""

_REGISTERS = {
    Tier.SCHOOL: LONGEST,
    Tier.TRUST: Duration.parse("P2Y"),
    Tier.AUTHORITY: Duration.parse("P2Y"),
    Tier.NATION: Duration.parse("P0D"),  # named rows of a nation: not at all, unless a law says so
}
_OTHERS = {
    Store.FINDINGS: Duration.parse("P1Y"),
    Store.TALLIES: Duration.parse("P13M"),
    Store.SHARES: Duration.parse("P21D"),
}


def ceiling(store: Store, *, tier: Tier) -> Duration | None:
    """The longest that a store may keep without a law that demands more; None for what is public and not personal."""
    return _REGISTERS[tier] if store is Store.REGISTERS else _OTHERS.get(store)
