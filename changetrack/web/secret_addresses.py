"""Addresses that are secrets themselves: they are sent to no other site, indexed by none, and kept out of the log."""

import re

CUSTOMER_PAGES = "/c/"
MASKED = CUSTOMER_PAGES + "***"
# After /array/ the libraries of PostHog write their key.
_IN_TEXT = re.compile(r"(/(?:c|array)/)[^\s\"'\\/?#<>]+", re.IGNORECASE)


def is_secret(path: str) -> bool:
    """Whether the path of an address holds a secret."""
    return path.startswith(CUSTOMER_PAGES)


def loggable(path: str) -> str:
    """The path of an address as the log may keep it."""
    return MASKED if is_secret(path) else path


def masked(line: str) -> str:
    """A line of the log without the secrets that somebody else's words in it may hold, such as an error's."""
    return _IN_TEXT.sub(r"\1***", line)
