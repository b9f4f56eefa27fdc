"""The sharing register: from the gate's log alone, with refusals counted, and published when it is empty."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from tests.lib.builders import manifest, manifest_text
from tests.lib.tellings import Telling, enacted, gate_entry

from tallyroll.governance.manifest import Manifest, parse
from tallyroll.governance.records.sharing import files
from tallyroll.ledger import Entry

ON = date(2026, 11, 20)
OFFICE = """
[[recipients]]
name = "{name}"
receives = "{receives}"
purpose = "attendance-statistics"
kind = "{kind}"
gateway = "SI 2009/1563, paragraph 3"
"""


def recipient(name: str = "The Statistics Office", receives: str = "tallies", kind: str = "public-authority") -> str:
    return OFFICE.format(name=name, receives=receives, kind=kind)


def with_recipients(*more: str) -> Manifest:
    return parse(manifest_text() + "".join(more or (recipient(),)), where="test")


def table(made: Telling, entries: Sequence[Entry], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(made.history, entries, on=ON)[name])))


def released(index: int, manifest: Manifest) -> Entry:
    facts = {"manifest": manifest.digest, "release": "ab" * 32, "tables": 6}
    return Entry(index, datetime(2026, 11, 20, 17, tzinfo=UTC), "released", facts)


def test_a_row_says_who_received_what_when_and_under_which_clause() -> None:
    made = with_recipients()
    (row,) = table(enacted(made), [gate_entry(5, made)], "sharing-register.csv")
    assert row == {
        "Entry": "5",
        "When": "2026-11-20 16:05Z",
        "Recipient": "The Statistics Office",
        "Kind": "public authority",
        "What": "tallies: fsm",
        "First day": "2026-11-16",
        "Last day": "2026-11-20",
        "Schools": "3",
        "Purpose": "Official statistics of attendance and absence.",
        "Clause": "test-attendance/1 purposes.attendance-statistics",
        "Legal basis": "Article 6(1)(e)",
        "Law": "Education Act 1996, section 537A; SI 2009/1563, paragraph 3",
        "Version": "1",
        "Assessment": made.digest,
        "Controllers": "The Synthetic Authority",
        "Sole or joint": "sole",
        "Passing on": "no: the list of recipients is closed",
        "Commercial": "no",
        "Objections": "Decided within a month; if upheld, characteristics are counted as not stated.",
        "Release": "",
    }


def test_a_release_is_shared_with_everybody_who_reads_published_figures() -> None:
    made = with_recipients()
    (row,) = table(enacted(made), [released(6, made)], "sharing-register.csv")
    assert (row["Recipient"], row["What"]) == ("The public", "published statistics: 6 tables")
    assert (row["Release"], row["Passing on"]) == ("ab" * 32, "published for everybody")


@pytest.mark.parametrize("facts", [{"answer": "refusal"}, {"door": "pull"}, {"collection": "another"}])
def test_what_did_not_leave_under_this_collection_is_not_listed(facts: dict[str, str]) -> None:
    made = with_recipients()
    assert table(enacted(made), [gate_entry(5, made, **facts)], "sharing-register.csv") == []


def test_what_left_for_somebody_whom_no_assessment_names_is_never_kept_silent() -> None:
    made = with_recipients()
    entries = [gate_entry(5, made, recipient="The Home Office"), gate_entry(6, manifest(), recipient="Police")]
    first, second = table(enacted(made), entries, "sharing-register.csv")
    assert (first["Recipient"], first["Kind"]) == ("The Home Office", "not named in the assessment")
    assert (second["Recipient"], second["Assessment"]) == ("Police", manifest().digest)  # not in this history
    rows = {row["Who"]: row["Received"] for row in table(enacted(made), entries, "asked-about-most.csv")}
    assert rows["Home Office"] == rows["Police"] == "1, although the assessment in force names none"


def test_refusals_are_counted_by_clause_and_door() -> None:
    made = with_recipients()
    entries = [gate_entry(at, made, answer="refusal", clause="recipients", door="export") for at in (1, 2)]
    entries += [gate_entry(3, made, answer="refusal", clause="items", door="pull"), gate_entry(4, made)]
    entries += [gate_entry(5, made, answer="refusal", collection="another")]
    assert [tuple(row.values()) for row in table(enacted(made), entries, "refusals.csv")] == [
        ("recipients", "export", "2"),
        ("items", "pull", "1"),
    ]
    assert (
        "Questions to the gate: 4. Refused: 3." in files(enacted(made).history, entries, on=ON)["sharing-register.html"]
    )


def test_home_office_police_courts_and_companies_got_nothing_and_cannot() -> None:
    made = with_recipients()
    rows = table(enacted(made), [gate_entry(5, made), released(6, made)], "asked-about-most.csv")
    assert [tuple(row.values()) for row in rows] == [
        (who, "0, not possible") for who in ("Home Office", "Police", "Courts", "Companies")
    ]


@pytest.mark.parametrize(
    ("who", "name", "kind"),
    [
        ("Home Office", "Home Office, Border Force", "public-authority"),
        ("Police", "Thames Constabulary", "public-authority"),
        ("Courts", "HM Courts and Tribunals Service", "public-authority"),
        ("Companies", "A Maker of Tests Ltd", "company"),
    ],
)
def test_the_rows_are_counted_and_do_not_say_nothing_when_it_is_something(who: str, name: str, kind: str) -> None:
    made = with_recipients(recipient(name, "named-rows", kind))
    entry = gate_entry(5, made, door="export", recipient=name, characteristics=[], items=["mark"])
    rows = {row["Who"]: row["Received"] for row in table(enacted(made), [entry], "asked-about-most.csv")}
    assert rows.pop(who) == "1, possible: the assessment names it"
    assert set(rows.values()) == {"0, not possible"}


def test_the_register_is_published_when_nothing_was_shared() -> None:
    found = files(enacted(with_recipients()).history, [], on=ON)
    assert set(found) == {
        *("sharing-register.html", "sharing-register.csv", "refusals.csv", "asked-about-most.csv", "deletions.csv")
    }
    assert "Nothing was shared." in found["sharing-register.html"]
    assert "0, not possible" in found["sharing-register.html"]


def test_a_deletion_record_is_listed_with_what_was_left() -> None:
    facts = {
        **{"store": "registers", "basis": "Corrections.", "duration": "P1Y", "as_of": "2026-11-20", "schools": 2},
        **{"years": ["2024/25"], "rows": {"week": 76}, "keys_destroyed": 2, "inventory_after": {"week": 0, "roll": 0}},
    }
    entry = Entry(9, datetime(2026, 11, 20, tzinfo=UTC), "deleted", facts)
    (row,) = table(enacted(with_recipients()), [entry], "deletions.csv")
    assert tuple(row.values()) == (
        *("9", "2026-11-20", "registers", "P1Y", "Corrections.", "week 76", "2", "week 0, roll 0"),
    )


def test_a_store_without_keys_has_a_deletion_record_too() -> None:
    facts = {"store": "tallies", "basis": "Comparison.", "duration": "P13M", "rows": {"cells": 9}}
    entry = Entry(9, datetime(2026, 11, 20, tzinfo=UTC), "deleted", facts)
    (row,) = table(enacted(with_recipients()), [entry], "deletions.csv")
    assert (row["Store"], row["Rows gone"], row["Keys destroyed"]) == ("tallies", "cells 9", "")
