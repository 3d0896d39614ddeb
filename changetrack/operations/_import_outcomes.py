"""Loading outcomes: known again by account, statement and metric; what was agreed is not changed by a file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from changetrack.domain.first_seen import FirstSeen
from changetrack.domain.history import field_diff
from changetrack.domain.imports import Layout, ParsedRow, RowReason
from changetrack.domain.outcome_file import FileWord, row_heard, row_terms, row_words
from changetrack.domain.outcomes import outcome_reasons
from changetrack.domain.people import Action
from changetrack.models import Contact, Metric, Outcome, OutcomeStatement
from changetrack.operations._contacts import add_contact_row
from changetrack.operations._dossier import Dossier, open_dossier
from changetrack.operations._import_lookup import account_ids
from changetrack.operations._import_outcome_rows import (
    changed_terms,
    folded,
    frozen_reasons,
    gone_reasons,
    new_words,
    terms_before,
)
from changetrack.operations._import_terms import Scene, Tried, Watch
from changetrack.operations._settle import settle
from changetrack.operations.value._ledger import recognise_outcomes
from changetrack.operations.value._statements import add_statement
from changetrack.operations.value._terms import add_outcome, outcome_row, rewrite_terms

_OF_A_GROUP = ("period", "currency", "group_cap")
_Key = tuple[int, str, int]


@dataclass(slots=True)
class _Task:
    """What one row does: terms of a new outcome or changed ones of a known one, and words that are not on record."""

    seq: int | None
    terms: dict[str, Any]
    beneficiary: str
    words: list[FileWord]
    heard: str


@dataclass(slots=True)
class _Present:
    """What is on record about some accounts."""

    outcomes: dict[_Key, Row[Any]] = field(default_factory=dict)
    people: dict[int, list[Row[Any]]] = field(default_factory=lambda: defaultdict(list))
    said: dict[tuple[int, int], list[Row[Any]]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)


@contextmanager
def outcomes_loader(scene: Scene, _layout: Layout) -> Iterator["OutcomesLoader"]:
    """A loader for one reading of a file of outcomes; the same account, statement and metric are the same outcome.

    A day of agreement is the beneficiary's word as reported, heard by mail unless `said_how` says otherwise; so are
    days of attestation, dispute and withdrawal. What was agreed is frozen: a row that differs from it is turned
    away. Somebody who is named and not known joins the customer's people.
    """
    yield OutcomesLoader(scene)


class OutcomesLoader:
    """Compares outcomes with those on record; new words are reported ones, as a team member would record them."""

    work_at_end = 0.0

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen = FirstSeen()
        self._groups: dict[tuple[int, str], Mapping[str, Any]] = {}
        self._metrics = {
            key: (id_, archived_at)
            for id_, key, archived_at in scene.session.execute(select(Metric.id, Metric.key, Metric.archived_at))
        }

    def try_rows(self, rows: Sequence[ParsedRow]) -> Tried:
        """See which outcomes are new, changed or as they were; the work is {account id: tasks}."""
        ids = account_ids(self._scene.session, (str(row.values["external_id"]) for row in rows))
        present = self._present(set(ids.values()))
        tried = Tried(work=defaultdict(list))
        for row in rows:
            found = self._task(row, ids.get(str(row.values["external_id"])), present)
            if isinstance(found, list):
                tried.rejected.append(found)
                continue
            id_, task = found
            if task.seq is None:
                tried.created += 1
            elif task.terms or task.words:
                tried.updated += 1
            else:
                tried.unchanged += 1
                continue
            tried.work[id_].append(task)
        return tried

    def write(self, work: dict[int, list[_Task]]) -> None:
        """Write down the outcomes and words of each account, recognise them, and settle what follows."""
        scene = self._scene
        for id_ in sorted(work):
            dossier = open_dossier(
                scene.session, id_, actor=scene.actor, action=Action.IMPORT, now=scene.now, today=scene.today
            )
            outcomes = [_carry_out(dossier, task) for task in work[id_]]
            recognise_outcomes(dossier, outcomes, today=scene.today)
            since = min([scene.today, *(word.on for task in work[id_] for word in task.words)])
            settle(dossier, since=since, cause="Outcomes were imported.", quiet=True)
            scene.session.flush()
            scene.session.expunge_all()

    def finish(self, *, write: bool, count: bool, watch: Watch) -> Tried:
        """Nothing waits for the end of the file."""
        del write, count, watch
        return Tried()

    def _present(self, ids: set[int]) -> _Present:
        session, found = self._scene.session, _Present()
        wanted = sorted(ids)
        people = select(Contact.__table__).where(Contact.account_id.in_(wanted)).order_by(Contact.seq)
        for person in session.execute(people):
            found.people[person.account_id].append(person)
        said = select(OutcomeStatement.__table__).where(
            OutcomeStatement.account_id.in_(wanted), OutcomeStatement.retracted_on.is_(None)
        )
        for word in session.execute(said.order_by(OutcomeStatement.seq)):
            found.said[word.account_id, word.outcome_seq].append(word)
        query = select(Outcome.__table__).where(Outcome.account_id.in_(wanted)).order_by(
            Outcome.account_id, Outcome.replaced_on.is_(None), Outcome.seq.desc()
        )  # fmt: skip
        for row in session.execute(query):  # of several alike the first one that goes on comes last, and counts
            if row.replaced_on is not None and row.agreed_on is None:
                continue
            found.outcomes[row.account_id, folded(row.statement), row.metric_id] = row
            if row.overlap_group is not None and row.replaced_on is None:
                found.groups[row.account_id, row.overlap_group] = {name: getattr(row, name) for name in _OF_A_GROUP}
        return found

    def _task(self, row: ParsedRow, id_: int | None, present: _Present) -> tuple[int, _Task] | list[RowReason]:
        values = row.values
        metric_id, archived_at = self._metrics.get(str(values["metric"]), (None, None))
        if id_ is None:
            return [RowReason(row.line, "external_id", f"There is no account “{values['external_id']}”.")]
        if metric_id is None:
            return [RowReason(row.line, "metric", f"There is no metric “{values['metric']}”.")]
        key = (id_, folded(str(values["statement"])), metric_id)
        earlier = self._seen.line_of(repr(key), row.line)
        if earlier is not None:
            return [RowReason(row.line, "statement", f"This outcome of the account stands in line {earlier} already.")]
        known = present.outcomes.get(key)
        if known is None and archived_at is not None:
            return [RowReason(row.line, "metric", f"“{values['metric']}” is no longer measured.")]
        terms = {**terms_before(known), **row_terms(values), "metric_id": metric_id}
        reasons = [(reason.field, reason.message) for reason in outcome_reasons(terms)]
        reasons += self._group_reasons(id_, terms, known, present)
        words = new_words(row_words(values), present.said[id_, known.seq] if known else [], present.people[id_], known)
        changed = changed_terms(known, terms, str(values["beneficiary"]), present.people[id_])
        reasons += gone_reasons(words, str(values["beneficiary"]), present.people[id_])
        reasons += frozen_reasons(known, changed, words, present.said[id_, known.seq] if known else [])
        if reasons:
            return [RowReason(row.line, name, message) for name, message in reasons]
        task = _Task(known.seq if known else None, changed, str(values["beneficiary"]), words, row_heard(values))
        return id_, task

    def _group_reasons(
        self, id_: int, terms: Mapping[str, Any], known: Row[Any] | None, present: _Present
    ) -> list[tuple[str, str]]:
        group = terms.get("overlap_group")
        if group is None:
            return []
        mine = {name: terms.get(name) for name in _OF_A_GROUP}
        is_alone = known is not None and known.overlap_group == group
        others = self._groups.get((id_, group)) or (None if is_alone else present.groups.get((id_, group)))
        self._groups.setdefault((id_, group), mine)
        return [
            (name, f"The other outcomes of the group “{group}” have another.")
            for name in _OF_A_GROUP
            if others is not None and others[name] != mine[name]
        ]


def _carry_out(dossier: Dossier, task: _Task) -> Outcome:
    terms = dict(task.terms)
    if task.seq is None or "beneficiary_seq" in terms:
        terms["beneficiary_seq"] = _person(dossier, task.beneficiary).seq
    if task.seq is None:
        outcome = add_outcome(dossier, terms)
        _tell(dossier, "outcome_proposed", outcome, field_diff({}, terms))
    else:
        outcome = outcome_row(dossier, task.seq)
        changes = field_diff({name: getattr(outcome, name) for name in terms}, terms)
        if changes:
            rewrite_terms(dossier, outcome, terms, changes)
            _tell(dossier, "outcome_edited", outcome, changes)
    for word in task.words:
        person = _person(dossier, word.by) if word.by else dossier.session.get_one(
            Contact, (dossier.account.id, outcome.beneficiary_seq)
        )  # fmt: skip
        add_statement(
            dossier, outcome, word.kind, contact=person, hand="reported", said_how=task.heard, given_on=word.on,
            note=None,
        )  # fmt: skip
    return outcome


def _person(dossier: Dossier, who: str) -> Contact:
    """Whoever of the customer's has that address or name; somebody new joins them."""
    there = sorted(dossier.contacts(), key=lambda person: person.left_on is not None)
    known = next((p for p in there if (p.email if "@" in who else folded(p.name)) == folded(who)), None)
    if known is not None:
        return known
    person = add_contact_row(dossier, name=who[:120], **({"email": who.lower()} if "@" in who else {}))
    dossier.session.flush()
    return person


def _tell(dossier: Dossier, kind: str, outcome: Outcome, changes: Mapping[str, Any]) -> None:
    told = {"outcome_seq": [None, outcome.seq], **changes}
    dossier.happened(kind, effective_on=dossier.today, changes=told, note=outcome.statement)
