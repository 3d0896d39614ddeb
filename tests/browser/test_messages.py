"""What somebody hears, chosen with a browser and a keyboard; and the pages from which messages leave."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from changetrack.adapters.unsubscribe_tokens import unsubscribe_token
from changetrack.domain.people import Actor
from changetrack.models import Endpoint, MessageSettings, OutboxMessage
from changetrack.operations.accounts import create_account
from changetrack.operations.playbook import install_playbook
from tests.browser.test_people import sign_in
from tests.clock import NOW, TODAY
from tests.conftest import Stage
from tests.factories import (
    PASSWORD,
    Cast,
    make_attempt,
    make_calendar,
    make_cast,
    make_endpoint,
    make_message,
    make_message_settings,
)
from tests.factories._saving import Saver

ON_ONE_DATABASE = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


@pytest.fixture
def cast(session: Saver) -> Cast:
    return make_cast(session)


@pytest.fixture
def crm(session: Saver, cast: Cast) -> Endpoint:
    """A webhook that fails, with something in its log."""
    made = make_endpoint(session, name="CRM", failing_since=NOW, former_until=NOW.replace(year=2027))
    given: dict[str, Any] = {"user_id": None, "endpoint_id": made.id, "channel": "webhook"}
    given |= {"payload": {"type": "alert.raised"}}
    failed = make_message(session, cast.ada, **given, dead_at=NOW, last_error="The receiver answered 500.")
    make_attempt(session, failed, status=500, error="The receiver answered 500.")
    make_message(session, cast.ada, **given, delivered_at=NOW)
    return made


def check(page: Page, paths: tuple[str, ...]) -> None:
    """Each page is accessible and fits."""
    for path in paths:
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, [violation["id"] for violation in violations], max(overflow, 0)) == (path, [], 0)


@ON_ONE_DATABASE
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_telephone(
    page: Page, stage: Stage, session: Saver, cast: Cast, crm: Endpoint, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 320, "height": 640})
    bavaria = make_calendar(session, name="Bavaria", country="DE", subdivision="BY", is_house=True)
    make_calendar(session, name="Elsewhere", timezone="Asia/Jerusalem", weekmask="1111001")
    make_message_settings(session, cast.ada, email_failed_at=NOW, email_error="550 5.1.1 no-such-mailbox-anywhere")
    token = unsubscribe_token(cast.ada.id, "digest", settings=stage.settings)
    sign_in(page, "ada", "/me/messages")

    check(page, (
        "/me/messages", f"/unsubscribe/{token}", "/unsubscribe/none", "/admin/calendars", "/admin/calendars/new",
        f"/admin/calendars/{bavaria.id}", "/admin/endpoints", "/admin/endpoints/new-webhook",
        "/admin/endpoints/new-slack", f"/admin/endpoints/{crm.id}",
    ))  # fmt: skip


@ON_ONE_DATABASE
def test_what_is_heard_is_chosen_with_the_keyboard(page: Page, session: Saver, cast: Cast) -> None:
    sign_in(page, "olu", "/me/messages")
    slack = page.get_by_role("checkbox", name="Weekly digest: Slack")

    slack.focus()
    page.keyboard.press("Space")
    page.get_by_label("Your time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved: it counts from the next message on.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Weekly digest: Slack")).to_be_checked()
    row = session.scalars(select(MessageSettings)).one()
    assert (row.user_id, row.timezone, row.choices["digest"]) == (
        cast.olu.id, "Europe/Berlin", ["in_app", "email", "slack"],
    )  # fmt: skip


@ON_ONE_DATABASE
def test_the_way_there_is_in_the_persons_menu(page: Page, cast: Cast) -> None:
    sign_in(page, "olu", "/")
    page.get_by_role("button", name="Olu: your menu").click()

    page.get_by_role("link", name="What I hear and where").click()

    expect(page.get_by_role("heading", name="What you hear and where")).to_be_visible()


@ON_ONE_DATABASE
def test_one_press_in_an_e_mail_ends_its_kind_and_another_undoes_it(
    page: Page, stage: Stage, session: Saver, cast: Cast
) -> None:
    page.goto(f"/unsubscribe/{unsubscribe_token(cast.olu.id, 'digest', settings=stage.settings)}")
    session.rollback()  # what is read below is what was saved meanwhile

    page.get_by_role("button", name="Send me no more of these").click()
    expect(page.get_by_role("heading", name="No more of these e-mails")).to_be_visible()
    ended = session.scalars(select(MessageSettings.choices)).one()["digest"]
    session.rollback()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="These e-mails go on")).to_be_visible()

    undone = session.scalars(select(MessageSettings.choices)).one()["digest"]
    assert (ended, undone) == (["in_app"], ["in_app", "email"])


@ON_ONE_DATABASE
def test_the_parts_of_a_country_show_when_its_days_off_are_asked_for(page: Page, cast: Cast) -> None:
    sign_in(page, "ada", "/admin/calendars/new")
    page.get_by_label("Public holidays of").select_option(label="Germany")

    page.get_by_role("button", name="Show its days off").click()
    page.get_by_label("In its part").select_option(label="Bayern")
    page.get_by_label("Name").fill("Bavaria")
    page.get_by_role("button", name="Add it").click()

    expect(page.get_by_role("heading", name="Bavaria")).to_be_visible()
    expect(page.get_by_text("Epiphany")).to_be_visible()


@ON_ONE_DATABASE
def test_an_account_is_given_its_calendar(page: Page, session: Saver, cast: Cast) -> None:
    make_calendar(session, name="Bavaria")
    install_playbook(actor=Actor.system("test"), now=NOW)
    record = {"name": "Acme", "team_id": cast.team.id}
    account_id = create_account(record=record, actor=cast.actor("olu"), now=NOW, today=TODAY)
    sign_in(page, "olu", f"/accounts/{account_id}/edit")
    page.get_by_label("Calendar").select_option(label="Bavaria")
    page.get_by_label("Days off of its own").fill("2026-12-24")

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Acme is saved.")).to_be_visible()


@ON_ONE_DATABASE
def test_a_webhook_is_added_tried_and_its_result_shows_by_itself(page: Page, session: Saver, cast: Cast) -> None:
    sign_in(page, "ada", "/admin/endpoints")
    page.get_by_role("link", name="Add the first webhook").click()
    page.get_by_label("Name").fill("CRM")
    page.get_by_label("Address").fill("https://hooks.example.com/changetrack")
    page.get_by_label("An account went stale").check()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("code.secret")).to_contain_text("whsec_")
    page.get_by_role("link", name="Done").click()

    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("Waiting for an answer")).to_be_visible()
    message = session.scalars(select(OutboxMessage)).one()
    message.delivered_at, message.attempts = NOW, 1
    make_attempt(session, message)

    expect(page.get_by_text("it was taken, the answer was 200 after 87 ms")).to_be_visible()


@ON_ONE_DATABASE
def test_switching_off_asks_once_and_names_what(page: Page, session: Saver, cast: Cast, crm: Endpoint) -> None:
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", answer)
    sign_in(page, "ada", f"/admin/endpoints/{crm.id}")

    page.get_by_role("button", name="Switch off").click()

    expect(page.get_by_text("Nothing is sent there", exact=True)).to_be_visible()
    assert asked == ["Switch CRM off? What waits for it is given up; you can send it again later."]


@ON_ONE_DATABASE
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_messages_are_in_the_menu_on_every_width(page: Page, cast: Cast, width: int) -> None:
    sign_in(page, "olu", "/")
    page.set_viewport_size({"width": width, "height": 640})

    page.get_by_role("button", name="Olu: your menu").click()
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    page.locator("#person-menu").get_by_role("link", name="Messages").click()

    page.wait_for_url("**/alerts/messages")
    assert overflow <= 0
