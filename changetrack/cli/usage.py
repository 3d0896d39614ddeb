"""Commands about use: metrics and their rules, sources and their write keys."""

import click

from changetrack.cli._face import SHOWN_ONCE, clock, emit, json_option
from changetrack.domain.metrics import AGGREGATIONS, PURPOSES
from changetrack.domain.people import Actor
from changetrack.domain.refusal import NotFound, OperationRefused
from changetrack.operations.usage import metrics as metric_operations
from changetrack.operations.usage import sources as source_operations
from changetrack.queries.usage_metrics import find_metric_id, list_metrics
from changetrack.queries.usage_sources import find_source_id, list_keys_by_prefix, list_sources

OPERATOR = Actor.operator("cli")


@click.group("metric")
def metric_group() -> None:
    """What is counted of the product's use."""


@metric_group.command("add")
@click.argument("key")
@click.option("--name", required=True, help="As people say it.")
@click.option("--unit", required=True, help="What there are forty of: calls, users.")
@click.option("--aggregation", type=click.Choice(tuple(AGGREGATIONS)), required=True, help="How days become a week.")
@click.option("--purpose", type=click.Choice(tuple(PURPOSES)), help="The control point that it feeds, 4c or 5b.")
@json_option
def add_metric(key: str, name: str, unit: str, aggregation: str, purpose: str | None, as_json: bool) -> None:
    """Add a metric."""
    metric_id = metric_operations.create_metric(
        actor=OPERATOR, now=clock().now(), key=key, name=name, unit=unit, aggregation=aggregation, purpose=purpose
    )
    if as_json:
        emit({"metric_id": metric_id})
        return
    click.echo(f"{name} is added.")


@metric_group.command("list")
@json_option
def list_all_metrics(as_json: bool) -> None:
    """List all metrics with the rules that feed them."""
    metrics = list_metrics().rows
    if as_json:
        emit(metrics)
        return
    for metric in metrics:
        state = "archived" if metric.archived_at else ""
        click.echo("\t".join((metric.key, metric.name, metric.unit, metric.aggregation, metric.purpose or "", state)))
        for rule in metric.open_rules:
            click.echo(f"  {rule.event}\t{rule.words}\t{rule.source or 'any source'}")


@metric_group.command("rule")
@click.argument("key")
@click.argument("event")
@click.option("--property", "property_name", help="The property whose number or value is taken.")
@click.option("--source", help="The one source whose events count; any if left out.")
@json_option
def add_rule(key: str, event: str, property_name: str | None, source: str | None, as_json: bool) -> None:
    """Let an event feed a metric, from now on."""
    metric_id = find_metric_id(key)
    if metric_id is None:
        raise NotFound(f"There is no metric {key}.")
    rule_id = metric_operations.add_event_rule(
        actor=OPERATOR,
        now=clock().now(),
        metric_id=metric_id,
        event=event,
        property_name=property_name,
        source_id=_source_id(source) if source else None,
    )
    if as_json:
        emit({"rule_id": rule_id})
        return
    click.echo(f"{event} feeds {key} from now on.")


@click.group("source")
def source_group() -> None:
    """The products that send events."""


@source_group.command("add")
@click.argument("name")
@json_option
def add_source(name: str, as_json: bool) -> None:
    """Add a source and print its first write key: now and never again."""
    made = source_operations.connect_source(actor=OPERATOR, now=clock().now(), name=name)
    if as_json:
        emit(made)
        return
    click.echo(made.key)
    click.echo(SHOWN_ONCE, err=True)


@source_group.command("list")
@json_option
def list_all_sources(as_json: bool) -> None:
    """List all sources with the first characters of their keys."""
    sources = list_sources()
    if as_json:
        emit(sources)
        return
    for source in sources:
        click.echo(source.name)
        for key in source.keys:
            state = "revoked" if key.revoked_at else f"last used {key.last_used_on or 'never'}"
            click.echo(f"  {key.prefix}…\t{state}")


@click.group("key")
def key_group() -> None:
    """The write keys of sources."""


@key_group.command("create")
@click.argument("source")
@json_option
def create_key(source: str, as_json: bool) -> None:
    """Make a write key for a source and print it: now and never again."""
    made = source_operations.create_write_key(actor=OPERATOR, now=clock().now(), source_id=_source_id(source))
    if as_json:
        emit(made)
        return
    click.echo(made.key)
    click.echo(SHOWN_ONCE, err=True)


@key_group.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """Revoke the write key that begins with PREFIX, as `changetrack source list` shows it."""
    found = list_keys_by_prefix(prefix.rstrip("…"))
    if not found:
        raise NotFound(f"No key in force begins with {prefix}.")
    if len(found) > 1:
        raise OperationRefused([(None, f"{len(found)} keys begin with {prefix}; give more of it.")])
    key = found[0]
    source_operations.revoke_write_key(actor=OPERATOR, now=clock().now(), source_id=key.source_id, key_id=key.id)
    click.echo(f"{key.prefix}… is revoked.")


def _source_id(name: str) -> int:
    found = find_source_id(name)
    if found is None:
        raise NotFound(f"There is no source {name}.")
    return found


COMMANDS: tuple[click.Command, ...] = (metric_group, source_group, key_group)
