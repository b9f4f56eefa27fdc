"""One mark or one pupil that does not come as agreed costs that one, not the school: over HTTP, and screened."""

import asyncio
import json
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web
from tests.lib.mis import BASICS, FIRST, TOKEN, Lab, expected_marks, lab, marks_of, permit_at, school_year

from tallyroll.connectors.wonde import connector
from tallyroll.register import screen
from tallyroll.vocab.findings import Severity

SCHOOL = school_year(n_pupils=20, n_days=5)


@asynccontextmanager
async def spoiling(end, spoil):
    """A lab whose answers from paths with this end pass through `spoil`, page number and rows."""
    seen = []

    async def hand_on(request):
        address = request.url.with_host("127.0.0.1").with_port(one.mis.port)
        async with client.get(address, headers={"Authorization": request.headers["Authorization"]}) as answer:
            text = await answer.text()
        given = json.loads(text.replace(f"127.0.0.1:{one.mis.port}", f"127.0.0.1:{port}"))
        if request.path.endswith(end):
            seen.append(request.path)
            spoil(len(seen), given["data"])
        return web.Response(body=json.dumps(given).encode(), content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", hand_on)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with lab(SCHOOL) as one, ClientSession() as client:
            settings = {"base_url": f"http://127.0.0.1:{port}/v1.0", "token": TOKEN, "backoff_s": "0", "per_page": "50"}
            async with connector(settings) as way:
                yield Lab(one.world, one.mis, way)
    finally:
        await runner.cleanup()


def judged(end, spoil):
    """The extract and what screening makes of it."""

    async def claim():
        async with spoiling(end, spoil) as one:
            extract = await one.pull(items=BASICS)
            now = one.world.now
            permit = permit_at(now, urns=[100001], last=SCHOOL.days[-1], items=BASICS, first=FIRST)
            return extract, screen(permit, extract, calendar=SCHOOL.calendar, now=now)

    return asyncio.run(claim())


def errors(screened):
    return [one.check for one in screened.findings if one.severity is Severity.ERROR]


def test_one_bad_mark_on_the_third_page_is_rejected_alone():
    def spoil(page, rows):
        if page == 3:
            rows[7]["session"] = 1

    extract, screened = judged("attendance/session", spoil)
    assert len(expected_marks(SCHOOL, SCHOOL.days[-1]) & marks_of(extract)) == 199
    assert (screened.received, screened.kept, screened.rejected) == (200, 199, 1)
    assert errors(screened) == ["mark_session_unknown"]


def test_marks_with_several_faults_are_each_rejected_with_a_reason():
    def spoil(page, rows):
        if page == 2:
            rows[0]["date"], rows[1]["attendance_code"], rows[2]["student"] = 20260907, False, 1.5
            rows[3] = None

    _, screened = judged("attendance/session", spoil)
    assert (screened.received, screened.kept, screened.rejected) == (200, 196, 4)
    assert sorted(errors(screened)) == ["mark_blank", "mark_blank", "mark_code_unknown", "mark_date_unreadable"]


def test_a_pupil_with_an_unreadable_date_is_rejected_and_the_others_stand():
    def spoil(page, rows):
        if page == 1:
            rows[4]["education_details"]["data"]["admission_date"] = 2024

    _, screened = judged("/students", spoil)
    assert (screened.roll_rows.received, screened.roll_rows.kept) == (20, 19)
    assert (screened.received, screened.kept) == (200, 190)
    assert set(errors(screened)) == {"roll_admission_unreadable", "mark_not_on_roll"}
