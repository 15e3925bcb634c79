"""Become PostgreSQL: drop root, ask to die with the hub, then exec.

Run as a script by `embedded.py`, never imported: the steps must happen between fork and exec, and Python code
between those two is unsafe in a program with threads. The order matters: the kernel forgets the parent-death
signal when the user id changes, so it is asked for last.

Arguments: pid of the hub, user id, group id (both -1 to stay who we are), then the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    hub_pid, user_id, group_id = (int(text) for text in arguments[:3])
    command = arguments[3:]
    if user_id >= 0:
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT) != 0:
        sys.exit("the kernel refused the parent-death signal")
    if os.getppid() != hub_pid:
        sys.exit("the hub ended before its database started")
    os.execv(command[0], command)  # noqa: S606 - the hub's own command line, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
