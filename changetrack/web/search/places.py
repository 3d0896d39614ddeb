"""The pages and actions that search can lead to, with the words by which people look for them."""

from dataclasses import dataclass

from flask import current_app, url_for

from changetrack.domain.people import Action, Actor, may


@dataclass(frozen=True, slots=True)
class Destination:
    """A page or an action: who needs what to go there, and the words it is found by besides its label."""

    endpoint: str
    label: str
    icon: str
    words: str
    needs: Action | None = None
    for_teams: bool = False

    @property
    def href(self) -> str:
        """Its address."""
        return url_for(self.endpoint)


DESTINATIONS = (
    Destination("today.index", "Today", "sun", "home start what needs me sign-offs"),
    Destination("accounts.index", "Accounts", "building", "list customers"),
    Destination("board.index", "Board", "layout-kanban", "kanban columns steps"),
    Destination("funnel.index", "Funnel", "chart-funnel", "executive report pipeline movement snapshot"),
    Destination("value.index", "Value", "coin", "executive realized promised live probationary money worth"),
    Destination("value.outcomes", "Outcomes", "bulb", "value list proposed agreed confirmed lapsed"),
    Destination("value.ledger", "Ledger", "list", "value entries accrued reversed corrected"),
    Destination("alerts.index", "Alerts", "bell", "inbox stale acknowledge snooze"),
    Destination("accounts.new", "Add an account", "plus", "new create customer", Action.EDIT_RECORD, for_teams=True),
    Destination("imports_admin.index", "Import a file", "file-import", "csv upload load data", Action.IMPORT),
    Destination("people_admin.index", "People", "users", "admin users sign in roles", Action.ADMINISTER),
    Destination("people_admin.new", "Add a person", "user-plus", "new user invite", Action.ADMINISTER),
    Destination("teams_admin.index", "Teams", "users-group", "admin members coordinator vsm", Action.ADMINISTER),
    Destination("teams_admin.new", "Add a team", "plus", "new create", Action.ADMINISTER),
    Destination("playbook_admin.index", "Playbook", "list-check", "control points limits rules", Action.ADMINISTER),
    Destination("calendars_admin.index", "Calendars", "calendar", "holidays days off work week", Action.ADMINISTER),
    Destination(
        "endpoints_admin.index",
        "Webhooks and Slack",
        "send",
        "endpoints deliveries secrets channels",
        Action.ADMINISTER,
    ),
    Destination("people.password", "Change my password", "key", "account security"),
    Destination(
        "message_settings.index",
        "What I hear and where",
        "adjustments-horizontal",
        "messages settings channels email slack digest quiet days notifications calendar",
    ),
    Destination("people.sessions", "Where I am signed in", "lock", "sessions sign-ins devices"),
)


def destinations(text: str, actor: Actor) -> list[Destination]:
    """The pages and actions that are open to the actor and in whose words each typed word begins one."""
    typed = text.casefold().split()
    meant = [one for one in DESTINATIONS if typed and all(_is_meant(one, word) for word in typed)]
    return [one for one in meant if _is_open(one, actor)]


def _is_meant(one: Destination, typed: str) -> bool:
    return any(word.startswith(typed) for word in f"{one.label} {one.words}".casefold().split())


def _is_open(one: Destination, actor: Actor) -> bool:
    if one.endpoint not in current_app.view_functions:
        return False
    own = one.for_teams and any(may(actor, one.needs, team) for team in actor.teams) if one.needs else False
    return one.needs is None or may(actor, one.needs) or own
