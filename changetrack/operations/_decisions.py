"""Telling the team what an executive decided about an alert that had come up to them."""

from datetime import date

from changetrack.domain.decision_letters import Decided, decision_letter
from changetrack.domain.journey.steps import CLOSE_OUTCOMES
from changetrack.models import Alert
from changetrack.operations._audience import Listener
from changetrack.operations._dossier import Dossier
from changetrack.operations._ladder import alert_story, weight_of
from changetrack.operations._outbox import letter_messages

_LEADS = ("coordinator", "vsm")


def what_was_decided(
    dossier: Dossier,
    decision: str,
    words: str,
    step: tuple[str, int | None, date | None],
    *,
    until: date | None,
    outcome: str,
) -> Decided:
    """A decision as letters tell it; `step` is the next one, whose it is, and its day."""
    by, said = dossier.actor.name, words.strip()
    if decision == "park":
        return Decided(decision, by, said, on=until)
    if decision == "close":
        return Decided(decision, by, said, outcome=CLOSE_OUTCOMES.get(outcome, ""))
    next_step, owner_id, day = step
    owner = dossier.audience.person(owner_id)
    return Decided(decision, by, said, next_step.strip(), owner.name if owner else "nobody", day)


def tell_decision(dossier: Dossier, alert: Alert, decided: Decided) -> None:
    """Put a letter into the outbox for each who answers for the account, but not for who decided; none is held."""
    account, audience = dossier.account, dossier.audience
    owner = audience.person(account.owner_id)
    name = owner.name if owner else "nobody"
    story = alert_story(account, alert.reasons, alert.severity, owner=name, today=dossier.today)
    for listener in _concerned(dossier):
        dossier.writes.messages += letter_messages(
            decision_letter(story, decided, who=listener.name),
            listener,
            audience.reach,
            dossier.rulebook.endpoints,
            key=f"alert:{alert.id}:decided-{alert.version}",
            now=dossier.now,
            account_id=account.id,
            alert_id=alert.id,
            team_id=account.team_id,
            weight=weight_of(alert, account),
        )


def _concerned(dossier: Dossier) -> list[Listener]:
    """The account's owner and those who lead its team; who else would be told first where there is none of them."""
    account, audience = dossier.account, dossier.audience
    team = audience.of_team(account.team_id)
    ids = [user_id for user_id, role in team.items() if user_id == account.owner_id or role in _LEADS]
    first = audience.first_to_tell(account.team_id, account.owner_id)
    known = [audience.person(user_id) for user_id in ids] or [first]
    return [one for one in known if one is not None and one.id != dossier.actor.user_id]
