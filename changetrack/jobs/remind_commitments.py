"""Reminding people in the morning of what they, or the customer's people, promised for that day."""

from changetrack.jobs.job import Run
from changetrack.operations.commitment_reminders import Place, remind_of_commitments


def remind_commitments(run: Run) -> dict[str, int]:
    """Write to everybody who has to do or ask something about a commitment that is due, page by page."""
    due = letters = 0
    after: Place | None = None
    while True:
        done = remind_of_commitments(
            actor=run.actor,
            now=run.now(),
            today=run.day,
            channels=run.settings.channels,
            zone=run.zone,
            after=after,
        )
        due, letters, after = due + done.due, letters + done.letters, done.after
        run.beat(due, due)
        if after is None:
            return {"due": due, "letters": letters}
