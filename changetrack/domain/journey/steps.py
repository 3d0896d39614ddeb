"""The eight steps as Kotter names them, with the error each guards against and how false progress looks."""

from dataclasses import dataclass

NOT_OPENED = 0
ANCHORED = 9
STEPS = range(1, 9)
HELD_PLACE = 10
CLOSED_PLACE = 11

REGRESS_REASONS = {
    "evidence_lost": "Evidence lost",
    "sponsor_left": "Sponsor left",
    "reorganisation": "Re-organisation",
    "use_lapsed": "Use lapsed",
    "claimed_too_early": "Claimed too early",
    "other": "Other",
}
CLOSE_OUTCOMES = {
    "churned": "Churned",
    "merged": "Merged",
    "never_started": "Never started",
    "other": "Other",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path. Source: Kotter, Leading Change (1996) for name and error; the rest is ours."""

    number: int
    name: str
    short: str
    purpose: str
    error: str
    rule_of_thumb: str
    false_progress: str


CATALOGUE: dict[int, Step] = {
    step.number: step
    for step in (
        Step(
            1,
            "Establish urgency",
            "Urgency",
            "The customer's managers see why today's way of working cannot stay.",
            "Allowing too much complacency",
            "Three of four managers are honestly convinced that business as usual is no longer acceptable.",
            "Meetings that end in meetings.",
        ),
        Step(
            2,
            "Create the guiding coalition",
            "Coalition",
            "People with position, expertise, credibility and leadership carry the change together.",
            "Failing to create a sufficiently powerful guiding coalition",
            "Take away any one person: would it still go on?",
            "Names taken from an org chart.",
        ),
        Step(
            3,
            "Develop vision and strategy",
            "Vision",
            "A picture of the future that is easy to tell and worth working for.",
            "Underestimating the power of vision",
            "Told in five minutes, it meets with understanding and interest.",
            "Our roadmap sold as their vision.",
        ),
        Step(
            4,
            "Communicate the change vision",
            "Communicate",
            "Everybody affected knows what changes for them, and sees leaders live it.",
            "Under-communicating the vision by a factor of ten",
            "Ask five people at random what changes for them.",
            "The launch e-mail.",
        ),
        Step(
            5,
            "Empower broad-based action",
            "Empower",
            "Nothing in structure, skill, system or supervision stands in the way of using it.",
            "Permitting obstacles to block the new vision",
            "Who wants to use it can, today, with their manager's blessing.",
            "Trained and licensed, but not using.",
        ),
        Step(
            6,
            "Generate short-term wins",
            "Wins",
            "A predicted, visible, unambiguous gain, credited to those who made it.",
            "Failing to create short-term wins",
            "The win was foretold, and the customer tells of it.",
            "Log-ins, or a case study that we wrote.",
        ),
        Step(
            7,
            "Consolidate gains and produce more change",
            "Consolidate",
            "The credibility of the first wins is spent on the next change.",
            "Declaring victory too soon",
            "The customer starts the next change without us.",
            "A renewal counted as adoption.",
        ),
        Step(
            8,
            "Anchor new approaches in the culture",
            "Anchor",
            "The new way is simply how things are done here, also by those who come later.",
            "Neglecting to anchor changes firmly in the culture",
            "A newcomer learns it as the normal way.",
            "In a policy, but not in use.",
        ),
    )
}

STEP_NAMES: dict[int, str] = {number: step.name for number, step in CATALOGUE.items()}


def step_name(step: int) -> str:
    """The name of a step code 0 to 9, as people read it."""
    if step == NOT_OPENED:
        return "Not opened"
    return "Anchored" if step == ANCHORED else CATALOGUE[step].name
