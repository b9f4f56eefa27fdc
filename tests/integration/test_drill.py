"""The drill: a real suspension, measured at this machine, at an endpoint and at a node that polls, over real HTTP."""

import asyncio
from threading import Event, Thread

import pytest
from tests.lib.builders import CLOCK, manifest

from tallyroll.flows import gatehouse, receiving
from tallyroll.flows.drilling import AT_ONCE_S, ENDPOINT_S, drill
from tallyroll.flows.hosting import hosted
from tallyroll.flows.rehearsal import rehearsed
from tallyroll.flows.settings import GateSettings
from tallyroll.governance import in_force
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.vocab.errors import Refused, UsageProblem

COLLECTION, PURPOSE = "test-attendance", "attendance-statistics"
POLL_S = 0.2


def settings(folder, *, assessments, name):
    return GateSettings(
        collection=COLLECTION,
        purpose=PURPOSE,
        tier=Tier.TRUST,
        assessments=assessments,
        mirror=folder / name / "mirror",
        roles=folder / "roles.toml",
        log=folder / name / "log",
        log_key=folder / name / "log.key",
    )


@pytest.fixture
def office(tmp_path):
    with rehearsed(tmp_path, origin="drill.example/attendance", clock=CLOCK) as made:
        made.enact(manifest())
        yield made


def polling(chosen, ready, stop):
    """A node that looks at the public ledger every moment, as its own process would."""

    async def run():
        async with gatehouse.watched(chosen, every_s=POLL_S):
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)

    return Thread(target=lambda: asyncio.run(run()), daemon=True)


def test_every_door_closes_and_the_times_stand_in_the_ledger(office, tmp_path):
    here = settings(tmp_path, assessments=str(tmp_path / "ledger"), name="here")
    far = settings(tmp_path, assessments=office.public, name="far")
    gate = gatehouse.open_gate(here, clock=CLOCK)
    ready, stop = Event(), Event()
    node = polling(far, ready, stop)
    node.start()
    assert ready.wait(timeout=20)
    inbox = receiving.Inbox(gate, PURPOSE, {}, tmp_path / "inbox", CLOCK)
    with hosted([receiving.app(inbox)]) as (endpoint,):
        one, both = office.keys[Role.ASSET_OWNER], [office.keys[Role.APPROVER], office.keys[Role.DPO]]
        found = drill(office.office, here, stop=one, resume=both, endpoints=[endpoint], nodes=[far])
    stop.set()
    node.join(timeout=20)
    assert {one.door: one.limit for one in found} == {"this machine": AT_ONCE_S, endpoint: ENDPOINT_S, "node 1": 900.0}
    assert all(0 <= one.seconds < AT_ONCE_S for one in found)
    assert in_force(gate).digest == manifest().digest  # it goes on afterwards
    told = [entry.facts for entry in office.office.assessments.entries() if entry.event == "drilled"]
    assert len(told) == 1
    assert [one["door"] for one in told[0]["doors"]] == ["this machine", endpoint, "node 1"]


def test_a_node_that_cannot_look_any_more_stops_by_itself(office, tmp_path):
    """Its mirror verifies and holds no suspension; it is only old."""
    far = settings(tmp_path, assessments=office.public, name="far")
    asyncio.run(gatehouse.refresh(far, office.office.roles))
    seen = gatehouse.open_gate(far, clock=CLOCK)
    assert in_force(seen).number == 1
    later = type(CLOCK)(CLOCK.moment.replace(minute=16))
    with pytest.raises(Refused) as old:
        in_force(gatehouse.open_gate(far, clock=later))
    assert old.value.clause == "roles.fresh_minutes"


def test_a_collection_that_stands_still_is_not_drilled(office, tmp_path):
    here = settings(tmp_path, assessments=str(tmp_path / "ledger"), name="here")
    office.say(Kind.SUSPENDED, COLLECTION, Role.DPO, reason="For good reason.")
    with pytest.raises(UsageProblem, match="closed before"):
        drill(office.office, here, stop=office.keys[Role.DPO], resume=())


def test_keys_that_cannot_resume_are_refused_before_anything_stops(office, tmp_path):
    here = settings(tmp_path, assessments=str(tmp_path / "ledger"), name="here")
    twice = [office.keys[Role.APPROVER]] * 2
    with pytest.raises(UsageProblem, match="cannot resume"):
        drill(office.office, here, stop=office.keys[Role.DPO], resume=twice)
    assert in_force(gatehouse.open_gate(here, clock=CLOCK)).number == 1
