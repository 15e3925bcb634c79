"""Problems of an imported file in words: each with its line, or its sheet and cell."""

from kontuar.kernel.errors import Problem
from kontuar.web.http import ProblemBody
from kontuar.web.i18n import Texts


def file_problems(problems: tuple[Problem, ...], words: Texts) -> tuple[ProblemBody, ...]:
    """Problems of a file in words, each with its place in the file."""
    return tuple(ProblemBody(problem.code, _in_file(problem, words), problem.place) for problem in problems)


def _in_file(problem: Problem, words: Texts) -> str:
    """The problem in words; a line of the file must not read like a line of a document."""
    kind, _, place = problem.place.partition(":")
    told = words.problem(Problem(problem.code, "", problem.facts))
    if kind == "line":
        return f"{words.gettext('Line {number} of the file').format(number=place)}: {told}"
    if kind == "sheet":
        sheet, _, cell = place.rpartition("!")
        where = "Sheet {sheet}, row {cell}" if cell.isdecimal() else "Sheet {sheet}, cell {cell}"
        return f"{words.gettext(where).format(sheet=sheet, cell=cell)}: {told}"
    return told
