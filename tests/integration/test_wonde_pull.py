"""The Wonde connector against a simulated MIS over real HTTP: what it takes, and what it never takes."""

import asyncio
import logging
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.lib.mis import (
    BASICS,
    COMMENT_CANARY,
    FIRST,
    NAME_CANARIES,
    TOKEN,
    evening,
    everything_in,
    expected_marks,
    lab,
    marks_of,
    permit_at,
    school_year,
)

from tallyroll.connectors.interface import SchoolState
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_world import Access, Control, MarkEdit, Pupil
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import Refused, SourceProblem, UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import RAW_MARKS, RAW_ROLL, RAW_STATUS

TUESDAY = FIRST + timedelta(days=1)
STATUS = [
    (0, "fsm", "Y", None, None),
    (0, "ethnicity_minor", "WBRI", None, None),
    (1, "fsm", "N", None, None),
    (1, "sen", "K", TUESDAY, None),
    (2, "sen", "N", None, None),
    (2, "year_group", "7", None, None),
    (2, "pupil_premium", "Y", None, None),
    (3, "looked_after", "Y", FIRST - timedelta(days=900), TUESDAY),
    (3, "previously_looked_after", "N", None, None),
]
SCHOOL = school_year(
    n_days=5,
    marks={(0, 0, 0): "I", (0, 0, 1): "I", (1, 2, 0): "Y1", (2, 3, 1): "", (3, 4, 0): "H"},
    settling={(2, 1, 0): ("N", "M", 2)},
    status=STATUS,
)


def pulled(year=SCHOOL, *, awkward=(), **asked):
    """One pull of one school."""

    async def claim():
        async with lab(year) as one:
            one.world.apply(Control(awkward=list(awkward)))
            return await one.pull(**asked)

    return asyncio.run(claim())


def test_marks_are_those_of_the_school_at_the_end_of_the_day():
    assert marks_of(pulled()) == expected_marks(SCHOOL, SCHOOL.days[-1])


def test_tables_have_the_raw_shapes():
    extract = pulled()
    assert extract.roll.schema == RAW_ROLL
    assert extract.status.cast(RAW_STATUS).schema == RAW_STATUS
    assert extract.marks.cast(RAW_MARKS).schema == RAW_MARKS  # text, each distinct one once
    assert extract.full


def test_roll_is_taken_with_everything_that_the_permit_names():
    extract = pulled()
    assert extract.roll.to_pylist()[1] == {
        "row": 2,
        "pupil": "upi-100001-1",
        "upn": SCHOOL.pupils["upn"][1].as_py(),
        "sex": "M",
        "admission_date": "2024-09-02",
        "leaving_date": "",
        "enrolment_status": "C",
    }


def test_status_is_dated_where_the_source_gives_dates():
    rows = [tuple(row.values())[1:] for row in pulled().status.to_pylist()]
    assert sorted(rows) == sorted(
        [
            ("upi-100001-0", "fsm", "Y", "", ""),
            ("upi-100001-0", "ethnicity_minor", "WBRI", "", ""),
            ("upi-100001-1", "fsm", "N", "", ""),
            ("upi-100001-1", "sen", "N", "", "2026-09-07"),
            ("upi-100001-1", "sen", "K", "2026-09-08", ""),
            ("upi-100001-2", "sen", "N", "", ""),
            ("upi-100001-2", "year_group", "7", "", ""),
            ("upi-100001-2", "pupil_premium", "Y", "", ""),
            ("upi-100001-3", "looked_after", "Y", "", "2026-09-08"),
            ("upi-100001-3", "looked_after", "N", "2026-09-09", ""),
            ("upi-100001-3", "previously_looked_after", "N", "", ""),
        ]
    )


def test_days_outside_the_pull_are_left_behind():
    extract = pulled(first=TUESDAY, last=TUESDAY)
    assert {day for _, day, _, _ in marks_of(extract)} == {"2026-09-08"}
    assert (extract.first, extract.last) == (TUESDAY, TUESDAY)


def test_rows_are_numbered_by_their_place_in_the_answer():
    extract = pulled(first=TUESDAY, last=TUESDAY)
    assert extract.marks["row"].to_pylist() == list(range(9, 17))  # the Monday's eight rows come first
    assert extract.roll["row"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("n_pupils", "per_page"),
    [(1, "1"), (1, "500"), (25, "7"), (25, "50"), (26, "51"), (26, "500"), (600, "500"), (600, "5000")],
)
def test_every_page_is_followed(n_pupils, per_page):
    year = school_year(n_pupils=n_pupils, n_days=1)

    async def claim():
        async with lab(year, per_page=per_page) as one:
            extract = await one.pull()
            assert marks_of(extract) == expected_marks(year, year.days[0])
            assert extract.roll.num_rows == n_pupils

    asyncio.run(claim())


