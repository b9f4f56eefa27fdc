"""Pieces of the simulator that are judged by hand: UPNs, bands, spells, the choice of sessions."""

import numpy as np
import pytest

from tallyroll.simulate import absence
from tallyroll.simulate.byte import BYTE
from tallyroll.simulate.calendars import half_terms, term_days, usual_terms
from tallyroll.simulate.certain import Setting
from tallyroll.simulate.reasons import CODES, EXAM_CLASS, N_CLASSES, chances, near_holiday, published, spells
from tallyroll.simulate.seeds import stream
from tallyroll.simulate.tables import bands, national, rows, share
from tallyroll.simulate.upns import upns
from tallyroll.vocab.identifiers import is_temporary_upn, is_upn
from tallyroll.vocab.schools import PUBLISHED_PHASES, Phase, SchoolCalendar


def test_upns_have_the_right_check_letter_and_form() -> None:
    serial = np.arange(1000)
    temporary = serial % 3 == 0
    found = upns(
        la=np.full(1000, 330),
        establishment=np.full(1000, 2001),
        allocated=np.full(1000, 2019),
        serial=serial,
        temporary=temporary,
    ).to_pylist()
    assert all(is_upn(upn) for upn in found)
    assert [is_temporary_upn(upn) for upn in found] == temporary.tolist()
    assert len(set(found)) == 1000
    assert {upn[1:10] for upn in found} == {"330200119"}


@pytest.mark.parametrize("phase", PUBLISHED_PHASES)
def test_half_the_pupils_of_a_group_lie_below_its_middle_rank(phase: Phase) -> None:
    table = bands(phase)
    groups = np.argmax(table.enrolments, axis=1)
    years = np.arange(len(groups)) + table.first_year
    ranks = np.full(len(groups), 0.5)
    rates = table.rates(years, groups, ranks)
    band = np.minimum((rates / 0.05).astype(int), 10)
    below = table.cumulative[np.arange(len(groups)), groups, band]
    above = table.cumulative[np.arange(len(groups)), groups, band + 1]
    assert np.all((below <= 0.5) & (above >= 0.5))


@pytest.mark.parametrize("phase", PUBLISHED_PHASES)
def test_bands_hold_the_published_enrolments(phase: Phase) -> None:
    enrolments = {Phase.PRIMARY: 3_957_555, Phase.SECONDARY: 3_305_943, Phase.SPECIAL: 132_534}[phase]
    assert bands(phase).enrolments.sum() == pytest.approx(enrolments, rel=0.025)


def test_published_shares_are_of_possible_sessions() -> None:
    assert share("Primary", "overall_absence") == pytest.approx(68548268 / 1299079364)
    assert national()["Total"]["pa_perc"] == pytest.approx(18.7817604593414)


@pytest.mark.parametrize("phase", PUBLISHED_PHASES)
def test_chances_of_reasons_add_up_to_the_published_shares(phase: Phase) -> None:
    table = rows("spell_classes.csv")
    weight = np.array([float(row["share"]) for row in table if row["phase"] == phase])
    assert len(weight) == N_CLASSES
    each = np.diff(chances(phase), axis=1, prepend=0)
    assert (weight @ each) / weight.sum() == pytest.approx(published(phase), abs=1e-4)


def test_u_is_a_single_morning_and_g_is_long() -> None:
    each = dict(zip(CODES, np.diff(chances(Phase.SECONDARY), axis=1, prepend=0).T, strict=True))
    assert each["U"][0] > 0.3
    assert each["U"][3:7].max() < 1e-9
    assert each["G"][4] > 3 * each["G"][2]
    assert each["S"][:EXAM_CLASS].max() < 1e-9


def test_spells_are_runs_of_missed_sessions_by_pupil() -> None:
    absent = np.zeros((3, 4, 2), dtype=bool)
    absent[0, 0, 0] = True  # one morning
    absent[0, 2:4] = True  # two whole days, up to the end of the block
    absent[1, 0] = True  # and the next pupil's first day is a spell of its own
    absent[2, 1, 1] = True  # one afternoon
    half_term = np.zeros(4, dtype=np.int64)
    found = spells(absent, level=np.array([0.05, 0.2, 0.5]), half_term=half_term, exam_year=np.zeros(3, dtype=bool))
    assert found.length.tolist() == [1, 4, 2, 1]
    assert found.pupil.tolist() == [0, 0, 1, 2]
    assert found.spell.tolist() == [0, 1, 1, 1, 1, 2, 2, 3]
    assert (found.kind % 7).tolist() == [0, 3, 2, 1]


def test_days_near_a_holiday_are_the_first_and_last_three() -> None:
    near = near_holiday(np.repeat([0, 1], 8))
    assert near.tolist() == [True, True, True, False, False, True, True, True] * 2


def setting() -> Setting:
    terms = usual_terms(2026)
    days = term_days(terms, 2026)
    weekday = np.array([day.weekday() for day in days])
    return Setting(Phase.PRIMARY, SchoolCalendar(terms), days, half_terms(terms, days), weekday)


def test_each_pupil_misses_exactly_the_sessions_aimed_at() -> None:
    rng = stream(1, "test")
    here = setting()
    allowed = rng.random((200, len(here.days), 2)) < 0.9
    target = np.minimum(rng.integers(0, 391, 200), allowed.sum(axis=(1, 2)))
    target[:3] = 0, 1, allowed[2].sum()
    absent = absence.choose(here, allowed, target, rng=rng)
    assert not (absent & ~allowed).any()
    assert absent.sum(axis=(1, 2)).tolist() == target.tolist()


def test_targets_meet_the_rate_on_average_and_never_exceed_the_possible() -> None:
    rates, possible = np.full(20_000, 0.0333), np.full(20_000, 100)
    found = absence.targets(rates, possible, rng=stream(1, "test"))
    assert set(found.tolist()) == {3, 4}
    assert found.mean() == pytest.approx(3.33, abs=0.02)
    assert absence.targets(np.ones(2), np.array([7, 0]), rng=stream(1, "test")).tolist() == [7, 0]


def test_bytes_are_those_of_the_vocabulary() -> None:
    assert (BYTE["/"], BYTE["\\"], BYTE["#"]) == (1, 2, 38)
