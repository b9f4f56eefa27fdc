"""The schools behind the service: who approved us, who they are in our words, and which domain serves them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from yarl import URL

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.connectors.wonde import values
from tallyroll.connectors.wonde.client import Client
from tallyroll.connectors.wonde.records import Identifiers, Page, Region, SchoolRecord, Single
from tallyroll.connectors.wonde.settings import Settings
from tallyroll.vocab.errors import InputProblem, SourceProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.schools import School

LISTS: tuple[tuple[str, SchoolState], ...] = (
    ("schools", SchoolState.APPROVED),
    ("schools/pending", SchoolState.PENDING),
    ("schools/declined", SchoolState.DECLINED),
    ("schools/revoked", SchoolState.REVOKED),
)
_PAGES = msgspec.json.Decoder(Page[SchoolRecord])
_ONE = msgspec.json.Decoder(Single[SchoolRecord])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a school's data is: the root of the API at the domain that serves it, and its key there."""

    root: URL
    id: str

    def url(self, path: str) -> URL:
        """The address of one of the school's resources."""
        return self.root / "schools" / self.id / path if path else self.root / "schools" / self.id


@dataclass(slots=True)
class Listed:
    """What the lists of schools hold, sorted into what we can use and what somebody must mend."""

    schools: dict[str, SourceSchool] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, record: SchoolRecord, state: SchoolState, *, settings: Settings) -> None:
        """Take one record in; a school that is on two lists keeps the first, and a faulty one becomes a finding."""
        key = str(record.id)
        if key in self.schools:
            return
        try:
            school = read_school(record)
            place = place_of(record, settings=settings)
        except InputProblem as problem:
            message, mend = problem.what, problem.mend
            self.findings.append(Finding("wonde.school", Severity.ERROR, message, mend, place=f"school {key}"))
            return
        self.schools[key] = SourceSchool(key, school, state, record.mis or "")
        self.places[key] = place


async def list_schools(client: Client, *, settings: Settings) -> Listed:
    """Every school that we have asked, with its state."""
    listed = Listed()
    for path, state in LISTS:
        async for page in client.pages(settings.base_url / path, {}, _PAGES):
            for record in page:
                listed.add(record, state, settings=settings)
    return listed


async def locate(client: Client, key: str, *, settings: Settings) -> Place:
    """Where the school of this key is. Raises Missing when the service does not know the key."""
    found = await client.one(Place(settings.base_url, key).url(""), _ONE)
    return place_of(found.data, settings=settings)


async def locate_by_urn(client: Client, urn: Urn, *, settings: Settings) -> Place:
    """Where the school of this URN is now: its key changes when it changes its system."""
    async for page in client.pages(settings.base_url / "schools", {"urn": str(urn)}, _PAGES):
        for record in page:
            if str(_numbers(record)["urn"]) == str(urn):
                return place_of(record, settings=settings)
    raise SourceProblem(
        "The school is not among those that approved us.",
        where=f"school {urn}",
        mend="It may have withdrawn its approval, or its new system awaits one: ask for access again.",
    )


async def find(client: Client, urn: Urn, *, settings: Settings) -> SourceSchool | None:
    """A school that may never have been asked, among all that the service knows."""
    listed = Listed()
    async for page in client.pages(settings.base_url / "schools" / "all", {"urn": str(urn)}, _PAGES):
        for record in page:
            if str(_numbers(record)["urn"]) == str(urn):
                listed.add(record, SchoolState.UNKNOWN, settings=settings)
    return next(iter(listed.schools.values()), None)


def read_school(record: SchoolRecord) -> School:
    """The school in our words; InputProblem says what about it we cannot use."""
    numbers = _numbers(record)
    urn, la, establishment = (str(numbers[name] or "") for name in ("urn", "la_code", "establishment_number"))
    if not urn.isdecimal():
        raise InputProblem("The school has no URN.", mend="Enter it in Wonde; GIAS has it.")
    if la not in BY_OLD_CODE:
        raise InputProblem(f"Its LA code '{la}' is not one of England's.", mend="Correct it in Wonde; GIAS has it.")
    phase = values.phase(record.phase_of_education)
    if phase is None:
        what = f"Its phase '{record.phase_of_education or ''}' is not known."
        raise InputProblem(what, mend="Correct it in Wonde, or add the spelling to the connector's table.")
    return School(Urn(int(urn)), Laestab(la, establishment.zfill(4)), record.name or "", phase)


def _numbers(record: SchoolRecord) -> Mapping[str, int | str | None]:
    """URN, LA code and establishment number, wherever they stand."""
    region = record.region.identifiers if isinstance(record.region, Region) else None
    inner = region if isinstance(region, Identifiers) else Identifiers()
    return {name: getattr(record, name) or getattr(inner, name) for name in Identifiers.__struct_fields__}


def place_of(record: SchoolRecord, *, settings: Settings) -> Place:
    """Where this school's data is. InputProblem when its domain is not one that may be given our token."""
    base = settings.base_url
    domain = record.region.domain if isinstance(record.region, Region) else None
    if not domain or domain in (base.host, base.authority):
        return Place(base, str(record.id))
    if domain not in settings.regions and not _is_sibling(domain, base.host or ""):
        raise InputProblem(
            f"It is served by '{domain}', which is not a region of the service we know.",
            mend="If that is right, add the domain to the setting 'regions'.",
        )
    host, _, port = domain.partition(":")
    return Place(base.with_host(host).with_port(int(port) if port.isdecimal() else None), str(record.id))


def _is_sibling(domain: str, base: str) -> bool:
    """Whether both are direct children of one domain, as api-af-south-1.wonde.com is beside api.wonde.com."""
    parent = base.partition(".")[2]
    return (
        "." in parent
        and not parent[-1].isdigit()
        and re.fullmatch(rf"[a-z0-9-]+\.{re.escape(parent)}", domain) is not None
    )
