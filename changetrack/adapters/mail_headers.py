"""Headers that programs read, written in one line as they are: folded, they would be wrapped into encoded words."""

import re
from email.headerregistry import HeaderRegistry
from email.policy import SMTP, Policy
from typing import Any, ClassVar, Literal

AS_THEY_ARE = ("Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
_LONGEST = 900  # a line of a message has 998 characters at most; RFC 5322, 2.1.1
_VISIBLE = re.compile(r"[!-~]+")


class _AsItIs:
    """The value of a header, neither decoded when it is set nor folded when it is written."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"], kwds["decoded"] = None, value

    def fold(self: Any, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def fits_in_header(address: str) -> bool:
    """Whether an address can stand in a header as it is: visible characters of ASCII only, and not too many."""
    return _VISIBLE.fullmatch(address) is not None and len(address) <= _LONGEST


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in AS_THEY_ARE:
        registry.map_to_type(name, _AsItIs)  # type: ignore[arg-type]  # a mixin, as the library has them
    return registry


MAIL = SMTP.clone(header_factory=_registry())
"""How our e-mails are written."""
