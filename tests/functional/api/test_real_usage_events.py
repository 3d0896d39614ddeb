"""Real use sent as events: 25,000 rows through the unmodified SDKs give the numbers that the file of them gives."""

import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from changetrack.adapters.files import Table
from changetrack.models import Account, Metric, UsageDaily, UsageEvent, db
from changetrack.operations.imports import ImportOptions, import_file
from changetrack.operations.usage.metrics import add_event_rule, create_metric
from changetrack.queries.usage_sources import find_source_id
from tests.clock import NOW, TODAY
from tests.functional.api.real_server import OPERATOR, Running, running
from tests.real_input import RAVENSTACK

pytestmark = [
    pytest.mark.skipif(not RAVENSTACK.is_dir(), reason="the data are not at hand"),
    pytest.mark.xdist_group("real-usage-events"),
]

EVENT, WAITING_MOST = "Feature Used", 30_000
COUNTED = {"calls": ("sum", "count"), "features": ("distinct", "feature")}
Numbers = dict[tuple[str, str, str], int]

READ = """
import csv, sys
from datetime import datetime, timezone
host, key, file = sys.argv[1:]
def events():
    for row in csv.DictReader(open(file, encoding="utf-8", newline="")):
        at = datetime.strptime(row["usage_date"], "%d-%m-%Y").replace(hour=12, tzinfo=timezone.utc)
        yield row["subscription_id"], {"count": int(row["usage_count"]), "feature": row["feature_name"]}, at
"""
PROGRAMS = {
    "segment": READ + f"""
from segment.analytics.client import Client
client = Client(key, host=host, gzip=True, max_queue_size={WAITING_MOST}, upload_interval=0.1)
for account, properties, at in events():
    client.track("somebody", "{EVENT}", properties, context={{"groupId": account}}, timestamp=at)
client.flush()
client.join()
""",
    "posthog": READ + f"""
from posthog import Posthog
client = Posthog(key, host=host, gzip=True, max_queue_size={WAITING_MOST}, flush_interval=0.1)
for account, properties, at in events():
    whose = {{"groups": {{"company": account}}, "distinct_id": "somebody"}}
    client.capture("{EVENT}", properties=properties, timestamp=at, **whose)
client.shutdown()
""",
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """What became of the rows: on the server, and what each program printed."""

    server: Running
    outputs: dict[str, str]

    def numbers(self, name: str) -> Numbers:
        """The newest number of each metric, account and day that the source `name` has sent."""
        with self.server.app.app_context():
            rows = db.session.execute(
                select(Metric.key, Account.external_id, UsageDaily.day, UsageDaily.counted)
                .join(Metric, Metric.id == UsageDaily.metric_id)
                .join(Account, Account.id == UsageDaily.account_id)
                .where(Metric.key.startswith(f"{name}_"))
                .order_by(UsageDaily.recorded_on)
            ).all()
        return {(key.partition("_")[2], id_, day.isoformat()): int(counted or 0) for key, id_, day, counted in rows}

    def counted(self, name: str) -> int:
        """How many events of that source were kept as counted."""
        with self.server.app.app_context():
            whose = (UsageEvent.source_id == find_source_id(name), UsageEvent.state == "counted")
            return db.session.scalar(select(func.count()).select_from(UsageEvent).where(*whose)) or 0


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """Both SDKs at once, each with a source whose events feed metrics of its own."""
    folder = tmp_path_factory.mktemp("real")
    with running(f"sqlite:///{folder / 'changetrack.db'}", folder, list(PROGRAMS)) as server:
        with server.app.app_context():
            _prepare()
            db.engine.dispose()
        file = str(RAVENSTACK / "ravenstack_feature_usage.csv")
        host = f"http://127.0.0.1:{server.port}"
        senders = {
            name: subprocess.Popen(
                [sys.executable, "-c", program, host, server.keys[name], file],
                env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            for name, program in PROGRAMS.items()
        }  # fmt: skip
        yield Sent(server, {name: sender.communicate(timeout=300)[0] for name, sender in senders.items()})


def _prepare() -> None:
    said: dict[str, Any] = {"actor": OPERATOR, "now": NOW, "today": TODAY}
    mapping = {"account_id": "external_id", "account_name": "name"}
    names = {"account_id": "external_id", "subscription_id": "alias"}
    for kind, file, columns in (("accounts", "accounts", mapping), ("aliases", "subscriptions", names)):
        table = Table(RAVENSTACK / f"ravenstack_{file}.csv")
        import_file(kind=kind, source=table, options=ImportOptions(columns), secret="s", **said)
    for source in PROGRAMS:
        for what, (aggregation, property_name) in COUNTED.items():
            key = f"{source}_{what}"
            metric_id = create_metric(actor=OPERATOR, now=NOW, key=key, name=key, unit=what, aggregation=aggregation)
            add_event_rule(
                actor=OPERATOR, now=NOW, metric_id=metric_id, event=EVENT, property_name=property_name,
                source_id=find_source_id(source),
            )  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_row_counts_once_on_its_day(sent: Sent, name: str) -> None:
    expected = added_up()

    numbers = sent.numbers(name)

    assert sent.counted(name) == 25_000, sent.outputs[name]
    assert numbers == expected


def added_up() -> Numbers:
    """Both metrics by account and day, from the files alone."""
    with (RAVENSTACK / "ravenstack_subscriptions.csv").open(encoding="utf-8", newline="") as stream:
        account_of = {row["subscription_id"]: row["account_id"] for row in csv.DictReader(stream)}
    calls, features = Counter[tuple[str, str, str]](), defaultdict[tuple[str, str, str], set[str]](set)
    with (RAVENSTACK / "ravenstack_feature_usage.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            on = "-".join(reversed(row["usage_date"].split("-")))
            calls["calls", account_of[row["subscription_id"]], on] += int(row["usage_count"])
            features["features", account_of[row["subscription_id"]], on].add(row["feature_name"])
    return {**calls, **{key: len(found) for key, found in features.items()}}
