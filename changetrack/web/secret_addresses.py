"""Addresses that are secrets themselves: they are sent to no other site, indexed by none, and kept out of the log."""

import re

# The page of a customer's person, the end of one kind of e-mail, the feed of a person's commitments.
_ROOMS = ("/c/", "/unsubscribe/", "/calendar/")
_MASK = "***"
# After /array/ the libraries of PostHog write their key.
_IN_TEXT = re.compile(r"(/(?:c|unsubscribe|calendar|array)/)[^\s\"'\\/?#<>]+", re.IGNORECASE)


def is_secret(path: str) -> bool:
    """Whether the path of an address holds a secret."""
    return path.startswith(_ROOMS)


def loggable(path: str) -> str:
    """The path of an address as the log may keep it."""
    return next((room + _MASK for room in _ROOMS if path.startswith(room)), path)


def masked(line: str) -> str:
    """A line of the log without the secrets that somebody else's words in it may hold, such as an error's."""
    return _IN_TEXT.sub(rf"\1{_MASK}", line)
