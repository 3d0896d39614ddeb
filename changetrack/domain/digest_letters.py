"""The two digests as letters: a person's week with their team, and the portfolio for executives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from changetrack.domain.day_words import counted, day_in_words
from changetrack.domain.letters import Item, Letter, Section, one_line

_WHO_MAX = 40
_WEEK_RULE = "once a week, on your day at your hour"


@dataclass(frozen=True, slots=True)
class Listed:
    """The first lines of a list, whether there are more, and the page that has them all."""

    items: tuple[Item, ...] = ()
    has_more: bool = False
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Week:
    """What a person's week is about: each list with the weightiest first."""

    needs: Listed = Listed()
    commitments: Listed = Listed()
    expiring: Listed = Listed()
    to_sign: Listed = Listed()
    reviews: Listed = Listed()
    moved: Listed = Listed()


@dataclass(frozen=True, slots=True)
class Standing:
    """One figure of the portfolio, and by how much it changed in a week; None where that is not known."""

    label: str
    count: int
    change: int | None = None

    @property
    def words(self) -> str:
        """“12 (+3 in a week)”."""
        if self.change is None:
            return f"{self.count:,}"
        return f"{self.count:,} ({signed(self.change) if self.change else 'no change'} in a week)"

    def told(self, what: str) -> str:
        """“12 stale, 3 more than a week ago”."""
        if not self.change:
            return f"{self.count:,} {what}"
        return f"{self.count:,} {what}, {abs(self.change):,} {'more' if self.change > 0 else 'fewer'} than a week ago"


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Where the customers stand: `figures` of the whole, `steps` of the funnel, `value` in words, and what is to do."""

    headline: str
    figures: tuple[Standing, ...]
    steps: tuple[Item, ...]
    value: tuple[tuple[str, str], ...]
    decisions: Listed = Listed()
    gravest: Listed = Listed()


def signed(number: int) -> str:
    """Return “+3”, “−3” or “±0”."""
    return f"{'+' if number > 0 else '−' if number < 0 else '±'}{abs(number):,}"


def week_letter(week: Week, *, who: str, day: date) -> Letter:
    """Return the digest of the week that begins for `who` on `day`."""
    needs, due = _count(week.needs, "account"), _count(week.commitments, "commitment")
    busy = [f"{needs} {'needs' if needs == '1 account' else 'need'} you"] if week.needs.items else []
    busy += [f"{due} {'is' if due == '1 commitment' else 'are'} due"] if week.commitments.items else []
    told = " and ".join(busy)
    sections = (
        ("What needs you", week.needs),
        ("Your commitments this week", week.commitments),
        ("Waiting for your sign-off", week.to_sign),
        ("Evidence that is ending", week.expiring),
        ("On hold: look again", week.reviews),
        ("What moved last week", week.moved),
    )
    return Letter(
        kind="digest",
        title=f"Your week from {day_in_words(day)}, {one_line(who, _WHO_MAX)}: {told or 'nothing waits for you'}",
        lead=f"{told[:1].upper()}{told[1:]}." if told else "All clear: a good week to talk to a customer.",
        sections=_sections(sections),
        action_label="Open Today",
        path="/",
        rule=_WEEK_RULE,
    )


def portfolio_letter(portfolio: Portfolio, *, who: str, day: date) -> Letter:
    """Return the portfolio digest of `day` for the executive `who`."""
    decide = _count(portfolio.decisions, "decision")
    waiting = f"{decide} {'waits' if decide == '1 decision' else 'wait'} for you" if portfolio.decisions.items else ""
    stale = next((figure.told("stale") for figure in portfolio.figures if figure.label == "Stale"), "")
    told = ", ".join(part for part in (waiting, stale) if part)
    sections = (("Decisions waiting", portfolio.decisions), ("Gravest and dearest alerts", portfolio.gravest))
    return Letter(
        kind="portfolio",
        title=f"Portfolio on {day_in_words(day)}, {one_line(who, _WHO_MAX)}: {told or 'see where it stands'}",
        lead=portfolio.headline,
        facts=(*((figure.label, figure.words) for figure in portfolio.figures), *portfolio.value),
        sections=(*_sections(sections[:1]), *_funnel(portfolio.steps), *_sections(sections[1:])),
        action_label="Open the funnel",
        path="/funnel",
        rule=_WEEK_RULE,
    )


def _funnel(steps: tuple[Item, ...]) -> tuple[Section, ...]:
    return (Section("The funnel", steps),) if steps else ()


def _sections(lists: Sequence[tuple[str, Listed]]) -> tuple[Section, ...]:
    return tuple(Section(heading, (*found.items, *_rest(found))) for heading, found in lists if found.items)


def _rest(found: Listed) -> tuple[Item, ...]:
    return (Item("and more", found.path),) if found.has_more else ()


def _count(found: Listed, noun: str) -> str:
    number = len(found.items)
    return f"{number}+ {noun}s" if found.has_more else counted(number, noun)
