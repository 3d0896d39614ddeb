"""When the night has to look at an account that was imported, by the playbook in force."""

from datetime import date

from sqlalchemy import select

from changetrack.domain.alerts import StaleFacts, StaleLimits, next_due_on, stale_reasons
from changetrack.domain.funnel import OPEN_PLACES
from changetrack.domain.journey.default_playbook import DEFAULT_PLAYBOOK
from changetrack.domain.journey.playbook import parse_playbook
from changetrack.domain.journey.steps import NOT_OPENED, STEPS
from changetrack.models import PlaybookVersion
from changetrack.operations._dossier import CALENDAR
from changetrack.operations._import_terms import Scene


class DueDays:
    """Due days of accounts without evidence; equal ones are worked out once."""

    def __init__(self, scene: Scene) -> None:
        newest = scene.session.scalar(select(PlaybookVersion).order_by(PlaybookVersion.version.desc()).limit(1))
        version, body = (newest.version, newest.body) if newest else (1, DEFAULT_PLAYBOOK)
        self.playbook = parse_playbook(version, body)
        self._today = scene.today
        self._known: dict[tuple[int, date, date, int, int], date | None] = {}

    def due_on(
        self,
        place: int,
        step: int,
        *,
        entered_on: date,
        progress_on: date,
        held_days: int = 0,
        held_workdays: int = 0,
    ) -> date | None:
        """The first day on which something about the account can turn stale; today if something is; or None."""
        if place not in OPEN_PLACES or step == NOT_OPENED:
            return None
        key = (step, entered_on, progress_on, held_days, held_workdays)
        if key not in self._known:
            self._known[key] = self._work_out(StaleFacts(
                step, True, entered_on, held_days, progress_on, (), self._limits(step), held_workdays
            ))  # fmt: skip
        return self._known[key]

    def pins(self, steps: range) -> dict[str, int]:
        """By which version of the playbook steps that were entered now are judged."""
        return {str(step): self.playbook.version for step in steps if step in STEPS}

    def _limits(self, step: int) -> StaleLimits:
        rules = self.playbook.steps.get(step)
        version = f"playbook {self.playbook.version}"
        return StaleLimits(rules.age_days, rules.progress_days, version) if rules else StaleLimits(None, None, version)

    def _work_out(self, facts: StaleFacts) -> date | None:
        if stale_reasons(facts, CALENDAR, self._today):
            return self._today
        return next_due_on(facts, CALENDAR, self._today)
