"""Keys of names lose their accents on the way up, and get them back on the way down."""

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from changetrack import migrations
from changetrack.models import Account
from tests.factories import make_account

BEFORE = "2026_11_23_a_rest_has_an_end"


def keys(engine: Engine) -> dict[str, str]:
    """The key of each account's name."""
    with Session(engine) as session:
        return {row.name: row.name_key for row in session.execute(select(Account.name, Account.name_key))}


def test_the_keys_of_names_outside_ascii_lose_and_get_their_accents(engine: Engine) -> None:
    migrations.upgrade(engine)
    with Session(engine) as session:
        for name in ("José Müller", "Łódź", "Plain Name"):
            make_account(session, name=name)  # type: ignore[arg-type]  # as good as a scoped one
        session.commit()

    migrations.downgrade(engine, BEFORE)
    before = keys(engine)
    migrations.upgrade(engine)
    after = keys(engine)

    assert before == {"José Müller": "josé müller", "Łódź": "łódź", "Plain Name": "plain name"}
    assert after == {"José Müller": "jose muller", "Łódź": "lodz", "Plain Name": "plain name"}
