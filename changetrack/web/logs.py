"""How the log looks: one JSON object a line on servers, readable lines in development."""

import logging
import sys
from typing import TextIO

import structlog

from changetrack.config import Settings
from changetrack.web.secret_addresses import masked

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """Where a line goes."""
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError(f"it is always stderr, never {value}")


def configure_logging(settings: Settings) -> None:
    """Send our own and all libraries' log lines to stderr, in one form; again is the same as once."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=_rendering(settings))
    )
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, StderrHandler)] + [handler]
    root.setLevel(settings.log_level.upper())


def _rendering(settings: Settings) -> list[structlog.typing.Processor]:
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if settings.env == "development":
        shown = structlog.dev.plain_traceback  # the rich one shows all variables: slow, and secrets among them
        console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=shown)
        return [plain, console, _without_secrets]
    return [plain, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(), _without_secrets]


def _without_secrets(_logger: object, _name: str, line: object) -> str:
    """The last word on every line, whoever wrote it."""
    return masked(str(line))
