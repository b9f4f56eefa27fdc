"""The closed words of a manifest as people say them: for the readers of a notice and, plainer, for a child."""

from collections.abc import Mapping
from typing import Final

from tallyroll.governance.manifest.words import ForbiddenUse, PartyKind, Receives, Right, Sensitive, Store, Tier
from tallyroll.vocab.items import Item

TIERS: Final[Mapping[Tier, str]] = {
    Tier.SCHOOL: "the school",
    Tier.TRUST: "the school's trust",
    Tier.AUTHORITY: "the local authority",
    Tier.NATION: "one place for the whole country",
}
KINDS: Final[Mapping[PartyKind, str]] = {
    PartyKind.PUBLIC_AUTHORITY: "a public body",
    PartyKind.SCHOOL: "a school",
    PartyKind.TRUST: "a trust",
    PartyKind.COMPANY: "a company",
    PartyKind.CHARITY: "a charity",
}
ITEMS: Final[Mapping[Item, str]] = {
    Item.PUPIL: "A number for the pupil, so that nobody counts twice",
    Item.MARK: "The mark for each morning and afternoon",
    Item.ADMISSION_DATE: "The day the pupil joined the school",
    Item.LEAVING_DATE: "The day the pupil left the school",
    Item.ENROLMENT_STATUS: "If this is the pupil's main school",
    Item.UPN: "The pupil's school number (UPN)",
    Item.YEAR_GROUP: "The year group",
    Item.SEX: "Boy or girl",
    Item.FSM: "Free school meals now",
    Item.FSM6: "Free school meals in the last six years",
    Item.PUPIL_PREMIUM: "Extra money for the school (pupil premium)",
    Item.SEN: "Help with special needs",
    Item.ETHNICITY: "Ethnic group",
    Item.LOOKED_AFTER: "In care now",
    Item.PREVIOUSLY_LOOKED_AFTER: "In care before",
}
CHILD_ITEMS: Final[Mapping[Item, str]] = {
    Item.PUPIL: "A number that stands for you, so that you are not counted twice.",
    Item.MARK: "Your mark for each morning and afternoon: here, late or away. If you were away, it says why.",
    Item.ADMISSION_DATE: "The day you came to your school.",
    Item.LEAVING_DATE: "The day you leave your school.",
    Item.ENROLMENT_STATUS: "If this is your main school.",
    Item.UPN: "Your own school number.",
    Item.YEAR_GROUP: "What year you are in.",
    Item.SEX: "If you are a boy or a girl.",
    Item.FSM: "If you get free school meals.",
    Item.FSM6: "If you had free school meals in the last six years.",
    Item.PUPIL_PREMIUM: "If your school gets more money to help you.",
    Item.SEN: "If you get more help to learn.",
    Item.ETHNICITY: "Where your family comes from.",
    Item.LOOKED_AFTER: "If you are in care.",
    Item.PREVIOUSLY_LOOKED_AFTER: "If you were in care before.",
}
REVEALS: Final[Mapping[Sensitive, str]] = {
    Sensitive.HEALTH: "health",
    Sensitive.RELIGION: "religion",
    Sensitive.ETHNICITY: "ethnic group",
    Sensitive.CRIMINAL_OFFENCE: "an offence",
}
CHILD_REVEALS: Final[Mapping[Sensitive, str]] = {
    Sensitive.HEALTH: "that you were ill",
    Sensitive.RELIGION: "what your family believes in",
    Sensitive.ETHNICITY: "where your family comes from",
    Sensitive.CRIMINAL_OFFENCE: "that the law had to deal with something",
}
STORES: Final[Mapping[Store, str]] = {
    Store.REGISTERS: "Marks and the list of pupils",
    Store.FINDINGS: "Notes of what was wrong in the data",
    Store.TALLIES: "Counts that are not yet rounded",
    Store.SHARES: "Parts of counts that say nothing alone",
    Store.RELEASES: "Published tables, about nobody",
    Store.LEDGER: "The public log, about nobody",
}
RECEIVES: Final[Mapping[Receives, str]] = {
    Receives.PUBLISHED_STATISTICS: "published tables, with no names",
    Receives.TALLIES: "counts, with no names",
    Receives.SHARES: "parts of counts that say nothing alone",
    Receives.NAMED_ROWS: "rows about single pupils",
}
CHILD_RECEIVES: Final[Mapping[Receives, str]] = {
    Receives.PUBLISHED_STATISTICS: "They see how many children were here. They do not see you.",
    Receives.TALLIES: "They get numbers. They do not see you.",
    Receives.SHARES: "They get parts of numbers. They do not see you.",
    Receives.NAMED_ROWS: "They can see what is kept about you.",
}
FORBIDDEN: Final[Mapping[ForbiddenUse, str]] = {
    ForbiddenUse.IMMIGRATION_ENFORCEMENT: "To check or act on where a family comes from (immigration).",
    ForbiddenUse.INDIVIDUAL_SANCTION: "To fine, punish or take to court a pupil or parent.",
    ForbiddenUse.COMMERCIAL_REUSE: "To sell, or to make money.",
    ForbiddenUse.PRODUCT_DEVELOPMENT: "To build or better a product.",
    ForbiddenUse.AI_TRAINING: "To train artificial intelligence.",
    ForbiddenUse.LINKAGE: "To join with other records about the same person.",
}
CHILD_FORBIDDEN: Final[Mapping[ForbiddenUse, str]] = {
    ForbiddenUse.IMMIGRATION_ENFORCEMENT: "It may not be used to find out if your family may live in this land.",
    ForbiddenUse.INDIVIDUAL_SANCTION: "It may not be used to fine or punish you or your family.",
    ForbiddenUse.COMMERCIAL_REUSE: "It may not be sold.",
    ForbiddenUse.PRODUCT_DEVELOPMENT: "It may not be used to make things to sell.",
    ForbiddenUse.AI_TRAINING: "It may not be used to teach computers about you.",
    ForbiddenUse.LINKAGE: "It may not be put with other things that are known about you.",
}
RIGHTS: Final[Mapping[Right, str]] = {
    Right.INFORMATION: "To be told",
    Right.ACCESS: "To see what is held",
    Right.RECTIFICATION: "To have it put right",
    Right.ERASURE: "To have it wiped out",
    Right.RESTRICTION: "To have its use held back",
    Right.PORTABILITY: "To take it with you",
    Right.OBJECTION: "To object",
    Right.AUTOMATED_DECISIONS: "To have no machine decide alone",
    Right.COMPLAINT: "To complain",
}
CHILD_RIGHTS: Final[Mapping[Right, str]] = {
    Right.INFORMATION: "Be told what is going on. This page is part of that.",
    Right.ACCESS: "See what is kept about you.",
    Right.RECTIFICATION: "Have a mistake put right.",
    Right.ERASURE: "Ask for things about you to be wiped out.",
    Right.RESTRICTION: "Ask for a stop while a question is sorted out.",
    Right.PORTABILITY: "Get a copy to take with you.",
    Right.OBJECTION: "Say that you do not want this. Somebody must then think again.",
    Right.AUTOMATED_DECISIONS: "Have a person decide, not just a machine.",
    Right.COMPLAINT: "Complain if you think that this is wrong.",
}