def test_school_without_a_mark_gives_an_empty_table():
    year = school_year(n_pupils=2, n_days=1, marks={(p, 0, s): "" for p in (0, 1) for s in (0, 1)})
    extract = pulled(year)
    assert extract.marks.num_rows == 0
    assert extract.roll.num_rows == 2


# ---- what is never taken -----------------------------------------------------------------------------------------


def test_names_birth_dates_and_comments_are_in_no_extract_and_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    text = everything_in(pulled(school_year(n_pupils=60, status=STATUS), awkward=[Awkward.CUSTOM_CODES])) + caplog.text
    for canary in (*NAME_CANARIES, COMMENT_CANARY, "2012-01-13", TOKEN):
        assert canary not in text


@pytest.mark.parametrize(
    ("items", "includes"),
    [
        (BASICS, "education_details"),
        (BASICS | {Item.UPN, Item.SEX}, "education_details"),
        (BASICS | {Item.ETHNICITY}, "education_details,extended_details"),
        (BASICS | {Item.FSM}, "education_details,extended_details,fsm_date_ranges"),
        (
            frozenset(Item),
            "education_details,extended_details,fsm_date_ranges,in_care_date_ranges,sen_date_ranges",
        ),
    ],
)
def test_only_permitted_includes_are_asked_for(items, includes):
    async def claim():
        async with lab(SCHOOL) as one:
            extract = await one.pull(items=items)
            await one.pull(items=items, resume=extract.resume)
            asked = {request.query.get("include", "") for request in one.world.asked}
            assert {",".join(sorted(names.split(","))) for names in asked} == {"", includes}
            assert {request.method for request in one.world.asked} == {"GET"}

    asyncio.run(claim())


def test_columns_outside_the_permit_are_null():
    extract = pulled(items=BASICS)
    assert extract.status.num_rows == 0
    for name in ("upn", "sex", "enrolment_status"):
        assert extract.roll[name].null_count == 4
    assert set(pulled(items=BASICS | {Item.SEN}).status["item"].to_pylist()) == {"sen"}


def test_pull_asks_only_for_what_it_needs():
    async def claim():
        async with lab(SCHOOL) as one:
            await one.pull()
            resources = {path.partition("/A11000010")[2] for path in one.paths()}
            assert resources == {"", "/attendance-codes", "/attendance/session", "/students", "/students-leaver"}
            assert {request.authorization for request in one.world.asked} == {True}

    asyncio.run(claim())


def test_pull_without_a_fitting_permit_asks_nothing():
    async def claim():
        async with lab(SCHOOL) as one:
            last = SCHOOL.days[-1]
            permit = permit_at(one.world.now, urns=[100001], last=TUESDAY)
            other = replace(one.source(), school=replace(one.source().school, urn=Urn(100002)))
            now = FixedClock(one.world.now)
            for source, until in ((one.source(), last), (other, TUESDAY)):
                with pytest.raises(Refused):
                    await one.connector.pull(permit, source, clock=now, first=FIRST, last=until)
            late = FixedClock(one.world.now + timedelta(hours=5))
            with pytest.raises(Refused, match="in force"):
                await one.connector.pull(permit, one.source(), clock=late, first=FIRST, last=TUESDAY)
            with pytest.raises(UsageProblem, match="before the first"):
                await one.connector.pull(permit, one.source(), clock=late, first=TUESDAY, last=FIRST)
            assert not one.world.asked

    asyncio.run(claim())


# ---- awkward records ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "awkward",
    [
        Awkward.TIMEZONES,
        Awkward.INCLUDED_CODES,
        Awkward.NULL_EMPLOYEE,
        Awkward.DUPLICATE_SUMMARIES,
        Awkward.RE_ENROLMENT,
    ],
)
def test_awkward_forms_change_nothing_that_counts(awkward):
    year = school_year(n_pupils=60, n_days=40, status=STATUS, leaving={5: date(2026, 10, 1)})
    extract = pulled(year, awkward=[awkward])
    assert marks_of(extract) == expected_marks(year, year.days[-1])
    assert {row["pupil"] for row in extract.roll.to_pylist()} == set(year.pupils["pupil"].to_pylist())
    assert extract.findings == ()


def test_dates_of_summer_and_winter_survive_every_form():
    year = school_year(n_days=60, leaving={1: date(2026, 9, 30), 2: date(2026, 11, 12)})
    plain, mixed = pulled(year), pulled(year, awkward=[Awkward.TIMEZONES])
    assert mixed.roll == plain.roll
    assert marks_of(mixed) == marks_of(plain)


