"""The one table that turns the service's words into ours, and the decoders that follow from the permit."""

import msgspec
import pytest

from tallyroll.connectors.wonde import records, values
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import Phase


@pytest.mark.parametrize(
    ("item", "theirs", "ours"),
    [
        (Item.SEX, "FEMALE", "F"),
        (Item.SEX, "male", "M"),
        (Item.SEX, "OTHER", ""),
        (Item.YEAR_GROUP, 7, "7"),
        (Item.YEAR_GROUP, "07", "7"),
        (Item.YEAR_GROUP, "Year 11", "11"),
        (Item.YEAR_GROUP, "Reception", "R"),
        (Item.YEAR_GROUP, "n1", "N1"),
        (Item.FSM, True, "Y"),
        (Item.FSM, False, "N"),
        (Item.FSM, "no", "N"),
        (Item.FSM, None, ""),
        (Item.SEN, "SEN Support", "K"),
        (Item.SEN, "Education, Health and Care Plan", "E"),
        (Item.SEN, "S", "E"),
        (Item.ETHNICITY, "wbri", "WBRI"),
        (Item.ENROLMENT_STATUS, "Single Registration", "C"),
    ],
)
def test_words_of_the_service_become_ours(item, theirs, ours):
    assert values.ours(item, theirs) == ours


def test_word_that_the_table_does_not_know_is_passed_on_for_screening():
    assert values.ours(Item.SEN, " Monitoring ") == "Monitoring"


def test_table_leads_only_to_values_of_the_characteristics():
    for item, table in values.TABLE.items():
        if item in BY_NAME:
            assert set(table.values()) <= {value.code for value in BY_NAME[item].values}, item


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("SECONDARY", Phase.SECONDARY),
        ("Primary", Phase.PRIMARY),
        ("all-through", Phase.SECONDARY),
        ("MIDDLE_DEEMED_PRIMARY", Phase.PRIMARY),
        ("PS", Phase.PRIMARY),
        ("UNIVERSITY", None),
        (None, None),
    ],
)
def test_phase_is_read_from_its_text(text, phase):
    assert values.phase(text) is phase


def names_in(kind: object) -> set[str]:
    """Every field name that a decoder's type lets in, at any depth."""
    found: set[str] = set()
    waiting = [msgspec.inspect.type_info(kind)]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            found |= {field.encode_name for field in info.fields}
            waiting += [field.type for field in info.fields]
        elif isinstance(info, msgspec.inspect.UnionType):
            waiting += info.types
        elif isinstance(info, msgspec.inspect.ListType):
            waiting.append(info.item_type)
    return found


ENVELOPE = {"data", "meta", "pagination", "next", "more", "id", "upi", "restored_at", "date", "timezone"}


def test_decoder_of_students_lets_in_only_what_the_permit_names():
    basics = frozenset({Item.PUPIL, Item.MARK, Item.ADMISSION_DATE, Item.LEAVING_DATE})
    assert names_in(records.student_pages(basics).type) - ENVELOPE == {
        "education_details",
        "admission_date",
        "leaving_date",
    }


def test_no_decoder_lets_in_a_name_a_birth_date_or_a_comment():
    let_in = names_in(records.student_pages(frozenset(Item)).type) | names_in(records.Page[records.Mark])
    unwanted = ("forename", "surname", "birth", "comment", "initials", "title", "address", "religion", "contact")
    assert not [name for name in let_in if any(word in name for word in unwanted)]


def test_includes_follow_from_the_permit():
    basics = frozenset({Item.PUPIL, Item.MARK, Item.ADMISSION_DATE, Item.LEAVING_DATE})
    assert records.includes(basics) == ("education_details",)
    assert records.includes(basics | {Item.SEX}) == ("education_details",)
    assert records.includes(basics | {Item.ETHNICITY}) == ("education_details", "extended_details")
    assert records.includes(basics | {Item.SEN}) == ("education_details", "extended_details", "sen_date_ranges")
