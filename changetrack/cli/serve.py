"""The command that serves people: web server and scheduler under one supervisor."""

import socket
import sys
import threading
import time

import click

from changetrack import migrations
from changetrack.cli._face import engine
from changetrack.cli._supervisor import Child, supervise
from changetrack.domain.refusal import OperationRefused

THREADS = 4  # a worker; fewer than the connections of its pool
READY_WITHIN = 60.0  # seconds


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=5000, show_default=True, envvar="PORT", show_envvar=True, type=click.IntRange(1, 65535),
    help="Port to listen on.",
)  # fmt: skip
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option("--no-scheduler", is_flag=True, help="Only the web server: timed jobs run elsewhere.")
def serve(host: str, port: int, workers: int, no_scheduler: bool) -> None:
    """Serve the pages and keep the timed jobs running, until Ctrl-C."""
    migrations.refuse_wrong_revision(engine())
    engine().dispose()
    _refuse_taken_port(host, port)
    web = Child(
        "web server", _web_server(host, port, workers), lambda again: _announce_soon(host, port, web, again),
        variables={"PORT": str(port)},  # so that addresses they show are ours, unless the settings name another
    )  # fmt: skip
    children = [web]
    if not no_scheduler:
        children.append(Child("scheduler", [sys.executable, "-m", "changetrack", "scheduler"]))
    supervise(children, say=_say)
    click.echo("Stopped.")


def _web_server(host: str, port: int, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws",
        "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(THREADS),
        "--respawn-failed-workers", "--workers-kill-timeout", "10",
        "--log-level", "warning",
        "changetrack.app:create_serving_app",
    ]  # fmt: skip


def _refuse_taken_port(host: str, port: int) -> None:
    """Say so now, rather than in the log of a server that starts again and again."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another."
            raise OperationRefused([("port", reason)]) from error


def _announce_soon(host: str, port: int, web: Child, again: bool) -> None:
    threading.Thread(target=_announce, args=(host, port, web, again), daemon=True).start()


def _announce(host: str, port: int, web: Child, again: bool) -> None:
    """Print the address when somebody who goes there is answered."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        try:
            socket.create_connection((near, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        web.has_answered = True
        shown = f"[{near}]" if ":" in near else near
        click.echo(f"ChangeTrack is {'again ' if again else ''}at http://{shown}:{port} (Ctrl-C stops it).")
        return


def _say(message: str) -> None:
    click.echo(message, err=True)


COMMANDS: tuple[click.Command, ...] = (serve,)
