"""An outcome's page put together, with every form on it; what a form was refused for is shown on the same page."""

from collections.abc import Iterator

from flask import Response, request
from wtforms.fields.choices import SelectChoice

from changetrack.domain.outcomes import OF_THE_BENEFICIARY
from changetrack.domain.refusal import Forbidden
from changetrack.queries.outcome import MEASURES, OutcomePage, get_outcome
from changetrack.web.forms import Form, named
from changetrack.web.journey.event_words import event_line
from changetrack.web.journey.forms import person_choices
from changetrack.web.platform import clock, current_actor, page
from changetrack.web.value.forms import BecauseForm, WordForm
from changetrack.web.value.plot import plot_of
from changetrack.web.value.words import KINDS, MEASURE_WORDS, kinds_for, main_terms, rule_terms


def look(account_id: int, seq: int) -> OutcomePage:
    """The outcome as the person who asks may see it, with the part of its ledger that the address asks for."""
    asked, before = request.args.get("measure", ""), request.args.get("before", "")
    return get_outcome(
        account_id,
        seq,
        actor=current_actor(),
        today=clock().today(),
        measure=asked if asked in MEASURES else MEASURES[0],
        before=int(before) if before.isdecimal() and len(before) < 10 else None,
    )


def show(account_id: int, seq: int, form: Form | None = None, slot: str = "") -> Response:
    """The outcome's page; with `form` in its place `slot`, and the reasons for which it was refused."""
    view = look(account_id, seq)
    if form is not None and not view.may_work:
        raise Forbidden("You may look at this account, but not change it.")
    forms = dict(_forms(view)) if view.may_work else {}
    if form is not None:
        forms[slot] = named(form, slot)
    return page(
        "value/outcome.html",
        form=form,
        view=view,
        forms=forms,
        slot=slot,
        kinds=KINDS,
        sayable=[kind for kind in kinds_for(view.outcome) if kind in forms],
        measures=MEASURE_WORDS,
        plot=plot_of(view.outcome),
        main=main_terms(view.outcome),
        rules=rule_terms(view.outcome),
        lines=[event_line(event, {}) for event in view.events],
        is_older="before" in request.args,
    )


def word_form(view: OutcomePage, kind: str, *, is_blank: bool = False) -> WordForm:
    """The form for one kind of word: only the beneficiary agrees, disputes and withdraws."""
    given = {"formdata": None} if is_blank else {}
    mine = str(view.outcome.beneficiary_seq)
    form = WordForm(given_on=clock().today(), contact_seq=mine, **given)
    if kind in OF_THE_BENEFICIARY:
        form.contact_seq.choices = [SelectChoice(mine, view.outcome.beneficiary)]
    else:
        form.contact_seq.choices = person_choices(view.people, new=False)
    return form


def _forms(view: OutcomePage) -> Iterator[tuple[str, Form]]:
    """An empty form for everything that can be said and taken back on the page as it is, by its place."""
    if view.status != "closed":
        for kind in kinds_for(view.outcome):
            yield kind, named(word_form(view, kind, is_blank=True), kind)
        if view.outcome.agreed_on is None and not view.outcome.has_ended:
            yield "take-back", named(BecauseForm(formdata=None), "take-back")
    for statement in view.statements:
        if statement.is_retractable:
            slot = f"retract-{statement.seq}"
            yield slot, named(BecauseForm(formdata=None), slot)