def test_re_enrolled_pupil_keeps_its_key_over_two_enrolments():
    async def claim():
        async with lab(SCHOOL) as one:
            one.world.apply(Control(re_enrol=[Pupil(100001, 2)]))
            extract = await one.pull()
            spells = [r for r in extract.roll.to_pylist() if r["pupil"] == "upi-100001-2"]
            assert [(r["admission_date"], r["leaving_date"]) for r in spells] == [
                ("2026-09-11", ""),
                ("2024-09-02", "2026-09-10"),
            ]
            assert marks_of(extract) == expected_marks(SCHOOL, SCHOOL.days[-1])

    asyncio.run(claim())


def test_withdrawn_codes_are_passed_on_by_their_text():
    year = school_year(n_pupils=40, marks={(p, d, s): "C" for p in range(40) for d in range(5) for s in (0, 1)})
    codes = pulled(year, awkward=[Awkward.OLD_CODES]).marks["code"].to_pylist()
    assert set(codes) == {"C", "H"}


def test_codes_of_the_school_s_own_are_passed_on_by_their_text():
    year = school_year(n_pupils=60, n_days=20)
    codes = set(pulled(year, awkward=[Awkward.CUSTOM_CODES]).marks["code"].to_pylist())
    assert codes == {"/", "\\", "SP"}


def test_missing_marks_stay_missing():
    year = school_year(n_pupils=60, n_days=20)
    got, expected = marks_of(pulled(year, awkward=[Awkward.MISSING_MARKS])), expected_marks(year, year.days[-1])
    assert got < expected
    assert len(expected) - len(got) < 60


def test_marks_of_pupils_that_the_source_no_longer_lists_are_passed_on_and_reported():
    async def claim():
        async with lab(SCHOOL) as one:
            one.world.apply(Control(awkward=[Awkward.ORPHAN_MARKS], delete=[Pupil(100001, 0)]))
            extract = await one.pull()
            assert extract.marks.num_rows == len(expected_marks(SCHOOL, SCHOOL.days[-1]))
            assert extract.roll.num_rows == 3
            (finding,) = extract.findings
            assert (finding.check, finding.n_rows) == ("wonde.unlisted_pupil", 10)

    asyncio.run(claim())


def test_school_in_another_region_is_followed_to_its_domain():
    async def claim():
        async with lab(SCHOOL, other_port=0, regions="127.0.0.1:1") as one:
            one.world.apply(Control(awkward=[Awkward.WRONG_REGION]))
            assert await one.connector.schools() == ()
            assert "not a region" in one.connector.findings[0].message
        async with lab(SCHOOL, other_port=0) as one:
            allowed = one.world.other_domain
            async with lab(SCHOOL, base_url=one.mis.base_url, regions=allowed) as other:
                one.world.apply(Control(awkward=[Awkward.WRONG_REGION]))
                assert marks_of(await other.pull()) == expected_marks(SCHOOL, SCHOOL.days[-1])

    asyncio.run(claim())


def test_domain_that_gives_nothing_is_a_problem_and_not_an_empty_school():
    async def claim():
        async with lab(SCHOOL) as one:
            one.world.other_domain = one.mis.base_url.split("/")[2]
            await one.connector.schools()
            one.world.apply(Control(awkward=[Awkward.WRONG_REGION]))
            one.world.other_domain = "elsewhere.invalid"
            with pytest.raises(SourceProblem, match="lists no student") as problem:
                await one.pull()
            assert problem.value.retriable

    asyncio.run(claim())


def test_school_that_changed_its_system_is_found_again_by_its_urn():
    async def claim():
        async with lab(SCHOOL, school_year(100002)) as one:
            await one.connector.schools()
            old = one.source()
            before = await one.pull()
            one.world.apply(Control(awkward={Awkward.MIGRATION: [100001]}))
            after = await one.pull(source=old, resume=before.resume)
            assert after.full
            assert after.marks.num_rows == before.marks.num_rows
            assert [finding.check for finding in after.findings] == ["wonde.migration"]
            assert {r["pupil"] for r in after.roll.to_pylist()} == {f"upi-100001-{n}-1" for n in range(4)}
            again = await one.pull(source=old, resume=after.resume)
            assert not again.full
            assert again.findings == ()

    asyncio.run(claim())


# ---- schools and access ------------------------------------------------------------------------------------------


