"""When the night has to look at an account that was imported, by the playbook in force."""

from datetime import date
from typing import Any

from changetrack.domain.calendar import WorkCalendar
from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook import Playbook, parse_playbook
from changetrack.domain.journey.steps import NOT_OPENED, STEPS
from changetrack.domain.staleness import StaleFacts, next_due_on, stale_reasons
from changetrack.operations._import_terms import Scene
from changetrack.operations._rulebook import Rulebook, load_rulebook
from changetrack.operations._stale_facts import stale_limits
from changetrack.queries.work_calendars import load_calendars


class DueDays:
    """Due days of accounts without evidence; equal ones are worked out once."""

    def __init__(self, scene: Scene) -> None:
        self._rulebook = _installed(load_rulebook(scene.session, (), scene.today))
        self.calendars = load_calendars()
        self._today = scene.today
        self._known: dict[tuple[StaleFacts, WorkCalendar], date | None] = {}

    @property
    def playbook(self) -> Playbook:
        """The newest version."""
        return self._rulebook.newest

    def due_on(
        self,
        place: int,
        step: int,
        *,
        entered_on: date,
        progress_on: date,
        held_days: int = 0,
        calendar: WorkCalendar | None = None,
        **clocks: Any,
    ) -> date | None:
        """The first day on which something about the account can turn stale; today if something is; or None.

        `clocks` are further fields of StaleFacts; without a `calendar` the house's counts.
        """
        if place not in OPEN_PLACES or step == NOT_OPENED:
            return None
        limits = stale_limits(self._rulebook, self.playbook.steps.get(step), self.playbook.version, step)
        facts = StaleFacts(step, True, entered_on, held_days, progress_on, (), limits, **clocks)
        key = (facts, calendar or self.calendars.of(None))
        if key not in self._known:
            self._known[key] = self._work_out(*key)
        return self._known[key]

    def pins(self, steps: range) -> dict[str, int]:
        """By which version of the playbook steps that were entered now are judged."""
        return {str(step): self.playbook.version for step in steps if step in STEPS}

    def _work_out(self, facts: StaleFacts, calendar: WorkCalendar) -> date | None:
        if stale_reasons(facts, calendar, self._today):
            return self._today
        return next_due_on(facts, calendar, self._today)


def _installed(rulebook: Rulebook) -> Rulebook:
    """The rules as they ship, where none were written down yet."""
    return rulebook if rulebook.playbooks else Rulebook({1: parse_playbook(1, DEFAULT_PLAYBOOK)}, rulebook.learned)
