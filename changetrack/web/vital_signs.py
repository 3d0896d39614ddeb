"""`/metrics`: the figures of this installation in Prometheus' words, read from the database when they are asked for."""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from changetrack.queries.vital_signs import CHANNELS, ENDPOINT_STATES, VitalSigns, get_vital_signs
from changetrack.web.platform import clock, public, settings

blueprint = Blueprint("vital_signs", __name__)
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    if not (_has_token() or _is_from_here()):
        abort(403, "The figures are for who has the token, or asks from this machine.")
    now = clock().now()
    registry = CollectorRegistry()
    registry.register(_Figures(get_vital_signs(now=now), now))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _has_token() -> bool:
    wanted, given = settings().metrics_token, request.authorization
    if not wanted or given is None or given.type != "bearer" or not given.token:
        return False
    return hmac.compare_digest(given.token.encode(), wanted.encode())


def _is_from_here() -> bool:
    """Whether it comes from this machine itself, and not through a proxy on it: that may not say who asked."""
    is_passed_on = any(name in request.headers for name in _FORWARDED)
    try:
        return not is_passed_on and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Figures(Collector):
    """What was read, as Prometheus takes it."""

    def __init__(self, signs: VitalSigns, now: datetime) -> None:
        self._signs, self._now = signs, now

    def collect(self) -> Iterable[Metric]:
        """All figures; those of time in seconds."""
        signs = self._signs
        by_channel = {sign.channel: sign for sign in signs.channels}
        none = dict.fromkeys(CHANNELS, 0)  # a series that is only there at times cannot be watched
        waiting = none | {channel: sign.waiting for channel, sign in by_channel.items()}
        yield _gauge("outbox_waiting", "Messages that wait to leave.", ("channel",), waiting)
        failed = none | {channel: sign.failed for channel, sign in by_channel.items()}
        yield _gauge("outbox_failed", "Messages that wait and have failed before.", ("channel",), failed)
        lags = {channel: self._age(sign.oldest_due) for channel, sign in by_channel.items() if sign.oldest_due}
        yield _gauge("outbox_lag_seconds", "For how long the oldest message is due.", ("channel",), none | lags)
        yield _gauge("outbox_given_up", "Messages that were given up.", ("channel",), {**none, **signs.given_up})
        yield GaugeMetricFamily("changetrack_outbox_held", "Messages held back until a run ends.", signs.held)
        states = {**dict.fromkeys(ENDPOINT_STATES, 0), **signs.endpoints}
        yield _gauge("endpoints", "Webhooks and Slack channels.", ("state",), states)
        done = {job: at.timestamp() for job, at in signs.last_success.items()}
        yield _gauge("job_last_success_timestamp_seconds", "When a job was last done.", ("job",), done)
        ages = {job: self._age(at) for job, at in signs.last_success.items()}
        yield _gauge("job_last_success_age_seconds", "How long ago a job was last done.", ("job",), ages)
        lanes = ("job", "lane")
        turns = {(turn.job, turn.lane): self._age(turn.done_at) for turn in signs.turns if turn.done_at}
        words = "How long ago a lane of a job that runs all the time last did its part, or a piece of it."
        yield _gauge("job_turn_age_seconds", words, lanes, turns)
        failing = {(turn.job, turn.lane): float(turn.is_failing) for turn in signs.turns}
        yield _gauge("job_turn_failed", "1 where the newest turn of a lane failed.", lanes, failing)
        if signs.heartbeat is not None:
            words = "How long ago a scheduler was last seen alive."
            yield GaugeMetricFamily("changetrack_scheduler_heartbeat_age_seconds", words, self._age(signs.heartbeat))
        yield _gauge("alerts_open", "Open alerts.", ("state", "severity"), signs.alerts)

    def _age(self, moment: datetime) -> float:
        return max((self._now - moment).total_seconds(), 0.0)


def _gauge(name: str, words: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    """A figure for each of `values`, by its one label or by all of them."""
    family = GaugeMetricFamily(f"changetrack_{name}", words, labels=labels)
    for value, figure in sorted(values.items()):
        family.add_metric(value if isinstance(value, tuple) else (value,), figure)
    return family
