"""The plan of a synthetic England: the right number of schools and pupils in the right places."""

import csv
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyroll.simulate.estate import Plan, apportion, plan
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.schools import Phase


@pytest.fixture(scope="module")
def whole() -> Plan:
    return plan(scale=1.0, seed=1, year=2026)


def published() -> list[dict[str, str]]:
    text = files("tallyroll.simulate").joinpath("data/estate_2025_26.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_whole_england_has_the_published_schools_and_pupils(whole: Plan) -> None:
    schools = Counter((one.school.laestab.la, str(one.school.phase)) for one in whole.schools)
    pupils: Counter[tuple[str, str]] = Counter()
    for one in whole.schools:
        pupils[one.school.laestab.la, str(one.school.phase)] += one.size
    for row in published():
        key = row["old_la_code"], row["education_phase"]
        assert schools[key] == int(row["schools_in_scope"])
        if row["census_enrolments"] != "c":
            assert pupils[key] == int(row["census_enrolments"])


def test_urns_and_laestabs_are_given_once(whole: Plan) -> None:
    assert len({one.school.urn for one in whole.schools}) == len(whole.schools) == 21_292
    assert len({one.school.laestab for one in whole.schools}) == len(whole.schools)


def test_sizes_of_schools_in_one_authority_differ(whole: Plan) -> None:
    kent = [one.size for one in whole.of_authorities(["886"]) if one.school.phase is Phase.PRIMARY]
    assert min(kent) < 0.5 * sum(kent) / len(kent)
    assert max(kent) > 1.8 * sum(kent) / len(kent)


@pytest.mark.parametrize(("scale", "schools"), [(0.004, 85), (0.02, 426), (0.04, 852)])
def test_scale_multiplies_the_number_of_schools(scale: float, schools: int) -> None:
    assert len(plan(scale=scale, seed=1, year=2026).schools) == schools


def test_every_region_keeps_its_share_of_schools() -> None:
    small = plan(scale=0.02, seed=1, year=2026)
    found = Counter(one.school.la.region.name for one in small.schools)
    expected: Counter[str] = Counter()
    for row in published():
        expected[row["region_name"]] += int(row["schools_in_scope"])
    assert all(abs(found[region] - count * 0.02) <= 2 for region, count in expected.items())


def test_another_seed_gives_other_schools_in_the_same_numbers() -> None:
    one, other = (plan(scale=0.01, seed=seed, year=2026) for seed in (1, 2))
    assert [each.school for each in one.schools] == [each.school for each in other.schools]
    assert [each.effect for each in one.schools] != [each.effect for each in other.schools]


@pytest.mark.parametrize("scale", [0.0, -0.1, 1.5])
def test_a_scale_out_of_range_is_refused(scale: float) -> None:
    with pytest.raises(UsageProblem, match="scale"):
        plan(scale=scale, seed=1, year=2026)


def test_an_unknown_authority_is_refused() -> None:
    with pytest.raises(UsageProblem, match="No authority has the code 999"):
        plan(scale=0.004, seed=1, year=2026).of_authorities(["999"])


@given(st.lists(st.floats(0, 50), min_size=1, max_size=30))
def test_apportioned_seats_add_up_and_stay_near_their_share(shares: list[float]) -> None:
    counts = apportion(shares, round(sum(shares)))
    assert sum(counts) == round(sum(shares))
    assert all(abs(count - share) < 1 for count, share in zip(counts, shares, strict=True))
