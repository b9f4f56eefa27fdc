"""The simulated MIS over real HTTP: it answers as the service does, and misbehaves only when told to."""

import asyncio
from base64 import b64encode
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import aiohttp
import pytest
from tests.lib.mis import FIRST, TOKEN, Source, evening, expected_marks, school_year

from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_serve import child, running, serve
from tallyroll.simulate.mis_world import Access, Control, MarkEdit, Pupil, World
from tallyroll.vocab.errors import UsageProblem

YEAR = school_year(n_pupils=30, n_days=6, settling={(0, 1, 0): ("N", "I", 2), (1, 1, 1): ("", "L", 1)})
DAY = YEAR.days
KEY = "schools/A11000010"


@asynccontextmanager
async def service(*years, now=None, **world):
    """A running service, a way to change it, and a way to ask it."""
    schools = {year.school.urn.number: year for year in years or (YEAR,)}
    one = World(Source(schools), now=now or evening(DAY[-1]), token=TOKEN, **world)
    async with running(one) as mis, aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:

        async def ask(path, **query):
            async with session.get(path if "://" in path else f"{mis.base_url}/{path}", params=query) as answer:
                return answer.status, await answer.json()

        yield one, mis, ask


def test_with_fifty_records_or_fewer_there_is_no_pagination_object():
    async def claim():
        async with service(school_year(n_pupils=50), school_year(100002, n_pupils=51)) as (_, _, ask):
            _, few = await ask("schools/A11000010/students")
            _, more = await ask("schools/A11000020/students")
            assert "pagination" not in few["meta"]
            assert len(few["data"]) == 50
            assert len(more["data"]) == 50
            assert more["meta"]["pagination"]["more"] is True

    asyncio.run(claim())


@pytest.mark.parametrize("paging", [{}, {"cursor": "true"}])
def test_pages_follow_one_another_and_keep_their_filters(paging):
    async def claim():
        async with service() as (_, _, ask):
            query = {"updated_after": "2026-09-08 00:00:00", "per_page": "100", **paging}
            _, whole = await ask(f"{KEY}/attendance/session", **{**query, "per_page": "5000"})
            place, rows, n_pages = f"{KEY}/attendance/session", [], 0
            while place:
                _, page = await ask(place, **(query if n_pages == 0 else {}))
                rows, n_pages = rows + page["data"], n_pages + 1
                place = page["meta"]["pagination"]["next"]
            assert rows == whole["data"]
            assert len(rows) == 30 * 5 * 2  # the five days after the first
            assert n_pages == 3

    asyncio.run(claim())


def test_only_the_includes_asked_for_are_sent():
    async def claim():
        async with service() as (_, _, ask):
            _, plain = await ask(f"{KEY}/students")
            _, rich = await ask(f"{KEY}/students", include="education_details,sen_date_ranges")
            assert "forename" in plain["data"][0], "names come unasked"
            assert set(rich["data"][0]) - set(plain["data"][0]) == {"education_details", "sen_date_ranges"}
            assert rich["data"][0]["education_details"]["data"]["upn"] == YEAR.pupils["upn"][0].as_py()
            assert (await ask(f"{KEY}/students", include="shoe_size"))[0] == 422

    asyncio.run(claim())


@pytest.mark.parametrize("n", range(6))
def test_marks_at_the_end_of_a_day_are_those_of_the_year(n):
    async def claim():
        async with service(now=evening(DAY[n])) as (_, _, ask):
            _, codes = await ask(f"{KEY}/attendance-codes", per_page="100")
            text = {code["id"]: code["code"] for code in codes["data"]}
            _, students = await ask(f"{KEY}/students")
            upi = {student["id"]: student["upi"] for student in students["data"]}
            _, marks = await ask(f"{KEY}/attendance/session", per_page="5000")
            shown = {
                (upi[m["student"]], m["date"]["date"][:10], m["session"], text[m["attendance_code"]])
                for m in marks["data"]
            }
            assert shown == expected_marks(YEAR, DAY[n])

    asyncio.run(claim())


def test_mark_that_settles_moves_its_updated_at():
    async def claim():
        async with service(now=evening(DAY[3])) as (_, _, ask):
            _, page = await ask(f"{KEY}/attendance/session", updated_after=f"{DAY[3]}T15:00:00+01:00", per_page="100")
            assert [(m["date"]["date"][:10], m["session"]) for m in page["data"]] == [(str(DAY[1]), "AM")]
            _, earlier = await ask(f"{KEY}/attendance/session", updated_before=f"{DAY[0]}T10:00:00+01:00")
            assert {m["session"] for m in earlier["data"]} == {"AM"}

    asyncio.run(claim())


