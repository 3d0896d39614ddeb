"""Keeping an account's one open alert in step with its reasons, and writing down whom to tell."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from sqlalchemy import select

from changetrack.domain.alert_letters import alert_letter
from changetrack.domain.alerts import REST_MAX_DAYS, ends_snooze, severity
from changetrack.domain.staleness import StaleReason
from changetrack.models import OPEN_ALERT, Account, Alert
from changetrack.operations._dossier import Dossier
from changetrack.operations._ladder import alert_story, rest_ends, rests_until, start_ladder, stop_ladder, weight_of
from changetrack.operations._outbox import letter_messages
from changetrack.operations._writes import ALERT, new_alert
from changetrack.queries.alert_words import said_today

RANKS = {"critical": 0, "warning": 1, "notice": 2}
_BROKEN = "overdue_commitment"  # what was promised when an alert was taken up did not come
_RESTED = f"It has rested for {REST_MAX_DAYS} business days after the day first promised, and it is still stale."


def follow_alert(dossier: Dossier, reasons: Sequence[StaleReason], *, cause: str, at_night: bool, quiet: bool) -> bool:
    """Resolve, narrow, widen or raise the account's alert as its reasons ask for; says whether one is open.

    By day an alert only narrows or resolves; reasons that are newly true wait for the night. A `quiet` alert is
    listed but tells nobody: it stems from what was imported.
    """
    alert = open_alert(dossier) if dossier.account.stale or at_night else None
    if alert is not None and _is_over(dossier, alert, {r.reason for r in reasons}, at_night=at_night):
        _resolve(dossier, alert, cause)
        alert = None
    if alert is not None:
        _keep_up(dossier, alert, reasons, at_night=at_night, speaks_up=at_night and alert.quiet and not quiet)
    elif reasons and at_night:
        alert = _raise(dossier, reasons, quiet=quiet)
    else:
        dossier.account.severity = None
    dossier.alert = alert
    return alert is not None


def stake_rank(account: Account) -> int:
    """The account's place by the value at stake: minus its value in minor units, so that the dearest come first."""
    return -(account.annual_value or 0)


def open_alert(dossier: Dossier) -> Alert | None:
    """The account's open alert, None if there is none."""
    if dossier.ahead is not None:
        return dossier.ahead.alert
    query = select(Alert).where(Alert.account_id == dossier.account.id, OPEN_ALERT)
    return dossier.session.scalar(query)


def fire_again(dossier: Dossier, alert: Alert, *, because: str) -> None:
    """Let an alert fire anew, from the bottom of the ladder: its snooze is over, or its promise was not kept."""
    was, until = alert.state, alert.snoozed_until
    alert.state, alert.snoozed_until, alert.version = "firing", None, alert.version + 1
    start_ladder(alert, dossier.today, dossier.calendar)
    changes: dict[str, list[object]] = {"state": [was, "firing"]}
    if until is not None:
        changes["snoozed_until"] = [until.isoformat(), None]
    alert_happened(dossier, alert, "alert_fired_again", changes, note=because)


def alert_happened(
    dossier: Dossier, alert: Alert, kind: str, changes: Mapping[str, Any], *, note: str | None = None
) -> None:
    """Tell the account's history something about its alert, which programs may hear of as well."""
    dossier.happened(kind, effective_on=dossier.today, changes=changes, note=note)
    dossier.alerts[dossier.events[-1]["seq"]] = alert


def tell(dossier: Dossier, alert: Alert, what: str, *, joined: bool = False) -> None:
    """Put a letter for the account's owner into the outbox, under a key that never repeats; see `first_to_tell`.

    It waits until the run of the night is through, which says what is told singly.
    """
    account, audience = dossier.account, dossier.audience
    listener = audience.first_to_tell(account.team_id, account.owner_id)
    if listener is None:
        return
    owner = audience.person(account.owner_id)
    name = owner.name if owner else "nobody"
    story = alert_story(account, alert.reasons, alert.severity, owner=name, today=dossier.today)
    dossier.writes.messages += letter_messages(
        alert_letter(story, who=listener.name, joined=joined),
        listener,
        audience.reach,
        dossier.rulebook.endpoints,
        key=f"alert:{ALERT}:{what}",
        now=dossier.now,
        account_id=account.id,
        alert=alert,
        team_id=account.team_id,
        weight=weight_of(alert, account),
        held_for=dossier.today,
    )


def _raise(dossier: Dossier, reasons: Sequence[StaleReason], *, quiet: bool) -> Alert:
    account, grave = dossier.account, severity(reasons)
    alert = new_alert(
        account_id=account.id,
        team_id=account.team_id,
        visit_seq=account.visit_seq,
        step=account.claimed_step,
        state="firing",
        severity=grave,
        severity_rank=RANKS[grave],
        reasons=_as_json(reasons),
        stake_rank=stake_rank(account),
        quiet=quiet,
        raised_on=dossier.today,
        raised_at=dossier.now,
        fired_on=dossier.today,
        rung=0,
        snoozes=0,
        version=1,
    )
    dossier.writes.alerts.append(alert)
    account.severity = grave
    changes = {"reasons": [[], [r.reason for r in reasons]]}
    alert_happened(dossier, alert, "alert_raised", changes, note=" ".join(r.why for r in reasons))
    if not quiet:
        start_ladder(alert, dossier.today, dossier.calendar)
        tell(dossier, alert, "raised")
    return alert


