"""The second half of a node's procession: ask the gate again, read, count. Named rows end here."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from tallyroll import register, tally
from tallyroll.engines import Engine
from tallyroll.engines.counts import AuthorityEngine
from tallyroll.flows.node import Node, permit_for
from tallyroll.governance import Door
from tallyroll.register import scan
from tallyroll.register.scan import ScanSide
from tallyroll.tally import Areas, Definition, Population, Tally
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.periods import days_between
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import FRIDAY, School

SCHOOLS_AT_A_TIME = 40  # read and counted together: bounds memory, about 15,000 pupils


def count(
    node: Node,
    engine: Engine,
    *,
    first: date,
    last: date,
    characteristics: Sequence[str],
    authorities: Collection[str] = (),
    as_of: datetime | None = None,
    advance: Advance = unwatched,
) -> Tally:
    """The tally of the kept schools from first to last, persistent absence over the same days included.

    Schools that another collector keeps by now are left out, for it counts them. `authorities` (old LA codes) leaves
    out the schools of others; none means all. `as_of` counts what was known at an earlier moment, which is then the
    tally's revision.
    """
    ours = (one for one in node.store.schools() if one.urn not in node.elsewhere)
    schools = [one for one in ours if not authorities or one.laestab.la in authorities]
    permit = permit_for(node, Door.COUNT, schools, first=first, last=last, characteristics=characteristics)
    now = node.clock.now()
    definition = Definition(tuple(characteristics), population(node.calendars, schools))
    revision = int((as_of or now).timestamp() * 1_000_000)
    school_days = [day for day in days_between(first, last) if day.weekday() <= FRIDAY]
    parts = []
    for done, chunk in enumerate(_chunks(schools), start=1):
        held = register.read(
            permit,
            node.store,
            schools=[school.urn for school in chunk],
            first=first,
            last=last,
            now=now,
            as_of=as_of,
        )
        counted = tally.count(permit, engine, held, definition=definition, now=now, revision=revision, days=school_days)
        persistent = tally.count_persistent(
            permit, engine, held, definition=definition, first=first, last=last, now=now, revision=revision, whole=True
        )
        parts.append(Tally(counted.cells, persistent))
        advance(min(done * SCHOOLS_AT_A_TIME, len(schools)), len(schools))
    return tally.merge_all(parts)


def count_areas(
    node: Node,
    engine: AuthorityEngine,
    *,
    first: date,
    last: date,
    characteristics: Sequence[str],
    threads: int = 2,
    advance: Advance = unwatched,
) -> Areas:
    """The areas of all that the scan side holds (see `store compact`), persistent absence over these days included.

    Schools that another collector keeps by now are left out, for it counts them.
    """
    schools = [one for one in node.store.schools() if one.urn not in node.elsewhere]
    permit = permit_for(node, Door.COUNT, schools, first=first, last=last, characteristics=characteristics)
    now = node.clock.now()
    return tally.count_areas(
        permit,
        engine,
        scan.scan(
            permit,
            ScanSide.of(node.store),
            authorities=(),
            first=first,
            last=last,
            now=now,
            without=node.elsewhere,
        ),
        definition=Definition(tuple(characteristics), population(node.calendars, schools)),
        first=first,
        last=last,
        now=now,
        threads=threads,
        advance=advance,
    )


def population(calendars: Calendars, schools: Sequence[School]) -> Population:
    """Compulsory school age, year 11 until the second half of each school's own summer term."""
    leaves = {school.urn.number: tally.second_half_of_summer(calendars.of(school)) for school in schools}
    known = {urn: day for urn, day in leaves.items() if day is not None}
    return Population(tally.COMPULSORY_SCHOOL_AGE.year_groups, year_11_leaves_at=known)


def _chunks(schools: Sequence[School]) -> Iterator[tuple[School, ...]]:
    rest = iter(schools)
    while chunk := tuple(islice(rest, SCHOOLS_AT_A_TIME)):
        yield chunk
