"""What a station can reach, worst first, so that levels compare."""

import enum


class Connectivity(enum.IntEnum):
    """`OFFLINE` no agent, `STORE` agent without hub, `ONLINE` both."""

    OFFLINE = 0
    STORE = 1
    ONLINE = 2
