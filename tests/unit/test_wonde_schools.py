"""Schools as the service lists them, and the hosts that may be given our token."""

import pytest
from yarl import URL

from tallyroll.connectors.wonde.records import Identifiers, Region, SchoolRecord
from tallyroll.connectors.wonde.schools import place_of, read_school
from tallyroll.connectors.wonde.settings import read
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.schools import Phase


def record(**fields):
    given = {"id": "A1", "urn": 100001, "la_code": "201", "establishment_number": "2001", "name": "A School"}
    return SchoolRecord(**{**given, "phase_of_education": "PRIMARY", **fields})


def test_school_is_read_whether_its_numbers_are_numbers_or_text():
    school = read_school(record(urn="100001", la_code=201, establishment_number=2001))
    assert (school.urn.number, str(school.laestab), school.phase) == (100001, "2012001", Phase.PRIMARY)


def test_numbers_are_taken_from_the_region_where_the_school_has_none():
    inner = Region("api.wonde.com", Identifiers(urn=100001, la_code="201", establishment_number="2001"))
    school = read_school(record(urn=None, la_code=None, establishment_number=None, region=inner))
    assert str(school.urn) == "100001"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"urn": None}, "URN"),
        ({"urn": 10003}, "six digits"),
        ({"la_code": "10000"}, "LA code"),
        ({"establishment_number": "10000"}, "LAESTAB"),
        ({"phase_of_education": "UNIVERSITY"}, "phase"),
    ],
)
def test_school_that_we_cannot_use_is_explained(fields, word):
    with pytest.raises(InputProblem, match=word):
        read_school(record(**fields))


SETTINGS = read({"token": "t", "base_url": "https://api.wonde.com/v1.0", "regions": "mis.example:8443"})


@pytest.mark.parametrize(
    ("domain", "root"),
    [
        (None, "https://api.wonde.com/v1.0"),
        ("api.wonde.com", "https://api.wonde.com/v1.0"),
        ("api-af-south-1.wonde.com", "https://api-af-south-1.wonde.com/v1.0"),
        ("mis.example:8443", "https://mis.example:8443/v1.0"),
    ],
)
def test_school_is_asked_at_the_domain_of_its_region(domain, root):
    assert place_of(record(region=Region(domain)), settings=SETTINGS).root == URL(root)


@pytest.mark.parametrize(
    "domain",
    [
        "evil.example",
        "wonde.com.evil.example",
        "api.wonde.com@evil.example",
        "x.y.wonde.com",
        "wonde.com",
        "evil/.wonde.com",
    ],
)
def test_token_is_not_given_to_a_domain_outside_the_service(domain):
    with pytest.raises(InputProblem, match="not a region"):
        place_of(record(region=Region(domain)), settings=SETTINGS)


def test_neighbouring_addresses_are_not_regions_of_a_numeric_host():
    local = read({"token": "t", "base_url": "http://127.0.0.1:8000/v1.0"})
    with pytest.raises(InputProblem, match="not a region"):
        place_of(record(region=Region("126.0.0.1")), settings=local)
