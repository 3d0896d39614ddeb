"""A person's week as their weekly digest tells it: only what they may see, by a constant number of statements."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta, tzinfo

from changetrack.domain.day_words import short_day
from changetrack.domain.digest_letters import Listed, Week
from changetrack.domain.funnel import place_name
from changetrack.domain.journey.steps import STEPS
from changetrack.domain.letters import Item
from changetrack.domain.people import Actor
from changetrack.queries.commitments import CommitmentView, list_my_week
from changetrack.queries.movement import list_moves
from changetrack.queries.today import Need, Review, Waiting, get_work, owns_accounts

SHOWN = 10  # lines of a section
MOVES = 5  # of each kind
WEEK = timedelta(days=7)


def get_week(*, actor: Actor, today: date, zone: tzinfo) -> Week:
    """Return the actor's week from `today` on, and what moved in the seven days before it.

    Who is a plain member and owns accounts reads of these, others of all accounts of their teams.
    """
    only_mine = set(actor.teams.values()) == {"member"} and owns_accounts(actor=actor)
    work = get_work(actor=actor, today=today, only_mine=only_mine)
    promised = list_my_week(actor=actor, today=today, limit=SHOWN)
    return Week(
        needs=_listed([_need(n) for n in work.needs], has_more=work.has_more),
        commitments=Listed(
            tuple(_commitment(one, today) for one in promised.rows), bool(promised.after), "/learning/commitments"
        ),
        expiring=_listed([_need(n) for n in work.expiring]),
        to_sign=_listed([_waiting(one) for one in work.to_sign]),
        reviews=_listed([_review(one, today) for one in work.reviews]),
        moved=_listed(list(_moves(actor, today, zone)), path="/funnel?period=7#movement"),
    )


def _listed(items: Sequence[Item], *, has_more: bool = False, path: str = "/") -> Listed:
    return Listed(tuple(items[:SHOWN]), has_more or len(items) > SHOWN, path)


def _need(need: Need) -> Item:
    if need.kind == "promised" and need.promised_on is not None:
        why = f"you announced “{need.promise}” for {short_day(need.promised_on)}"
    else:
        why = " ".join(words for _, words in need.reasons)
    return Item(f"{need.account}: {why}", f"/accounts/{need.account_id}")


def _commitment(one: CommitmentView, today: date) -> Item:
    when = "was" if one.is_overdue(today) else "is"
    return Item(f"{one.account}: “{one.action}” {when} due on {short_day(one.due_on)}", f"/accounts/{one.account_id}")


def _waiting(one: Waiting) -> Item:
    step = f"step {one.from_step + 1}" if one.from_step + 1 in STEPS else "being anchored"
    words = f"{one.account} to {step}: proposed by {one.proposed_by}, lapses on {short_day(one.lapses_on)}"
    return Item(words, f"/accounts/{one.account_id}#gate")


def _review(one: Review, today: date) -> Item:
    verb = "was to be looked at again on" if one.review_on < today else "look again on"
    return Item(f"{one.account}: {verb} {short_day(one.review_on)}", f"/accounts/{one.account_id}")


def _moves(actor: Actor, today: date, zone: tzinfo) -> Iterator[Item]:
    period = {"actor": actor, "today": today, "zone": zone, "first": today - WEEK, "last": today}
    for flow, verb in (("advanced_in", "advanced to"), ("regressed_in", "went back to")):
        for move in list_moves(**period, flow=flow, limit=MOVES):  # type: ignore[arg-type]  # each as it is named
            place = place_name(move.after)
            where = f"step {move.after}, {place}" if move.after in STEPS else place.lower()
            words = f"{move.name} {verb} {where} on {short_day(move.effective_on)}"
            yield Item(words, f"/accounts/{move.account_id}")
