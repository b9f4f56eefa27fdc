"""Builders with good defaults: a test names only what it is about."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path

from tallyroll.governance import Door, Gate, Manifest, Permit, Request, require
from tallyroll.governance.manifest import parse
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.clock import Clock, FixedClock
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import Phase, School
from tests.lib.assessed import shared_gate

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # a Friday in the autumn term of 2026/27
CLOCK = FixedClock(NOW)
RECIPIENT = "The Synthetic Statistics Centre"  # who gets tallies by the manifest below

MANIFEST = Path(__file__).with_name("manifest.toml").read_text(encoding="utf-8")

_ITEM = """
[[items]]
name = "{name}"
definition = "As defined in the school's register."
source_field = "{name}"
granularity = "one value for each pupil"
needed_for = "Every published rate."
purposes = ["attendance-statistics"]
mandatory = {mandatory}
sensitivity = "{sensitivity}"
identifiability = 3
reveals = [{reveals}]
condition = "{condition}"
schedule_1 = "{schedule_1}"
"""

_REVEALS = {Item.SEN: "health", Item.ETHNICITY: "ethnicity"}
_SENSITIVE = {*_REVEALS, Item.LOOKED_AFTER, Item.PREVIOUSLY_LOOKED_AFTER}


def _item_text(item: Item) -> str:
    special = item in _REVEALS
    return _ITEM.format(
        name=item,
        mandatory="false" if item is Item.ETHNICITY else "true",
        sensitivity="A" if item in _SENSITIVE else "C",
        reveals=f'"{_REVEALS[item]}"' if special else "",
        condition="9(2)(j)" if special else "",
        schedule_1="paragraph 4" if special else "",
    )


def _list_text(words: Collection[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def manifest_text(items: Collection[Item] = tuple(Item), characteristics: Collection[str] = tuple(BY_NAME)) -> str:
    """The TOML of a whole manifest without a fault that permits these items and breakdowns."""
    request = f"""
[request]
legal_gateway = "Education Act 1996, section 537A"
statutory_items = {_list_text(tuple(Item))}
requested_items = {_list_text(items)}

[counters]
characteristics = {_list_text(characteristics)}
"""
    return MANIFEST + request + "".join(map(_item_text, items))


def manifest(items: Collection[Item] = tuple(Item), characteristics: Collection[str] = tuple(BY_NAME)) -> Manifest:
    """An active manifest that permits these items and breakdowns."""
    return parse(manifest_text(items, characteristics), where="test manifest")


def a_gate(
    items: Collection[Item] = tuple(Item),
    characteristics: Collection[str] = tuple(BY_NAME),
    *,
    clock: Clock = CLOCK,
    told: Collection[Urn] = (),
) -> Gate:
    """A gate of this process under the manifest above; the families of these schools have the notices."""
    return shared_gate(manifest_text(items, characteristics), clock=clock, told=told)


def permit(
    door: Door = Door.PULL,
    *,
    schools: Collection[Urn],
    items: Collection[Item] = tuple(Item),
    first: date = date(2026, 9, 1),
    last: date = date(2026, 11, 20),
    characteristics: Collection[str] = tuple(BY_NAME),
    clock: Clock = CLOCK,
) -> Permit:
    """A permit asked of the real gate under the manifest above."""
    request = Request(
        door=door,
        purpose="attendance-statistics",
        schools=frozenset(schools),
        items=frozenset(items),
        first=first,
        last=last,
        characteristics=frozenset(characteristics),
        recipient=RECIPIENT if door is Door.SEND else "",
    )
    return require(a_gate(items, characteristics, clock=clock, told=request.schools), request, authorities={})


def school(urn: int = 100001, *, la: str = "201", phase: Phase = Phase.PRIMARY, name: str = "Test School") -> School:
    """A synthetic school."""
    return School(Urn(urn), Laestab(la, "2001"), name, phase)
