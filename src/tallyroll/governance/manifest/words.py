"""The closed words of a manifest: what a field may say and nothing else."""

from enum import StrEnum


class Tier(StrEnum):
    """Where named registers may rest."""

    SCHOOL = "school"
    TRUST = "trust"
    AUTHORITY = "authority"
    NATION = "nation"


class Level(StrEnum):
    """How high a risk is, from low to high."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, 2 for high."""
        return list(Level).index(self)


class Part(StrEnum):
    """What a party does in the collection."""

    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint-controller"
    PROCESSOR = "processor"
    SUB_PROCESSOR = "sub-processor"
    AGGREGATOR = "aggregator"
    SOURCE = "source"  # the schools, as holders of the register


class PartyKind(StrEnum):
    """What sort of body a party is; what a public authority may rely on depends on it."""

    PUBLIC_AUTHORITY = "public-authority"
    SCHOOL = "school"
    TRUST = "trust"
    COMPANY = "company"
    CHARITY = "charity"


class Sees(StrEnum):
    """What a processor can read of what passes through its hands or lies with it."""

    NOTHING = "nothing"
    CIPHERTEXT = "ciphertext"
    TALLIES = "tallies"
    NAMED_ROWS = "named-rows"


class PurposeKind(StrEnum):
    """What a purpose is for: what was collected for statistics cannot serve a decision about a child (Art 84C)."""

    STATISTICS = "statistics"
    OWN_DUTIES = "own-duties"  # a school's, trust's or authority's own work with its own pupils


class ForbiddenUse(StrEnum):
    """Uses that no permit can allow, whatever else a manifest says (LAW-03)."""

    IMMIGRATION_ENFORCEMENT = "immigration-enforcement"
    INDIVIDUAL_SANCTION = "individual-sanction"  # prosecution, penalty notice or other measure against a person
    COMMERCIAL_REUSE = "commercial-reuse"
    PRODUCT_DEVELOPMENT = "product-development"
    AI_TRAINING = "ai-training"
    LINKAGE = "linkage"  # with any other record of the person


class Alternative(StrEnum):
    """The lesser ways that an assessment must weigh (LAW-26)."""

    NO_COLLECTION = "no-collection"
    AGGREGATES_ONLY = "aggregates-only"
    SAMPLE = "sample"
    LOWER_FREQUENCY = "lower-frequency"
    COARSER_ITEMS = "coarser-items"


class Trigger(StrEnum):
    """What makes a processing high-risk by itself: Art 35(3) and the regulator's list (LAW-23)."""

    CHILDREN_AT_SCALE = "children-at-scale"
    SPECIAL_CATEGORY_AT_SCALE = "special-category-at-scale"
    INVISIBLE = "invisible"  # not obtained from the person
    MATCHING = "matching"
    SYSTEMATIC_MONITORING = "systematic-monitoring"
    INNOVATIVE_TECHNOLOGY = "innovative-technology"


class Views(StrEnum):
    """Whose views an assessment must seek, or say why not (LAW-27)."""

    PARENTS = "parents"
    PUPILS = "pupils"
    SCHOOLS = "schools"


class Right(StrEnum):
    """The rights of Articles 13 to 22 that a notice must explain one by one."""

    INFORMATION = "information"
    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    AUTOMATED_DECISIONS = "automated-decisions"
    COMPLAINT = "complaint"


class Sensitive(StrEnum):
    """Kinds of data that Articles 9 and 10 single out and a register can reveal."""

    HEALTH = "health"
    RELIGION = "religion"
    ETHNICITY = "ethnicity"
    CRIMINAL_OFFENCE = "criminal-offence"  # Article 10


class Receives(StrEnum):
    """What a recipient gets."""

    PUBLISHED_STATISTICS = "published-statistics"
    TALLIES = "tallies"
    SHARES = "shares"
    NAMED_ROWS = "named-rows"


class Store(StrEnum):
    """Where data rests, each with a time of its own."""

    REGISTERS = "registers"  # marks and roll
    FINDINGS = "findings"  # what screening found: row numbers, no values
    TALLIES = "tallies"  # unrounded counts
    SHARES = "shares"
    RELEASES = "releases"  # published, not personal
    LEDGER = "ledger"  # public, not personal


class Risk(StrEnum):
    """Where a risk comes from: an accident, an attacker, or what the design itself intends."""

    ACCIDENT = "accident"
    ATTACK = "attack"
    DESIGN_CHOICE = "design-choice"
