"""Disclosure control: what each profile hides, that it fails closed, and that `Protected` cannot be forged."""

import copy
import dataclasses
import pickle
from datetime import date

import pyarrow as pa
import pytest

from tallyroll.disclosure import Profile, Protected, ProtectedTable, protect
from tallyroll.vocab.errors import ProtectionProblem, UsageProblem

BEFORE, AFTER = date(2023, 2, 9), date(2023, 2, 10)
EVERY_PROFILE = pytest.mark.parametrize("profile", list(Profile))


def table(*rows: tuple, phase: str = "education_phase") -> pa.Table:
    """Rows of level, number of schools, possible sessions, absences, rate."""
    level, schools, possible, absent, rate = zip(*rows, strict=True)
    return pa.table(
        {
            "geographic_level": pa.array(level, pa.string()),
            phase: pa.array(["Primary"] * len(rows), pa.string()),
            "num_schools": pa.array(schools, pa.float64()),
            "possible_sessions": pa.array(possible, pa.float64()),
            "overall_absence": pa.array(absent, pa.float64()),
            "total_num_schools": pa.array(schools, pa.float64()),
            "overall_absence_perc": pa.array(rate, pa.float64()),
        }
    )


LA = "Local authority"
SHOWN, SINGLE = (LA, 2, 400, 20, 5), (LA, 1, 200, 10, 5)


def one(made: Protected) -> ProtectedTable:
    (only,) = made.tables
    return only


def absences(*rows: tuple, profile: str = "dfe-single-school", last: date = AFTER) -> list[object]:
    return one(protect({"t": table(*rows)}, profile=profile, last=last)).table["overall_absence"].to_pylist()


def test_the_single_school_profile_hides_one_school_of_an_authority_and_nothing_else():
    rows = (SHOWN, SINGLE, ("Regional", 1, 200, 10, 5), ("National", 1, 200, 10, 5))
    assert absences(*rows) == ["20", "c", "10", "10"]
    assert one(protect({"t": table(*rows)}, profile="dfe-single-school", last=AFTER)).n_hidden == 1


def test_every_count_and_rate_of_a_hidden_row_is_hidden():
    (row,) = one(protect({"t": table(SINGLE)}, profile="dfe-single-school", last=AFTER)).table.to_pylist()
    assert {name for name, cell in row.items() if cell == "c"} == {
        "possible_sessions",
        "overall_absence",
        "overall_absence_perc",
    }


def test_the_published_profile_hides_from_the_release_of_february_2023_on():
    assert absences(SINGLE, profile="dfe-as-published", last=BEFORE) == [10]
    assert absences(SINGLE, profile="dfe-as-published", last=AFTER) == ["c"]
    assert absences(SINGLE, profile="dfe-single-school", last=BEFORE) == ["c"]


@EVERY_PROFILE
def test_what_was_hidden_upstream_stays_hidden(profile):
    assert absences((LA, 5, None, None, None), SHOWN, profile=profile, last=BEFORE) == ["c", "20"]


def test_a_number_of_schools_that_is_not_known_may_be_one_and_is_hidden():
    assert absences((LA, None, 200, 10, 5), SHOWN, ("National", None, 200, 10, 5)) == ["c", "20", "10"]
    assert absences((LA, None, 200, 10, 5), profile="dfe-as-published", last=BEFORE) == [10]


@EVERY_PROFILE
@pytest.mark.parametrize("level", ["Local Authority", "LA", "School", "Ward", "", None])
def test_a_level_without_a_rule_is_refused_and_not_let_through(profile, level):
    with pytest.raises(ProtectionProblem, match="no rule for") as caught:
        protect({"t": table((level, 1, 200, 10, 5))}, profile=profile, last=AFTER)
    assert caught.value.exit_code == 5


def test_a_rate_that_does_not_exist_is_z_and_a_count_not_known_is_x():
    (row,) = one(
        protect({"t": table((LA, 2, 0, None, None))}, profile="dfe-single-school", last=AFTER)
    ).table.to_pylist()
    assert (row["overall_absence"], row["overall_absence_perc"], row["possible_sessions"]) == ("x", "z", 0)


def test_a_table_without_a_symbol_stays_numbers():
    made = one(protect({"t": table(SHOWN)}, profile="dfe-single-school", last=AFTER))
    assert made.table["overall_absence"].type == pa.float64()
    assert made.n_hidden == 0


def test_shown_numbers_read_back_to_the_same_number():
    numbers = [0.1 + 0.2, 1 / 3, 1e15, 123456789.0, 1e-7, 2**53]
    rows = [(LA, 2, 400, number, 5) for number in numbers]
    assert [float(cell) for cell in absences(*rows, SINGLE)[:-1]] == numbers


def test_an_empty_table_is_protected_too():
    empty = table(SHOWN).slice(0, 0)
    assert one(protect({"t": empty}, profile="dfe-single-school", last=AFTER)).table.num_rows == 0


def test_a_profile_that_does_not_exist_names_those_that_do():
    with pytest.raises(UsageProblem, match="dfe-single-school, dfe-as-published"):
        protect({"t": table(SHOWN)}, profile="none", last=AFTER)


def test_both_profiles_say_that_they_are_open_to_subtraction():
    assert protect({"t": table(SHOWN)}, profile="dfe-single-school", last=AFTER).open_to_subtraction


# What an attacker tries


BARE = ProtectedTable("t", table(SINGLE), 0)


@pytest.mark.parametrize("seal", [None, object(), True])
def test_protected_tables_made_elsewhere_fail(seal):
    with pytest.raises(ProtectionProblem, match="Only disclosure control"):
        Protected((BARE,), "dfe-single-school", False, seal)


def test_protected_tables_cannot_be_swapped_by_replace():
    genuine = protect({"t": table(SINGLE)}, profile="dfe-single-school", last=AFTER)
    with pytest.raises((ValueError, ProtectionProblem)):
        dataclasses.replace(genuine, tables=(BARE,))
    with pytest.raises(ProtectionProblem):
        dataclasses.replace(genuine, tables=(BARE,), seal=object())
    assert not hasattr(genuine, "seal")


def test_protected_tables_are_not_changed_copied_or_sent():
    genuine = protect({"t": table(SINGLE)}, profile="dfe-single-school", last=AFTER)
    with pytest.raises(dataclasses.FrozenInstanceError):
        genuine.tables = (BARE,)
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(ProtectionProblem, match="not copied or sent"):
            duplicate(genuine)
