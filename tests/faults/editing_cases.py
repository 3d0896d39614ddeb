"""Eight people who change one account at once, again and again: one is first, the others see both and lose nothing."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from threading import Barrier

from sqlalchemy import select

from changetrack.models import Account
from tests.factories import make_account
from tests.faults.staging import Place, Stage, staged
from tests.faults.tried import Tried
from tests.faults.web_server import Answer, WebServer, sign_in, web_server

PEOPLE = 8
SAVED, CONFLICT = 303, 409
_INPUT = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
_CHOICE = re.compile(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_CHOSEN = re.compile(r'<option selected value="([^"]*)"')
_LONG = re.compile(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', re.DOTALL)


def eight_edit_one(place: Place, rounds: int = 25) -> Tried:
    """Everybody opens the form, changes the same field and one of their own, and saves at the same moment."""
    started, broken, statuses = time.perf_counter(), list[str](), Counter[int | None]()
    with staged(place, rate=1) as stage:
        account_id = make_account(stage.session, name="Acme").id
        stage.session.commit()
        address = f"/accounts/{account_id}/edit"
        with web_server(stage) as server, ThreadPoolExecutor(PEOPLE) as threads:
            people = [_signed_in(server, stage, f"person{number}") for number in range(PEOPLE)]
            for number in range(rounds):
                typed = [_typed(number, who) for who in range(PEOPLE)]
                barrier = Barrier(PEOPLE)
                answers = list(threads.map(_change, people, [address] * PEOPLE, typed, [barrier] * PEOPLE))
                statuses.update(answer.status for answer in answers)
                broken += _judge(stage, account_id, typed, answers, number)
                broken += _saved_again(people, address, answers, typed, number)
    figures = f"{rounds} rounds of {PEOPLE}: saved {statuses[SAVED]}, both versions shown {statuses[CONFLICT]}"
    return Tried("eight people edit one account", place.name, figures, broken, time.perf_counter() - started)


def _signed_in(server: WebServer, stage: Stage, name: str) -> WebServer:
    headers, csrf = sign_in(stage, name)
    return replace(server, headers=headers, csrf=csrf)


def _typed(number: int, who: int) -> dict[str, str]:
    """The same field for everybody, and a longer text in which each has a line of their own."""
    return {"tier": f"Tier {who} of round {number}", "attributes": f"line_{who}: written in round {number}"}


def _change(person: WebServer, address: str, typed: dict[str, str], barrier: Barrier) -> Answer:
    fields = form_fields(person.look(address).text) | typed
    barrier.wait(timeout=30)
    return person.send(address, fields)


def _judge(stage: Stage, account_id: int, typed: list[dict[str, str]], answers: list[Answer], number: int) -> list[str]:
    """One was first; each of the others sees what that one wrote, and has in the form what they typed."""
    first = [who for who, answer in enumerate(answers) if answer.status == SAVED]
    if len(first) != 1 or {answer.status for answer in answers} != {SAVED, CONFLICT}:
        return [f"round {number}: answers {[answer.status for answer in answers]}"]
    winner, broken = typed[first[0]]["tier"], []
    stage.session.rollback()
    if (kept := stage.session.scalar(select(Account.tier).where(Account.id == account_id))) != winner:
        broken.append(f"round {number}: {kept} is kept instead of {winner}")
    for who, answer in enumerate(answers):
        shown, page = form_fields(answer.text), unescape(answer.text)
        own = typed[who]
        if who != first[0] and not (
            shown.get("tier") == own["tier"] and own["attributes"] in shown.get("attributes", "") and winner in page
        ):
            broken.append(f"round {number}: person {who} does not see both versions, or has lost what they typed")
    return broken


def _saved_again(
    people: list[WebServer], address: str, answers: list[Answer], typed: list[dict[str, str]], number: int
) -> list[str]:
    """One of those who were told sends the form as it is shown to them: now it is saved."""
    who = next(who for who, answer in enumerate(answers) if answer.status != SAVED)
    again = people[who].send(address, form_fields(answers[who].text))
    if again.status == SAVED and typed[who]["attributes"] in form_fields(people[who].look(address).text)["attributes"]:
        return []
    return [f"round {number}: what person {who} typed was not saved from the page that showed both"]


def form_fields(page: str) -> dict[str, str]:
    """Everything that the form of a record would send as it stands."""
    form = page.partition('<form method="post" class="form"')[2].partition("</form>")[0]
    found = {unescape(name): unescape(value) for name, value in _INPUT.findall(form)}
    for name, options in _CHOICE.findall(form):
        chosen = _CHOSEN.search(options)
        found[name] = unescape(chosen[1]) if chosen else ""
    found |= {name: unescape(words).strip() for name, words in _LONG.findall(form)}
    found.pop("csrf_token", None)
    return found
