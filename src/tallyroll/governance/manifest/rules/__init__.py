"""What an assessment must say before anybody may sign it: rules over a manifest, all told at once.

Each rule is a small pure function whose first line names the requirement that asks for it.
"""

from tallyroll.governance.manifest.rules.dated import DATED_RULES
from tallyroll.governance.manifest.rules.fault import Fault
from tallyroll.governance.manifest.rules.judging import RULES, Judgement, faults, judge

__all__ = ["DATED_RULES", "RULES", "Fault", "Judgement", "faults", "judge"]
