"""Ways round the gate, each tried for real: real files, real signatures, a gate opened as a new process would open it.

`besiege` brings a collection into force by the whole ceremony; a test then breaks one thing, as its docstring says.
Wherever a gate refuses because of what was broken, the same gate said yes before: `test_the_place_*` hold that.
"""

import asyncio
import base64
import contextlib
import copy
import dataclasses
import json
import multiprocessing
import pickle
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey
from tests.lib.builders import NOW, a_gate, school
from tests.lib.payloads import SCHOOL, tally_of
from tests.lib.registers import CALENDAR, COUNT, PULL, extract, opened, reading
from tests.lib.siege import (
    ENACTED,
    ORIGIN,
    REQUEST,
    TEXT,
    A,
    B,
    HandClock,
    Siege,
    besiege,
    digest_of,
    later,
    version_after,
)

from tallyroll import register, submission, tally
from tallyroll.connectors.csvfile.connector import CsvConnector
from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.engines.registry import open_engine
from tallyroll.flows import ceremony
from tallyroll.flows.office import Office, found
from tallyroll.flows.receiving import Inbox, app
from tallyroll.governance import Assessments, Door, Manifest, Permit, Refusal, Request, permits, require, roles
from tallyroll.governance.assessments import FOUNDED, STATEMENT, entry_of
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import ForbiddenUse, Tier
from tallyroll.governance.notices import NOTICES_ISSUED, notice_digest
from tallyroll.governance.roles import Role, Roles, WitnessKey
from tallyroll.governance.statements import PAYLOAD_TYPE, Kind, Statement, public_of, sign
from tallyroll.ledger import Log, NoteKey, Reader, Witness, write_key
from tallyroll.tally import Definition
from tallyroll.vocab.errors import Problem, Refused, UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

APPROVER, DPO, OWNER = Role.APPROVER, Role.DPO, Role.ASSET_OWNER


@pytest.fixture
def place(tmp_path: Path) -> Siege:
    """A trust's collection in force, whose ledger has no witnesses."""
    return besiege(tmp_path / "place")


@pytest.fixture
def watched(tmp_path: Path) -> Siege:
    """An authority's collection in force, whose ledger three witnesses watch; two must have seen it."""
    return besiege(tmp_path / "watched", witnessed=True)


def refused(answer: Permit | Refusal, clause: str, said: str = "") -> None:
    """The gate said no, by this clause, and told the mend."""
    assert isinstance(answer, Refusal)
    assert answer.clause == clause
    assert said in answer.reason
    assert answer.mend


def closed(place: Siege) -> None:
    """No door opens: whether by a refusal or because nothing can be read at all, there is no permit."""
    with contextlib.suppress(Problem):
        assert isinstance(place.answer(), Refusal)


def granted(place: Siege, **change: object) -> Permit:
    answer = place.answer(**change)  # type: ignore[arg-type]  # fields of a request
    assert isinstance(answer, Permit)
    return answer


def stopped(permit: Permit, at: datetime, *, door: Door = Door.PULL, **within: object) -> Refused:
    with pytest.raises(Refused) as caught:
        permit.check(door, now=at, **within)
    return caught.value


def asked(door: Door) -> dict[str, object]:
    """The fields of the usual request, at a door."""
    return {one.name: getattr(REQUEST, one.name) for one in dataclasses.fields(REQUEST)} | {"door": door}


def suspend(place: Siege) -> None:
    place.say(Kind.SUSPENDED, DPO, reason="Wait.")


ELSEWHERE = """
import json, sys
from datetime import datetime
from pathlib import Path
from tallyroll.ledger import Log, NoteKey, read_key
folder, key, origin, at, facts, envelope = sys.argv[1:]
log = Log.open(Path(folder), NoteKey(origin, read_key(Path(key))))
log.keep_document(envelope.encode())
log.append(at=datetime.fromisoformat(at), event="statement", facts=json.loads(facts))
"""


def unapproved(folder: Path, *, witnessed: bool = False) -> Siege:
    """A place in whose ledger the officer has advised and nobody has approved; the node knows of the notices."""
    made = besiege(folder, witnessed=witnessed)
    for one in (made.ledger, *(made.folder / name for name in made.witness_keys)):
        shutil.rmtree(one)
    found(made.ledger, key=made.public, roles=made.roles, at=ENACTED)
    made.say(Kind.SCREENED, OWNER)
    made.say(Kind.CONSULTED, OWNER)
    made.say(Kind.ADVISED, DPO, advice="proceed", text="Go on.")
    return made


def published(place: Siege, witnessed: object = None) -> Statement:
    """A statement of publication, naming how many entries witnesses had seen (all of them, unless told otherwise)."""
    statement = place.statement(Kind.PUBLISHED, url="https://a.example")
    number = statement.seen if witnessed is None else witnessed
    return dataclasses.replace(statement, facts={**statement.facts, "witnessed": str(number)})


def from_scratch(place: Siege) -> None:
    """Every step of the manifest, smuggled into a ledger that has just been founded."""
    steps = ((Kind.SCREENED, OWNER), (Kind.CONSULTED, OWNER), (Kind.ADVISED, DPO), (Kind.APPROVED, APPROVER))
    for kind, role in steps:
        said = {"advice": "proceed", "text": "Go on."} if kind is Kind.ADVISED else {}
        place.smuggle_signed(place.statement(kind, **said), place.keys[role])
    place.smuggle_signed(published(place), place.keys[OWNER])
    place.smuggle_signed(place.statement(Kind.ACTIVATED), place.keys[APPROVER])


def with_processor(folder: Path) -> Siege:
    """A place whose processor's contract ends on 30 November."""
    made = besiege(folder)
    party = """[[parties]]
part = "processor"
name = "The Synthetic Host"
kind = "company"
contact = "host@host.example"
country = "United Kingdom"
does = "Keeps the machine on which sealed files lie."
sees = "ciphertext"
contract = {reference = "Contract 1", ends = 2026-11-30, due_diligence_on = 2026-08-01, article_28_terms = true}

[[purposes]]"""
    manifest = version_after(made.manifest, TEXT, ("[[purposes]]", party))
    made.enact(manifest)
    made.manifest = manifest
    made.tell(A, B)
    return made


Key = dict[str, str]


def changed_roles(place: Siege, *, keys: Callable[[list[Key]], list[Key]]) -> Roles:
    """The roles with these keys instead, through the same checks as a file."""
    tree = place.roles.model_dump(mode="json")
    return roles.parse(json.dumps({**tree, "keys": keys(tree["keys"])}), where="roles")


def with_key(one: Key, role: Role, private: Ed25519PrivateKey) -> Key:
    return {**one, "public": public_of(private)} if one["role"] == role else one


def dumped(witnesses: Sequence[WitnessKey]) -> list[dict[str, object]]:
    return [one.model_dump(mode="json") for one in witnesses]


def dsse(payload: bytes, payload_type: str, place: Siege, *who: Role) -> dict[str, object]:
    """An envelope over any bytes, signed by these roles, whatever the house would sign."""
    envelope = Envelope(payload, payload_type, {})
    for role in who:
        public = public_of(place.keys[role])
        named = SSlibKey(digest_of(bytes.fromhex(public)), "ed25519", "ed25519", {"public": public})
        envelope.sign(CryptoSigner(place.keys[role], named))
    return envelope.to_dict()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def bundles(folder: Path) -> list[Path]:
    """The files that hold a ledger's entries."""
    found_ = [path for path in (folder / "tile" / "entries").rglob("*") if path.is_file()]
    assert found_
    return found_


def set_aside(folder: Path) -> Path:
    """A copy of a folder as it is now."""
    return shutil.copytree(folder, folder.with_name(f"{folder.name}-before"))


