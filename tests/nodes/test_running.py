"""How a node runs: what becomes of a line of its log that cannot be written (REL-19)."""

import io

from kontuar.nodes.running import PatientLog


def test_a_log_that_is_closed_does_not_stop_what_it_tells_of() -> None:
    file = io.StringIO()
    log = PatientLog(file)
    log.write("one")
    assert file.getvalue() == "one"
    file.close()
    assert log.write("two") == 3
    log.flush()