def test_in_the_morning_there_are_no_afternoon_marks():
    async def claim():
        noon = datetime(2026, 9, 7, 11, tzinfo=UTC)
        async with service(now=noon) as (_, _, ask):
            _, page = await ask(f"{KEY}/attendance/session")
            assert {m["session"] for m in page["data"]} == {"AM"}

    asyncio.run(claim())


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"Basic {b64encode(f'{TOKEN}:'.encode()).decode()}", 200),
        ("Bearer wrong", 401),
        (None, 401),
    ],
)
def test_token_is_demanded(header, status):
    async def claim():
        async with service() as (_, mis, _), aiohttp.ClientSession() as session:
            headers = {"Authorization": header} if header else {}
            async with session.get(f"{mis.base_url}/schools", headers=headers) as answer:
                assert answer.status == status

    asyncio.run(claim())


def test_school_goes_from_asked_to_approved_to_revoked():
    async def claim():
        async with service() as (world, mis, ask), aiohttp.ClientSession() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            world.apply(Control(access={"100001": Access.UNASKED}))
            assert (await ask("schools"))[1]["data"] == []
            assert (await ask("schools/all", urn="100001"))[1]["data"][0]["urn"] == 100001
            async with session.post(f"{mis.base_url}/{KEY}/request-access", json={"contacts": []}) as answer:
                assert (await answer.json())["state"] == "pending"
            assert len((await ask("schools/pending"))[1]["data"]) == 1
            assert (await ask(f"{KEY}/students"))[0] == 403
            await mis.control(Control(access={"100001": Access.APPROVED}))
            assert (await ask(f"{KEY}/students"))[0] == 200
            async with session.delete(f"{mis.base_url}/{KEY}/revoke-access") as answer:
                assert (await answer.json())["state"] == "revoked"
            assert len((await ask("schools/revoked"))[1]["data"]) == 1
            assert (await ask("schools/declined"))[1]["data"] == []

    asyncio.run(claim())


def test_leaver_moves_to_the_list_of_leavers_the_day_after():
    async def claim():
        async with service(school_year(n_days=5, leaving={2: DAY[1]}), now=evening(DAY[1])) as (world, _, ask):
            assert len((await ask(f"{KEY}/students"))[1]["data"]) == 4
            world.apply(Control(now=evening(DAY[2])))
            assert len((await ask(f"{KEY}/students"))[1]["data"]) == 3
            assert [s["upi"] for s in (await ask(f"{KEY}/students-leaver"))[1]["data"]] == ["upi-100001-2"]

    asyncio.run(claim())


def test_pupil_deleted_and_restored_stands_in_the_deletions():
    async def claim():
        async with service() as (world, _, ask):
            world.apply(Control(delete=[Pupil(100001, 3)]))
            assert len((await ask(f"{KEY}/students"))[1]["data"]) == 29
            assert (await ask(f"{KEY}/counts", include="students"))[1]["data"]["students"]["data"]["count"] == 29
            (gone,) = (await ask(f"{KEY}/deletions"))[1]["data"]
            assert (gone["type"], gone["restored_at"]) == ("student", None)
            world.apply(Control(now=world.now + timedelta(hours=1), restore=[Pupil(100001, 3)]))
            (back,) = (await ask(f"{KEY}/deletions"))[1]["data"]
            assert back["restored_at"] is not None
            assert len((await ask(f"{KEY}/students"))[1]["data"]) == 30

    asyncio.run(claim())


def test_mark_taken_away_stands_in_the_deletions():
    async def claim():
        async with service() as (world, _, ask):
            world.apply(Control(edits=[MarkEdit(100001, 0, DAY[0], 0, "")]))
            (gone,) = (await ask(f"{KEY}/deletions"))[1]["data"]
            _, page = await ask(f"{KEY}/attendance/session", per_page="5000")
            assert gone["type"] == "attendance"
            assert gone["id"] not in {mark["id"] for mark in page["data"]}
            assert len(page["data"]) == len(expected_marks(YEAR, DAY[-1])) - 1

    asyncio.run(claim())


