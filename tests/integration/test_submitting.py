"""Tallies over real HTTP: what is taken, what is refused with which answer, and that nothing half-taken stays."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from itertools import count

import aiohttp
import pytest
from aiohttp import web
from tests.lib.builders import NOW, RECIPIENT
from tests.lib.gates import a_gate, answers, suspend
from tests.lib.payloads import COUNTED_AT, SCHOOL, tally_of
from tests.lib.small_registers import joined, register

from tallyroll import submission, tally
from tallyroll.flows import receiving, submitting
from tallyroll.flows.receiving import Inbox
from tallyroll.flows.submitting import Patience
from tallyroll.governance import Door
from tallyroll.submission import LARGEST_PAYLOAD
from tallyroll.tally import merge_all
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import InputProblem, Problem, Refused, SourceProblem, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn

PURPOSE = "attendance-statistics"
CONTRIBUTORS = {Urn(100001): "302", Urn(100002): "301"}
OTHER = register(
    schools="school | la | phase\n100002 | 301 | Special",
    roll="school | pupil | year_group\n100002 | 1 | 9",
    marks="school | pupil | 2026-09-30\n100002 | 1 | B N",
)
BOTH = tally_of(joined(SCHOOL, OTHER), "sex")
ONE = tally_of(SCHOOL, "sex")
_WRITERS = count()
QUICK = Patience(max_tries=3, backoff_s=0.001)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def gate(tmp_path):
    return a_gate(tmp_path / "centre", clock=FixedClock(NOW))


@pytest.fixture
def inbox(tmp_path, gate):
    return Inbox(gate, PURPOSE, CONTRIBUTORS, tmp_path / "inbox", FixedClock(NOW))


@pytest.fixture
def body(tmp_path):
    """The payload of ONE, as a node's own gate lets it out."""
    return payload_of(tmp_path, ONE)


def payload_of(tmp_path, held):
    own = a_gate(tmp_path / f"writer-{next(_WRITERS)}", clock=FixedClock(NOW))
    permit = submitting._permit(held, gate=own, purpose=PURPOSE, recipient=RECIPIENT)
    return submission.encode(permit, held, now=NOW)


@asynccontextmanager
async def serving(application):
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def ask(inbox, method, path, **given):
    """The status and answer to one request at the centre's real door."""

    async def claim():
        async with (
            serving(receiving.app(inbox)) as url,
            aiohttp.ClientSession() as session,
            session.request(method, f"{url}{path}", **given) as answer,
        ):
            return answer.status, await answer.json()

    return asyncio.run(claim())


def post(inbox, body, headers=JSON):
    return ask(inbox, "POST", "/tallies", data=BytesIO(body) if isinstance(body, bytes) else body, headers=headers)


def send(tmp_path, held, *, at, gate=None, patience=QUICK):
    own = gate or a_gate(tmp_path / "node", clock=FixedClock(NOW))

    async def claim():
        async with serving(at) as url:
            return await submitting.submit(
                held, gate=own, purpose=PURPOSE, to=url, recipient=RECIPIENT, patience=patience
            )

    return asyncio.run(claim())


def files_in(inbox):
    return sorted(str(path.relative_to(inbox.folder)) for path in inbox.folder.rglob("*") if path.is_file())


STORED = {"tally/cells.parquet", "tally/enrolments.parquet", "receipt.json"}


# What is taken


def test_a_node_s_tally_arrives_whole_each_contributor_in_a_folder_of_its_revision(tmp_path, inbox):
    receipts = send(tmp_path, BOTH, at=receiving.app(inbox))
    folders = [inbox.folder / str(urn) / str(COUNTED_AT) for urn in CONTRIBUTORS]
    assert merge_all(tally.load(folder / "tally") for folder in folders) == BOTH
    assert [json.loads((folder / "receipt.json").read_bytes())["sha256"] for folder in folders] == [
        receipt.sha256 for receipt in receipts
    ]
    assert {receipt.stored_at for receipt in receipts} == {NOW}
    assert len(files_in(inbox)) == 2 * len(STORED)
    assert {path.stat().st_mode & 0o077 for path in inbox.folder.rglob("*.parquet")} == {0}
    assert [door for door, _ in answers(inbox.gate)] == [Door.RECEIVE] * 2


def test_the_receipt_names_the_bytes_that_were_sent(inbox, body):
    status, receipt = post(inbox, body)
    assert (status, receipt["sha256"]) == (201, sha256(body).hexdigest())


def test_the_same_payload_again_gets_the_same_receipt(inbox, body):
    _, first = post(inbox, body)
    later = Inbox(inbox.gate, PURPOSE, CONTRIBUTORS, inbox.folder, FixedClock(NOW + timedelta(minutes=1)))
    assert post(later, body) == (200, first)


