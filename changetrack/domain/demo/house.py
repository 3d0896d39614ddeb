"""Our own people in the example: three teams, an executive, an administrator; everybody is invented."""

from changetrack.domain.demo.deeds import Person

NORTH, HARBOUR, SOLO = "North", "Harbour", "Solo"
TEAMS = (NORTH, HARBOUR, SOLO)

PEOPLE = (
    Person("ada", "Ada Ferreira", role="admin"),
    Person("ed", "Ed Marlowe", role="executive"),
    Person("olu", "Olu Adeyemi", team=NORTH, team_role="member"),
    Person("tess", "Tess Lindqvist", team=NORTH, team_role="coordinator"),
    Person("vik", "Vik Raman", team=NORTH, team_role="vsm"),
    Person("mika", "Mika Salonen", team=NORTH, team_role="member"),
    Person("otto", "Otto Brandt", team=HARBOUR, team_role="member"),
    Person("ines", "Inês Duarte", team=HARBOUR, team_role="coordinator"),
    Person("rashid", "Rashid Haddad", team=HARBOUR, team_role="vsm"),
    Person("sanna", "Sanna Petit", team=SOLO, team_role="vsm"),
)
SHOWN = ("olu", "tess", "vik", "ed", "ada")
"""Whose sign-ins are told: one for each role."""


def of_team(team: str, role: str) -> Person:
    """Who has that role in the team; whoever leads it alone has all of them."""
    members = [person for person in PEOPLE if person.team == team]
    return next((person for person in members if person.team_role == role), members[0])
