"""The drill: a suspension that is measured at every door, and written down for everybody to see (LOG-11)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.flows import gatehouse
from tallyroll.flows.office import Office, say
from tallyroll.flows.settings import GateSettings
from tallyroll.governance import in_force
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind, public_of
from tallyroll.vocab.errors import Refused, UsageProblem

AT_ONCE_S, ENDPOINT_S, NODE_S = 5.0, 60.0, 900.0
"""How long a door may take to close: on the ledger's own machine, at an endpoint, at a node that polls."""
_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Closed:
    """A door, the seconds from the signature until it refused (or until we stopped waiting), and its limit."""

    door: str
    seconds: float
    limit: float


def drill(
    office: Office,
    settings: GateSettings,
    *,
    stop: Ed25519PrivateKey,
    resume: Sequence[Ed25519PrivateKey],
    endpoints: Sequence[str] = (),
    nodes: Sequence[GateSettings] = (),
) -> tuple[Closed, ...]:
    """Suspend for real, wait until every door is closed, write the times in the ledger, and resume.

    Nodes are only watched: their own process must be running and polling. Without keys to resume with, the collection
    stays suspended until two people resume it.
    Raises: UsageProblem when a door was closed before, for then nothing is measured.
    """
    collection = settings.collection
    doors: dict[tuple[str, float], Callable[[], bool]] = {("this machine", AT_ONCE_S): _gate_closed(settings, office)}
    doors |= {(url, ENDPOINT_S): _endpoint_closed(url) for url in endpoints}
    doors |= {(f"node {place}", NODE_S): _gate_closed(one, office) for place, one in enumerate(nodes, start=1)}
    _check_resumers(office, resume)
    shut = [name for (name, _), closed in doors.items() if closed()]
    if shut:
        what = f"{', '.join(shut)}: closed before the drill began."
        raise UsageProblem(what, where=collection, mend="A drill measures a collection that is in force.")
    begun = time.monotonic()
    say(office, Kind.SUSPENDED, collection=collection, keys=[stop], facts={"reason": "A drill: can we stop?"})
    asyncio.run(gatehouse.witness(office.log.folder, office.roles))
    measured = _wait(doors, begun)
    times = [{"door": one.door, "seconds": round(one.seconds, 2), "limit": one.limit} for one in measured]
    facts = {"collection": collection, "doors": times}
    office.log.append(at=office.clock.now(), event="drilled", facts=facts)
    if resume:
        say(office, Kind.RESUMED, collection=collection, keys=resume, facts={"reason": "The drill is over."})
    asyncio.run(gatehouse.witness(office.log.folder, office.roles))
    return measured


def _check_resumers(office: Office, resume: Sequence[Ed25519PrivateKey]) -> None:
    """Return when these keys can resume, or none are given; nobody should find out after everything stopped."""
    held = {public_of(key) for key in resume}
    roles = {one.role for one in office.assessments.standing().roles.keys if one.public in held}
    if resume and not {Role.APPROVER, Role.DPO} <= roles:
        what = "These keys cannot resume: it takes the approver's and the protection officer's."
        raise UsageProblem(what, where="--resume-key", mend="Give both, or none and resume it yourselves.")


def _wait(doors: dict[tuple[str, float], Callable[[], bool]], begun: float) -> tuple[Closed, ...]:
    found: dict[str, Closed] = {}
    while len(found) < len(doors):
        for (name, limit), closed in doors.items():
            seconds = time.monotonic() - begun
            if name not in found and (closed() or seconds > limit):
                found[name] = Closed(name, time.monotonic() - begun, limit)
        time.sleep(0 if len(found) == len(doors) else _STEP_S)
    return tuple(found[name] for name, _ in doors)


def _gate_closed(settings: GateSettings, office: Office) -> Callable[[], bool]:
    gate = gatehouse.open_gate(settings, clock=office.clock)

    def closed() -> bool:
        try:
            in_force(gate)
        except Refused:
            return True
        return False

    return closed


def _endpoint_closed(url: str) -> Callable[[], bool]:
    async def ask() -> bool:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(f"{url.rstrip('/')}/health") as answer,
        ):
            facts = await answer.json()
            return not (isinstance(facts, dict) and facts.get("status") == "open")

    def closed() -> bool:
        try:
            return asyncio.run(ask())
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False  # no answer proves nothing

    return closed