def test_other_counts_under_the_same_revision_are_refused_and_the_first_stay(tmp_path, inbox, body):
    post(inbox, body)
    status, said = post(inbox, payload_of(tmp_path, tally_of(SCHOOL)))
    assert (status, said["place"]) == (409, "revision")
    assert tally.load(inbox.folder / "100001" / str(COUNTED_AT) / "tally") == ONE


def test_two_at_the_same_moment_leave_one_tally_and_one_receipt(inbox, body):
    async def claim():
        return await asyncio.gather(*(asyncio.to_thread(receiving.take, inbox, body) for _ in range(6)))

    taken = asyncio.run(claim())
    assert {receipt for receipt, _ in taken} == {taken[0][0]}
    assert sum(new for _, new in taken) == 1
    assert {path.split("/", 2)[2] for path in files_in(inbox)} == STORED


def test_the_door_says_that_it_is_open(inbox):
    assert ask(inbox, "GET", "/health") == (200, {"status": "open"})


# What is not


def test_a_bad_payload_is_answered_with_its_place_and_leaves_nothing(inbox, body, caplog):
    status, said = post(inbox, body.replace(b'"Primary"', b'"Zephyrine Wintergreen"'))
    assert (status, said["place"]) == (422, "phase")
    assert "Zephyrine" not in json.dumps(said) + caplog.text
    assert files_in(inbox) == []
    assert list(answers(inbox.gate)) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'"purpose":"attendance-statistics"', b'"purpose":"zephyrine-wintergreen"', "purpose"),
        (b'"contributor":100001', b'"contributor":130112', "contributor"),
        (b'"la":"302"', b'"la":"301"', "la"),
        (b"2026-09-01", b"2014-03-09", "first"),
        (b"2026-11-20", b"2026-11-21", "last"),
    ],
)
def test_what_the_centre_does_not_list_never_reaches_the_gate_s_log(inbox, body, old, new, place):
    status, said = post(inbox, body.replace(old, new))
    assert (status, said["place"]) == (422, place)
    assert list(answers(inbox.gate)) == []


def test_counts_that_cannot_be_are_refused(inbox, body):
    tree = json.loads(body)
    tree["enrolments"]["severe"][0] = 9
    status, said = post(inbox, json.dumps(tree, separators=(",", ":")).encode())
    assert (status, said["reason"].startswith("The table of enrolments holds counts that cannot be")) == (422, True)
    assert files_in(inbox) == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {**JSON, "Content-Encoding": "gzip"}, {"Content-Type": "multipart/form-data"}],
)
def test_another_kind_of_content_is_refused(inbox, body, headers):
    assert post(inbox, body, headers={"Content-Type": "application/octet-stream", **headers})[0] == 415


