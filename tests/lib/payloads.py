"""Payloads in tests: one small school, its tally counted for real, permits for both ends, and planted identifiers."""

from datetime import date
from functools import cache
from random import Random

from tallyroll import submission
from tallyroll.governance import Door, Permit
from tallyroll.tally import Tally
from tallyroll.vocab.identifiers import Urn, upn_check_letter
from tallyroll.vocab.shapes import Register
from tests.lib.builders import NOW, permit
from tests.lib.small_registers import URNS, register
from tests.lib.tallies import counted, persistent

URN = Urn(100001)
COUNTED_AT = int(NOW.timestamp()) * 1_000_000 - 123_457  # the revision: a moment of counting

SCHOOL = register(
    roll="""
        school | pupil | year_group | sex | fsm | sen
        100001 | 1     | 5          | F   | Y   | E
        100001 | 2     | 5          | M   |     | N
        100001 | 3     | X          |     | N   | K
    """,
    marks=r"""
        school | pupil | 2026-09-30 | 2026-10-01
        100001 | 1     | / \        | I I
        100001 | 2     | - L        | C1 #
        100001 | 3     | U /        | / \
    """,
)


def tally_of(held: Register, *characteristics: str, revision: int = COUNTED_AT) -> Tally:
    """Sessions and persistent absence of a register, counted for real."""
    cells = counted(held, *characteristics, revision=revision).cells
    return Tally(cells, persistent(held, *characteristics, revision=revision))


@cache
def sender() -> Permit:
    """A permit to send what every school of `small_registers` counted over the term so far."""
    return permit(Door.SEND, schools=[Urn(number) for number in URNS])


@cache
def receiver() -> Permit:
    """A permit to receive the same."""
    return permit(Door.RECEIVE, schools=[Urn(number) for number in URNS])


def encoded(tally: Tally) -> bytes:
    """The payload of a tally of one contributor."""
    return submission.encode(sender(), tally, now=NOW)


# Identifiers of nobody, drawn at random


def a_upn(draw: Random) -> str:
    """A UPN with its check letter; now and then a temporary one."""
    tail = "".join(draw.choices("0123456789", k=11)) + draw.choice("0123456789A")
    return upn_check_letter(tail) + tail


def a_wrong_upn(draw: Random) -> str:
    """The shape of a UPN, with another letter than its own."""
    upn = a_upn(draw)
    return ("A" if upn[0] != "A" else "B") + upn[1:]


def an_nhs_number(draw: Random) -> str:
    """Ten digits whose weighted sum, check digit included, is a multiple of 11."""
    while True:
        digits = [draw.randrange(10) for _ in range(10)]
        if sum(digit * weight for digit, weight in zip(digits, range(10, 0, -1), strict=True)) % 11 == 0:
            text = "".join(map(str, digits))
            return draw.choice([text, f"{text[:3]} {text[3:6]} {text[6:]}", f"{text[:3]}-{text[3:6]}-{text[6:]}"])


def a_birthday(draw: Random) -> str:
    """A day of 2008 to 2021 in one of the forms that people write."""
    day = date.fromordinal(draw.randrange(date(2008, 1, 1).toordinal(), date(2021, 12, 31).toordinal()))
    forms = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%y", "%d-%m-%Y", "%Y%m%d", "%d%m%Y", "%d %B %Y", "%d %b %y", "%B %d, %Y"]
    return day.strftime(draw.choice(forms))


def a_postcode(draw: Random) -> str:
    """A postcode of a real form."""
    outward = draw.choice(["N1", "SW1A", "LS11", "B33", "CR2", "EC1A", "W1T"])
    return f"{outward}{draw.choice([' ', ''])}{draw.randrange(10)}{''.join(draw.choices('ABDEFGHJLNPQRSTUWXYZ', k=2))}"


def a_name(draw: Random) -> str:
    """A name, in some spelling."""
    first = draw.choice(["Zephyrine", "Quentin", "Aoife", "Mohammed", "Siân", "Łukasz", "अनिता", "Oluwaseun"])
    last = draw.choice(["Wintergreen", "O'Quilligan", "Featherstonehaugh", "Nguyễn", "Kowalczyk-Jones"])
    return draw.choice([f"{first} {last}", f"{last}, {first}", f"{first}{last}", f"{first} {last}".upper(), last])


def an_address(draw: Random) -> str:
    """An e-mail address or telephone number."""
    number = "".join(draw.choices("0123456789", k=8))
    return draw.choice([f"zephyrine.w{draw.randrange(999)}@example.org", f"079{number}", f"+44 79{number}"])


def a_remark(draw: Random) -> str:
    """What somebody might type into a box."""
    return draw.choice(["bereaved of mother", "see Mrs Quilligan", "moved to refuge", "asthma; inhaler", "EHCP!"])


IDENTIFIERS = (a_upn, a_wrong_upn, an_nhs_number, a_birthday, a_postcode, a_name, an_address, a_remark)


def any_identifier(draw: Random) -> str:
    """One of any kind."""
    return draw.choice(IDENTIFIERS)(draw)
