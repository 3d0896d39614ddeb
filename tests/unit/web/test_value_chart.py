"""The charts of value: what is drawn where, and that nothing is drawn of nothing."""

from datetime import date

from changetrack.queries.value_months import Month, months_of
from changetrack.web.value.chart import chart_of

JUNE = date(2026, 6, 15)
CHANGES = [
    ("USD", date(2025, 1, 1), "promised", 100),
    ("USD", date(2026, 5, 1), "promised", 300),
    ("USD", date(2026, 5, 1), "accrued", 200),
    ("USD", date(2026, 6, 1), "corrected", -50),
    ("USD", date(2026, 6, 1), "reversed", -100),
    ("USD", date(2026, 6, 1), "lapsed", -40),
    ("EUR", date(2026, 6, 1), "live", 70),
]


def dollars(months: int = 12) -> tuple[Month, ...]:
    return months_of(CHANGES, last=JUNE, months=months)["USD"]


def test_sums_to_date_hold_what_came_before_the_first_month_shown() -> None:
    may, june = dollars(2)

    assert (may.promised_to_date, may.realized_to_date) == (400, 200)
    assert (june.promised_to_date, june.realized_to_date) == (400, 50)
    assert june.realized == -150


def test_months_without_anything_are_there_too() -> None:
    assert [month.start for month in dollars(3)] == [date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)]


def test_each_currency_has_months_of_its_own() -> None:
    euros = months_of(CHANGES, last=JUNE, months=1)["EUR"]

    assert (euros[0].live, euros[0].promised_to_date) == (70, 0)


def test_nothing_is_drawn_of_months_in_which_nothing_happened() -> None:
    assert chart_of([Month(date(2026, 6, 1))]) is None
    assert chart_of([]) is None


def test_months_before_anything_happened_are_left_out_but_for_three() -> None:
    young = months_of([("USD", date(2026, 6, 1), "promised", 9)], last=JUNE, months=12)["USD"]

    chart = chart_of(young)

    assert chart is not None
    assert len(chart.months) == 3


def test_what_was_taken_back_is_drawn_below_the_line_and_stacked() -> None:
    chart = chart_of(dollars())
    assert chart is not None

    panel = chart.by_month
    bars = {bar.name: bar for bar in panel.bars if bar.month.start == date(2026, 6, 1)}

    assert bars["reversed"].y == panel.zero
    assert bars["corrected"].y == round(panel.zero + bars["reversed"].height, 1)
    assert [bar.name for bar in chart.live.bars] == ["lapsed"]


def test_a_line_rises_with_its_amount_and_ends_at_the_last_month() -> None:
    chart = chart_of(dollars())
    assert chart is not None

    promised, realized = chart.to_date.lines

    assert promised.points[-1].y < realized.points[-1].y < chart.to_date.zero
    assert promised.points[-1].amount == 400
    assert len(chart.labels) <= 6
    assert chart.labels[-1][1] == date(2026, 6, 1)
