"""What the products of the example count of their use, and what their customers are to gain by it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """A metric: how days become a week, the event that feeds it, and the property that it sums up."""

    key: str
    name: str
    unit: str
    aggregation: str
    event: str | None = None
    property: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What the people who use a product do in it: the metric, and how much of it one of them does in a week."""

    metric: Counted
    a_week: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What is different once it is reached, in the customer's words; `metric` is a key, "" the product's own."""

    statement: str
    metric: str = ""
    period: str = "week"


USERS = Counted("active_users", "Active users", "people", "distinct", purpose="active_users")
TASKS = Counted("first_task", "First real task", "people", "distinct", "First Task Done", purpose="first_task")

WORK = {
    "Tarn Plan": Work(Counted("orders_planned", "Orders planned", "orders", "sum", "Orders Planned", "count"), 24),
    "Tarn Field": Work(Counted("visits_done", "Visits done", "visits", "sum", "Visit Done", "count"), 11),
    "Tarn Close": Work(Counted("entries_matched", "Entries matched", "entries", "sum", "Entries Matched", "count"), 90),
    "Tarn Desk": Work(Counted("cases_settled", "Cases settled", "cases", "sum", "Case Settled", "count"), 18),
}
METRICS = (*(work.metric for work in WORK.values()), USERS, TASKS)

GAINS = {
    "Tarn Plan": (
        Gain("Next week's orders are planned in one place by Thursday noon, and hold."),
        Gain("Every planner works from the same board; nobody keeps a list of their own.", USERS.key),
        Gain("A whole month is planned ahead, not only next week.", "", "month"),
    ),
    "Tarn Field": (
        Gain("Whoever drives out has seen what the last one saw; the second visit is saved."),
        Gain("Technicians write it down where it happened, not at home in the evening.", USERS.key),
        Gain("The month's inspections are done on their day.", "", "month"),
    ),
    "Tarn Close": (
        Gain("Entries are matched in the week they come in, so that closing takes four days."),
        Gain("Controllers of all companies reconcile in the same way, in the same book.", USERS.key),
        Gain("No month is closed with entries that nobody has looked at.", "", "month"),
    ),
    "Tarn Desk": (
        Gain("Simple cases are settled the same day; the hard ones get their hour."),
        Gain("Everybody with a case open sees what a colleague promised yesterday.", USERS.key),
        Gain("No case is older than a month without somebody knowing why.", "", "month"),
    ),
}
"""For each product: by its own metric, by who uses it, and by the month."""

AGREED = (
    "Read it aloud in their round, and asked for nothing to be added.",
    "Wanted the threshold a little higher than we had written. So be it.",
    "If that is what it takes to be called a success, we are with you.",
    "",
)
ATTESTED = (
    "Yes. My people would complain if you took it away.",
    "Went through the last four weeks with us, and nodded at each.",
    "It is how we work now; I had nearly forgotten the old way.",
    "",
)
NOT_YET = ("Ask me again after the stock-taking.", "Two of five do. I will say yes when it is four.")
DISPUTED = ("It is used, but it was the new shift plan that saved the hours.",)
WITHDRAWN = ("Our budget is frozen, and with it everything we had agreed.",)