def test_change_of_system_changes_every_key():
    async def claim():
        async with service() as (world, _, ask):
            _, before = await ask(f"{KEY}/students")
            world.apply(Control(awkward=[Awkward.MIGRATION]))
            assert (await ask(f"{KEY}/students"))[0] == 404
            _, listed = await ask("schools")
            _, after = await ask(f"schools/{listed['data'][0]['id']}/students")
            for name in ("id", "upi"):
                assert {s[name] for s in before["data"]}.isdisjoint({s[name] for s in after["data"]})

    asyncio.run(claim())


def test_summaries_come_twice_for_some_and_know_no_code_of_two_letters():
    async def claim():
        async with service(school_year(n_pupils=5, marks={(0, 0, 0): "Y1", (0, 1, 0): "I"})) as (world, _, ask):
            world.apply(Control(awkward=[Awkward.DUPLICATE_SUMMARIES]))
            _, page = await ask(f"{KEY}/attendance-summaries")
            assert len(page["data"]) == 6
            assert page["data"][0]["attendance_codes"]["I"] == 1
            assert "Y1" not in page["data"][0]["attendance_codes"]

    asyncio.run(claim())


def test_same_seed_misbehaves_the_same_way_twice():
    async def once(seed):
        statuses = []
        async with service(seed=seed, fault_burst=1) as (world, _, ask):
            world.apply(Control(awkward=[Awkward.SERVER_ERRORS, Awkward.RATE_LIMIT], fault_rate=0.5))
            for n in range(1, 25):
                statuses.append((await ask(f"{KEY}/attendance/session", per_page="10", page=str(n)))[0])
        return statuses

    assert asyncio.run(once(1)) == asyncio.run(once(1))
    assert asyncio.run(once(1)) != asyncio.run(once(2))
    assert set(asyncio.run(once(1))) == {200, 429, 503}


def test_misfortune_strikes_only_the_schools_named():
    async def claim():
        async with service(YEAR, school_year(100002)) as (world, _, ask):
            world.apply(Control(awkward={Awkward.FORBIDDEN: [100002]}))
            assert (await ask(f"{KEY}/students"))[0] == 200
            assert (await ask("schools/A11000020/students"))[0] == 403

    asyncio.run(claim())


def test_meta_says_whether_a_school_has_codes_of_its_own():
    async def claim():
        async with service() as (world, _, ask):
            assert (await ask("meta/schools/A11000010"))[1]["data"]["custom_attendance_codes"] is False
            world.apply(Control(awkward=[Awkward.CUSTOM_CODES]))
            assert (await ask("meta/schools/A11000010"))[1]["data"]["custom_attendance_codes"] is True
            assert len((await ask("meta/schools/A11000010/permissions"))[1]["data"]) == 4
            assert (await ask("meta/schools/A99999990"))[0] == 404

    asyncio.run(claim())


def test_control_that_cannot_be_used_is_refused():
    async def claim():
        async with service() as (_, mis, _):
            with pytest.raises(UsageProblem, match="control request"):
                await mis.control(Control(delete=[Pupil(999999, 1)]))
            with pytest.raises(UsageProblem, match="time zone"):
                await mis.control(Control(now=datetime(2026, 9, 7, 12)))  # noqa: DTZ001 - the point

    asyncio.run(claim())


def test_service_runs_until_cancelled_and_says_where():
    async def claim():
        said = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(Source({100001: YEAR}), now=evening(DAY[0]), bound=said.set_result))
        mis = await asyncio.wait_for(said, 5)
        await mis.control(Control(now=evening(DAY[1])))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(aiohttp.ClientConnectorError):
            await mis.control(Control())

    asyncio.run(claim())


def test_service_runs_in_a_process_of_its_own_and_ends_with_the_block():
    # a source that the child can unpickle without the tests' own modules
    source = partial(SimpleNamespace, schools=[YEAR.school], school_year={YEAR.school.urn: YEAR}.__getitem__)
    with child(source, now=evening(DAY[0])) as mis:
        asyncio.run(mis.control(Control(now=evening(DAY[1]))))
    with pytest.raises(aiohttp.ClientConnectorError):
        asyncio.run(mis.control(Control()))


def test_first_day_of_the_builders_is_a_monday():
    assert date(2026, 9, 7) == FIRST
    assert FIRST.weekday() == 0
