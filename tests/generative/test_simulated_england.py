"""A whole synthetic England at 1/250: what holds for every school, and how near the published figures it comes."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tallyroll.simulate.england import England, england
from tallyroll.simulate.fit import fit
from tallyroll.simulate.fit_count import characteristics, count, published_marks, window
from tallyroll.simulate.fit_page import fit_page
from tallyroll.simulate.fit_spells import published_spells, spell_classes
from tallyroll.simulate.model import PUPILS, STATUS, SchoolYear
from tallyroll.simulate.tables import rows
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.codes import ATTENDING, BY_TEXT, CODES, Category, numbers_in
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.identifiers import Urn, is_temporary_upn, is_upn
from tallyroll.vocab.schools import Phase

SCALE, SEED = 0.004, 7


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> England:
    return england(scale=SCALE, seed=SEED, out=tmp_path_factory.mktemp("simulate") / "england")


@pytest.fixture(scope="module")
def years(small: England) -> list[SchoolYear]:
    return [small.school_year(school.urn) for school in small.schools]


Figures = dict[tuple[str, str, str], tuple[float, float]]


@pytest.fixture(scope="module")
def figures(small: England) -> Figures:
    return {
        (row["measure"], row["breakdown"], row["value"]): (row["simulated"], row["published"])
        for row in fit(small).to_pylist()
    }


# How near


@pytest.mark.parametrize("phase", ["Primary", "Secondary", "Special", "Total"])
@pytest.mark.parametrize("measure", ["overall absence", "authorised absence", "unauthorised absence"])
def test_absence_is_as_published(figures: Figures, phase: str, measure: str) -> None:
    simulated, published = figures[measure, "phase", phase]
    assert simulated == pytest.approx(published, abs=0.5 if phase == "Special" else 0.3)  # four special schools


@pytest.mark.parametrize(("phase", "tolerance"), [("Primary", 1), ("Secondary", 1), ("Special", 3), ("Total", 1)])
def test_persistent_absence_is_as_published(figures: Figures, phase: str, tolerance: float) -> None:
    simulated, published = figures["persistent absence", "phase", phase]
    assert simulated == pytest.approx(published, abs=tolerance)


def test_every_reason_has_its_published_share(figures: Figures) -> None:
    reasons = [key for key in figures if key[1:] == ("phase", "Total") and " absence" not in key[0]]
    assert len(reasons) == 22
    for key in reasons:
        simulated, published = figures[key]
        assert simulated == pytest.approx(published, rel=0.12, abs=0.03), key


def test_eligible_pupils_are_away_twice_as_much(figures: Figures) -> None:
    eligible, other = figures["overall absence", "fsm", "Y"], figures["overall absence", "fsm", "N"]
    assert eligible[0] == pytest.approx(eligible[1], abs=0.8)
    assert other[0] == pytest.approx(other[1], abs=0.8)


def test_absence_peaks_on_friday_and_ebbs_in_midweek(figures: Figures) -> None:
    by_day = {day: figures["overall absence", "weekday", day][0] for day in ("Monday", "Wednesday", "Friday")}
    assert by_day["Friday"] > 1.12 * by_day["Monday"]
    assert by_day["Wednesday"] < by_day["Monday"]


def test_absence_rises_towards_the_end_of_the_autumn(years: list[SchoolYear]) -> None:
    absent, possible = _national_by_week(years)
    rate = {week: absent[week] / possible[week] for week in possible}
    monday = date(2026, 9, 7)
    first, middle, last = (rate[monday + timedelta(weeks=n)] for n in (0, 6, 14))
    assert first < middle < last
    assert last > 1.5 * first


def _national_by_week(years: list[SchoolYear]) -> tuple[Counter[date], Counter[date]]:
    absent: Counter[date] = Counter()
    possible: Counter[date] = Counter()
    away, due = (np.isin(np.arange(64), [*numbers_in(*categories)]) for categories in (_ABSENT, _POSSIBLE))
    for year in years:
        marks = published_marks(year, characteristics(year)["year_group"])
        by_day = away[marks].sum(axis=(0, 2)), due[marks].sum(axis=(0, 2))
        for day, n_absent, n_possible in zip(year.days, *by_day, strict=True):
            monday = day - timedelta(days=day.weekday())
            absent[monday] += int(n_absent)
            possible[monday] += int(n_possible)
    return absent, +possible


_ABSENT = (Category.AUTHORISED, Category.UNAUTHORISED)
_POSSIBLE = (*_ABSENT, *ATTENDING)


def test_spells_have_realistic_lengths(years: list[SchoolYear]) -> None:
    lengths = np.concatenate([published_spells(year).length for year in years])
    assert 2 < lengths.mean() < 3.6
    assert 0.05 < lengths[lengths == 1].sum() / lengths.sum() < 0.2
    assert 0.2 < lengths[lengths >= 7].sum() / lengths.sum() < 0.5
    assert (lengths >= 30).any()


def test_kept_classes_of_spells_are_still_those_of_the_mechanism(small: England) -> None:
    found = spell_classes(small)
    for phase in (Phase.PRIMARY, Phase.SECONDARY):
        kept = np.array([float(row["share"]) for row in rows("spell_classes.csv") if row["phase"] == phase])
        assert np.abs(found[phase] - kept).sum() < 0.1, "Write data/spell_classes.csv anew: see fit_spells."


def test_page_names_the_commands_and_every_phase(small: England) -> None:
    page = fit_page(small)
    assert "tallyroll simulate england --scale 0.004 --seed 7 --out DIR" in page
    assert "| overall absence | " in page
    assert all(phase in page for phase in ("Primary", "Secondary", "Special", "Total"))
    assert max(len(line) for line in page.splitlines() if not line.startswith("|")) <= 120


def test_counts_agree_with_a_plain_count_of_one_school(tmp_path: Path) -> None:
    """An independent count, mark by mark."""
    one = england(scale=0.004, seed=3, out=tmp_path / "one", authorities=["306"])
    absent = possible = persistent = enrolments = 0
    for school in one.schools:
        for by_pupil in _plain_counts(one.school_year(school.urn)):
            absent += by_pupil[0]
            possible += by_pupil[1]
            enrolments += by_pupil[1] > 0
            persistent += by_pupil[1] > 0 and 10 * by_pupil[0] >= by_pupil[1]
    found = count(one)["phase", "Total"]
    assert found.absence == pytest.approx(100 * absent / possible)
    assert found.pupils[:2].tolist() == [enrolments, persistent]


def _plain_counts(year: SchoolYear) -> Iterator[tuple[int, int]]:
    groups = {row["place"]: row["value"] for row in year.status.to_pylist() if row["item"] == "year_group"}
    first, last = window(2026)
    may = max(term.half_term_last for term in year.calendar.terms)
    for place, pupil in enumerate(year.final.tolist()):
        marks = [
            CODES[mark - 1].category
            for day, pair in zip(year.days, pupil, strict=True)
            for mark in pair
            if mark and first <= day <= last and not (groups[place] == "11" and day > may)
        ]
        if groups[place] not in {"N1", "N2", "R", "12", "13", "14"}:
            yield sum(mark in _ABSENT for mark in marks), sum(mark in _POSSIBLE for mark in marks)


# What holds for every school


def test_no_mark_outside_the_enrolment(years: list[SchoolYear]) -> None:
    for year in years:
        days = np.array(year.days, dtype="datetime64[D]")
        admission, leaving = (year.pupils[name].to_numpy() for name in ("admission", "leaving"))
        outside = (days < admission[:, None]) | (days > leaving[:, None])
        assert not year.final[outside].any()
        assert not year.entered[outside].any()


def test_no_mark_on_a_closed_day_but_the_sign_of_closure(years: list[SchoolYear]) -> None:
    for year in years:
        closed = np.array([not year.calendar.is_open(day) for day in year.days])
        assert set(np.unique(year.final[:, closed]).tolist()) <= {0, BY_TEXT["#"].number}
        assert BY_TEXT["#"].number not in np.unique(year.final[:, ~closed])  # early finishes aside, none here
        assert (~closed).sum() == 190


def test_codes_are_in_force_but_for_rare_withdrawn_ones(years: list[SchoolYear]) -> None:
    counts = sum(np.bincount(year.final.reshape(-1), minlength=64) for year in years)
    withdrawn = [code for code in CODES if not code.in_force(date(2026, 9, 1))]
    assert {code.text for code in withdrawn if counts[code.number]} <= {"H", "J", "F"}
    assert sum(counts[code.number] for code in withdrawn) < 50
    assert not counts[len(CODES) + 1 :].any()
    for text in ("I", "U", "C2", "D", "Z", "X", "Y7", "V", "L", "/", "\\"):
        assert counts[BY_TEXT[text].number] > 0, text


def test_codes_for_some_pupils_only_are_kept_to_them(years: list[SchoolYear]) -> None:
    young, old = {"N1", "N2", "R"}, {"12", "13", "14"}
    for year in years:
        group = characteristics(year)["year_group"]
        for code, allowed in (
            ("X", young | old | {"X"}),
            ("C2", set(map(str, range(1, 12))) | {"X"}),
            ("S", {"11", "13"}),
            ("W", {"10", "X"}),
        ):
            shown = group[(year.final == BY_TEXT[code].number).any(axis=(1, 2))]
            assert set(shown.tolist()) <= allowed, code


def test_mornings_and_afternoons_have_their_own_present_mark(years: list[SchoolYear]) -> None:
    for year in years:
        assert not (year.final[:, :, 1] == BY_TEXT["/"].number).any()
        assert not (year.final[:, :, 0] == BY_TEXT["\\"].number).any()


def test_some_marks_are_missing_but_few(years: list[SchoolYear]) -> None:
    missing = due = 0
    for year in years:
        is_open = [place for place, day in enumerate(year.days) if year.calendar.is_open(day)]
        here = year.final[:, is_open].any(axis=2)
        inside = (np.cumsum(here, axis=1) > 0) & (np.cumsum(here[:, ::-1], axis=1)[:, ::-1] > 0)
        missing += int((year.final[:, is_open] == 0).any(axis=2)[inside].sum())
        due += int(inside.sum())
    assert 0.002 < missing / due < 0.03


def test_late_starters_have_come_by_october(years: list[SchoolYear]) -> None:
    z = BY_TEXT["Z"].number
    october = 21  # school days of September, one of them for training
    assert any((year.final == z).any() for year in years)
    assert not any((year.final[:, october:] == z).any() for year in years)


def test_tables_have_the_shape_of_the_contract(years: list[SchoolYear]) -> None:
    for year in years:
        assert year.pupils.schema.equals(PUPILS)
        assert year.status.schema.equals(STATUS)
        assert year.final.shape == year.entered.shape == year.settles.shape == (len(year.pupils), len(year.days), 2)
        assert year.final.dtype == year.entered.dtype == year.settles.dtype == np.uint8


def test_status_rows_name_known_values_and_do_not_overlap(years: list[SchoolYear]) -> None:
    for year in years[::7]:
        spans = defaultdict(list)
        for row in year.status.to_pylist():
            assert row["value"] in {value.code for value in BY_NAME[row["item"]].values} - {""}
            spans[row["place"], row["item"]].append((row["first"] or date.min, row["last"] or date.max))
        for dates in spans.values():
            dates.sort()
            assert all(end < start for (_, end), (start, _) in pairwise(dates))


def test_some_characteristics_change_and_the_year_group_does_not(years: list[SchoolYear]) -> None:
    changed = Counter(row["item"] for year in years for row in year.status.to_pylist() if row["first"] is not None)
    assert changed["fsm"] > 50
    assert changed["sen"] > 50
    assert changed["looked_after"] > 0
    assert set(changed) == {"fsm", "sen", "looked_after"}


def test_free_meals_now_are_free_meals_in_six_years_and_premium(years: list[SchoolYear]) -> None:
    for year in years[::5]:
        held = defaultdict(set)
        for row in year.status.to_pylist():
            held[row["item"]].add(row["place"]) if row["value"] == "Y" else None
        school_age = {place for place, value in enumerate(characteristics(year)["year_group"]) if value[0] != "N"}
        assert held["fsm"] <= held["fsm6"]
        assert held["fsm6"] & school_age - held["pupil_premium"] <= set(_over_sixteen(year))


def _over_sixteen(year: SchoolYear) -> list[int]:
    return [
        place for place, value in enumerate(characteristics(year)["year_group"]) if value in ("12", "13", "14", "X")
    ]


def test_looked_after_children_are_about_one_in_140(years: list[SchoolYear]) -> None:
    pupils = sum(len(year.pupils) for year in years)
    places = {
        (year.school.urn, row["place"])
        for year in years
        for row in year.status.to_pylist()
        if (row["item"], row["value"]) == ("looked_after", "Y")
    }
    assert 0.005 < len(places) / pupils < 0.009


# Children on two rolls


def test_upns_are_possible_and_shared_only_by_children_on_two_rolls(years: list[SchoolYear]) -> None:
    rolls = defaultdict(list)
    for year in years:
        for row in year.pupils.to_pylist():
            assert is_upn(row["upn"])
            rolls[row["upn"]].append(row)
    assert 50 < sum(is_temporary_upn(upn) for upn in rolls) < 300
    twice = [rows_ for rows_ in rolls.values() if len(rows_) > 1]
    assert len(twice) > 200
    for rows_ in twice:
        assert len(rows_) == 2
        assert len({(row["forename"], row["surname"], row["birth"], row["sex"]) for row in rows_}) == 1
        if {row["enrolment_status"] for row in rows_} == {"C"}:
            before, after = sorted(rows_, key=lambda row: row["admission"])
            assert before["leaving"] < after["admission"]
        else:
            assert {row["enrolment_status"] for row in rows_} == {"M", "S"}


def test_dual_children_are_at_one_school_at_a_time(years: list[SchoolYear]) -> None:
    d, attending = BY_TEXT["D"].number, np.isin(np.arange(64), [*numbers_in(*ATTENDING)])
    halves = defaultdict(list)
    for year in years:
        for place, row in enumerate(year.pupils.to_pylist()):
            if row["enrolment_status"] != "C":
                halves[row["upn"]].append(dict(zip(year.days, year.final[place], strict=True)))
    assert len(halves) > 20
    for main, subsidiary in halves.values():
        assert any((marks == d).any() for marks in main.values())
        for day in main.keys() & subsidiary.keys():
            assert not (attending[main[day]] & attending[subsidiary[day]]).any()


# Edits


def test_entered_marks_differ_exactly_where_they_settle_later(years: list[SchoolYear]) -> None:
    for year in years:
        assert ((year.entered != year.final) == (year.settles > 0)).all()
        assert year.settles.max() <= 40


def test_most_unexplained_absences_are_explained_within_days(years: list[SchoolYear]) -> None:
    n = BY_TEXT["N"].number
    entered = sum(int((year.entered == n).sum()) for year in years)
    final = sum(int((year.final == n).sum()) for year in years)
    into = np.concatenate([year.final[(year.entered == n) & (year.final != n)] for year in years])
    assert entered > 5 * final > 0
    shares = np.bincount(into, minlength=64) / len(into)
    assert shares[BY_TEXT["I"].number] == max(shares)
    assert shares[[BY_TEXT["O"].number, BY_TEXT["M"].number, BY_TEXT["/"].number]].min() > 0


def test_a_school_shows_n_today_and_the_reason_weeks_later(years: list[SchoolYear]) -> None:
    year = years[0]
    n = BY_TEXT["N"].number
    day = year.days[60]
    assert (year.marks_at(day) == n).sum() > (year.final[:, :61] == n).sum()
    assert (year.marks_at(year.days[110])[:, :61] == year.final[:, :61]).all()


# The files


def test_a_school_is_the_same_in_any_process_and_selection(small: England, tmp_path: Path) -> None:
    code = "from pathlib import Path; from tallyroll.simulate import england; "
    code += f"england(scale={SCALE}, seed={SEED}, out=Path({str(tmp_path / 'part')!r}), authorities=['886', '330'])"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "11"})
    made = sorted(path.relative_to(tmp_path / "part") for path in (tmp_path / "part").glob("*/*.parquet"))
    assert [path.parent.name for path in made] == ["330"] * 3 + ["886"] * 3
    for path in made:
        assert (tmp_path / "part" / path).read_bytes() == (small.folder / path).read_bytes()


def test_an_england_knows_its_schools_year_and_seed(small: England) -> None:
    again = England.open(small.folder)
    assert (again.year, again.seed, again.scale, again.schools) == (2026, SEED, SCALE, small.schools)
    assert len(again.schools) == 85
    assert again.school_year(small.schools[4].urn).calendar == small.school_year(small.schools[4].urn).calendar


def test_progress_is_told_school_by_school(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    england(scale=0.004, seed=1, out=tmp_path / "e", authorities=["886"], progress=lambda n, of: told.append((n, of)))
    assert told == [(n, len(told)) for n in range(1, len(told) + 1)]


def test_other_seeds_and_years_give_other_marks(tmp_path: Path) -> None:
    first = england(scale=0.004, seed=1, out=tmp_path / "a", authorities=["886"], year=2025)
    other = england(scale=0.004, seed=2, out=tmp_path / "b", authorities=["886"], year=2025)
    marks = [made.school_year(made.schools[0].urn) for made in (first, other)]
    assert marks[0].days[0] == marks[1].days[0] == date(2025, 9, 1)
    assert marks[0].final.tobytes() != marks[1].final.tobytes()


def test_what_is_there_is_never_overwritten(small: England) -> None:
    with pytest.raises(UsageProblem, match="something here already"):
        england(scale=0.004, seed=1, out=small.folder)


def test_a_broken_run_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        raise KeyboardInterrupt(done)

    with pytest.raises(KeyboardInterrupt):
        england(scale=0.004, seed=1, out=tmp_path / "e", authorities=["886"], progress=stop)
    assert not (tmp_path / "e").exists()
    england(scale=0.004, seed=1, out=tmp_path / "e", authorities=["886"])


def test_selections_without_schools_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no school is left"):
        england(scale=0.0005, seed=1, out=tmp_path / "e", authorities=["857"])


def test_folders_that_hold_no_england_are_refused(tmp_path: Path, small: England) -> None:
    with pytest.raises(UsageProblem, match="no synthetic England here"):
        England.open(tmp_path)
    (tmp_path / "england.json").write_text('{"format": 0}')
    with pytest.raises(InputProblem, match="Another version"):
        England.open(tmp_path)
    with pytest.raises(UsageProblem, match="No school has the URN 100000"):
        small.school_year(Urn(100_000))


def test_not_possible_sessions_have_about_their_published_rates(years: list[SchoolYear]) -> None:
    counts: dict[Phase, np.ndarray] = defaultdict(lambda: np.zeros(64))
    sessions: Counter[Phase] = Counter()
    for year in years:
        counts[year.school.phase] += np.bincount(year.final.reshape(-1), minlength=64)
        sessions[year.school.phase] += int((year.final > 0).sum())
    for phase, code, per_cent in (
        (Phase.PRIMARY, "Y7", 0.028),
        (Phase.SECONDARY, "Y7", 0.129),
        (Phase.SECONDARY, "D", 0.382),
    ):
        assert 100 * counts[phase][BY_TEXT[code].number] / sessions[phase] == pytest.approx(per_cent, rel=0.5)
