"""Structured logs: one event a line with ids and causes, never a secret, an address's query or a customer's words."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
NEVER = frozenset(
    {
        "authorization",
        "body",
        "cookie",
        "headers",
        "password",
        "payload",
        "secret",
        "signature",
        "subject",
        "title",
        "token",
    }
)
"""Keys whose values are not logged, whoever tries."""
LONGEST_VALUE = 500


def configure(*, form: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Set logging up for this process. ``form`` is auto, console or json; ``level`` debug, info, warning or error."""
    out = stream if stream is not None else sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _leave_out,
    ]
    renderer = structlog.dev.ConsoleRenderer(colors=out.isatty()) if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    _join_standard_logging(shared, renderer=renderer, out=out, level=LEVELS[level])


def configure_for_a_command(*, form: str, level: str) -> None:
    """The same where a person waits for what a command says: the work's own log only where it was asked for."""
    configure(form=form, level="warning" if level == "info" else level)


def _join_standard_logging(shared: list[Any], *, renderer: Any, out: TextIO, level: int) -> None:
    """What libraries log comes out in the same form, warnings and worse only: their lines were not written for us."""
    handler = logging.StreamHandler(out)
    # without tracebacks: the source lines they show are harmless, the messages of their exceptions may not be
    processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _kind_of_exception, renderer]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=processors, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _leave_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key.lower() in NEVER:
            event[key] = "***"
        elif isinstance(value, str) and len(value) > LONGEST_VALUE:
            event[key] = value[:LONGEST_VALUE] + "…"
    return event


def _kind_of_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        event["exception"] = type(info).__name__
    elif isinstance(info, tuple) and info[0] is not None:
        event["exception"] = info[0].__name__
    event.pop("exc_text", None)
    event.pop("stack_info", None)
    return event
