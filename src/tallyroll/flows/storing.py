"""The store as a whole: compacted, verified, looked through for gaps, exported. Each asks the gate first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tallyroll.flows.node import Node, permit_for
from tallyroll.governance import Door, Request, explain, permitted, require
from tallyroll.register import database, scan
from tallyroll.register.scan import Compacted, Exported, Gaps, Layout, ScanSide, Verified
from tallyroll.vocab.clock import today
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import School


@dataclass(frozen=True, slots=True)
class Proved:
    """How many encrypted blocks of the write side were opened, and what of the scan side agrees with them."""

    blocks: int
    scanned: Verified | None


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants exported: in which layout, for whom and why, of which authorities (none: all), which days."""

    layout: Layout
    recipient: str
    purpose: str
    authorities: tuple[str, ...]
    first: date
    last: date


def compact(node: Node, *, authorities: Collection[str] = (), advance: Advance = unwatched) -> Compacted:
    """Bring the scan side of these authorities (none means all) up to what was kept; the log says what was written."""
    permit = permit_for(node, Door.COUNT, node.store.schools(), first=_first_day(node), last=today(node.clock))
    now = node.clock.now()
    made = scan.compact(permit, node.store, authorities=authorities, now=now, advance=advance)
    facts = {"generation": made.generation, "files": made.files, "bytes": made.n_bytes, "months": len(made.months)}
    node.gate.log.append(at=now, event="compacted", facts=facts)
    return made


def verify(node: Node, *, advance: Advance = unwatched) -> Proved:
    """Both sides of the store, once every block is opened and every packed week equals what the write side holds.

    Raises: VerificationProblem that names the first place that is not as written.
    """
    permit = permit_for(node, Door.COUNT, node.store.schools(), first=_first_day(node), last=today(node.clock))
    blocks = node.store.verify()
    has_scan_side = scan.sizes(node.store).generation > 0
    found = scan.verify(permit, node.store, now=node.clock.now(), advance=advance) if has_scan_side else None
    return Proved(blocks, found)


def gaps(node: Node, *, authorities: Collection[str], first: date, last: date) -> Gaps:
    """The weeks of term of which nothing or only a part was ever received, by each school's own calendar."""
    permit = permit_for(node, Door.COUNT, _schools(node, authorities), first=first, last=last)
    return scan.gaps(permit, node.store, authorities=authorities, first=first, last=last, now=node.clock.now())


def export(node: Node, order: Order, out: Path, *, advance: Advance = unwatched) -> Exported:
    """What was ordered, in the clear, in the folder `out`. The gate's answer, with the recipient, stands in the log.

    Schools that another collector keeps by now are left out: what is here of them is old, and comes from there.
    Raises: Refused unless the assessment lets named rows go to this recipient for this purpose.
    """
    permit = require(node.gate, _request(node, order), authorities=_authorities(node))
    now = node.clock.now()
    made = scan.export(
        permit,
        ScanSide.of(node.store),
        out,
        layout=order.layout,
        authorities=order.authorities,
        first=order.first,
        last=order.last,
        now=now,
        without=node.elsewhere,
        advance=advance,
    )
    facts = {"layout": str(order.layout), "recipient": order.recipient, "rows": made.rows, "bytes": made.n_bytes}
    node.gate.log.append(at=now, event="exported", facts=facts)
    return made


def foresee(node: Node, order: Order) -> int:
    """How many schools an export would reach. A rehearsal: nothing is granted, logged or written.

    Raises: Refused where the gate would refuse.
    """
    asked = _request(node, order)
    refusal = explain(node.gate, asked, authorities=_authorities(node))
    if refusal is not None:
        raise refusal.error()
    return len(asked.schools)


def migrate(store: Path, *, dry_run: bool = False) -> tuple[int, ...]:
    """The versions that a store was taken through to the newest, or would be; none when it is of the newest."""
    with database.plain(store):
        return database.migrate(store, dry_run=dry_run)


def _request(node: Node, order: Order) -> Request:
    return Request(
        door=Door.EXPORT,
        purpose=order.purpose,
        schools=frozenset(school.urn for school in _schools(node, order.authorities)) - node.elsewhere,
        items=permitted(node.gate, order.purpose),
        first=order.first,
        last=order.last,
        recipient=order.recipient,
    )


def _schools(node: Node, authorities: Collection[str]) -> Sequence[School]:
    return [one for one in node.store.schools() if not authorities or one.laestab.la in authorities]


def _authorities(node: Node) -> dict[Urn, str]:
    return {school.urn: school.laestab.la for school in node.store.schools()}


def _first_day(node: Node) -> date:
    """The first day of which anything was kept; today where nothing was."""
    return min((week.monday for week in scan.weeks(node.store)), default=today(node.clock))
