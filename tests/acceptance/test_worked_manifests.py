"""The worked manifests of `examples/`: each that is sound is brought into force with witnesses, and then works."""

import asyncio
from pathlib import Path

import pyarrow.compute as pc
import pytest
from tests.lib.mis import evening, expected_marks, lab, school_year

from tallyroll.engines import open_engine
from tallyroll.flows import counting, gatehouse, node
from tallyroll.flows.node import Node
from tallyroll.flows.rehearsal import rehearsed
from tallyroll.flows.settings import GateSettings
from tallyroll.governance import manifest as manifests
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.register import RegisterStore
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import Refused

EXAMPLES = Path(__file__).parents[2] / "examples"
YEARS = (school_year(100001, n_pupils=5), school_year(100002, n_pupils=3, marks={(0, 1, 0): "I", (2, 3, 1): "O"}))
DAY = YEARS[0].days[-1]
NOW = evening(DAY)
SOUND = {"tallies-only": Tier.SCHOOL, "trust-local": Tier.TRUST, "nation-pupil-level": Tier.NATION}


def collected(held: Node) -> node.Collected:
    """A day's round over real HTTP."""

    async def run() -> node.Collected:
        async with lab(*YEARS, now=NOW) as one:
            return await node.collect(held, one.connector, last=DAY, days=7)

    return asyncio.run(run())


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_example_is_refused_before_it_is_in_force_and_works_after(tmp_path, name):
    rules, clock = manifests.read(EXAMPLES / f"{name}.toml"), FixedClock(NOW)
    purpose = next(one.id for one in rules.purposes if one.kind == "statistics")
    settings = GateSettings(
        collection=rules.collection.id,
        purpose=purpose,
        tier=SOUND[name],
        assessments=str(tmp_path / "ledger"),
        roles=tmp_path / "roles.toml",
        log=tmp_path / "log",
        log_key=tmp_path / "log.key",
    )
    with (
        rehearsed(tmp_path, origin="worked.example/attendance", clock=clock) as office,
        RegisterStore(tmp_path / "register.sqlite") as store,
        open_engine() as engine,
    ):
        held = Node(
            gatehouse.open_gate(settings, clock=clock),
            purpose,
            store,
            Calendars(YEARS[0].calendar, {}, {}),
        )
        with pytest.raises(Refused) as draft:
            collected(held)
        office.enact(rules)
        with pytest.raises(Refused) as untold:
            collected(held)
        node.record_notices(held.gate, [year.school.urn for year in YEARS])
        made = collected(held)
        tally = counting.count(
            held, engine, first=YEARS[0].days[0], last=DAY, characteristics=rules.counters.characteristics
        )
        office.say(Kind.SUSPENDED, rules.collection.id, Role.ASSET_OWNER, reason="That is enough.")
        with pytest.raises(Refused) as stopped:
            counting.count(held, engine, first=YEARS[0].days[0], last=DAY, characteristics=())
    assert [one.value.clause for one in (draft, untold, stopped)] == ["life-cycle", "notices", "suspended"]
    assert made.collected == 2
    assert made.counts.kept == sum(len(expected_marks(year, DAY)) for year in YEARS)
    whole = tally.cells.filter(pc.equal(tally.cells["characteristic"], "all"))
    assert pc.sum(whole["n"]).as_py() == made.counts.kept


def test_a_nation_without_witnesses_stands_still(tmp_path):
    """The same manifest, every signature in place, and nobody independent who has seen the ledger."""
    rules, clock = manifests.read(EXAMPLES / "nation-pupil-level.toml"), FixedClock(NOW)
    settings = GateSettings(
        collection=rules.collection.id,
        purpose="attendance-statistics",
        tier=Tier.NATION,
        assessments=str(tmp_path / "ledger"),
        roles=tmp_path / "roles.toml",
        log=tmp_path / "log",
        log_key=tmp_path / "log.key",
    )
    with (
        rehearsed(tmp_path, origin="worked.example/attendance", clock=clock, witnesses=False) as office,
        RegisterStore(tmp_path / "register.sqlite") as store,
    ):
        office.enact(rules)
        held = Node(
            gatehouse.open_gate(settings, clock=clock),
            "attendance-statistics",
            store,
            Calendars(YEARS[0].calendar, {}, {}),
        )
        with pytest.raises(Refused) as alone:
            collected(held)
    assert alone.value.clause == "roles.quorum"
