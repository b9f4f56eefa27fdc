"""The Wonde connector when the service fails: bounded tries, plain words, and a token that stays at home."""

import asyncio
import logging
import traceback
from collections import Counter

import pytest
from aiohttp import web
from tests.lib.builders import school as a_school
from tests.lib.mis import (
    COMMENT_CANARY,
    FIRST,
    NAME_CANARIES,
    TOKEN,
    evening,
    expected_marks,
    lab,
    marks_of,
    permit_at,
    school_year,
)

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.connectors.wonde import connector
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_pages import ELSEWHERE
from tallyroll.simulate.mis_world import Access, Control
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import SourceProblem, UsageProblem

SCHOOL = school_year(n_pupils=60, n_days=5)
PASSING = [
    Awkward.CUT_OFF,
    Awkward.TRUNCATED,
    Awkward.WRONG_SHAPE,
    Awkward.RATE_LIMIT,
    Awkward.SERVER_ERRORS,
]


def failing(*awkward, settings=None, **control):
    """What a pull says when these misfortunes strike every request, and what was asked until then."""

    async def claim():
        async with lab(SCHOOL, **(settings or {})) as one:
            one.world.apply(Control(awkward=list(awkward), **{"fault_rate": 1.0, "fault_burst": 99, **control}))
            with pytest.raises(SourceProblem) as problem:
                await one.pull()
            return problem.value, Counter(path.partition("A11000010")[2] for path in one.paths())

    return asyncio.run(claim())


@pytest.mark.parametrize("awkward", PASSING)
def test_passing_misfortune_is_outlasted(awkward):
    async def claim():
        async with lab(SCHOOL, per_page="100") as one:
            one.world.apply(Control(awkward=[awkward], fault_rate=0.7, fault_burst=3))
            assert marks_of(await one.pull()) == expected_marks(SCHOOL, SCHOOL.days[-1])
            assert max(Counter((a.path, str(a.query)) for a in one.world.asked).values()) == 4

    asyncio.run(claim())


@pytest.mark.parametrize("awkward", PASSING)
@pytest.mark.parametrize("max_tries", [1, 4])
def test_lasting_misfortune_is_given_up_after_the_tries_allowed(awkward, max_tries):
    problem, asked = failing(awkward, settings={"max_tries": str(max_tries)})
    assert problem.retriable
    assert asked["/attendance-codes"] == max_tries
    assert asked["/students"] == 0


@pytest.mark.parametrize(
    ("awkward", "words"),
    [
        (Awkward.UNAUTHORIZED, "does not accept our token. Set a valid one"),
        (Awkward.FORBIDDEN, "has not granted this"),
        (Awkward.NOT_FOUND, "knows nothing by this key"),
        (Awkward.INVALID, "does not understand our request (include)"),
    ],
)
def test_refusal_is_explained_and_not_tried_again(awkward, words):
    problem, asked = failing(awkward)
    assert words in str(problem)
    assert not problem.retriable
    assert asked["/attendance-codes"] == 1


def test_wrong_json_is_named_by_its_path_and_never_by_its_value():
    problem, _ = failing(Awkward.WRONG_SHAPE, settings={"max_tries": "1"})
    assert "$.data[...].id" in str(problem) or "$.data[0].id" in str(problem)
    assert "agreed" not in str(problem).replace("not as agreed", "")


def test_pause_asked_for_by_the_service_is_kept():
    async def claim():
        async with lab(SCHOOL, backoff_s="30") as one:
            one.world.apply(Control(awkward=[Awkward.RATE_LIMIT], fault_rate=1, fault_burst=1, retry_after_s=0))
            await asyncio.wait_for(one.pull(), 5)  # our own pause of 15 to 30 seconds is not taken

    asyncio.run(claim())


def test_slow_service_times_out():
    problem, asked = failing(Awkward.SLOW, settings={"timeout_s": "0.05", "max_tries": "2"}, slow_s=2.0)
    assert "No answer within 0.05 seconds" in str(problem)
    assert asked["/attendance-codes"] == 2


def test_school_has_a_budget_of_time_for_everything():
    settings = {"budget_s": "0.2", "max_tries": "20", "timeout_s": "0.1"}
    problem, _ = failing(Awkward.SLOW, settings=settings, slow_s=2.0)
    assert "could not be read within 0.2 seconds" in str(problem)
    assert problem.retriable


