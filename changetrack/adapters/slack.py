"""A letter as a message to Slack: blocks within its limits, in which nothing that people wrote is markup."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from changetrack.adapters.outgoing import Answer, Outgoing
from changetrack.domain.letters import Letter, Section, address, one_line

HEADER_MAX, TEXT_MAX, FIELD_MAX, BUTTON_MAX = 150, 3000, 2000, 75
FIELDS_MAX, BLOCKS_MAX, ITEMS_MAX = 10, 50, 40
SECONDS_BETWEEN = 1  # messages to one hook
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def post_to_slack(outgoing: Outgoing, url: str, letter: Letter, *, key: str, base_url: str) -> Answer:
    """Post a letter to an incoming webhook and return what Slack answered. Raises Unreachable."""
    return outgoing.post(url, json.dumps(slack_message(letter, key=key, base_url=base_url)).encode())


def slack_message(letter: Letter, *, key: str, base_url: str) -> dict[str, Any]:
    """Return a letter as Slack takes it: `text` for notifications, `blocks` (Block Kit) for the channel.

    The `block_id` of the first block follows from the `key`, so that one that was sent twice can be known.
    """
    blocks = list(_blocks(letter, base_url))[:BLOCKS_MAX]
    blocks[0]["block_id"] = sha256(key.encode()).hexdigest()
    return {"text": escaped(letter.title, TEXT_MAX), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def escaped(text: str, most: int) -> str:
    """Return a text as Slack shows it as it is, of at most that many characters."""
    parts = [_ENTITIES.get(char, char) for char in text]
    if sum(map(len, parts)) <= most:
        return "".join(parts)
    size = 0
    for number, part in enumerate(parts):
        size += len(part)
        if size >= most:
            return f"{''.join(parts[:number])}…"
    raise AssertionError("longer than it is long")


def _blocks(letter: Letter, base_url: str) -> Iterator[dict[str, Any]]:
    title = escaped(one_line(letter.title) or "ChangeTrack", HEADER_MAX)
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    yield from _section("\n".join(filter(None, (letter.lead, *(f"• {why}" for why in letter.why)))))
    if letter.facts:
        facts = [(escaped(label, 200), escaped(value, FIELD_MAX - 210)) for label, value in letter.facts[:FIELDS_MAX]]
        fields = [_marked(f"*{label}*\n{value}") for label, value in facts]
        yield {"type": "section", "fields": fields}
    for section in letter.sections:
        yield from _list(section, base_url)
    if letter.rule:
        yield {"type": "context", "elements": [_text(f"Judged by: {letter.rule}.")]}
    if letter.path:
        label = escaped(letter.action_label or "Open it", BUTTON_MAX)
        button = {"type": "button", "text": {"type": "plain_text", "text": label}}
        yield {"type": "actions", "elements": [{**button, "url": address(base_url, letter.path), "style": "primary"}]}


def _section(text: str) -> Iterator[dict[str, Any]]:
    if text:
        yield {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return _marked(escaped(text, TEXT_MAX))


def _marked(text: str) -> dict[str, Any]:
    """Words that are escaped; Slack makes links and mentions only of our own marks, not of what reads like one."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _list(section: Section, base_url: str) -> Iterator[dict[str, Any]]:
    """A heading and its lines, in as many blocks as they fill; those beyond a number are counted."""
    lines = [f"*{escaped(section.heading, 200)}*"]
    for item in section.items[:ITEMS_MAX]:
        text = escaped(one_line(item.text, 500), 600)
        lines.append(f"• <{address(base_url, item.path)}|{text}>" if item.path else f"• {text}")
    if (left := len(section.items) - ITEMS_MAX) > 0:
        lines.append(f"and {left:,} more")
    for part in _filled(lines):
        yield {"type": "section", "text": _marked(part)}


def _filled(lines: Iterable[str]) -> Iterator[str]:
    """Lines together, as many as a block takes."""
    kept: list[str] = []
    size = 0
    for line in lines:
        if size + len(line) + 1 > TEXT_MAX:
            yield "\n".join(kept)
            kept, size = [], 0
        kept.append(line)
        size += len(line) + 1
    yield "\n".join(kept)
