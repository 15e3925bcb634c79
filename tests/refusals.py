"""Expecting a *no*: the codes, and the problems to look closer at."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kontuar.kernel.errors import Problem, Refused


@contextmanager
def refused(*codes: str) -> Iterator[list[Problem]]:
    """What runs inside is refused with exactly these codes, in this order; the problems are filled in at the end."""
    problems: list[Problem] = []
    with pytest.raises(Refused) as caught:
        yield problems
    problems.extend(caught.value.problems)
    assert tuple(problem.code for problem in problems) == codes
