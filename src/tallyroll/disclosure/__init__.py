"""Statistical disclosure control: the only maker of `Protected` tables."""

from tallyroll.disclosure.protect import Profile, protect
from tallyroll.disclosure.protected import Protected, ProtectedTable

__all__ = ["Profile", "Protected", "ProtectedTable", "protect"]