def _is_over(dossier: Dossier, alert: Alert, true: Set[str], *, at_night: bool) -> bool:
    """Whether nothing is left of what an alert fired for; at night what became true since may take its place."""
    is_left = bool(true) if at_night else not true.isdisjoint(alert.reasons)
    return not is_left or alert.visit_seq != dossier.account.visit_seq


def _keep_up(
    dossier: Dossier, alert: Alert, reasons: Sequence[StaleReason], *, at_night: bool, speaks_up: bool
) -> None:
    """Bring an open alert in line with what is true today; whatever is new about it is told by one letter."""
    alert.team_id, alert.stake_rank = dossier.account.team_id, stake_rank(dossier.account)
    news = "raised" if speaks_up else None
    if speaks_up:
        _speak_up(dossier, alert)
    elif at_night:
        news = _wake(dossier, alert, {r.reason for r in reasons})
    if not _update(dossier, alert, reasons, may_join=at_night) and news is not None and alert.state == "firing":
        tell(dossier, alert, news)


def _speak_up(dossier: Dossier, alert: Alert) -> None:
    """Let an alert be told from now on that so far was only listed, since it stemmed from what was imported."""
    alert.quiet = False
    if alert.state == "firing":
        start_ladder(alert, dossier.today, dossier.calendar)


def _wake(dossier: Dossier, alert: Alert, true: Set[str]) -> str | None:
    """Let an alert that rests fire again on its day; returns what tells so, None where it rests on, or never did.

    The day of a snooze is its last. One that was taken up rests until the day of its next step; after that only as
    long as something else is promised, and nothing is overdue, and never beyond `rest_ends`.
    """
    until, today = alert.snoozed_until, dossier.today
    if alert.state == "snoozed" and until is not None and until <= today:
        fire_again(dossier, alert, because="Its snooze is over.")
        return f"again-{until.isoformat()}"
    ends_on = rest_ends(alert, dossier.calendar)
    if ends_on is not None and ends_on <= today:
        fire_again(dossier, alert, because=_RESTED)
        return f"again-{alert.version}"
    wakes_on = rests_until(alert, dossier.calendar)
    is_promised = dossier.account.commitment_due_on is not None and _BROKEN not in true
    if alert.state != "acknowledged" or is_promised or (wakes_on is not None and wakes_on > today):
        return None
    fire_again(dossier, alert, because="The day of its next step has passed, and it is still stale.")
    return f"again-{alert.version}"


def _update(dossier: Dossier, alert: Alert, reasons: Sequence[StaleReason], *, may_join: bool) -> bool:
    """Let an alert say what is true today; says whether somebody is told, since more is true now."""
    before, found = dict(alert.reasons), _as_json(reasons)
    after = {
        name: _merged(before.get(name), new, may_join) for name, new in found.items() if may_join or name in before
    }
    if after == before:
        return False
    alert.reasons = after
    joined = {name for name in after if name not in before}
    urging = {name for name in after if after[name]["urges"] and not before.get(name, {}).get("urges")}
    if set(after) != set(before) or urging:
        grave = severity(after)
        alert.severity, alert.severity_rank, dossier.account.severity = grave, RANKS[grave], grave
        alert.version += 1
        words = " ".join(value["why"] for value in after.values())
        alert_happened(dossier, alert, "alert_changed", {"reasons": [list(before), list(after)]}, note=words)
    if _wakes(alert, before, after, joined | urging):
        fire_again(dossier, alert, because="Another reason joined.")
    is_news = bool(joined or urging) and not alert.quiet
    if is_news:
        tell(dossier, alert, f"changed-{alert.version}", joined=bool(joined))
    return is_news


def _wakes(alert: Alert, before: Mapping[str, Any], after: Mapping[str, Any], new: set[str]) -> bool:
    """Whether it fires again: a reason ends its snooze early, or what somebody promised to do about it did not come."""
    if alert.state == "snoozed":
        return bool(new) or ends_snooze(before, after)
    return alert.state == "acknowledged" and _BROKEN in new


def _merged(old: dict[str, Any] | None, new: dict[str, Any], may_join: bool) -> dict[str, Any]:
    """A reason as the alert keeps it: true since it first was, in today's words; it begins to urge at night only."""
    if old is None:
        return new
    since = old["since"] if new["limit"] is None else new["since"]  # a clock's words count from its own day
    return new | {"since": since, "urges": new["urges"] and (may_join or old.get("urges", False))}


def _resolve(dossier: Dossier, alert: Alert, cause: str) -> None:
    alert.state, alert.resolved_at, alert.resolved_because = "resolved", dossier.now, cause
    alert.version += 1
    alert.reasons = said_today(alert.reasons, dossier.today, dossier.calendar)  # as it was read when it ended
    stop_ladder(alert)
    alert_happened(dossier, alert, "alert_resolved", {"reasons": [list(alert.reasons), []]}, note=cause)


def _as_json(reasons: Sequence[StaleReason]) -> dict[str, Any]:
    return {
        r.reason: {
            "since": r.since.isoformat(),
            "why": r.why,
            "rule": r.rule,
            "urges": r.urges,
            "step": r.step,
            "limit": r.limit,
            "words": r.words,
        }
        for r in reasons
    }
