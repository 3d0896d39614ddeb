"""Who an account's people are: each with a title, a function and a part in deciding and living the change."""

from dataclasses import dataclass
from random import Random
from typing import Any
from unicodedata import normalize

from changetrack.domain.demo.organizations import Organization, people_names

_PLAIN = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part in a coalition: titles to choose from, function, roles on the decision path, powers."""

    titles: tuple[str, ...]
    function: str
    roles: tuple[str, ...]
    powers: tuple[str, ...] = ()
    in_coalition: bool = True
    is_sponsor: bool = False


_SPONSOR = Part(
    ("Chief operating officer", "Director of operations", "Member of the board", "General manager"),
    "Management", ("decider", "approver"), ("position", "leadership"), is_sponsor=True,
)  # fmt: skip
_USER = Part(
    ("Shift lead", "Senior specialist", "Team lead", "Group lead"),
    "Operations", ("user", "initiator"), ("credibility",),
)  # fmt: skip
_IT = Part(
    ("IT architect", "Head of applications", "Integration lead"),
    "IT", ("influencer", "gatekeeper"), ("expertise",),
)  # fmt: skip
_LEAD = Part(
    ("Supervisor, second site", "Deputy head of department", "Works council member"),
    "Operations", ("user", "influencer"), ("credibility", "leadership"),
)  # fmt: skip
_BUYER = Part(("Purchasing manager", "Category buyer"), "Procurement", ("buyer",), in_coalition=False)
_MONEY = Part(("Finance director", "Controller"), "Finance", ("approver",), ("position",), in_coalition=False)
_ALL_IN_ONE = Part(
    ("Head of digital operations", "Transformation manager"),
    "Management", ("decider", "approver", "initiator", "influencer", "gatekeeper"), ("position", "expertise"),
    is_sponsor=True,
)  # fmt: skip
_HANDS = Part(("Specialist", "Key user"), "Operations", ("user",), ("credibility",))
_OFFICE = Part(("Project assistant", "Process engineer"), "Operations", ("influencer",), ("expertise",))
_STARTER = Part(("Continuous improvement lead",), "Operations", ("initiator",), ("expertise",))

COALITIONS = {
    "team": (_SPONSOR, _USER, _IT, _LEAD, _BUYER, _MONEY),
    "loose": (_HANDS, _OFFICE, _STARTER, _HANDS),
    "thread": (_ALL_IN_ONE, _HANDS, _HANDS),
}
_GUEST = Part(("Assistant to the board", "Office manager"), "Management", (), in_coalition=False)
_MOST = 9  # people of one account


class Cast:
    """The people of one account in the order in which they appear; `on_record` is in the order of their numbers."""

    def __init__(self, organization: Organization, parts: tuple[Part, ...], chance: Random) -> None:
        self._domain, self._parts, self._chance = organization.domain, parts, chance
        self._names = people_names(organization.names, chance, _MOST)
        self._known = 0
        self.on_record: list[dict[str, Any]] = []

    def next_member(self) -> dict[str, Any]:
        """The next of the coalition, as the record takes a contact; raises IndexError after the last."""
        part = self._parts[self._known]
        self._known += 1
        return self._contact(part)

    def successor(self) -> dict[str, Any]:
        """Somebody new in the place of the sponsor."""
        return self._contact(_SPONSOR)

    def guest(self) -> dict[str, Any]:
        """Somebody who is named only because they said something, as a statement names them."""
        contact = self._contact(_GUEST)
        return {"contact_name": contact["name"], "contact_title": contact["title"]}

    def _contact(self, part: Part) -> dict[str, Any]:
        name = self._names[len(self.on_record)]
        contact = {
            "name": name,
            "title": self._chance.choice(part.titles),
            "email": f"{_plain(name)}@{self._domain}",
            "function": part.function,
            "path_roles": list(part.roles),
            "powers": list(part.powers),
            "in_coalition": part.in_coalition,
            "is_sponsor": part.is_sponsor,
        }
        self.on_record.append(contact)
        return contact

    def number_of(self, *, sponsor: bool) -> int | None:
        """The number on record of the newest sponsor, or of the first member who is none; None if there is nobody."""
        found = [n for n in self.members() if self.on_record[n - 1]["is_sponsor"] is sponsor]
        return (found[-1] if sponsor else found[0]) if found else None

    def members(self) -> list[int]:
        """The numbers on record of those who are in the coalition."""
        return [n for n, contact in enumerate(self.on_record, 1) if contact["in_coalition"]]


def _plain(name: str) -> str:
    letters = normalize("NFKD", name.translate(_PLAIN)).encode("ascii", "ignore").decode()
    return letters.lower().replace(" ", ".").replace("'", "")
