"""The words of the house: codes, identifiers, school days, places, shapes of tables, findings, errors, the clock.

Imports nothing of ours. Each module is imported by its name: `from tallyroll.vocab.codes import CODES`.
"""
