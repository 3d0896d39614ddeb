"""Claims about asking a customer's person: what may be asked of whom, how often, and what becomes of the page."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from changetrack.domain.customer_links import token_hash
from changetrack.domain.refusal import Forbidden, NotFound, OperationRefused
from changetrack.models import Contact, CustomerLink, Event
from changetrack.operations.customer_links import renew_address, revoke_link
from changetrack.operations.journey.gate import propose_advance
from tests.factories.asking import INES, JON, MARA, Asking


def refused(asking: Asking, *asks: str, contact_seq: int | None = MARA) -> list[tuple[str | None, str]]:
    with pytest.raises(OperationRefused) as refusal:
        asking.ask(*asks, contact_seq=contact_seq)
    return [(reason.field, reason.message) for reason in refusal.value.reasons]


def test_a_request_makes_a_page_of_which_only_the_digest_of_its_token_is_kept(asking: Asking) -> None:
    requested = asking.ask("agree-1", "point-5c")

    link = asking.link()
    assert requested.token is not None
    assert len(requested.token) >= 43  # 256 bits
    assert link.token_hash == token_hash(requested.token)
    assert requested.token not in str([(e.changes, e.note) for e in asking.walk.session.scalars(select(Event))])
    assert link.expires_at == asking.walk.now + timedelta(days=14)
    assert [(ask["kind"], ask["about"]) for ask in link.asks] == [("agree", 1), ("point", "5c")]


def test_what_is_asked_while_a_page_is_open_joins_it_and_shows_no_address(asking: Asking) -> None:
    first = asking.ask("agree-1")

    second = asking.ask("point-5c")

    assert (second.link_id, second.token) == (first.link_id, None)
    assert [ask["about"] for ask in asking.link().asks] == [1, "5c"]


def test_what_joins_a_page_keeps_it_open_for_longer_but_never_beyond_28_days(asking: Asking) -> None:
    asking.ask("agree-1")
    made = asking.walk.now
    asking.walk.move_on(10)
    after_ten = asking.ask("point-5c").expires_at
    asking.walk.move_on(12)

    after_twenty_two = asking.ask("point-8b").expires_at

    assert (after_ten - made, after_twenty_two - made) == (timedelta(days=24), timedelta(days=28))


def test_a_person_gets_at_most_two_requests_in_fourteen_days(asking: Asking) -> None:
    for _ in range(2):
        asking.ask("agree-1")
        revoke_link(link_id=asking.link().id, **asking.walk.by("olu"))

    ((field, message),) = refused(asking, "agree-1")
    asking.walk.move_on(14)

    assert field == "contact_seq"
    assert "asked twice in the last 14 days" in message
    assert "16 Mar 2026" in message
    assert asking.ask("agree-1").token is not None


def test_the_limit_is_of_one_person(asking: Asking) -> None:
    for _ in range(2):
        asking.ask("agree-1")
        revoke_link(link_id=asking.link().id, **asking.walk.by("olu"))

    assert asking.ask("point-5c", contact_seq=JON).token is not None


def test_only_the_beneficiary_is_asked_to_agree(asking: Asking) -> None:
    ((field, message),) = refused(asking, "agree-1", contact_seq=JON)

    assert (field, "Only Mara" in message) == ("contact_seq", True)


def test_nobody_is_asked_to_attest_to_what_was_not_agreed(asking: Asking) -> None:
    ((field, message),) = refused(asking, "attest-1")

    assert (field, "before the beneficiary has agreed" in message) == ("asks", True)


@pytest.mark.parametrize(
    ("asks", "words"),
    [
        ((), "Choose what to ask."),
        (("agree-9",), "There is no such outcome."),
        (("point-1a",), "1a is not the customer's to answer."),
        (("point-2c",), "2c is not the customer's to answer."),
        (("point-9z",), "One of these is nothing that can be asked."),
        (("point-1z",), "There is no control point “1z”."),
        (("sign_off-1",), "This proposal no longer waits for anybody."),
        (("delete-1",), "One of these is nothing that can be asked."),
    ],
)
def test_what_is_not_the_customers_to_say_is_not_asked(asking: Asking, asks: tuple[str, ...], words: str) -> None:
    assert words in [message for _, message in refused(asking, *asks)]


def test_a_step_that_asks_for_no_signature_gets_none(asking: Asking) -> None:
    asking.walk.prove_step_1()
    propose_advance(effective_on=asking.walk.today, **asking.walk.by("olu"))

    ((_, message),) = refused(asking, "sign_off-1")

    assert message == "Step 1 does not ask for the customer's signature."


def test_the_same_is_not_asked_twice_while_it_waits(asking: Asking) -> None:
    asking.ask("point-5c")

    ((_, message),) = refused(asking, "point-5c")

    assert message == "Mara’s page asks this already and waits for the answer."


def test_what_was_answered_can_be_asked_anew_on_the_same_page(asking: Asking) -> None:
    token = asking.token("point-5c")
    asking.answer(token, "point-5c", "not_yet")

    asking.ask("point-5c")

    assert [(ask["about"], ask.get("answer")) for ask in asking.link().asks] == [("5c", None)]


@pytest.mark.parametrize("contact_seq", [None, 99])
def test_a_request_goes_to_a_person_who_is_known(asking: Asking, contact_seq: int | None) -> None:
    assert refused(asking, "point-5c", contact_seq=contact_seq) == [
        ("contact_seq", "Choose one of the customer's people.")
    ]


def test_who_has_left_is_not_asked(asking: Asking) -> None:
    asking.walk.session.get_one(Contact, (asking.walk.account_id, INES)).left_on = asking.walk.today
    asking.walk.session.commit()

    assert refused(asking, "point-5c", contact_seq=INES) == [("contact_seq", "Ines left on 2 Mar 2026.")]


def test_a_new_address_ends_the_old_one_and_is_no_further_request(asking: Asking) -> None:
    old = asking.token("point-5c")

    new = renew_address(link_id=asking.link().id, **asking.walk.by("olu"))

    assert new.token not in (None, old)
    with pytest.raises(NotFound):
        asking.open(old)
    assert asking.open(str(new.token)).name == "Mara"
    assert len(asking.walk.session.scalars(select(CustomerLink)).all()) == 1


def test_a_revoked_page_leads_nowhere_and_is_not_revived(asking: Asking) -> None:
    token = asking.token("point-5c")
    link_id = asking.link().id
    revoke_link(link_id=link_id, **asking.walk.by("olu"))

    for act in (revoke_link, renew_address):
        with pytest.raises(OperationRefused, match="revoked already"):
            act(link_id=link_id, **asking.walk.by("olu"))
    with pytest.raises(NotFound):
        asking.open(token)


def test_an_expired_page_is_neither_joined_nor_renewed(asking: Asking) -> None:
    asking.ask("point-5c")
    link_id = asking.link().id
    asking.walk.move_on(14)

    with pytest.raises(OperationRefused, match="expired already"):
        renew_address(link_id=link_id, **asking.walk.by("olu"))

    assert asking.ask("point-5c").link_id != link_id


@pytest.mark.parametrize(("who", "refusal"), [("otto", NotFound), ("ed", Forbidden), ("ada", Forbidden)])
def test_only_the_team_asks(asking: Asking, who: str, refusal: type[Exception]) -> None:
    asking.ask("point-5c")
    link_id = asking.link().id

    with pytest.raises(refusal):
        asking.ask("point-8b", by=who)
    for act in (revoke_link, renew_address):
        with pytest.raises(refusal):
            act(link_id=link_id, **asking.walk.by(who))


def test_the_page_of_another_account_is_none_of_this_one(asking: Asking) -> None:
    asking.ask("point-5c")
    link = asking.link()
    link.account_id += 1_000
    asking.walk.session.commit()

    with pytest.raises(NotFound):
        revoke_link(link_id=link.id, **asking.walk.by("olu"))