def bring_back(copy_: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    copy_.rename(folder)


def enact_other(place: Siege, manifest: Manifest) -> None:
    """Another collection brought into force in the same ledger."""
    office = Office(Log.open(place.ledger, place.public), place.roles, place.clock)
    ceremony.approve(office, manifest, place.keys)
    ceremony.put_in_force(office, manifest, place.keys, url="https://a.example")


def sending(folder: Path) -> tuple[Siege, Permit]:
    """A place that may send its counts to a centre, and the permit to do so."""
    made = besiege(folder)
    named = """[[recipients]]
name = "The centre"
receives = "tallies"
purpose = "attendance-statistics"

[[retention]]"""
    made.manifest = version_after(made.manifest, TEXT, ("[[retention]]", named))
    made.enact(made.manifest)
    about = {"items": frozenset(), "characteristics": frozenset(), "first": date(2026, 9, 1)}
    return made, granted(made, door=Door.SEND, recipient="The centre", **about)


def test_the_place_without_witnesses_is_in_force(place: Siege) -> None:
    """No attack: what every test below takes away was there."""
    granted(place).check(Door.PULL, now=NOW, schools=[A], items=REQUEST.items, days=[REQUEST.first, REQUEST.last])


def test_the_place_with_witnesses_is_in_force(watched: Siege) -> None:
    """No attack: as above, under witnesses."""
    granted(watched).check(Door.PULL, now=NOW, schools=[A])


# What is asked for


def test_expired(place: Siege) -> None:
    """Ask on the day on which the assessment has expired."""
    place.clock.moment = datetime(2027, 8, 31, 8, 0, tzinfo=UTC)
    refused(place.answer(), "collection.expires")


def test_not_yet_valid(tmp_path: Path) -> None:
    """Sign early and start at once: the first valid day has not come."""
    made = besiege(tmp_path)
    tomorrow = version_after(made.manifest, TEXT, ("valid_from = 2026-09-01", "valid_from = 2026-11-21"))
    made.enact(tomorrow)
    refused(made.answer(), "collection.valid_from")
    made.clock.moment = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
    assert isinstance(made.answer(), Permit)


def test_wrong_digest(place: Siege) -> None:
    """Take every step under one manifest, and activate another one's digest."""
    other = place.statement(Kind.ACTIVATED)
    place.say(Kind.WITHDRAWN, APPROVER, reason="An urgent edit.")
    wrong = dataclasses.replace(other, manifest="0" * 64, seen=other.seen + 1)
    Log.open(place.ledger, place.public).keep_document(b"{}")
    place.smuggle_signed(wrong, place.keys[APPROVER])
    closed(place)


def test_new_field() -> None:
    """Write a key that the schema does not know into the manifest."""
    with pytest.raises(Problem, match="not known"):
        parse(TEXT.replace("[frequency]", 'share_with = "anybody"\n[frequency]', 1), where="new.toml")


def test_wrong_purpose(place: Siege) -> None:
    """Ask for a purpose that was never assessed."""
    refused(place.answer(purpose="league-tables"), "purposes")


@pytest.mark.parametrize("use", ForbiddenUse)
def test_forbidden_use_as_purpose(place: Siege, use: ForbiddenUse) -> None:
    """Ask for a forbidden use by its name, at each door."""
    gate = place.gate()
    for door in Door:
        refused(place.answer(gate, purpose=str(use), door=door), f"forbidden.{use}")


def test_other_school(place: Siege) -> None:
    """Have a permit for one school and pull another one."""
    assert "school 100002" in str(stopped(granted(place), NOW, schools=[A, B]))


def test_other_authority(tmp_path: Path) -> None:
    """Ask for a school of an authority that the assessment does not name; or for one that nobody can place."""
    made = besiege(tmp_path)
    narrow = version_after(made.manifest, TEXT, ("[frequency]", '[scope]\nauthorities = ["201"]\n[frequency]'))
    made.enact(narrow, at=ENACTED)
    made.manifest = narrow
    made.tell(A, B)
    assert isinstance(made.answer(), Permit)
    refused(made.answer(schools=frozenset({B})), "scope.authorities", "202")
    refused(made.answer(authorities={B: "201"}), "scope.authorities", "unknown")


def test_item_beyond(place: Siege) -> None:
    """Ask for one item more; or hold a permit and take one item more."""
    refused(place.answer(items=REQUEST.items | {Item.UPN}), "items", "upn")
    assert "item upn" in str(stopped(granted(place), NOW, items=[Item.UPN]))


def test_breakdown_beyond(place: Siege) -> None:
    """Count by a breakdown that was never assessed."""
    refused(place.answer(characteristics=frozenset({"sex", "sen"})), "counters.characteristics", "sen")
    assert "breakdown sen" in str(stopped(granted(place), NOW, characteristics=["sen"]))


def test_day_beyond(place: Siege) -> None:
    """Reach further back than the window; or take a day outside the permit."""
    refused(place.answer(first=date(2026, 1, 23)), "frequency.window_days")
    assert "covers 2026-11-02" in str(stopped(granted(place), NOW, days=[date(2026, 11, 1)]))


def test_future_day(place: Siege) -> None:
    """Ask for tomorrow."""
    refused(place.answer(last=date(2026, 11, 21)), "frequency.window_days", "future")


def test_third_pull(place: Siege) -> None:
    """Pull a third time on a day of two; or count from nought, or below."""
    assert isinstance(place.answer(pull=2), Permit)
    for number in (3, 0, -1):
        refused(place.answer(pull=number), "frequency.pulls_a_day")


def test_third_pull_called_the_first(place: Siege) -> None:
    """Pull again under the number of a round that is finished; a round with failures may be asked to the end."""
    own = Log.open(place.own, place.node)
    for failed, clause in ((2, None), (0, "frequency.pulls_a_day")):
        own.append(at=NOW, event="collected", facts={"round": "wonde 2026-11-20 1", "failed": failed})
        answer = place.answer(source="wonde")
        assert (answer.clause if isinstance(answer, Refusal) else None) == clause
    assert isinstance(place.answer(source="wonde", pull=2), Permit)
    assert isinstance(place.answer(source="another"), Permit)
    place.clock.moment = later(days=1)
    assert isinstance(place.answer(source="wonde"), Permit)


def test_named_rows_for_statistics(place: Siege) -> None:
    """Read or export named rows that were collected for statistics."""
    for door in (Door.READ, Door.EXPORT):
        refused(place.answer(door=door), "purposes.attendance-statistics.kind")


def test_recipient_whom_nobody_named(place: Siege) -> None:
    """Send counts to somebody who is no recipient, or to one who is named for published figures only."""
    for name in ("A company", "", "The public"):
        refused(place.answer(door=Door.SEND, recipient=name), "recipients")


def test_tier_above_the_manifest_s(place: Siege) -> None:
    """Let the rows rest higher up than was assessed."""
    for tier in (Tier.AUTHORITY, Tier.NATION):
        refused(place.answer(place.gate(tier=tier)), "collection.tier")
    assert isinstance(place.answer(place.gate(tier=Tier.SCHOOL)), Permit)


def test_another_collection_s_name(place: Siege) -> None:
    """Name a collection that the ledger does not hold."""
    refused(place.answer(place.gate(collection="another-one")), "life-cycle")


# The clock


def test_clock_set_back_by_hours(place: Siege) -> None:
    """Wake an assessment after it expired, by setting the clock back."""
    gate = place.gate()
    place.clock.moment = datetime(2027, 8, 31, 9, 0, tzinfo=UTC)
    day = date(2027, 8, 30)
    refused(place.answer(gate, first=day, last=day), "collection.expires")
    place.clock.moment -= timedelta(hours=12)
    with pytest.raises(Refused, match=r"set back|by this clock"):
        require(gate, dataclasses.replace(REQUEST, first=day, last=day), authorities={})


def test_clock_walked_back_a_minute_at_a_time(place: Siege) -> None:
    """Wake it by many small steps back, each within what two honest clocks may differ."""
    place.clock.moment = datetime(2027, 8, 30, 23, 2, tzinfo=UTC)  # two minutes past midnight of the 31st in London
    day = date(2027, 8, 30)
    refused(place.answer(first=day, last=day), "collection.expires")
    for _ in range(4):
        place.clock.moment -= timedelta(seconds=50)
        try:
            answer = place.answer(first=day, last=day)
        except Refused:
            continue
        assert isinstance(answer, Refusal)


def test_clock_set_before_the_activation(place: Siege) -> None:
    """Set a new machine's clock to a moment at which nobody had activated anything."""
    place.clock.moment = ENACTED - timedelta(hours=2)
    shutil.rmtree(place.own)
    Log.found(place.own, place.node)
    day = date(2026, 9, 1)
    assert isinstance(place.answer(door=Door.COUNT, first=day, last=day), Refusal)


def test_clock_set_forward_past_freshness(watched: Siege) -> None:
    """Work on with what witnesses saw a while ago."""
    watched.clock.moment = later(minutes=15)
    assert isinstance(watched.answer(), Permit)
    watched.clock.moment = later(minutes=15, seconds=1)
    refused(watched.answer(), "roles.fresh_minutes")


def test_clock_behind_the_witnesses(watched: Siege) -> None:
    """Set the clock back so that what witnesses saw long ago looks fresh: it then lies in the future."""
    watched.cosign(at=later(hours=1))
    watched.clock.moment = later(minutes=58, seconds=59)
    refused(watched.answer(), "roles.fresh_minutes")
    watched.clock.moment = later(minutes=59)
    assert isinstance(watched.answer(), Permit)


def test_restart_in_the_middle(place: Siege) -> None:
    """Start the process anew after a refusal: what the log remembers is not forgotten with the process."""
    place.clock.moment = later(days=3)
    place.answer()
    place.clock.moment = NOW
    with pytest.raises(Refused, match=r"set back|by this clock"):
        require(place.gate(), REQUEST, authorities={})


# A permit in hand


def test_permit_kept_after_it_expired(place: Siege) -> None:
    """Go on with a permit when its four hours are over."""
    permit = granted(place)
    permit.check(Door.PULL, now=later(hours=4, seconds=-1))
    stopped(permit, later(hours=4))
    stopped(permit, later(hours=-1))


def test_permit_kept_past_midnight_of_the_last_day(place: Siege) -> None:
    """Ask at a quarter to midnight before the assessment expires, and go on after midnight (in London)."""
    place.clock.moment = datetime(2027, 8, 30, 22, 45, tzinfo=UTC)
    permit = granted(place, first=date(2027, 8, 30), last=date(2027, 8, 30))
    permit.check(Door.PULL, now=datetime(2027, 8, 30, 22, 59, 59, tzinfo=UTC))
    stopped(permit, datetime(2027, 8, 30, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize("who", Role)
def test_permit_kept_after_suspension(place: Siege, who: Role) -> None:
    """Go on with a permit that was granted before any one of the three suspended the collection."""
    permit = granted(place)
    place.say(Kind.SUSPENDED, who, reason="Wait.")
    assert stopped(permit, NOW, schools=[A]).clause == "suspended"
    refused(place.answer(), "suspended")


def test_permit_kept_after_supersession(place: Siege) -> None:
    """Go on with the permit of a version that another one has followed."""
    permit = granted(place)
    place.enact(version_after(place.manifest, TEXT, ("pulls_a_day = 2", "pulls_a_day = 1")), at=NOW)
    assert "Another version" in str(stopped(permit, NOW, schools=[A]))


def test_permit_kept_after_withdrawal(place: Siege) -> None:
    """Go on when the version was withdrawn."""
    permit = granted(place)
    place.say(Kind.WITHDRAWN, APPROVER, reason="An urgent edit.")
    assert stopped(permit, NOW).clause == "life-cycle"


def test_permit_kept_when_the_contract_ended(tmp_path: Path) -> None:
    """Go on through a processor whose contract has ended."""
    made = with_processor(tmp_path)
    made.clock.moment = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    permit = granted(made)
    stopped(permit, datetime(2026, 12, 1, 0, 30, tzinfo=UTC))
    made.clock.moment = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
    refused(made.answer(), "parties.contract", "The Synthetic Host")


def test_suspension_by_another_process_stops_what_is_under_way(place: Siege) -> None:
    """Hope that the process that pulls does not see what another process writes into the ledger."""
    permit = granted(place)
    statement, key = place.statement(Kind.SUSPENDED, reason="Wait."), place.folder / "key.pem"
    envelope = sign(statement, [place.keys[DPO]])
    write_key(key, place.public.private)
    said = [NOW.isoformat(), json.dumps(entry_of(envelope, statement)), envelope.decode()]
    command = [sys.executable, "-c", ELSEWHERE, str(place.ledger), str(key), ORIGIN, *said]
    subprocess.run(command, check=True, timeout=60)
    assert stopped(permit, NOW, schools=[A]).clause == "suspended"


def test_gate_asked_in_another_process_while_suspended(place: Siege) -> None:
    """Ask again in a fresh process, which remembers nothing, while the collection is suspended."""
    place.say(Kind.SUSPENDED, OWNER, reason="Wait.")
    refused(place.answer(place.gate()), "suspended", "(asset-owner)")


def test_suspended_between_the_pull_and_the_keeping(place: Siege, tmp_path: Path) -> None:
    """Screen under a permit, and keep what was screened after the collection was suspended."""
    permit = granted(place, items=ESSENTIAL | {Item.SEX}, first=date(2026, 11, 16))
    given = extract()
    judged = register.screen(permit, given, calendar=CALENDAR, now=NOW)
    place.say(Kind.SUSPENDED, DPO, reason="Wait.")
    store = opened(tmp_path)
    with pytest.raises(Refused, match="Suspended"):
        register.keep(permit, store, judged, now=NOW)
    assert store.schools() == ()


# A permit forged


WIDER = dataclasses.replace(REQUEST, schools=frozenset({A, B}), items=frozenset(Item))


def stays_shut(permit: Permit) -> None:
    stopped(permit, NOW, schools=[B], items=[Item.UPN])
    stopped(permit, NOW)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_permit_copied_or_pickled(place: Siege, duplicate: Callable[[object], object]) -> None:
    """Copy a permit, or put it into bytes."""
    with pytest.raises(Refused, match="not copied or sent"):
        duplicate(granted(place))


def test_permit_sent_to_another_process(place: Siege) -> None:
    """Hand a permit through a pipe, as a pool of workers would."""
    ours, _theirs = multiprocessing.Pipe()
    with pytest.raises(Refused, match="not copied or sent"):
        ours.send(granted(place))


def test_permit_changed_by_replace(place: Siege) -> None:
    """`dataclasses.replace` with a wider request, a later end, or a seal of one's own."""
    for change in ({"request": WIDER}, {"expires": later(days=1)}, {"seal": object()}, {"seal": None}):
        with pytest.raises((ValueError, Refused)):
            dataclasses.replace(granted(place), **change)


def test_permit_overwritten_from_behind(place: Siege) -> None:
    """`object.__setattr__` on a permit, or on the request within."""
    for name, value in (("request", WIDER), ("expires", later(days=1)), ("clause", "x"), ("manifest", "0" * 64)):
        permit = granted(place)
        object.__setattr__(permit, name, value)
        stays_shut(permit)
    permit = granted(place)
    object.__setattr__(permit.request, "schools", WIDER.schools)
    stays_shut(permit)


def test_permit_made_by_hand(place: Siege) -> None:
    """Call the constructor, or go round it with `__new__`."""
    with pytest.raises(Refused, match="Only the gate grants"):
        Permit(WIDER, "0" * 64, "none", NOW, later(days=1), object())
    bare = Permit.__new__(Permit)
    for name in ("manifest", "clause", "granted", "expires"):
        object.__setattr__(bare, name, getattr(granted(place), name))
    object.__setattr__(bare, "request", WIDER)
    stays_shut(bare)


def test_permit_with_the_stolen_seal() -> None:
    """Import the seal itself: the gate does not remember what it did not grant."""
    stays_shut(Permit(WIDER, "0" * 64, "none", NOW, later(days=1), permits._SEAL))


def test_permit_put_into_the_gate_s_memory(place: Siege) -> None:
    """Poke the memory of the gate: give a forged permit the entry of a genuine one, or empty it."""
    genuine = granted(place)
    forged = Permit(WIDER, genuine.manifest, genuine.clause, NOW, later(days=1), permits._SEAL)
    permits._GRANTED[forged] = permits._GRANTED[genuine]
    stays_shut(forged)
    del permits._GRANTED[genuine]
    stays_shut(genuine)


def test_permit_that_says_it_is_another_one(place: Siege) -> None:
    """A subclass that claims to equal a genuine permit and answers with its words."""
    genuine = granted(place)

    def lie() -> None:
        class Liar(Permit):
            def __hash__(self) -> int:
                return hash(genuine)

            def __eq__(self, other: object) -> bool:
                return True

            def _words(self) -> tuple[object, ...]:
                return genuine._words()

        liar = Liar(WIDER, genuine.manifest, genuine.clause, NOW, later(days=1), permits._SEAL)
        liar.check(Door.PULL, now=NOW, schools=[B], items=[Item.UPN])

    with pytest.raises((TypeError, Refused)):
        lie()


def test_permit_of_an_older_life(place: Siege) -> None:
    """Keep a weak reference, let the permit go, and ask for what was granted by a new one at the same place."""
    permit = granted(place)
    last = weakref.ref(permit)
    del permit
    assert last() is None
    assert all(one is not None for one in permits._GRANTED)


def test_request_that_grows_after_it_was_judged(place: Siege) -> None:
    """Hand in a request of one's own making, whose set of schools grows once the gate has looked."""

    class Sly(Request):
        def __post_init__(self) -> None:
            """Freeze nothing."""

    schools = {A}
    sly = Sly(**asked(Door.PULL) | {"schools": schools})
    try:
        permit = require(place.gate(), sly, authorities={})
    except Problem:
        return
    schools.add(B)
    stopped(permit, NOW, schools=[B])


def test_set_that_claims_to_hold_everything(place: Siege) -> None:
    """Hand in a set whose `in` is always true."""

    class Everything(frozenset[Urn]):
        def __contains__(self, one: object) -> bool:
            return True

    stopped(granted(place, schools=Everything({A})), NOW, schools=[B])


def test_purpose_that_claims_to_be_any(place: Siege) -> None:
    """Hand in a text that equals every other text, and says that it is a forbidden use."""

    class Any(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return other not in list(ForbiddenUse)

        __hash__ = str.__hash__

    try:
        answer = place.answer(purpose=Any("ai-training"))
    except Problem:
        return
    assert isinstance(answer, Refusal)


# Doors without the gate


def test_the_wrong_door(tmp_path: Path) -> None:
    """Read kept rows with a permit to pull; screen and keep with a permit to count."""
    store = opened(tmp_path)
    with pytest.raises(Refused, match="opens the door 'pull'"):
        register.read(PULL, store, schools=[A], first=NOW.date(), last=NOW.date(), now=NOW)
    with pytest.raises(Refused, match="opens the door 'count'"):
        register.screen(COUNT, extract(), calendar=CALENDAR, now=NOW)
    with pytest.raises(Refused, match="opens the door 'count'"):
        register.known(COUNT, store, school=A, now=NOW)


@pytest.mark.parametrize("nothing", [None, object(), "permit", REQUEST])
def test_rooms_called_without_a_permit(tmp_path: Path, nothing: object) -> None:
    """Call what touches rows with nothing, or with something that is no permit."""
    store = opened(tmp_path)
    held = reading(store)
    day = NOW.date()
    about = {"definition": Definition(()), "now": NOW, "revision": 1}
    with open_engine() as engine:
        calls = (
            lambda: register.screen(nothing, extract(), calendar=CALENDAR, now=NOW),
            lambda: register.known(nothing, store, school=A, now=NOW),
            lambda: register.read(nothing, store, schools=[A], first=day, last=day, now=NOW),
            lambda: tally.count(nothing, engine, held, **about),
            lambda: tally.count_persistent(nothing, engine, held, first=day, last=day, **about),
        )
        for call in calls:
            with pytest.raises((Refused, AttributeError)):
                call()


def test_counting_beyond_the_permit(tmp_path: Path) -> None:
    """Count by a breakdown, or over a day, that the permit to count does not name."""
    everything = Request(**asked(Door.COUNT) | {"items": frozenset(Item), "characteristics": frozenset()})
    permit, held = require(a_gate(), everything, authorities={}), reading(opened(tmp_path))
    with open_engine() as engine:
        for days, breakdowns, said in (
            ((), ("sen",), "breakdown sen"),
            ((date(2026, 11, 1),), (), "covers 2026-11-02"),
        ):
            with pytest.raises(Refused, match=said):
                tally.count(permit, engine, held, definition=Definition(breakdowns), now=NOW, revision=1, days=days)


def test_connector_called_directly(place: Siege, tmp_path: Path) -> None:
    """Call a connector oneself, with a permit for another door, school or time."""
    source = SourceSchool("key", school(B.number), SchoolState.APPROVED)
    connector = CsvConnector({"folder": str(tmp_path)})
    for permit, at in (
        (granted(place), NOW),
        (granted(place, door=Door.COUNT, schools=frozenset({B})), NOW),
        (granted(place, schools=frozenset({B})), later(hours=5)),
    ):
        with pytest.raises(Refused):
            asyncio.run(connector.pull(permit, source, clock=HandClock(at), first=REQUEST.first, last=REQUEST.last))


def test_endpoint_called_directly(tmp_path: Path) -> None:
    """Post counts straight to the centre's address while the collection is suspended, or under another assessment."""
    made, permit = sending(tmp_path / "place")
    payload = submission.encode(permit, tally_of(SCHOOL), now=NOW)
    other = payload.replace(made.manifest.digest.encode(), b"ab" * 32)
    assert other != payload
    inbox = Inbox(made.gate(), REQUEST.purpose, {A: "302"}, tmp_path / "inbox", made.clock)

    async def post(*bodies: bytes) -> list[int]:
        async with TestServer(app(inbox), host="127.0.0.1") as server, TestClient(server) as client:
            head = {"Content-Type": "application/json"}
            return [(await client.post("/tallies", data=body, headers=head)).status for body in bodies]

    suspend(made)
    assert asyncio.run(post(payload, other, b"{}")) == [403, 403, 422]
    assert not [path for path in inbox.folder.rglob("*") if path.is_file()]
    both = [made.keys[APPROVER], made.keys[DPO]]
    made.smuggle_signed(made.statement(Kind.RESUMED, reason="Go on."), *both)
    assert asyncio.run(post(other)) != [201]
    assert asyncio.run(post(payload)) == [201]


def test_counts_sent_after_suspension(tmp_path: Path) -> None:
    """Encode what was counted before, with a permit to send that was granted before the suspension."""
    made, permit = sending(tmp_path / "place")
    counts = tally_of(SCHOOL)
    assert submission.encode(permit, counts, now=NOW)
    suspend(made)
    with pytest.raises(Refused, match="Suspended"):
        submission.encode(permit, counts, now=NOW)
    with pytest.raises(Refused, match="opens the door"):
        submission.encode(granted(besiege(tmp_path / "other"), door=Door.COUNT), counts, now=NOW)


# Statements forged


def test_forged_role_key(place: Siege) -> None:
    """Resume with keys that nobody put into the roles."""
    suspend(place)
    forged = [Ed25519PrivateKey.generate() for _ in range(2)]
    place.smuggle_signed(place.statement(Kind.RESUMED, reason="Go on."), *forged)
    refused(place.answer(), "suspended")


def test_key_named_like_another_one(place: Siege) -> None:
    """Sign with one's own key under the key names of approver and officer."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    mine = json.loads(sign(statement, [Ed25519PrivateKey.generate()]))
    names = [one.id for one in place.roles.keys if one.role in (APPROVER, DPO)]
    mine["signatures"] = [{**mine["signatures"][0], "keyid": name} for name in names]
    place.smuggle(rfc8785.dumps(mine), statement)
    refused(place.answer(), "suspended")


def test_training_has_ended(place: Siege) -> None:
    """Sign with the key of a person whose training ended the day before."""
    suspend(place)
    at = datetime(2028, 1, 1, 9, 0, tzinfo=UTC)
    place.smuggle_signed(
        place.statement(Kind.RESUMED, at=at, reason="Go on."), place.keys[APPROVER], place.keys[DPO], at=at
    )
    standing = Assessments(place.ledger, place.roles).standing()
    assert standing.history("test-attendance").stopped is not None


def test_one_key_in_two_roles(place: Siege) -> None:
    """Name one key as approver and as data-protection officer."""
    with pytest.raises(Problem, match="one key, one holder, one role"):
        changed_roles(place, keys=lambda keys: [{**one, "public": keys[0]["public"]} for one in keys])


@pytest.mark.parametrize("name", ["Ann Example", "ann  example ", "ANN EXAMPLE"])
def test_one_holder_in_two_roles(place: Siege, name: str) -> None:
    """Give one person two keys and two roles, written as it was or a little otherwise."""
    names = ["Ann Example", name, "Bea Sample"]
    with pytest.raises(Problem, match="one key, one holder, one role"):
        changed_roles(place, keys=lambda keys: [{**one, "holder": who} for one, who in zip(keys, names, strict=True)])


def test_officer_signs_as_approver(tmp_path: Path) -> None:
    """Approve with the key of the data-protection officer, or the owner's, or both; the approver's is not there."""
    made = unapproved(tmp_path)
    for roles_ in ((DPO,), (OWNER,), (DPO, OWNER)):
        made.smuggle_signed(made.statement(Kind.APPROVED), *(made.keys[one] for one in roles_))
    made.smuggle_signed(published(made), made.keys[OWNER])
    made.smuggle_signed(made.statement(Kind.ACTIVATED), made.keys[APPROVER])
    closed(made)


def test_unsigned_envelope(place: Siege) -> None:
    """Put a statement into the ledger that nobody has signed."""
    suspend(place)
    place.smuggle_signed(place.statement(Kind.RESUMED, reason="Go on."))
    refused(place.answer(), "suspended")


def test_signature_of_another_kind_of_payload(place: Siege) -> None:
    """Carry over signatures that were given to the same bytes under another payload type."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    envelope = dsse(statement.canonical, "text/plain", place, APPROVER, DPO)
    place.smuggle(rfc8785.dumps(envelope), statement)
    place.smuggle(rfc8785.dumps({**envelope, "payloadType": PAYLOAD_TYPE}), statement)
    refused(place.answer(), "suspended")


def test_one_signature_twice(place: Siege) -> None:
    """Give one person's signature twice where two people must sign."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    tree = json.loads(sign(statement, [place.keys[APPROVER]]))
    tree["signatures"] *= 2
    place.smuggle(rfc8785.dumps(tree), statement)
    refused(place.answer(), "suspended")


def test_statement_for_another_collection(place: Siege) -> None:
    """Use a resumption of another collection, under an entry that names ours."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    other = dataclasses.replace(statement, collection="another-one")
    place.smuggle(sign(other, [place.keys[APPROVER], place.keys[DPO]]), statement)
    refused(place.answer(), "suspended")


def test_payload_that_is_not_canonical(place: Siege) -> None:
    """Sign other bytes that read as the same statement: with blanks, or with a key given twice."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    for payload in (
        json.dumps(json.loads(statement.canonical), indent=1).encode(),
        statement.canonical.replace(b'{"at"', b'{"kind":"suspended","at"', 1),
    ):
        place.smuggle(rfc8785.dumps(dsse(payload, PAYLOAD_TYPE, place, APPROVER, DPO)), statement)
    refused(place.answer(), "suspended")


def test_statement_dated_in_the_future(place: Siege) -> None:
    """Sign today what is dated tomorrow."""
    suspend(place)
    place.smuggle_signed(
        place.statement(Kind.RESUMED, at=later(days=1), reason="Go on."), place.keys[APPROVER], place.keys[DPO]
    )
    refused(place.answer(), "suspended")


def test_statement_that_knows_the_future(place: Siege) -> None:
    """Sign ahead: a statement that claims to have seen entries that are not written yet."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    ahead = dataclasses.replace(statement, seen=statement.seen + 50)
    place.smuggle_signed(ahead, place.keys[APPROVER], place.keys[DPO])
    refused(place.answer(), "suspended")


def test_resumption_played_again(place: Siege) -> None:
    """Suspend, resume, suspend again, and play the first resumption once more."""
    suspend(place)
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    place.smuggle_signed(statement, place.keys[APPROVER], place.keys[DPO])
    assert isinstance(place.answer(), Permit)
    place.clock.moment = later(minutes=1)
    place.say(Kind.SUSPENDED, DPO, reason="Wait again.")
    place.smuggle_signed(statement, place.keys[APPROVER], place.keys[DPO])
    refused(place.answer(), "suspended")


def test_resumption_held_back(place: Siege) -> None:
    """Have a resumption signed before the suspension, keep it, and play it after."""
    statement = place.statement(Kind.RESUMED, reason="Just in case.")
    suspend(place)
    place.smuggle_signed(statement, place.keys[APPROVER], place.keys[DPO])
    refused(place.answer(), "suspended")


def test_published_before_witnesses_saw_the_approval(tmp_path: Path) -> None:
    """Publish and activate at once, with a number that no witness has come to, and let witnesses see it afterwards."""
    made = unapproved(tmp_path, witnessed=True)
    made.smuggle_signed(made.statement(Kind.APPROVED), made.keys[APPROVER])
    made.smuggle_signed(published(made, witnessed=999_999), made.keys[OWNER])
    made.smuggle_signed(made.statement(Kind.ACTIVATED), made.keys[APPROVER])
    made.cosign()
    closed(made)


def test_manifest_swapped_under_an_approval(place: Siege) -> None:
    """Show the office a manifest that carries the digest of what will be approved, and permits more."""
    next_one = version_after(place.manifest, TEXT)
    often = next_one.frequency.model_copy(update={"pulls_a_day": 9})
    wider = next_one.model_copy(update={"frequency": often})
    assert wider.digest == next_one.digest
    gate, statement = place.gate(), place.statement(Kind.SCREENED)
    envelope = sign(dataclasses.replace(statement, manifest=wider.digest), [place.keys[OWNER]])
    with contextlib.suppress(Problem):
        gate.assessments.objection(envelope, at=NOW, manifest=wider)
    place.enact(next_one, at=NOW)
    refused(place.answer(gate, pull=9), "frequency.pulls_a_day")


# The ledger tampered with


def test_flipped_statement(place: Siege) -> None:
    """Flip a byte of a statement's document."""
    flip(place.document(Kind.ACTIVATED))
    closed(place)


def test_suspension_flipped_or_removed(place: Siege) -> None:
    """Flip, or delete, the document of the suspension, so that a node cannot read why it was stopped."""
    suspend(place)
    path = place.document(Kind.SUSPENDED)
    flip(path)
    closed(place)
    path.unlink()
    closed(place)


def test_suspension_about_a_manifest_that_is_gone(place: Siege) -> None:
    """Suspend naming a version whose manifest the ledger does not hold: a stop needs no manifest."""
    statement = dataclasses.replace(place.statement(Kind.SUSPENDED, reason="Wait."), manifest="ab" * 32)
    place.smuggle_signed(statement, place.keys[DPO])
    closed(place)


def test_suspension_by_a_clock_that_is_fast(place: Siege) -> None:
    """Suspend on a machine whose clock is two minutes fast: a stop is not lost for it."""
    statement = place.statement(Kind.SUSPENDED, at=later(minutes=2), reason="Wait.")
    place.smuggle_signed(statement, place.keys[DPO])
    closed(place)


def test_manifest_document_swapped(place: Siege) -> None:
    """Put another manifest, which permits more, into the approved one's file."""
    wider = parse(TEXT.replace("pulls_a_day = 2", "pulls_a_day = 9"), where="wider")
    path = place.ledger / "documents" / place.manifest.digest
    path.write_bytes(wider.canonical)
    closed(place)
    path.unlink()
    closed(place)


def test_manifest_file_with_the_same_id(place: Siege) -> None:
    """Bring another manifest under the same collection id: nobody has signed its bytes."""
    wider = parse(TEXT.replace("pulls_a_day = 2", "pulls_a_day = 4"), where="wider")
    assert wider.collection.id == place.manifest.collection.id
    Log.open(place.ledger, place.public).keep_document(wider.canonical)
    statement = dataclasses.replace(place.statement(Kind.ACTIVATED), manifest=wider.digest)
    place.smuggle_signed(statement, place.keys[APPROVER])
    refused(place.answer(pull=4), "frequency.pulls_a_day")


def test_entry_changed_in_its_bundle(place: Siege) -> None:
    """Edit an entry of the ledger in place."""
    for path in bundles(place.ledger):
        data = path.read_bytes()
        path.write_bytes(data.replace(b'"activated"', b'"screened!"', 1))
    refused(place.answer(), "ledger")


def test_torn_tile(place: Siege) -> None:
    """Cut the last bytes off the entries."""
    for path in bundles(place.ledger):
        path.write_bytes(path.read_bytes()[:-7])
    refused(place.answer(), "ledger")


def test_rollback_while_it_runs(place: Siege) -> None:
    """Put the ledger as it was before the suspension in the place of the present one."""
    before = set_aside(place.ledger)
    gate = place.gate()
    suspend(place)
    refused(place.answer(gate), "suspended")
    bring_back(before, place.ledger)
    refused(place.answer(gate), "ledger", "set back")


def test_rollback_before_a_restart(place: Siege) -> None:
    """The same, and start the gate anew: its own log knows how far the ledger had come."""
    before = set_aside(place.ledger)
    suspend(place)
    refused(place.answer(), "suspended")
    bring_back(before, place.ledger)
    for _ in range(3):  # the answer to the first question is no news for the next
        closed(place)


def test_rollback_behind_a_broken_ledger(place: Siege) -> None:
    """Break the ledger first, so that the refusal is written down without a length, and then set it back."""
    before = set_aside(place.ledger)
    suspend(place)
    refused(place.answer(), "suspended")
    (place.ledger / "checkpoint").write_text("nothing")
    refused(place.answer(), "ledger")
    bring_back(before, place.ledger)
    closed(place)


def test_split_view_after_a_restart(place: Siege) -> None:
    """Show the gate, once it has started anew, another ledger with the same key, of the same length or longer."""
    other = place.folder / "other"
    shutil.copytree(place.ledger, other)
    suspend(place)
    refused(place.answer(), "suspended")
    for name in ("one", "two"):
        Log.open(other, place.public).append(at=NOW, event=name, facts={})
        shutil.rmtree(place.ledger)
        shutil.copytree(other, place.ledger)
        refused(place.answer(), "ledger", "another view")


def test_old_copy_under_witnesses(watched: Siege) -> None:
    """Give a new machine an old copy of the folder, from before the suspension: what its witnesses saw is old."""
    before = set_aside(watched.ledger)
    watched.clock.moment = later(minutes=16)
    watched.say(Kind.SUSPENDED, DPO, reason="Wait.")
    watched.cosign()
    bring_back(before, watched.ledger)
    refused(watched.answer(), "roles.fresh_minutes")


def test_split_view_while_it_runs(place: Siege) -> None:
    """Show a gate two ledgers with the same key and the same length that say different things."""
    other = place.folder / "other"
    shutil.copytree(place.ledger, other)
    gate = place.gate()
    suspend(place)
    refused(place.answer(gate), "suspended")
    Log.open(other, place.public).append(at=NOW, event="nothing", facts={})
    bring_back(other, place.ledger)
    refused(place.answer(gate), "ledger", "two views")


def test_split_view_under_witnesses(watched: Siege) -> None:
    """Show one ledger to the witnesses, and another one with the same key and length to the node."""
    seen = (watched.ledger / "checkpoint.witnessed").read_bytes()
    shutil.rmtree(watched.ledger)
    made = dataclasses.replace(watched)
    found(made.ledger, key=made.public, roles=made.roles, at=ENACTED + timedelta(seconds=1))
    from_scratch(made)
    (made.ledger / "checkpoint.witnessed").write_bytes(seen)
    refused(made.answer(), "ledger", "witnesses saw")


def test_founded_again_with_other_roles(place: Siege) -> None:
    """Found the ledger anew with roles of one's own, whose keys one holds."""
    keys = {role: Ed25519PrivateKey.generate() for role in Role}
    mine = changed_roles(place, keys=lambda old: [{**one, "public": public_of(keys[one["role"]])} for one in old])
    shutil.rmtree(place.ledger)
    found(place.ledger, key=place.public, roles=mine, at=ENACTED)
    from_scratch(dataclasses.replace(place, roles=mine, keys=keys))
    refused(place.answer(), "ledger", "not founded with these roles")


def test_roles_file_swapped(place: Siege) -> None:
    """Put another roles file on the node: the ledger was not founded with it."""
    place.roles = changed_roles(place, keys=lambda keys: [*keys, {**keys[0], "holder": "Me", "public": "ab" * 32}])
    refused(place.answer(), "ledger", "not founded with these roles")


def test_roles_changed_by_one(place: Siege) -> None:
    """Bring in a key of one's own with the signature of the approver alone, or of officer and owner."""
    mine = Ed25519PrivateKey.generate()
    swapped = changed_roles(place, keys=lambda keys: [with_key(one, DPO, mine) for one in keys])
    digest = Log.open(place.ledger, place.public).keep_document(swapped.canonical)
    suspend(place)
    for who in ((APPROVER,), (DPO, OWNER)):
        statement = place.statement(Kind.ROLES_CHANGED, roles=digest, reason="New.")
        place.smuggle_signed(statement, *(place.keys[one] for one in who))
    place.smuggle_signed(place.statement(Kind.RESUMED, reason="Go on."), place.keys[APPROVER], mine)
    refused(place.answer(), "suspended")


def test_roles_change_that_drops_the_witnesses(watched: Siege) -> None:
    """Change the roles by two signatures so that no witness is asked any more."""
    alone = watched.roles.model_copy(update={"quorum": 0, "witnesses": ()})
    digest = Log.open(watched.ledger, watched.public).keep_document(alone.canonical)
    statement = watched.statement(Kind.ROLES_CHANGED, roles=digest, reason="New.")
    watched.smuggle_signed(statement, watched.keys[APPROVER], watched.keys[DPO])
    watched.cosign()
    watched.clock.moment = later(hours=1)
    refused(watched.answer(), "roles.fresh_minutes")


def test_roles_change_held_back(place: Siege) -> None:
    """Keep a signed change of the roles, and play it, as it is or as a collection's, after they were changed again."""
    mine = Ed25519PrivateKey.generate()
    theirs = changed_roles(place, keys=lambda keys: [with_key(one, OWNER, mine) for one in keys])
    others = changed_roles(place, keys=lambda keys: [*keys, {**keys[0], "holder": "New", "public": "cd" * 32}])
    log, both = Log.open(place.ledger, place.public), (place.keys[APPROVER], place.keys[DPO])
    held = place.statement(Kind.ROLES_CHANGED, roles=log.keep_document(theirs.canonical), reason="Held.")
    now = place.statement(Kind.ROLES_CHANGED, roles=log.keep_document(others.canonical), reason="Now.")
    place.smuggle_signed(now, *both)
    place.smuggle_signed(held, *both)
    place.smuggle_signed(dataclasses.replace(held, collection="quiet-one"), *both)
    assert Assessments(place.ledger, place.roles).standing().roles == others


def test_checkpoint_signed_by_another_key(place: Siege) -> None:
    """Sign the checkpoint with another key of the same name."""
    log = NoteKey.new(ORIGIN)
    text = (place.ledger / "checkpoint").read_text().partition("\n\n")[0] + "\n"
    (place.ledger / "checkpoint").write_text(f"{text}\n{log.sign(text)}")
    refused(place.answer(), "ledger", "signature")


def test_no_ledger(place: Siege) -> None:
    """Take the ledger's folder away, empty it, or put a file in its place."""
    shutil.rmtree(place.ledger)
    closed(place)
    place.ledger.mkdir()
    closed(place)
    place.ledger.rmdir()
    place.ledger.write_bytes(b"")
    closed(place)


def test_ledger_without_entries(place: Siege) -> None:
    """A new, empty ledger with the right key and nothing in it."""
    shutil.rmtree(place.ledger)
    Log.found(place.ledger, place.public)
    refused(place.answer(), "ledger", "not founded")


def test_second_founding(place: Siege) -> None:
    """Append a second founding, with roles of one's own."""
    mine = changed_roles(place, keys=lambda keys: [*keys, {**keys[0], "holder": "Me", "public": "ab" * 32}])
    log = Log.open(place.ledger, place.public)
    log.append(at=NOW, event=FOUNDED, facts={"roles": {"document": log.keep_document(mine.canonical)}})
    assert Assessments(place.ledger, place.roles).standing().roles == place.roles


def test_statements_of_another_event(place: Siege) -> None:
    """Write a suspension into an entry of another event, or the reverse: only statements are statements."""
    statement = place.statement(Kind.RESUMED, reason="Go on.")
    suspend(place)
    log = Log.open(place.ledger, place.public)
    envelope = log.keep_document(sign(statement, [place.keys[APPROVER], place.keys[DPO]]))
    log.append(at=NOW, event="note", facts={"kind": "resumed", "envelope": {"document": envelope}})
    log.append(at=NOW, event=STATEMENT, facts={"kind": "resumed"})
    refused(place.answer(), "suspended")


def test_two_collections_in_one_ledger(place: Siege) -> None:
    """Suspend one of two collections: the other one's ceremony does not wake it, and is not stopped by it."""
    other = parse(TEXT.replace('id = "test-attendance"', 'id = "other-attendance"', 1), where="other")
    suspend(place)
    enact_other(place, other)
    refused(place.answer(), "suspended")
    gate = place.gate(collection="other-attendance")
    refused(place.answer(gate, door=Door.COUNT, purpose="none-such"), "purposes")
    assert isinstance(place.answer(gate, door=Door.COUNT), Permit)


# Witnesses


def test_activation_that_no_witness_saw(tmp_path: Path) -> None:
    """Activate, and start before any witness has seen it."""
    made = unapproved(tmp_path, witnessed=True)
    made.smuggle_signed(made.statement(Kind.APPROVED), made.keys[APPROVER])
    made.cosign()
    made.smuggle_signed(published(made), made.keys[OWNER])
    made.smuggle_signed(made.statement(Kind.ACTIVATED), made.keys[APPROVER])
    closed(made)
    made.cosign()
    made.tell(A)
    assert isinstance(made.answer(), Permit)


def test_resumption_that_no_witness_saw(watched: Siege) -> None:
    """Resume in a copy of the ledger that no witness sees; the suspension itself needs no witness."""
    watched.say(Kind.SUSPENDED, DPO, reason="Wait.")
    refused(watched.answer(), "suspended")
    watched.smuggle_signed(watched.statement(Kind.RESUMED, reason="Go on."), watched.keys[APPROVER], watched.keys[DPO])
    refused(watched.answer(), "suspended")
    watched.cosign()
    assert isinstance(watched.answer(), Permit)


def test_too_few_witnesses(watched: Siege) -> None:
    """Show the ledger to one witness where two are needed."""
    watched.clock.moment = later(hours=1)
    watched.say(Kind.REGULATOR_LETTER, OWNER, on="2026-11-20", text="Sent.")
    watched.cosign("w1.example")
    refused(watched.answer(), "life-cycle")  # what one witness saw is seen by nobody
    watched.cosign("w2.example")
    assert isinstance(watched.answer(), Permit)


def test_one_fresh_witness_among_stale_ones(watched: Siege) -> None:
    """Let one witness alone go on cosigning: the second newest moment is what counts."""
    watched.clock.moment = later(hours=1)
    watched.cosign("w1.example")
    refused(watched.answer(), "roles.fresh_minutes")


def test_two_witnesses_of_one_sector(watched: Siege) -> None:
    """Have a quorum of two from the same sector, though the roles name another one."""
    watched.clock.moment = later(hours=1)
    watched.say(Kind.REGULATOR_LETTER, OWNER, on="2026-11-20", text="Sent.")
    watched.cosign("w2.example", "w3.example")
    closed(watched)


def test_one_witness_under_two_names(watched: Siege) -> None:
    """Name one witness's key twice, under two names."""
    one = watched.roles.witnesses[0]
    twin = NoteKey("twin.example", watched.witness_keys[one.name].private)
    named = (*watched.roles.witnesses, WitnessKey(name="twin.example", key=twin.cosigner_vkey, sector="law"))
    with pytest.raises(Problem, match="share"):
        roles.parse(json.dumps({**watched.roles.model_dump(mode="json"), "witnesses": dumped(named)}), where="roles")


def test_ledger_that_witnesses_itself(watched: Siege) -> None:
    """Name the ledger's own key, or an approver's, among the witnesses."""
    for private in (watched.public.private, watched.keys[APPROVER]):
        mine = NoteKey("own.example", private)
        named = (*watched.roles.witnesses, WitnessKey(name="own.example", key=mine.cosigner_vkey, sector="law"))
        with pytest.raises(Problem, match="witness"):
            roles.parse(
                json.dumps({**watched.roles.model_dump(mode="json"), "witnesses": dumped(named)}), where="roles"
            )


def test_forged_cosignature(watched: Siege) -> None:
    """Alter the time of a cosignature, so that it looks fresh."""
    path = watched.ledger / "checkpoint.witnessed"
    *head, last = path.read_text().splitlines()
    mark, name, blob = last.split(" ")
    raw = bytearray(base64.b64decode(blob))
    raw[11] ^= 1
    path.write_text("\n".join([*head, f"{mark} {name} {base64.b64encode(raw).decode()}"]) + "\n")
    refused(watched.answer(), "ledger", "does not verify")


def test_cosignatures_of_another_ledger(watched: Siege, tmp_path: Path) -> None:
    """Bring the cosignatures that the same witnesses gave another ledger of the same name."""
    key = NoteKey.new(ORIGIN)
    Log.found(tmp_path / "other", key)
    theirs = dataclasses.replace(watched, folder=tmp_path, public=key)
    (tmp_path / "other").rename(theirs.ledger)
    theirs.cosign()
    shutil.copy(theirs.ledger / "checkpoint.witnessed", watched.ledger / "checkpoint.witnessed")
    refused(watched.answer(), "ledger")


def test_witnesses_forgotten(watched: Siege) -> None:
    """Delete what the witnesses said."""
    (watched.ledger / "checkpoint.witnessed").unlink()
    closed(watched)


def test_roles_without_witnesses_where_they_are_needed(tmp_path: Path) -> None:
    """Hold registers at an authority under roles that ask for no witness."""
    made = besiege(tmp_path)
    higher = version_after(made.manifest, TEXT, ('tier = "trust"', 'tier = "authority"'))
    made.enact(higher, at=ENACTED)
    refused(made.answer(), "roles.quorum")


def test_witness_led_to_sign_a_fork(watched: Siege) -> None:
    """Ask a witness to cosign another history of the same ledger."""
    witness = Witness(watched.folder / "w1.example", watched.witness_keys["w1.example"], {ORIGIN: watched.public.vkey})
    shutil.rmtree(watched.ledger)
    found(watched.ledger, key=watched.public, roles=watched.roles, at=ENACTED + timedelta(seconds=1))
    from_scratch(watched)
    size = len(Reader(watched.ledger, key=watched.public.vkey).refresh())
    checkpoint = (watched.ledger / "checkpoint").read_bytes()
    for old in range(size + 1):
        answer = witness.add_checkpoint(f"old {old}\n\n".encode() + checkpoint, now=NOW)
        assert answer.status != 200


# The node's own log, notices, policy


def test_own_log_deleted_between_answers(place: Siege) -> None:
    """Delete the log of answers while the gate runs, or before it starts."""
    gate = place.gate()
    place.answer(gate)
    shutil.rmtree(place.own)
    with pytest.raises(Problem):
        place.answer(gate)
    closed(place)


def test_own_log_founded_again(place: Siege) -> None:
    """Found the own log anew: what schools told their families is not known any more, and nothing is pulled."""
    shutil.rmtree(place.own)
    Log.found(place.own, place.node)
    refused(place.answer(), "notices")


def test_own_log_edited(place: Siege) -> None:
    """Edit the log of answers."""
    for path in bundles(place.own):
        path.write_bytes(path.read_bytes().replace(b"100001", b"100003", 1))
    with pytest.raises(Problem):
        place.answer()


def test_own_log_on_a_full_disk(place: Siege) -> None:
    """Make the log unwritable: no answer is given that is not written down."""
    gate = place.gate()
    shutil.rmtree(place.own / "tile")
    (place.own / "tile").write_bytes(b"")
    with pytest.raises(Problem):
        place.answer(gate)


def test_notices_not_issued(place: Siege) -> None:
    """Pull from a school that has not told its families."""
    refused(place.answer(schools=frozenset({A, Urn(100003)})), "notices", "100003")


def test_notices_outdated(place: Siege) -> None:
    """Change what families must be told, and pull under the old notices."""
    told = version_after(place.manifest, TEXT, ('contact = "dpo@authority.example"', 'contact = "new@a.example"'))
    place.enact(told, at=NOW)
    refused(place.answer(), "notices")
    place.manifest = told
    place.tell(A)
    assert isinstance(place.answer(), Permit)


def test_notices_in_the_wrong_log(place: Siege) -> None:
    """Write the notices into the public ledger: a node believes its own log."""
    shutil.rmtree(place.own)
    Log.found(place.own, place.node)
    facts = {"notice": notice_digest(place.manifest), "schools": [A.number]}
    Log.open(place.ledger, place.public).append(at=NOW, event=NOTICES_ISSUED, facts=facts)
    refused(place.answer(), "notices")


def test_policy_review_passed(tmp_path: Path) -> None:
    """Go on when the policy document's review is overdue."""
    made = besiege(tmp_path)
    text = '[policy_document]\nreference = "Policy 1"\nreview_on = 2026-11-19\n[frequency]'
    made.enact(version_after(made.manifest, TEXT, ("[frequency]", text)), at=ENACTED)
    made.clock.moment = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert isinstance(made.answer(door=Door.COUNT, last=date(2026, 11, 19)), Permit)
    made.clock.moment = NOW
    refused(made.answer(door=Door.COUNT), "policy_document.review_on")


# What would make the gate stumble


@pytest.mark.parametrize(
    "odd",
    [
        {"collection": ["x"]},
        {"manifest": {"a": 1}},
        {"manifest": 7},
        {"at": "0001-01-01T00:00:00+23:59"},
        {"at": "2026-11-20T16:00:00"},
        {"seen": 10**17},
        {"seen": None},
        {"seen": True},
        {"facts": []},
        {"facts": {"reason": 1}},
        {"kind": "unheard-of"},
    ],
)
def test_statement_of_another_shape(place: Siege, odd: dict[str, object]) -> None:
    """Give the office, or the ledger, a statement whose fields are not what they must be: refused, never a crash."""
    tree = json.loads(place.statement(Kind.RESUMED, reason="Go on.").canonical) | odd
    payload = json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()
    envelope = rfc8785.dumps(dsse(payload, PAYLOAD_TYPE, place, APPROVER, DPO))
    with pytest.raises(Problem):
        place.gate().assessments.objection(envelope, at=NOW)
    suspend(place)
    place.smuggle(envelope, place.statement(Kind.RESUMED))
    refused(place.answer(), "suspended")


@pytest.mark.parametrize("kind", [Kind.REGULATOR_CONCERN, Kind.REGULATOR_LETTER])
def test_day_at_the_end_of_time(place: Siege, kind: Kind) -> None:
    """Record a concern or letter as of a day to come, so that it is never late, or breaks the calendar."""
    with pytest.raises(Refused):
        place.say(kind, OWNER, on="9999-12-31", text="Ten pages.", concern="risk")


def test_number_longer_than_a_number_may_be(tmp_path: Path) -> None:
    """Publish with so long a number of entries that no integer can be read from it."""
    made = unapproved(tmp_path)
    made.smuggle_signed(made.statement(Kind.APPROVED), made.keys[APPROVER])
    made.smuggle_signed(published(made, witnessed="9" * 5000), made.keys[OWNER])
    closed(made)


def test_roles_that_are_not_text(place: Siege) -> None:
    """Change the roles to a document that is no text, signed by two: the gate goes on with those that it had."""
    digest = Log.open(place.ledger, place.public).keep_document(b"\xff\xfe\x00")
    statement = place.statement(Kind.ROLES_CHANGED, roles=digest, reason="New.")
    place.smuggle_signed(statement, place.keys[APPROVER], place.keys[DPO])
    assert Assessments(place.ledger, place.roles).standing().roles == place.roles


def test_no_request_that_is_none(place: Siege) -> None:
    """Ask with free text as purpose: what is asked is written down, and free text could name a child."""
    with pytest.raises(UsageProblem):
        dataclasses.replace(REQUEST, purpose="what Ann Example did on Monday")
    before = len(Reader(place.own, key=place.node.vkey).refresh())
    with pytest.raises(UsageProblem):
        place.answer(purpose="")
    assert len(Reader(place.own, key=place.node.vkey).refresh()) == before


def test_many_ask_at_once(place: Siege) -> None:
    """Ask from many threads when the ledger has just grown, as a centre's door does: each entry is held once."""
    log = Log.open(place.ledger, place.public)
    for _ in range(40):
        log.append(at=NOW, event="note", facts={})
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            gate = place.gate()
            with ThreadPoolExecutor(8) as pool:
                sizes = list(pool.map(lambda gate: len(gate.assessments.entries()), [gate] * 8))
            assert sizes == [47] * 8
    finally:
        sys.setswitchinterval(usual)


def test_padded_fork_asked_about_twice(place: Siege) -> None:
    """Swap in a longer ledger without the suspension: what was not believed the first time is no memory the next."""
    other = place.folder / "padded"
    shutil.copytree(place.ledger, other)
    suspend(place)
    refused(place.answer(), "suspended")
    for n in range(5):
        Log.open(other, place.public).append(at=NOW, event=f"padding-{n}", facts={})
    shutil.rmtree(place.ledger)
    shutil.copytree(other, place.ledger)
    for _ in range(3):
        refused(place.answer(), "ledger", "another view")
