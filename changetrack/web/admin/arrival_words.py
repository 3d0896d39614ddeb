"""What became of an event, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from changetrack.queries.usage_arrivals import Arrival
from changetrack.web.formatting import plural

UNREADABLE = "(unreadable)"  # how the API lists what was sent among the events and is none

# state -> (badge, tone, icon)
STATE_WORDS: Mapping[str, tuple[str, str, str]] = {
    "counted": ("Counted", "ok", "circle-check"),
    "unmatched": ("Waits for its account", "warn", "hourglass"),
    "no_rule": ("No rule", "idle", "circle-dashed"),
    "no_account": ("Names no account", "warn", "alert-triangle"),
    "too_old": ("Too old", "idle", "clock"),
    "ahead": ("From the future", "bad", "alert-circle"),
}


@dataclass(frozen=True, slots=True)
class ArrivalLine:
    """An event as the page shows it: `why` is a sentence about what it fed or why it did not count."""

    row: Arrival
    badge: str
    tone: str
    sign: str
    why: str

    @property
    def may_have_rule(self) -> bool:
        """Whether a rule would make such events count."""
        return self.row.state == "no_rule" and not self.row.wants and self.row.event != UNREADABLE


def arrival_line(row: Arrival, retention_days: int) -> ArrivalLine:
    """Put an event into words."""
    return ArrivalLine(row, *STATE_WORDS[row.state], _why(row, retention_days))


def _why(row: Arrival, retention_days: int) -> str:
    match row.state:
        case "counted":
            return f"Feeds {_names(row)}."
        case "unmatched":
            return f"No account is known as “{row.name}”. Once it is matched, this counts in {_names(row)}."
        case "no_rule" if row.event == UNREADABLE:
            return "It is nothing that an SDK sends as an event."
        case "no_rule":
            if row.wants:
                return f"A rule wants its property {' or '.join(f'“{name}”' for name in row.wants)}, and it has none."
            return "Nothing counts this event."
        case "no_account":
            return "It has no groupId (or $groups.company) to say whose it is."
        case "too_old":
            return f"It happened more than {plural(retention_days, 'day')} before it came."
    return "It says that it happened more than a day after it came: a clock is wrong."


def _names(row: Arrival) -> str:
    return ", ".join(name for _, name in row.metrics) or "a metric that is gone"
