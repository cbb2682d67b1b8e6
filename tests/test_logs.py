"""Logs say what happened in one line, and keep to themselves what nobody should read there."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from plugin import logs


@pytest.fixture(autouse=True)
def _left_as_found() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_time_and_level() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    structlog.get_logger("plugin").warning("case parked", ticket_id=7, reason="KeyError\nat x.py:1")
    [line] = lines(out)
    assert (line["event"], line["level"], line["ticket_id"]) == ("case parked", "warning", 7)
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize("key", ["token", "Authorization", "body", "secret", "password", "title", "payload"])
def test_what_nobody_should_read_is_left_out(key: str) -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    structlog.get_logger("plugin").info("called", **{key: "canary"})
    assert "canary" not in out.getvalue()


def test_long_values_are_cut() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    structlog.get_logger("plugin").info("called", said="x" * 10_000)
    assert len(out.getvalue()) < 1000


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("error", 1)])
def test_the_level_says_how_much_is_logged(level: str, count: int) -> None:
    out = io.StringIO()
    logs.configure(stream=out, level=level)
    log = structlog.get_logger("plugin")
    log.debug("a")
    log.info("b")
    log.error("c")
    assert len(lines(out)) == count


def test_what_libraries_log_has_the_same_form_and_no_exception_text() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    logging.getLogger("library").info("chatter")
    try:
        raise ValueError("words of a customer")
    except ValueError:
        logging.getLogger("library").exception("failed for %s", "a reason")
    [line] = lines(out)
    assert (line["event"], line["exception"]) == ("failed for a reason", "ValueError")
    assert "customer" not in out.getvalue()


def test_a_console_reads_as_text() -> None:
    out = io.StringIO()
    logs.configure(form="console", stream=out)
    structlog.get_logger("plugin").info("listening", address="127.0.0.1:8080")
    assert "listening" in out.getvalue()
    assert not out.getvalue().startswith("{")