def test_access_withdrawn_midway_ends_the_pull():
    async def claim():
        async with lab(SCHOOL) as one:
            one.world.apply(Control(awkward=[Awkward.REVOKED]))
            with pytest.raises(SourceProblem, match="no longer") as problem:
                await one.pull()
            assert not problem.value.retriable
            (listed,) = await one.connector.schools()
            assert listed.state is SchoolState.REVOKED

    asyncio.run(claim())


def test_school_that_is_gone_from_the_list_is_explained():
    async def claim():
        async with lab(SCHOOL) as one:
            gone = SourceSchool("A99999990", a_school(100009), SchoolState.APPROVED)
            with pytest.raises(SourceProblem, match="not among those that approved us"):
                await one.pull(100009, source=gone)

    asyncio.run(claim())


@pytest.mark.parametrize(
    ("awkward", "words"),
    [(Awkward.FOREIGN_NEXT, "lies at another host"), (Awkward.LOOPING_NEXT, "in a circle")],
)
def test_next_page_that_leads_astray_is_not_followed(awkward, words):
    problem, asked = failing(awkward, settings={"per_page": "20"})
    assert words in str(problem)
    assert not problem.retriable
    assert asked["/attendance-codes"] == 1
    assert ELSEWHERE not in str(problem)


def test_redirect_is_not_followed():
    async def claim():
        reached = []

        async def away(request):
            raise web.HTTPFound(f"http://{request.host}/elsewhere")

        async def elsewhere(request):
            reached.append(request.headers.get("Authorization"))
            return web.json_response({"data": []})

        app = web.Application()
        app.router.add_get("/v1.0/schools", away)
        app.router.add_get("/elsewhere", elsewhere)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        try:
            async with connector({"token": TOKEN, "base_url": f"http://127.0.0.1:{port}/v1.0"}) as way:
                with pytest.raises(SourceProblem, match="HTTP 302"):
                    await way.schools()
        finally:
            await runner.cleanup()
        assert reached == []

    asyncio.run(claim())


def test_service_that_is_not_there_is_a_problem():
    async def claim():
        settings = {"token": TOKEN, "base_url": "http://127.0.0.1:9/v1.0", "max_tries": "2", "backoff_s": "0"}
        async with connector(settings) as way:
            with pytest.raises(SourceProblem, match="connection failed") as problem:
                await way.schools()
            assert problem.value.retriable

    asyncio.run(claim())


@pytest.mark.parametrize("awkward", [*PASSING, Awkward.UNAUTHORIZED, Awkward.INVALID, Awkward.FOREIGN_NEXT])
def test_neither_token_nor_pupil_is_in_any_error_or_log(awkward, caplog):
    caplog.set_level(logging.DEBUG)
    problem, _ = failing(awkward, settings={"max_tries": "2", "per_page": "20"})
    text = "".join(traceback.format_exception(problem)) + repr(problem.__dict__) + caplog.text
    error: BaseException | None = problem
    while error is not None:
        text += repr(error)
        error = error.__context__
    for canary in (TOKEN, COMMENT_CANARY, *NAME_CANARIES):
        assert canary not in text


def test_token_is_not_in_the_connector_s_own_text():
    way = connector({"token": TOKEN})
    assert TOKEN not in repr(way) + repr(vars(way))


def test_connector_outside_its_block_is_a_bug_that_says_so():
    async def claim():
        way = connector({"token": TOKEN})
        with pytest.raises(RuntimeError, match="async with"):
            await way.schools()

    asyncio.run(claim())


def test_declined_request_for_access_is_a_problem():
    async def claim():
        async with lab(SCHOOL) as one:
            unknown = SourceSchool("A99999990", a_school(100009), SchoolState.UNKNOWN)
            with pytest.raises(SourceProblem, match="knows nothing"):
                await one.connector.request_access(unknown)
            one.world.apply(Control(access={"100001": Access.DECLINED}))
            assert (await one.connector.request_access(one.source())).state is SchoolState.PENDING

    asyncio.run(claim())


def test_days_the_wrong_way_round_are_a_mistake_of_the_caller():
    async def claim():
        async with lab(SCHOOL) as one:
            permit = permit_at(one.world.now, urns=[100001], last=SCHOOL.days[-1])
            with pytest.raises(UsageProblem):
                await one.connector.pull(
                    permit, one.source(), clock=FixedClock(evening(FIRST)), first=SCHOOL.days[1], last=FIRST
                )

    asyncio.run(claim())
