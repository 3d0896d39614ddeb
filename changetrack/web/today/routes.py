"""Today: for the team what needs them, for those who see everything how it stands and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from changetrack.domain.funnel import OPEN_PLACES, PLACE_KEYS, headline, place_name
from changetrack.domain.people import Action, Actor, may
from changetrack.queries.alert_rows import AlertRow
from changetrack.queries.alerts import UNDECIDED, AlertPage, list_alerts
from changetrack.queries.commitments import list_my_week
from changetrack.queries.funnel import Picture, find_ready_funnel, get_funnel
from changetrack.queries.movement import get_flows
from changetrack.queries.to_open import get_to_open
from changetrack.queries.today import LISTED_AT_MOST, Need, get_work, owns_accounts
from changetrack.web.platform import clock, current_actor, page, settings

SHOWN = 12  # needs: what a person can do in a day; the rest is one click away
GRAVEST = 5
COUNTED_AGAIN = 10_000  # accounts
WEEK = timedelta(days=7)

blueprint = Blueprint("today", __name__)


@dataclass(frozen=True, slots=True)
class Overview:
    """How all accounts stand, and what moved in the last seven days; `changes` are against a week ago, where known."""

    picture: Picture
    headline: str
    bars: tuple[Mapping[str, object], ...]
    flows: Mapping[str, int]
    changes: Mapping[str, int | None]
    since: date
    gravest: tuple[AlertRow, ...]
    decisions: tuple[AlertRow, ...]
    has_more_decisions: bool


@dataclass(frozen=True, slots=True)
class Help:
    """The one button of a need."""

    label: str
    sign: str
    href: str


@blueprint.get("/")
def index() -> Response:
    actor, whose = current_actor(), request.args.get("whose", "")
    if whose not in ("mine", "team"):
        whose = "mine" if _is_plain_member(actor) and owns_accounts(actor=actor) else "team"
    work = get_work(actor=actor, today=clock().today(), only_mine=whose == "mine") if actor.teams else None
    words = list_my_week(actor=actor, today=clock().today(), limit=LISTED_AT_MOST)
    needs = work.needs if work and "all" in request.args else work.needs[:SHOWN] if work else ()
    return page(
        "today/today.html",
        work=work,
        to_open=get_to_open(actor=actor) if actor.teams else None,
        needs=[(need, _help(need)) for need in needs],
        expiring=[(need, _help(need)) for need in work.expiring] if work else [],
        whose=whose,
        words=words,
        overview=_overview(actor) if may(actor, Action.SEE_ALL) else None,
        may_administer=may(actor, Action.ADMINISTER),
    )


def _is_plain_member(actor: Actor) -> bool:
    return set(actor.teams.values()) == {"member"}


def _help(need: Need) -> Help:
    """What helps most: evidence where something ends or nothing moves, the gate where it has only become late."""
    if need.kind == "done":
        return Help("Make the next one", "plus", url_for("commitments.new", account_id=need.account_id))
    if need.kind == "promised":
        href = url_for("journey.account_page", account_id=need.account_id, _anchor="commitments-card")
        return Help("Say how it went", "message", href)
    whys = dict(need.reasons)
    if "overdue_commitment" in whys:
        href = url_for("journey.account_page", account_id=need.account_id, _anchor="commitments-card")
        return Help("Say how it went", "message", href)
    if "evidence_expiring" in whys:
        point = whys["evidence_expiring"].partition(" ")[0]
        href = url_for("journey.account_page", account_id=need.account_id, step=point[:1], open=point, _anchor="step")
        return Help("Renew evidence", "refresh", href)
    step = need.step if need.step in range(1, 9) else None
    href = url_for("journey.account_page", account_id=need.account_id, step=step, _anchor="step")
    if "usage_falling" in whys:
        href = url_for("journey.account_page", account_id=need.account_id, tab="value", _anchor="below")
        return Help("Look at its use", "trending-down", href)
    if "silent_customer" in whys:
        return Help("They said", "message", url_for("journey.update", account_id=need.account_id, what="said"))
    if set(whys) == {"over_age"}:
        return Help("See what is missing", "checklist", href)
    return Help("Record evidence", "square-plus", href)


def _overview(actor: Actor) -> Overview:
    today, decisions = clock().today(), _decisions(actor)
    question: dict[str, Any] = {"actor": actor, "today": today, "zone": ZoneInfo(settings().timezone)}
    picture, eve = get_funnel(**question).picture, today - WEEK
    then = _picture_then(question, eve, is_small=picture.accounts <= COUNTED_AGAIN)
    flows = get_flows(**question, first=eve + timedelta(days=1), last=today)
    return Overview(
        picture=picture,
        headline=headline(picture.counts),
        bars=tuple(_bar(place, picture, then) for place in OPEN_PLACES),
        flows={name: sum(flows[place][name] for place in OPEN_PLACES) for name in flows[OPEN_PLACES[0]]},
        changes={
            name: getattr(picture, name) - getattr(then, name) if then else None
            for name in ("in_journey", "stale", "unsupported", "held")
        },
        since=eve,
        gravest=_gravest(actor, decisions.alerts),
        decisions=decisions.alerts,
        has_more_decisions=bool(decisions.following),
    )


def _gravest(actor: Actor, decisions: tuple[AlertRow, ...]) -> tuple[AlertRow, ...]:
    """The gravest alerts beside those that stand among the decisions."""
    known = {alert.id for alert in decisions}
    found = list_alerts(actor=actor, today=clock().today(), state="firing", limit=GRAVEST + len(known))
    return tuple(alert for alert in found.alerts if alert.id not in known)[:GRAVEST]


def _decisions(actor: Actor) -> AlertPage:
    """What waits for the actor's decision; nothing for who makes none."""
    if not may(actor, Action.DECIDE):
        return AlertPage((), "")
    return list_alerts(actor=actor, today=clock().today(), state=UNDECIDED, limit=GRAVEST)


def _picture_then(question: Mapping[str, Any], day: date, *, is_small: bool) -> Picture | None:
    """The picture of that day as it was known then, None if nothing was; counted anew only where that is quick."""
    ready = find_ready_funnel(**question, as_of=day, known_at=day)
    if ready is None and is_small:
        ready = get_funnel(**question, as_of=day, known_at=day)
    return ready.picture if ready and ready.picture.accounts else None


def _bar(place: int, picture: Picture, then: Picture | None) -> dict[str, object]:
    key, count = PLACE_KEYS[place], picture.counts[place]
    return {
        "place": place,
        "key": key,
        "name": place_name(place),
        "accounts": count.accounts,
        "unsupported": count.unsupported,
        "stale": count.stale,
        "href": url_for("accounts.index", place=key),
        "change": count.accounts - then.counts[place].accounts if then else 0,
    }
