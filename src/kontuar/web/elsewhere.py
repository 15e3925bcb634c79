"""Questions to head office for the screens and the API of a station: ask, wait a little, read (DOC-11, DOC-21)."""

from collections.abc import Sequence

from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.station import elsewhere
from kontuar.operations.station.elsewhere import DocumentElsewhere, StoreStock
from kontuar.web.desk import Asked, Desk


def can_ask(desk: Desk) -> bool:
    """Whether head office is in reach now."""
    return desk.sync_status().level == "online"


async def document(request: Asked, desk: Desk, number: str) -> DocumentElsewhere:
    """A document of another station; raises `Refused("elsewhere.…" | "connectivity.too_low" | "right.missing")`."""
    question = await desk.do(request, elsewhere.document_question, number)
    try:
        answer = await desk.ask(elsewhere.FIND_DOCUMENT, question)
    except Refused as refusal:
        raise elsewhere.said_no(number, refusal) from None
    return await desk.do(request, elsewhere.found_document, answer)


async def stock(request: Asked, desk: Desk, article: str) -> Sequence[StoreStock]:
    """What the other stores have; raises `Refused("article.not_found" | "elsewhere.…" | "connectivity.too_low")`."""
    question = await desk.do(request, elsewhere.stock_question, article)
    answer = await desk.ask(elsewhere.STOCK_ELSEWHERE, question)
    return await desk.do(request, elsewhere.found_stock, answer)


async def document_or_why(
    request: Asked, desk: Desk, number: str
) -> tuple[DocumentElsewhere | None, tuple[Problem, ...]]:
    """The document, or why it is not to be had, for a place on a page; who may not ask is still refused.

    Whose document it is turns out only with the answer: who may not see it is told so in that place (HUB-15).
    """
    try:
        return await document(request, desk, number), ()
    except Refused as refusal:
        return None, _told(refusal)


async def stock_or_why(request: Asked, desk: Desk, article: str) -> tuple[Sequence[StoreStock], tuple[Problem, ...]]:
    """The rows, or why they are not to be had, for a place on a page; who may not ask is still refused."""
    try:
        return await stock(request, desk, article), ()
    except Refused as refusal:
        return (), _told(refusal)


def _told(refusal: Refused) -> tuple[Problem, ...]:
    if any(problem.code.startswith(("login.", "right.")) and not _of_others(problem) for problem in refusal.problems):
        raise refusal
    return refusal.problems


def _of_others(problem: Problem) -> bool:
    return problem.facts.get("right") == rights.ALL_DOCUMENTS
