"""A message to a person: one structure for every channel, how it is kept, and its plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

TITLE_MAX = 200
KINDS = ("alert", "reminder", "escalation", "commitment", "gathered", "digest", "portfolio", "test")
LISTS = frozenset({"gathered", "digest", "portfolio"})
"""Kinds that tell of many accounts."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a section; `path` is its page in the application."""

    text: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    heading: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told, whatever the channel.

    `title` says what, since when, who and what to do: it is the subject of an e-mail, one line of at most 200
    characters, and is made so. `why` it was sent, a sentence each, by which version of the `rule`; `facts` are (label,
    value) pairs; `action_label` names what to do at `path`, a page in the application. `account` is the account's name.
    The text comes from people: whoever shows it escapes it.
    """

    kind: str
    title: str
    lead: str
    why: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    action_label: str | None = None
    path: str | None = None
    rule: str = ""
    account: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", one_line(self.title))


_FIELDS = tuple(field.name for field in fields(Letter))


def one_line(text: str, most: int = TITLE_MAX) -> str:
    """Return a text as one line of printable characters, cut off with “…” after `most` of them."""
    is_plain = text.isprintable()
    line = " ".join((text if is_plain else "".join(char if char.isprintable() else " " for char in text)).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def to_json(letter: Letter) -> dict[str, Any]:
    """Return a letter as the outbox keeps it."""
    kept = {name: getattr(letter, name) for name in _FIELDS}
    kept["sections"] = [
        {"heading": section.heading, "items": [{"text": item.text, "path": item.path} for item in section.items]}
        for section in letter.sections
    ]
    return kept


def from_json(payload: Mapping[str, Any]) -> Letter:
    """Return the letter that the outbox kept; one from before there were letters has a title and a body only."""
    return Letter(
        kind=str(payload.get("kind") or "alert"),
        title=str(payload.get("title") or ""),
        lead=str(payload.get("lead") or payload.get("body") or ""),
        why=tuple(map(str, payload.get("why") or ())),
        facts=tuple((str(label), str(value)) for label, value in payload.get("facts") or ()),
        sections=tuple(_section(section) for section in payload.get("sections") or ()),
        action_label=payload.get("action_label"),
        path=payload.get("path"),
        rule=str(payload.get("rule") or ""),
        account=payload.get("account"),
    )


def without(letter: Letter, is_told: Callable[[str], bool]) -> Letter | None:
    """Return a letter that lists, but for the lines whose page is not told any more; None if no line is left.

    The letter itself where nothing is to be left out. Its title and lead counted the lines: they no longer do, nor does
    the line that says how many more there are.
    """
    sections = [
        replace(section, items=tuple(item for item in section.items if not item.path or is_told(item.path)))
        for section in letter.sections
    ]
    if sections == list(letter.sections):
        return letter
    left = tuple(_uncounted(section, letter) for section in sections if section.items)
    title, lead = _SHORTENED.get(letter.kind, _SHORTENED["gathered"])
    return replace(letter, title=title, lead=lead, sections=left) if left else None


def _uncounted(section: Section, letter: Letter) -> Section:
    """A section whose line that leads where its letter does, to all of them, names no number."""
    if letter.kind != "gathered":
        return section
    items = (Item("and more", item.path) if item.path == letter.path else item for item in section.items)
    return replace(section, items=tuple(items))


_SHORTENED = {
    "gathered": (
        "Alerts need you: look through them",
        "What still needs you of the alerts of a day, the gravest first.",
    ),
    "digest": ("Your week: look through it", "Your week, without what is no longer yours since it was written."),
    "portfolio": ("The portfolio: see where it stands", "Where the customers stood when this was written."),
}


def plain_text(letter: Letter, base_url: str) -> str:
    """Return a letter in plain text, with whole addresses: the plain twin of an e-mail, without its subject."""
    blocks = [letter.lead, "\n".join(f"- {why}" for why in letter.why)]
    blocks.append("\n".join(f"{label}: {value}" for label, value in letter.facts))
    for section in letter.sections:
        blocks.append("\n".join((section.heading, *(_line(item, base_url) for item in section.items))))
    if letter.path:
        blocks.append(f"{letter.action_label or 'Open it'}: {address(base_url, letter.path)}")
    if letter.rule:
        blocks.append(f"Judged by: {letter.rule}.")
    return "\n\n".join(block for block in blocks if block.strip()) + "\n"


def short(letter: Letter) -> str:
    """Return the body of a letter inside the application: its lead and why, and the parts of one that is a list."""
    lines = [" ".join(part for part in (letter.lead, *letter.why) if part)]
    if letter.kind in LISTS:
        lines += [f"{label}: {value}" for label, value in letter.facts]
        for section in letter.sections:
            lines += [section.heading] if len(letter.sections) > 1 else []
            lines += [f"• {item.text}" for item in section.items]
    return "\n".join(line for line in lines if line)


def address(base_url: str, path: str) -> str:
    """Return the whole address of a page in the application."""
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}"


def _line(item: Item, base_url: str) -> str:
    return f"- {item.text}\n  {address(base_url, item.path)}" if item.path else f"- {item.text}"


def _section(payload: Mapping[str, Any]) -> Section:
    items = (Item(str(item.get("text") or ""), item.get("path")) for item in payload.get("items") or ())
    return Section(str(payload.get("heading") or ""), tuple(items))
