"""The digests as letters: what a week and a portfolio say, in their titles first."""

from datetime import date

from changetrack.domain.digest_letters import Listed, Portfolio, Standing, Week, portfolio_letter, week_letter
from changetrack.domain.letters import Item, short

MONDAY = date(2026, 3, 2)
ONE = Listed((Item("Acme: 12 business days without progress.", "/accounts/1"),))
TWO = Listed((Item("Call"), Item("Write")))


def test_a_week_says_in_its_title_what_from_when_whose_and_how_much() -> None:
    letter = week_letter(Week(needs=ONE, commitments=TWO), who="Olu", day=MONDAY)

    assert letter.title == "Your week from 2 Mar 2026, Olu: 1 account needs you and 2 commitments are due"
    assert letter.lead == "1 account needs you and 2 commitments are due."
    assert [section.heading for section in letter.sections] == ["What needs you", "Your commitments this week"]
    assert (letter.kind, letter.path) == ("digest", "/")


def test_a_list_that_was_cut_says_so_and_where_the_rest_is() -> None:
    letter = week_letter(Week(needs=Listed(TWO.items, has_more=True, path="/")), who="Olu", day=MONDAY)

    assert letter.title.endswith(": 2+ accounts need you")
    assert letter.sections[0].items[-1] == Item("and more", "/")


def test_a_week_in_which_nothing_waits_says_so() -> None:
    letter = week_letter(Week(), who="Olu", day=MONDAY)

    assert letter.title == "Your week from 2 Mar 2026, Olu: nothing waits for you"
    assert letter.sections == ()


def test_a_portfolio_says_first_what_is_to_decide_and_how_many_are_stale() -> None:
    figures = (Standing("In the journey", 60, 0), Standing("Stale", 12, -3))
    value = (("Live a period (EUR)", "40,000 (+2,000 in a week)"),)
    steps = (Item("Step 1: 3"),)
    portfolio = Portfolio("Most are at step 3.", figures, steps, value, decisions=ONE, gravest=TWO)

    letter = portfolio_letter(portfolio, who="Ed", day=MONDAY)

    assert letter.title == ("Portfolio on 2 Mar 2026, Ed: 1 decision waits for you, 12 stale, 3 fewer than a week ago")
    assert letter.facts == (("In the journey", "60 (no change in a week)"), ("Stale", "12 (−3 in a week)"), *value)
    assert [s.heading for s in letter.sections] == ["Decisions waiting", "The funnel", "Gravest and dearest alerts"]


def test_a_portfolio_of_which_nothing_was_known_a_week_ago_compares_nothing() -> None:
    letter = portfolio_letter(Portfolio("None.", (Standing("Stale", 2),), (), ()), who="Ed", day=MONDAY)

    assert letter.title == "Portfolio on 2 Mar 2026, Ed: 2 stale"
    assert letter.facts == (("Stale", "2"),)


def test_inside_the_application_a_digest_keeps_its_headings_and_figures() -> None:
    portfolio = Portfolio("Most are at step 3.", (Standing("Stale", 2),), (), (), decisions=ONE, gravest=TWO)

    lines = short(portfolio_letter(portfolio, who="Ed", day=MONDAY)).splitlines()

    assert lines[:3] == ["Most are at step 3.", "Stale: 2", "Decisions waiting"]
    assert lines[-2:] == ["• Call", "• Write"]
