"""The story of an alert in words: what happened, who was told how, and the ladder with who comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from changetrack.domain.ladder import DECISIONS, RUNGS, TOP
from changetrack.queries.alert_rows import AlertRow
from changetrack.queries.alert_story import Happening, Story, Telling

_HAPPENED: Mapping[str, tuple[str, str, str]] = {
    "alert_raised": ("Raised", "bell", "bad"),
    "alert_changed": ("Its reasons changed", "bell", "warn"),
    "alert_escalated": ("Went up the ladder", "arrow-narrow-up", "warn"),
    "alert_acknowledged": ("Acknowledged", "check", "info"),
    "alert_snoozed": ("Snoozed", "bell-off", ""),
    "alert_fired_again": ("Fired again", "bell", "warn"),
    "alert_decided": ("Decided", "flag", "info"),
    "alert_resolved": ("Resolved", "circle-check", "ok"),
    "alert_reopened": ("Open again", "arrow-back-up", "warn"),
}
_TOLD = {"alert": "was told", "reminder": "was reminded", "escalation": "was told, as nobody had taken it up"}
_TOLD_OF = {
    "again": "was told that it fired again",
    "changed": "was told that its reasons changed",
    "decided": "was told of the decision",
    "handed": "was told, to whom it was handed over",
}
_HELD = "Held until the run is over."
_BY = {"in_app": "in ChangeTrack", "email": "by e-mail", "slack": "by Slack", "webhook": "by webhook"}


@dataclass(frozen=True, slots=True)
class ChannelWord:
    """What became of a message by one channel; `tone` is that of a badge."""

    words: str
    tone: str
    at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the story."""

    at: datetime
    title: str
    sign: str
    tone: str
    by: str = ""
    note: str = ""
    channels: tuple[ChannelWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder: whom it concerns, and its state.

    'told' or 'next' `on` a day, 'passed' over because a higher one was due by then, 'later', or 'off' where it rests.
    """

    who: str
    after: int
    state: str
    on: date | None = None


def story_lines(story: Story) -> list[Line]:
    """Both parts of the story in one order of time; of one moment what happened comes before who was told of it."""
    lines = [*map(_happened, story.happenings), *_tellings(story.tellings)]
    return sorted(lines, key=lambda line: line.at)


def ladder_of(alert: AlertRow, story: Story) -> list[Step]:
    """The rungs of an alert, from the first to the last: who was told first, or since it was handed over."""
    told: dict[int, Telling] = {}
    for one in story.tellings:
        if one.rung is not None and not (one.not_told or "").startswith("Not told"):
            told[one.rung] = one if one.rung not in told or _is_handed(one) else told[one.rung]
    return [
        Step(_who(alert, rung.number, told.get(rung.number)), rung.after, *_state(alert, rung.number, told))
        for rung in RUNGS
    ]


def who_is(alert: AlertRow, rung: int) -> str:
    """Whom a rung of the ladder concerns, by name where there is one."""
    owner = alert.owner or alert.coordinator or alert.vsm
    names = (owner, owner, alert.coordinator, alert.vsm, None)
    roles = ("the owner", "the owner again", "the team coordinator", "the value stream manager", "the executives")
    name = names[rung]
    if name is None:
        return roles[rung]
    return f"{name}, again" if rung == 1 else f"{name}, {roles[rung]}" if rung > 1 else name


def _who(alert: AlertRow, rung: int, told: Telling | None) -> str:
    """Whom a rung concerns; where somebody was told on it, that is them, whoever is there by now."""
    if told is None or rung == TOP:
        return who_is(alert, rung)
    words = ("", "" if _is_handed(told) else ", again", ", the team coordinator", ", the value stream manager")
    return f"{told.to}{words[rung]}"


def _is_handed(told: Telling) -> bool:
    return told.about.startswith("handed")


def next_words(alert: AlertRow) -> str:
    """Who hears of it next, without when; what holds the ladder where nobody does."""
    if alert.state == "resolved":
        return "Over: nobody else is told."
    if alert.rung_due_on is not None and alert.rung < TOP:
        return who_is(alert, alert.rung + 1)
    if alert.quiet:
        return "Nobody is told: it was so already when it was imported."
    if alert.state != "firing":
        return "Somebody has taken it up: nobody else is told."
    if alert.decision is not None:
        return f"Decided: {DECISIONS[alert.decision].lower()}."
    return "It has come up to the executives, who decide." if alert.rung >= TOP else "Nobody else is told."


def _state(alert: AlertRow, rung: int, told: Mapping[int, Telling]) -> tuple[str, date | None]:
    if rung in told:
        return "told", told[rung].on
    if rung <= alert.rung:
        return ("off" if alert.quiet else "passed"), None
    if rung == alert.rung + 1 and alert.rung_due_on is not None:
        return "next", alert.rung_due_on
    return ("later" if alert.rung_due_on is not None else "off"), None


def _happened(one: Happening) -> Line:
    title, sign, tone = _HAPPENED.get(one.kind, (one.kind.replace("_", " ").capitalize(), "history", ""))
    by = "the night" if one.by.startswith("system:") else one.by
    return Line(one.at, title, sign, tone, by, one.note or "")


def _tellings(tellings: Sequence[Telling]) -> Iterable[Line]:
    """Messages about one thing to one person are one entry, with its channels."""
    for (_, to, kind, about), group in groupby(tellings, key=lambda t: (t.written_at, t.to, t.kind, t.about)):
        sent = list(group)
        told = _TOLD_OF.get(about.partition("-")[0], _TOLD.get(kind, "was told"))
        verb = "was sent the event" if sent[0].is_program else told
        sign = "external-link" if sent[0].is_program else "send"
        yield Line(sent[0].written_at, f"{to} {verb}", sign, "", channels=tuple(dict.fromkeys(map(_channel, sent))))


def _channel(sent: Telling) -> ChannelWord:
    how = _BY.get(sent.channel, sent.channel)
    if sent.not_told is not None:
        return ChannelWord(f"not {how}", "idle", why=sent.not_told)
    if sent.delivered_at is not None:
        return ChannelWord(how, "ok", at=sent.delivered_at)
    if sent.failed_at is not None:
        return ChannelWord(f"failed {how}", "bad", at=sent.failed_at, why=sent.error or "")
    held = "Held for a minute, until nothing more is handed over." if _is_handed(sent) else _HELD
    why = held if sent.is_held else sent.error or ""
    return ChannelWord(f"waits {how}", "info", at=sent.due_at, why=why)
