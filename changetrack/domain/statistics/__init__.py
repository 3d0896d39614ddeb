"""The figures of a process: how long things take while some still go on, and what is a signal and what is noise."""

from changetrack.domain.statistics.natural_limits import (
    POINTS_TO_DRAW,
    POINTS_TO_SIGNAL,
    Limits,
    Signal,
    natural_limits,
    signals,
)
from changetrack.domain.statistics.survival import (
    CompetingVisit,
    Curve,
    Fall,
    Incidence,
    Visit,
    cumulative_incidence,
    curve_of,
    kaplan_meier,
)

__all__ = [
    "POINTS_TO_DRAW",
    "POINTS_TO_SIGNAL",
    "CompetingVisit",
    "Curve",
    "Fall",
    "Incidence",
    "Limits",
    "Signal",
    "Visit",
    "cumulative_incidence",
    "curve_of",
    "kaplan_meier",
    "natural_limits",
    "signals",
]
