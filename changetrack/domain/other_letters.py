"""What people are told beside alerts: about commitments, and that a channel works."""

from datetime import date

from changetrack.domain.day_words import counted, day_in_words, short_day
from changetrack.domain.letters import Letter, one_line

_PART_MAX = 50
_WHO_MAX = 40
_NAMED_MAX = 30  # where a title names two people
_RULE = "overdue from the first business day after the day on which it was due"


def commitment_letter(
    *, account: str, action: str, owner: str, who: str, due_on: date, told_on: date, overdue_days: int, path: str
) -> Letter:
    """Return what `who` is told on a day about the commitment of an `owner` that is due, or was.

    `overdue_days` are the business days since it was due. After the day on which it is due no other can be agreed.
    """
    name, doing = one_line(account, _PART_MAX), one_line(action, _PART_MAX)
    missed = told_on > due_on
    what = f"“{doing}” {'was' if missed else 'is'} due on {short_day(due_on)}"
    label = "meet it or withdraw it" if missed else "do it or agree another day"
    since = f", {counted(overdue_days, 'business day')} ago," if overdue_days else ""
    ago = f"It was due on {day_in_words(due_on)}{since} and is not met: only meeting or withdrawing it is left."
    ahead = f"It is due on {day_in_words(due_on)}; until that day another can be agreed."
    return Letter(
        kind="commitment",
        title=f"{name}: {what}, {one_line(who, _WHO_MAX)}: {label}",
        lead=f"{owner} promised {account}: “{' '.join(action.split())}”.",
        why=(ago if missed else ahead,),
        facts=(("Due", day_in_words(due_on)), ("Whose word", owner)),
        action_label=label.capitalize(),
        path=path,
        rule=_RULE,
        account=account,
    )


def customers_commitment_letter(
    *, account: str, action: str, owner: str, who: str, due_on: date, told_on: date, overdue_days: int, path: str
) -> Letter:
    """Return what `who` of ours is told on the day on which what the customer's `owner` promised is due, or was.

    Only who asks knows: the letter says whom to ask. `overdue_days` are the business days since it was due.
    """
    name, doing, person = one_line(account, _PART_MAX), one_line(action, _NAMED_MAX + 10), one_line(owner, _NAMED_MAX)
    missed = told_on > due_on
    since = f", {counted(overdue_days, 'business day')} ago" if overdue_days else ""
    ago = f"It was due on {day_in_words(due_on)}{since}. Say that it is met, or withdraw it."
    ahead = f"It is due on {day_in_words(due_on)}. Say that it is met, or agree another day with {person} by then."
    return Letter(
        kind="commitment",
        title=f"{name}: “{doing}” {'was' if missed else 'is'} due on {short_day(due_on)}, "
        f"{one_line(who, _NAMED_MAX)}: ask {person} whether it is done",
        lead=f"{owner} of {account} promised: “{' '.join(action.split())}”. Ask {owner} whether it is done.",
        why=(ago if missed else ahead,),
        facts=(("Due", day_in_words(due_on)), ("Whose word", f"{owner}, the customer’s")),
        action_label="Say what they answered",
        path=path,
        rule=_RULE,
        account=account,
    )


def trial_letter(*, who: str, asked_by: str, path: str) -> Letter:
    """Return a letter that shows that a channel works; `path` is where it is set."""
    return Letter(
        kind="test",
        title=f"A test message, {one_line(who, _WHO_MAX)}: nothing to do",
        lead="This channel works: what you chose to hear by it will come like this.",
        why=(f"{asked_by} asked for a test message.",),
        action_label="Your message settings",
        path=path,
    )
