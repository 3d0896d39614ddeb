"""Days, months and counts in the words in which people read them."""

from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_in_words(day: date) -> str:
    """Return “12 Nov 2026”."""
    return f"{day.day} {month_in_words(day)}"


def short_day(day: date) -> str:
    """Return “12 Nov”, where the year goes without saying."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def month_in_words(day: date) -> str:
    """Return “Nov 2026”."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def counted(number: int, noun: str) -> str:
    """Return “1 business day”, “2 business days”."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
