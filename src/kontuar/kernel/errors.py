"""Refusals: a rule that says no, told by a code that never changes.

Anything that is not a `Refused` or a `Conflict` is a bug and is not caught.
"""

from collections.abc import Mapping

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    `code` is stable and translated by the screens; `place` names what it concerns
    (`line:3`, `contractor`, `field:quantity`; empty = the whole request); `facts` fill the message.
    """

    code: str
    place: str = ""
    facts: Mapping[str, str] = {}


class Refused(Exception):
    """The request is understood and answered with *no*; nothing was written (DOC-05: all problems at once)."""

    def __init__(self, *problems: Problem) -> None:
        assert problems, "a refusal names at least one problem"
        super().__init__(", ".join(f"{p.code}@{p.place}" if p.place else p.code for p in problems))
        self.problems = problems


def refuse(code: str, place: str = "", **facts: object) -> Refused:
    """A refusal with one problem; facts are kept as text."""
    return Refused(Problem(code, place, {name: str(value) for name, value in facts.items()}))


class Conflict(Exception):
    """The same identity was seen with other content: a person has to look at it."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = {name: str(value) for name, value in facts.items()}