def test_a_body_that_is_too_large_is_refused_said_or_unsaid(inbox):
    async def in_pieces():
        for _ in range(LARGEST_PAYLOAD // 2**20 + 1):
            yield b" " * 2**20

    assert post(inbox, b" " * (LARGEST_PAYLOAD + 1))[0] == 413
    assert post(inbox, in_pieces())[0] == 413


def test_a_suspended_assessment_is_answered_with_its_clause_and_logged(inbox, body):
    suspend(inbox.gate)
    status, said = post(inbox, body)
    assert status == 403
    assert said["clause"]
    assert said["reason"]
    assert files_in(inbox) == []
    assert [answer for _, answer in answers(inbox.gate)] == ["refusal"]


class Turning:
    """A clock by whose nth look something happens."""

    def __init__(self, look, act):
        self.looks, self.look, self.act = 0, look, act

    def now(self):
        self.looks += 1
        if self.looks == self.look:
            self.act()
        return NOW


@pytest.mark.parametrize("look", [1, 2, 3, 4])
def test_a_suspension_between_reading_and_storing_leaves_nothing(inbox, body, look):
    """The centre looks at the clock when it reads the claims, checks the cells, stamps the receipt, lets it appear."""
    stopping = Inbox(inbox.gate, PURPOSE, CONTRIBUTORS, inbox.folder, Turning(look, lambda: suspend(inbox.gate)))
    status, said = post(stopping, body)
    assert (status, bool(said["clause"])) == (403, True)
    assert stopping.clock.looks >= look
    assert files_in(inbox) == []


def test_a_disk_that_refuses_leaves_nothing_and_is_not_described(inbox, body):
    inbox.folder.mkdir()
    (inbox.folder / "100001").write_text("in the way")
    status, said = post(inbox, body)
    assert status == 503
    assert str(inbox.folder) not in json.dumps(said)
    assert files_in(inbox) == ["100001"]


def test_what_a_crash_left_unfinished_goes_when_the_door_opens(inbox):
    (inbox.folder / ".desks" / "x").mkdir(parents=True)
    (inbox.folder / ".desks" / "x" / "receipt.json").write_text("{}")
    receiving.app(inbox)
    assert files_in(inbox) == []


# The node's side


def test_a_node_whose_assessment_is_suspended_sends_nothing(tmp_path, inbox):
    own = a_gate(tmp_path / "node", clock=FixedClock(NOW))
    suspend(own)
    with pytest.raises(Refused):
        send(tmp_path, ONE, at=receiving.app(inbox), gate=own)
    assert files_in(inbox) == []


def test_a_suspension_stops_the_contributors_that_were_not_sent_yet(tmp_path, inbox):
    own = a_gate(tmp_path / "node", clock=FixedClock(NOW))
    turning = replace(own, clock=Turning(5, lambda: suspend(own)))
    with pytest.raises(Refused):  # one look to ask, two to encode, one to send each: the fifth is before the second
        send(tmp_path, BOTH, at=receiving.app(inbox), gate=turning)
    assert {path.split("/")[0] for path in files_in(inbox)} == {"100001"}


def test_the_centre_s_refusal_reaches_the_node_with_its_clause(tmp_path, inbox):
    suspend(inbox.gate)
    with pytest.raises(Refused, match="The centre says") as caught:
        send(tmp_path, ONE, at=receiving.app(inbox))
    assert caught.value.clause


def answering(*given):
    """A centre that answers with these statuses and bodies, the last for ever."""
    asked = []

    async def take(request):
        asked.append(await request.read())
        status, body = given[min(len(asked), len(given)) - 1]
        return web.Response(status=status, body=body, content_type="application/json")

    application = web.Application(client_max_size=LARGEST_PAYLOAD)
    application.router.add_post("/tallies", take)
    return application, asked


def test_a_centre_that_fails_is_asked_again_a_bounded_number_of_times(tmp_path):
    application, asked = answering((503, b"{}"))
    with pytest.raises(SourceProblem) as caught:
        send(tmp_path, ONE, at=application)
    assert caught.value.retriable
    assert len(asked) == QUICK.max_tries
    assert len(set(asked)) == 1


def test_a_centre_that_recovers_gives_its_receipt(tmp_path, body):
    good = json.dumps({"sha256": sha256(body).hexdigest(), "stored_at": NOW.isoformat()}).encode()
    application, asked = answering((500, b"oops"), (201, good))
    (receipt,) = send(tmp_path, ONE, at=application)
    assert (receipt.sha256, asked) == (sha256(body).hexdigest(), [body, body])


@pytest.mark.parametrize(
    ("status", "answer", "problem"),
    [
        (201, b'{"sha256":"' + b"0" * 64 + b'","stored_at":"2026-11-20T16:00:00Z"}', VerificationProblem),
        (201, b'{"sha256":"x"}', SourceProblem),
        (201, b"x" * 2**20, SourceProblem),
        (200, b"\xff", SourceProblem),
        (302, b"", SourceProblem),
        (404, b"<html>", SourceProblem),
        (409, b'{"reason":"another was taken","place":"revision"}', VerificationProblem),
        (413, b"", InputProblem),
        (422, b'{"reason":"no","place":"phase"}', InputProblem),
        (403, b"", Refused),
    ],
)
def test_any_other_answer_is_a_problem_at_once(tmp_path, status, answer, problem):
    application, asked = answering((status, answer))
    with pytest.raises(problem):
        send(tmp_path, ONE, at=application)
    assert len(asked) == 1


@pytest.mark.parametrize("to", ["http://centre.example.org", "ftp://127.0.0.1", "centre", "", "http://[", "https://"])
def test_a_tally_is_not_sent_where_it_could_be_read_on_the_way(tmp_path, gate, to):
    with pytest.raises(UsageProblem):
        asyncio.run(submitting.submit(ONE, gate=gate, purpose=PURPOSE, to=to, recipient=RECIPIENT))


def test_nobody_listening_is_said_after_the_last_try(gate):
    with pytest.raises(SourceProblem) as caught:
        asyncio.run(
            submitting.submit(
                ONE, gate=gate, purpose=PURPOSE, to="http://127.0.0.1:9", recipient=RECIPIENT, patience=QUICK
            )
        )
    assert caught.value.retriable


# The list of contributors


def test_the_list_of_contributors_is_urns_and_authorities(tmp_path):
    path = tmp_path / "contributors.csv"
    path.write_text("urn,la\n100001,302\n100002,301\n")
    assert receiving.read_contributors(path) == CONTRIBUTORS


@pytest.mark.parametrize(
    "line", ["1,302", "100001,999", "100002,301", "012345,302", "100001", "१०००००,302", ",", '"100001,302']
)
def test_a_line_that_is_no_contributor_is_named_by_its_number(tmp_path, line):
    path = tmp_path / "contributors.csv"
    path.write_text(f"urn,la\n100002,301\n{line}\n", encoding="utf-8")
    with pytest.raises(Problem):
        receiving.read_contributors(path)
