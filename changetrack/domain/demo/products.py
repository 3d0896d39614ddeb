"""What the house sells in the example, and what its customers say about it, each in their own words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap as a customer states it: metric, unit, from, to, and where the first number comes from."""

    metric: str
    unit: str
    start: str
    nearer: str
    goal: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Product:
    """One product: for whom it is, what they value, the gaps they see, the visions they write, the wins they tell."""

    name: str
    users: str
    beneficiaries: tuple[str, ...]
    values: tuple[str, ...]
    gaps: tuple[Gap, ...]
    visions: tuple[str, ...]
    wins: tuple[str, ...]


PLAN = Product(
    "Tarn Plan",
    "planners",
    ("Shift leads of hall two", "The four production planners", "Line supervisors, both plants"),
    (
        "I want to know on Thursday what we run on Monday, and not hear on Monday what changed on Friday.",
        "Stop making us choose between overtime and late orders. Let us see the squeeze two weeks ahead.",
        "When a machine goes down, tell me which orders suffer. Today I phone five people to find out.",
        "Every change of plan costs us a clean-down. Fewer changes, that is all I ask for.",
    ),
    (
        Gap("Plan changes inside 48 hours", "a week", "31", "22", "8", "Planning log, weeks 1 to 12"),
        Gap("Orders delivered as first promised", "%", "71", "78", "93", "Dispatch report of the last two quarters"),
        Gap("Overtime in production", "h a week", "220", "170", "80", "Time sheets, average of 13 weeks"),
        Gap("Change-overs", "a day", "9", "7", "5", "Line diary, counted by the shift leads themselves"),
    ),
    (
        (
            "In a year, {org} plans once and runs what it planned. On Thursday at noon every shift lead sees the "
            "coming week, and trusts it enough to arrange child care by it. If a machine fails, the people at the "
            "line see which orders are touched and decide together what gives, before the customer has to ask. "
            "Planners spend their mornings on the week after next, not on yesterday."
        ),
        (
            "Nobody at {org} is surprised by Monday. What we promise a customer is what the line can make, because "
            "sales and production look at the same board. A change inside two days is an event we learn from, not "
            "the way we work. Overtime is a choice people make, never a rescue."
        ),
    ),
    ("half-the-plan-changes", "a-week-without-rescue-overtime", "first-time-promised-on-time"),
)
FIELD = Product(
    "Tarn Field",
    "technicians",
    ("Field technicians of the north district", "The maintenance crew on nights", "Inspectors and their dispatchers"),
    (
        "I drive two hours and then the part is wrong. Let me see what the last one saw before I leave.",
        "Half my evening is typing up what I wrote on paper at noon. Give me that hour back.",
        "I would like to find the crack before the customer does.",
        "When I report a defect, I want to hear what became of it. Otherwise I stop reporting.",
    ),
    (
        Gap("Second visits for the same fault", "%", "27", "21", "10", "Work orders of the last 26 weeks"),
        Gap("Paperwork after the shift", "min a day", "65", "45", "10", "Diary kept by eleven technicians, two weeks"),
        Gap("Unplanned stops", "a month", "14", "11", "5", "Control room log since January"),
        Gap("Inspections done when due", "%", "62", "74", "95", "Regulator's quarterly return"),
    ),
    (
        (
            "At {org} a technician leaves the yard knowing what waits at the other end. What one of us learns on a "
            "ladder, everyone can read the same day. We write things down once, where it happened. A reported "
            "defect gets an answer within the week, and the one who reported it is thanked by name."
        ),
        (
            "We at {org} repair before it breaks. Inspections are done on their day because the round is sensible, "
            "not because somebody chases us. Nights are quiet. New colleagues learn the plant from notes that "
            "colleagues wrote for them, and add their own in their first month."
        ),
    ),
    ("paperwork-down-to-ten-minutes", "the-first-quiet-month", "found-before-it-broke"),
)
CLOSE = Product(
    "Tarn Close",
    "accountants",
    ("The group accounting team", "Controllers in the five companies", "Accounts payable, both floors"),
    (
        "I want my weekends back in the first week of the month.",
        "We spend nine days collecting and one day thinking. Turn that round.",
        "When the board asks why, I want to answer in the meeting and not the week after.",
        "Each company closes in its own way. I would like to read one book, not five.",
    ),
    (
        Gap("Days to close the month", "days", "11", "8", "4", "Closing calendar of the last six months"),
        Gap("Entries corrected after the close", "a month", "140", "95", "25", "Journal, all five companies"),
        Gap("Reconciliations done by hand", "%", "84", "60", "20", "Count by the controllers, March and April"),
        Gap("Overtime in closing week", "h a person", "19", "13", "3", "Time sheets, average of six closes"),
    ),
    (
        (
            "By the fourth working day {org} knows where it stands, and on the fifth we talk of what to do. Nobody "
            "works the weekend for it. A reconciliation that can be done by a rule is done by a rule; people look "
            "at what is odd. Every company keeps its books the same way, and the way was chosen by those who keep "
            "them."
        ),
        (
            "Closing is dull at {org}, and we are proud of that. What is known on the tenth is booked on the tenth. "
            "When the board asks why, whoever is asked can show it there and then. Our juniors learn to read a "
            "business instead of learning to search a folder."
        ),
    ),
    ("closed-on-day-six", "a-weekend-at-home", "one-way-to-reconcile"),
)
DESK = Product(
    "Tarn Desk",
    "case workers",
    ("Case workers in the service centre", "Those who answer the telephone", "Everybody with a case open"),
    (
        "I do not want to ask a person in trouble for the same paper three times.",
        "Tell me what my colleague promised yesterday, before the customer does.",
        "The hard cases need an hour. Take the easy ones off my desk so that I have it.",
        "If I go on holiday, my cases should not.",
    ),
    (
        Gap("Cases settled at the first contact", "%", "38", "47", "65", "Sample of 400 cases, autumn"),
        Gap("Days until a decision", "days", "17", "13", "6", "Case register, median of the last quarter"),
        Gap("Cases asked for the same document twice", "%", "29", "20", "5", "Read through by two case workers"),
        Gap("Calls that ask how it stands", "a day", "310", "240", "90", "Telephone statistics, twelve weeks"),
    ),
    (
        (
            "Whoever turns to {org} tells their story once. Who answers sees what was promised and keeps it. Simple "
            "cases are decided the same day; for the hard ones there is an hour, and somebody to ask. People who "
            "work here go home knowing that nothing waits for them alone."
        ),
        (
            "At {org} a case belongs to a team, not to a desk. We decide in days, and say so plainly when we "
            "cannot. Fewer people call to ask how it stands because they have already heard. A colleague back from "
            "holiday finds thanks, not a pile."
        ),
    ),
    ("decided-the-same-day", "asked-once-only", "the-phone-is-quieter"),
)
PRODUCTS = (PLAN, FIELD, CLOSE, DESK)
BY_INDUSTRY = {
    "Food": (PLAN, CLOSE),
    "Manufacturing": (PLAN, FIELD),
    "Utilities": (FIELD, DESK),
    "Transport": (FIELD, CLOSE),
    "Health care": (DESK, CLOSE),
    "Insurance": (DESK, CLOSE),
}
"""What is sold into which trade, the usual first."""
