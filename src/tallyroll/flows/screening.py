"""Screening without keeping: what a collection would find in a source, for the person who can mend it."""

from datetime import date

from tallyroll import register
from tallyroll.connectors.interface import Connector, SchoolState
from tallyroll.governance import Door, Gate, Request, permitted, require
from tallyroll.register import Screened
from tallyroll.vocab.calendars import Calendars


async def screen_source(
    connector: Connector,
    *,
    gate: Gate,
    purpose: str,
    calendars: Calendars,
    first: date,
    last: date,
) -> tuple[Screened, ...]:
    """Every approved school of the source, screened from first to last. Nothing is kept.

    Raises: Refused by the gate.
    """
    async with connector:
        sources = [one for one in await connector.schools() if one.state is SchoolState.APPROVED]
        request = Request(
            door=Door.PULL,
            purpose=purpose,
            schools=frozenset(one.school.urn for one in sources),
            items=permitted(gate, purpose),
            first=first,
            last=last,
        )
        authorities = {one.school.urn: one.school.laestab.la for one in sources}
        permit = require(gate, request, authorities=authorities)
        found = []
        for one in sources:
            extract = await connector.pull(permit, one, clock=gate.clock, first=first, last=last)
            calendar = calendars.of(one.school)
            found.append(register.screen(permit, extract, calendar=calendar, now=gate.clock.now()))
    return tuple(found)
