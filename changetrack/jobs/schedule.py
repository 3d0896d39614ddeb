"""ALL timed jobs, in one list: what they do and when they are due, by the local clock."""

from collections.abc import Mapping

from changetrack.jobs.deliver import LANES, deliver_waiting
from changetrack.jobs.digest import write_digests
from changetrack.jobs.forget_usage import forget_usage
from changetrack.jobs.job import Daily, Days, Job, Often
from changetrack.jobs.learn_limits import learn_limits
from changetrack.jobs.measure_alerts import measure
from changetrack.jobs.recognise_value import recognise_due
from changetrack.jobs.remind_commitments import remind_commitments
from changetrack.jobs.snapshot import record_funnel
from changetrack.jobs.stale_sweep import sweep_stale
from changetrack.jobs.tidy import tidy_up

JOBS = (
    Job(
        "learn-limits",
        "Learn the limit of days in each step from how long it took, once for each month.",
        learn_limits,
        Daily(0),
        Days.ANY,
    ),
    Job(
        "stale-sweep",
        "Visit the accounts that are due: end evidence that expired, raise and resolve alerts.",
        sweep_stale,
        Daily(5, workdays=True),
        Days.ANY,
    ),
    Job(
        "measure-alerts",
        "Note which alerts were followed by progress within ten business days.",
        measure,
        Daily(4),
        Days.ANY,
    ),
    Job("deliver", "Deliver the messages that wait in the outbox.", deliver_waiting, Often(1), lanes=tuple(LANES)),
    Job(
        "recognise-value",
        "Recognise value: bring readings, ledger and state of outcomes in line with use and the customer's word.",
        recognise_due,
        Often(60),
        Days.ANY,
    ),
    Job("snapshot", "Record the funnel as it was known when the day ended.", record_funnel, Daily(1), Days.PAST),
    Job(
        "forget-usage",
        "Delete single events of use and who was counted, once they are older than they are to be kept.",
        forget_usage,
        Daily(2),
    ),
    Job(
        "remind-commitments",
        "Remind people of the commitments that are due that day, theirs and the customer's.",
        remind_commitments,
        Daily(6),
        Days.ANY,
    ),
    Job(
        "digest",
        "Write the weekly digests that are due: a person's week, and the portfolio for executives.",
        write_digests,
        Often(300),
        Days.ANY,
    ),
    Job(
        "tidy",
        "Forget old tries to sign in, ended sessions, runs of long ago, and messages that are dealt with.",
        tidy_up,
        Daily(3),
    ),
)

ALIASES: Mapping[str, str] = {"expire-evidence": "stale-sweep"}
"""Other names: an account is due when its evidence ends, too, so one visit settles both."""

_BY_NAME = {job.name: job for job in JOBS}
NAMES = (*_BY_NAME, *ALIASES)


def get_job(name: str) -> Job:
    """The job of that name or alias. Raises KeyError."""
    return _BY_NAME[ALIASES.get(name, name)]
