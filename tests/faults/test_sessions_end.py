"""PostgreSQL ends a session in the midst of a visit: what was called is found out about, never called again."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy

from tests.faults import outcome
from tests.faults.zammad import tables
from tests.scenarios.helpdesk import TASKS_OF_A_MAJOR, open_helpdesk

ENDS_ONCE = """
CREATE SEQUENCE endings;
CREATE FUNCTION end_session_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('endings') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER end_session_once BEFORE UPDATE ON effects FOR EACH ROW
    WHEN (NEW.state = 'applied' AND NEW.kind = '{kind}') EXECUTE FUNCTION end_session_once();
"""


@pytest.mark.parametrize("kind", ["note", "item", "tag_add"])
def test_an_outcome_whose_commit_fails_is_found_out_and_the_call_is_not_repeated(
    kind: str, postgresql_url: str
) -> None:
    helpdesk = open_helpdesk(like="6.5", store_url=postgresql_url)
    address = sqlalchemy.make_url(postgresql_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(ENDS_ONCE.format(kind=kind).encode())
    ticket = helpdesk.mails("The machine is broken.", sender="juergen@handel.example")
    helpdesk.works()
    ticket.said(helpdesk.anna, "major")
    helpdesk.works()
    helpdesk.passes(minutes=10)
    with psycopg.connect(address) as connection:
        passed = connection.execute("SELECT last_value > 1 FROM endings").fetchone()
        assert passed == (True,)
    assert list(outcome.doubled(tables(helpdesk.sandbox))) == []
    assert len(ticket.notes) == 1
    assert len(ticket.todo) == TASKS_OF_A_MAJOR
    assert "major" in ticket.ours
    helpdesk.service.close()
