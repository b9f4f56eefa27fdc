"""The bytes of marks that the simulator writes, by the text of their code."""

from tallyroll.vocab.codes import BY_TEXT, NOTHING_RECEIVED

BYTE: dict[str, int] = {text: code.number for text, code in BY_TEXT.items()}
"""The byte of each code, by what a register shows."""

NOTHING = NOTHING_RECEIVED
UNDECIDED = 255
"""A session the pupil was expected at, before it is decided whether the pupil came."""