def test_schools_are_listed_with_their_state():
    async def claim():
        async with lab(*(school_year(100001 + n) for n in range(60))) as one:
            states = {"100001": Access.PENDING, "100002": Access.DECLINED, "100003": Access.REVOKED}
            one.world.apply(Control(access={**states, "100004": Access.UNASKED}))
            listed = {s.school.urn.number: s for s in await one.connector.schools()}
            assert [listed[n].state for n in (100001, 100002, 100003)] == [
                SchoolState.PENDING,
                SchoolState.DECLINED,
                SchoolState.REVOKED,
            ]
            assert 100004 not in listed
            assert len(listed) == 59
            assert listed[100005].school == one.world.school(100005)
            assert listed[100005].system in ("SIMS", "Arbor")

    asyncio.run(claim())


def test_access_is_asked_for_and_then_waited_for():
    async def claim():
        async with lab(SCHOOL) as one:
            one.world.apply(Control(access={"100001": Access.UNASKED}))
            found = await one.connector.find(Urn(100001))
            assert found is not None
            assert found.state is SchoolState.UNKNOWN
            asked = await one.connector.request_access(found)
            assert asked.state is SchoolState.PENDING
            (listed,) = await one.connector.schools()
            assert listed.state is SchoolState.PENDING
            assert await one.connector.find(Urn(999999)) is None

    asyncio.run(claim())


# ---- deltas ------------------------------------------------------------------------------------------------------


SETTLED = ("upi-100001-2", "2026-09-08", "AM", "M")  # entered as N on the Tuesday, settled on the Thursday


def test_delta_holds_only_what_changed():
    async def claim():
        wednesday, thursday = SCHOOL.days[2:4]
        async with lab(SCHOOL, now=evening(wednesday)) as one:
            first = await one.pull()
            assert SETTLED not in marks_of(first)
            one.world.apply(Control(now=evening(thursday)))
            second = await one.pull(resume=first.resume)
            assert not second.full
            assert marks_of(second) == expected_marks(SCHOOL, thursday, first=thursday) | {SETTLED}
            one.world.apply(Control(now=evening(thursday) + timedelta(hours=2)))
            third = await one.pull(resume=second.resume)
            assert third.marks.num_rows == 0

    asyncio.run(claim())


def test_marks_of_days_after_the_pull_are_not_lost_to_later_deltas():
    async def claim():
        async with lab(SCHOOL) as one:
            days = SCHOOL.days
            first = await one.pull(last=days[1])
            assert {day for _, day, _, _ in marks_of(first)} == {str(days[0]), str(days[1])}
            one.world.apply(Control(now=one.world.now + timedelta(hours=30)))
            second = await one.pull(resume=first.resume, last=days[4])
            assert not second.full
            assert marks_of(second) == expected_marks(SCHOOL, days[4], first=days[2]) | {SETTLED}

    asyncio.run(claim())


def test_whole_reading_comes_when_it_is_due_or_days_were_not_covered():
    async def claim():
        year = school_year(n_days=15)
        async with lab(year, now=evening(year.days[5]), full_sync_days="3") as one:
            first = await one.pull(first=TUESDAY)
            assert (await one.pull(first=FIRST, resume=first.resume)).full
            assert not (await one.pull(first=TUESDAY, resume=first.resume)).full
            one.world.apply(Control(now=evening(year.days[8])))
            assert (await one.pull(first=TUESDAY, resume=first.resume)).full
            assert (await one.pull(first=TUESDAY, resume="{torn")).full

    asyncio.run(claim())


@pytest.mark.parametrize(
    "change",
    [
        Control(delete=[Pupil(100001, 1)]),
        Control(edits=[MarkEdit(100001, 1, FIRST, 0, "")]),
    ],
)
def test_deletion_leads_to_a_whole_reading(change):
    async def claim():
        async with lab(SCHOOL, now=evening(SCHOOL.days[3])) as one:
            first = await one.pull()
            one.world.apply(Control(now=evening(SCHOOL.days[4])))
            one.world.apply(change)
            assert (await one.pull(resume=first.resume)).full

    asyncio.run(claim())


@pytest.mark.parametrize("awkward", [[], [Awkward.SILENT_RESTORE]])
def test_restored_pupil_comes_back_with_all_marks(awkward):
    async def claim():
        async with lab(SCHOOL, now=evening(SCHOOL.days[1])) as one:
            one.world.apply(Control(awkward=awkward))
            one.world.apply(Control(delete=[Pupil(100001, 1)]))
            without = await one.pull()
            assert without.roll.num_rows == 3
            one.world.apply(Control(now=evening(SCHOOL.days[3])))
            one.world.apply(Control(restore=[Pupil(100001, 1)]))
            back = await one.pull(resume=without.resume)
            assert marks_of(back) == expected_marks(SCHOOL, SCHOOL.days[3])

    asyncio.run(claim())
