"""The account page put together, with every form on it; what a form was refused for is shown on the same page."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response, flash, request, url_for

from changetrack.domain.refusal import Forbidden
from changetrack.queries.commitments import list_open_commitments
from changetrack.queries.history import list_events
from changetrack.queries.journey import JourneyView, get_journey
from changetrack.queries.journey_points import PointView, SegmentView
from changetrack.queries.outcomes import list_outcomes, totals
from changetrack.web.coalition.forms import ContactForm, DecisionPathForm
from changetrack.web.forms import Form, named
from changetrack.web.journey.event_words import GROUPS, event_line
from changetrack.web.journey.forms import (
    GapForm,
    OpeningForm,
    RetractForm,
    VisionForm,
    evidence_form,
    person_choices,
)
from changetrack.web.journey.move_forms import CustomerSignForm, ProposeForm, SignForm
from changetrack.web.journey.words import gate_sentence, left_sentence, next_place
from changetrack.web.platform import clock, current_actor, go, page

TABS = ("value", "coalition", "history")
WHAT = {"evidence": "Evidence", "said": "They said", "commitment": "Commitment", "note": "Note"}
"""What a quick update can tell, in words."""


def look(account_id: int, step: int | None = None) -> JourneyView:
    """The account as the person who asks may see it."""
    return get_journey(account_id, actor=current_actor(), today=clock().today(), step=step)


def show(account_id: int, form: Form | None = None, slot: str = "", *, step: int | None = None) -> Response:
    """The account page; with `form` in its place `slot`, and the reasons for which it was refused."""
    view = look(account_id, step or shown_step())
    if form is not None and not view.rights.work:
        raise Forbidden("You may look at this account, but not change it.")
    forms = dict(_forms(view)) if view.rights.work else {}
    if form is not None:
        forms[slot] = named(form, slot)
    outcomes = list_outcomes(account_id, actor=current_actor(), today=clock().today())
    return page(
        "journey/account.html",
        form=form,
        view=view,
        forms=forms,
        slot=slot,
        opened=slot.removeprefix("evidence-") or request.args.get("open", "")[:20],
        segments=segments(view.id, view.path, tab=request.args.get("tab")),
        sentence=gate_sentence(view.name, view.gate),
        next_place=next_place(view.gate.step),
        quick=quick_point(view),
        outcomes=outcomes,
        worth=totals(outcomes),
        commitments=list_open_commitments(account_id),
        whats=WHAT,
        **_tab(view),
    )


def done(
    account_id: int,
    words: str | Callable[[JourneyView], str],
    *,
    step: int | None = None,
    anchor: str | None = None,
) -> Response:
    """Say what changed and what is left to do, and send the browser to the page as it is now."""
    view = look(account_id)
    changed = words if isinstance(words, str) else words(view)
    flash(" ".join(part for part in (changed, left_sentence(view)) if part), "success")
    return go("journey.account_page", account_id=account_id, step=step, _anchor=anchor)


def shown_step() -> int | None:
    """The step that the address asks to open; anything but a step is none."""
    asked = request.args.get("step", "")
    return int(asked) if asked in ("1", "2", "3", "4", "5", "6", "7", "8") else None


def segments(account_id: int, path: Iterable[SegmentView], **kept: Any) -> list[dict[str, object]]:
    """The eight steps for the path, each with its address; `kept` are the arguments to keep."""
    found = []
    for segment in path:
        href = url_for("journey.account_page", account_id=account_id, step=segment.step, **kept)
        shown = {name: getattr(segment, name) for name in ("step", "name", "state", "done", "total")}
        found.append({**shown, "href": f"{href}#step"})
    return found


def quick_point(view: JourneyView) -> PointView | None:
    """The control point that a quick update is likeliest about: the first one missing of the opened step."""
    open_to_us = [point for point in view.selected.points if point.may_be_recorded]
    return next((point for point in open_to_us if not point.holds), next(iter(open_to_us), None))


def _forms(view: JourneyView) -> Iterator[tuple[str, Form]]:
    """An empty form for everything that can be filled in on the page as it is, by its place."""
    today, people = clock().today(), view.coalition.people
    blank: dict[str, Any] = {"formdata": None, "effective_on": today}
    about = {name: getattr(view.subject, name) for name in view.subject.__slots__}
    yield "opening", named(OpeningForm(**blank, **about), "opening")
    yield "gap", named(GapForm(**blank, **about), "gap")
    vision = VisionForm(**blank, **about, contact_seq=str(view.subject.vision_contact_seq or ""))
    vision.contact_seq.choices = person_choices(people, new=False)
    yield "vision", named(vision, "vision")
    yield "propose", named(ProposeForm(**blank), "propose")
    if view.gate.proposal:
        yield from _sign_forms(view, view.gate.proposal.seq)
    yield "contact", named(ContactForm(formdata=None), "contact")
    roles = list(view.subject.roles_not_applicable)
    yield "decision-path", named(DecisionPathForm(formdata=None, not_applicable=roles), "decision-path")
    quick = quick_point(view)
    if quick:
        yield "quick", named(evidence_form(quick.point, people, **blank), "quick")
    if view.standing.status not in ("not_opened", "closed"):
        for point in view.selected.points:
            yield from _point_forms(view, point)


def _sign_forms(view: JourneyView, seq: int) -> Iterator[tuple[str, Form]]:
    yield "sign", named(SignForm(formdata=None, proposal_seq=seq), "sign")
    customer = CustomerSignForm(formdata=None, proposal_seq=seq)
    customer.contact_seq.choices = person_choices(view.coalition.people, new=False)
    yield "customer", named(customer, "customer")


def _point_forms(view: JourneyView, point: PointView) -> Iterator[tuple[str, Form]]:
    if point.may_be_recorded:
        given = {"formdata": None, "effective_on": clock().today()}
        slot = f"evidence-{point.key}"
        yield slot, named(evidence_form(point.point, view.coalition.people, **given), slot)
    for evidence in (*point.current, *point.earlier):
        if evidence.is_retractable:
            yield f"retract-{evidence.seq}", named(RetractForm(formdata=None), f"retract-{evidence.seq}")


def _tab(view: JourneyView) -> dict[str, Any]:
    """What stands below the step: the outcomes, the customer's people, or a page of the history."""
    tab = request.args.get("tab", "")
    if tab not in TABS:
        return {"tab": "coalition", "history": None, "lines": (), "kind": "", "groups": GROUPS}
    kind = request.args.get("kind", "")
    history = None
    if tab == "history":
        kinds = GROUPS[kind][1] if kind in GROUPS else ()
        before = request.args.get("before", "")
        history = list_events(
            view.id,
            actor=current_actor(),
            kinds=kinds,
            before=int(before) if before.isdecimal() and len(before) < 10 else None,
        )
    names = {mate.email: mate.name for mate in view.team}
    lines = [event_line(event, names) for event in history.events] if history else []
    return {"tab": tab, "history": history, "lines": lines, "kind": kind, "groups": GROUPS}
