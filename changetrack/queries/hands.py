"""Whose hand the customers' words are in that count today: their own, or ours that reports them."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, Subquery, case, func, or_, select, union_all

from changetrack.domain.people import Actor, visible_teams
from changetrack.models import Account, Evidence, Outcome, OutcomeStatement, PlaybookVersion, db


@dataclass(frozen=True, slots=True)
class Hands:
    """How many customers' words that count today were given by their own hand, and how many we report."""

    own: int
    reported: int

    @property
    def share(self) -> float | None:
        """The part, 0 to 1, that is in their own hand; None where there is no word at all."""
        total = self.own + self.reported
        return self.own / total if total else None


def get_hands(*, actor: Actor, today: date, team_id: int | None = None) -> Hands:
    """Count the words that carry customers' control points and attestations on `today`, by two statements.

    Of the accounts that `actor` may see and that are not closed, or only those of a team. A word carries a point
    while it is the newest on it (where several people have to speak: of each person), passes, and neither expired
    nor was taken back; an attestation, while it is the newest on an outcome that is attested. The cost grows with the
    evidence of those accounts, not with all that ever happened. Source: DOMAIN section 3 (whose hand).
    """
    words = union_all(_points(today), _attestations(today)).subquery()
    query = select(words.c.hand, func.count()).join(Account, Account.id == words.c.account_id)
    query = query.where(Account.status != "closed").group_by(words.c.hand)
    teams = visible_teams(actor)
    if teams is not None:
        query = query.where(Account.team_id.in_(teams))
    if team_id is not None:
        query = query.where(Account.team_id == team_id)
    counts: dict[str | None, int] = {}
    counts.update((hand, count) for hand, count in db.session.execute(query))
    return Hands(counts.get("own", 0), counts.get("reported", 0))


def _points(today: date) -> Select[tuple[int, str | None]]:
    newest = _newest_evidence(today)
    return select(newest.c.account_id, newest.c.hand).where(
        newest.c.place == 1, newest.c.passes, or_(newest.c.expires_on.is_(None), newest.c.expires_on > today)
    )


def _newest_evidence(today: date) -> Subquery:
    """Every customer's word in effect, with its place among those on the same point, the newest first."""
    speaker = case((Evidence.point.in_(_of_several()), Evidence.contact_seq), else_=0)
    place = func.row_number().over(
        partition_by=(Evidence.account_id, Evidence.point, speaker),
        order_by=(Evidence.effective_on.desc(), Evidence.seq.desc()),
    )
    columns = (Evidence.account_id, Evidence.hand, Evidence.passes, Evidence.expires_on, place.label("place"))
    in_effect = or_(Evidence.retracted_on.is_(None), Evidence.retracted_on > today)
    query = select(*columns).where(Evidence.hand.is_not(None), Evidence.effective_on <= today, in_effect)
    return query.subquery()


def _of_several() -> list[str]:
    """The control points, by the newest playbook, on which more than one person has to speak."""
    newest = select(PlaybookVersion.body).order_by(PlaybookVersion.version.desc()).limit(1)
    body = db.session.scalar(newest) or {"steps": []}
    return [point["key"] for step in body["steps"] for point in step["points"] if point.get("persons", 1) > 1]


def _attestations(today: date) -> Select[tuple[int, str]]:
    said = OutcomeStatement
    place = func.row_number().over(
        partition_by=(said.account_id, said.outcome_seq), order_by=(said.given_on.desc(), said.seq.desc())
    )
    in_effect = or_(said.retracted_on.is_(None), said.retracted_on > today)
    query = select(said.account_id, said.outcome_seq, said.hand, place.label("place")).where(
        said.kind == "attested", said.given_on <= today, in_effect
    )
    newest = query.subquery()
    attested = (Outcome.account_id == newest.c.account_id) & (Outcome.seq == newest.c.outcome_seq)
    return (
        select(newest.c.account_id, newest.c.hand)
        .join(Outcome, attested)
        .where(newest.c.place == 1, Outcome.valid_until > today, Outcome.replaced_on.is_(None),
               Outcome.state.not_in(("withdrawn", "disputed")))
    )  # fmt: skip
