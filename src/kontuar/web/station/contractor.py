"""Contractors on the form: new, changed, addresses, recipient, card, preview (DOC-27)."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from kontuar.domain.parties.records import UNDEFINED, Address, Contractor
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.station import contractors, sale_view, till
from kontuar.operations.station.contractors import ContractorForm
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import closed, fragment, on_screen_refused
from kontuar.web.station.sale import answer

IN_WINDOW: Final = {"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"}
FIELDS: Final = (
    "request_id", "name", "kind", "second_name", "tax_number", "street", "postal_code", "city", "country", "email",
    "phone", "card", "pesel",
)  # fmt: skip
BUYER, RECIPIENT = "buyer", "recipient"


@post("/sale/{doc_id:str}/contractor", status_code=200)
async def choose(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Choose the buyer or the recipient; where the firm wants it, asked first whether prices follow."""
    code, wanted = data.get("contractor", ""), data.get("as", BUYER)
    if wanted == RECIPIENT:
        view = await desk.do(request, sale_view.after, till.set_recipient, doc_id, 0, code)
        return answer(request, view, data, **closed())
    return await _as_buyer(request, desk, doc_id, code or UNDEFINED, data)


@get("/sale/{doc_id:str}/contractor-new")
async def show_new(request: Asked, desk: Desk, doc_id: str, kind: str = "business") -> Response[str]:
    """The empty form."""
    await desk.do(request, till.look_at, doc_id)
    blank = msgspec.structs.asdict(await desk.do(request, contractors.blank, kind))
    return _form(request, doc_id, blank, f"/sale/{doc_id}/contractor-new", new=True)


def on_new_refused(request: Asked, refusal: Refused) -> Response[Any]:
    """Possible duplicates are shown in the form, which keeps what was typed: one of them, or once more *Save*."""
    problem = refusal.problems[0]
    if problem.code != "contractor.possible_duplicate":
        return on_screen_refused(request, refusal)
    doc_id = request.path_params["doc_id"]
    return fragment(
        request, "station/sale/contractor_seen.jinja", codes=problem.facts["codes"], doc_id=doc_id,
        headers={"HX-Retarget": "#duplicates", "HX-Reswap": "innerHTML"},
    )  # fmt: skip


@post("/sale/{doc_id:str}/contractor-new", status_code=200, exception_handlers={Refused: on_new_refused})
async def add(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Keep him here and tell head office; he is the buyer at once."""
    made = await desk.do(request, contractors.add, form_of(data))
    return await _as_buyer(request, desk, doc_id, made.code, data)


@get("/sale/{doc_id:str}/contractor-duplicates")
async def show_duplicates(request: Asked, desk: Desk, doc_id: str, codes: str = "") -> Response[str]:
    """Those with the same tax number, to be chosen instead."""
    found = await desk.do(request, _named, tuple(codes.split()))
    return fragment(request, "station/sale/contractor_duplicates.jinja", doc_id=doc_id, found=found)


@get("/sale/{doc_id:str}/contractor/{code:str}")
async def preview(request: Asked, desk: Desk, doc_id: str, code: str) -> Response[str]:
    """Everything known of him, his addresses to choose from, and what can be done."""
    view = await desk.do(request, sale_view.view, doc_id)
    found = await desk.do(request, contractors.find, code)
    return fragment(
        request, "station/sale/contractor_card.jinja", document=view.document, contractor=found, terms=view.terms
    )


@get("/sale/{doc_id:str}/contractor/{code:str}/edit")
async def show_edit(request: Asked, desk: Desk, doc_id: str, code: str) -> Response[str]:
    """The form with what is known."""
    found = await desk.do(request, contractors.find, code)
    values = {field: getattr(found, field, "") for field in FIELDS}
    return _form(request, doc_id, values, f"/sale/{doc_id}/contractor/{code}/edit", new=False)


@post("/sale/{doc_id:str}/contractor/{code:str}/edit", status_code=200,
      exception_handlers={Refused: on_new_refused})  # fmt: skip
async def change(request: Asked, desk: Desk, doc_id: str, code: str, data: Form) -> Response[str]:
    """Keep the change here and tell head office; a document that has him shows him as he is now."""
    await desk.do(request, contractors.change, code, form_of(data))
    return await _shown_again(request, desk, doc_id, code, data)


@get("/sale/{doc_id:str}/contractor/{code:str}/address")
async def show_address(request: Asked, desk: Desk, doc_id: str, code: str, name: str = "") -> Response[str]:
    """The form of a further address; `name`: which one is changed."""
    found = await desk.do(request, contractors.find, code)
    known = next((row for row in found.addresses if row.name == name), None)
    home = await desk.do(request, contractors.home_country)
    return fragment(
        request, "station/sale/contractor_address.jinja", doc_id=doc_id, code=code, address=known, instead_of=name,
        home=home,
    )  # fmt: skip


@post("/sale/{doc_id:str}/contractor/{code:str}/address", status_code=200)
async def put_address(request: Asked, desk: Desk, doc_id: str, code: str, data: Form) -> Response[str]:
    """Keep it, and put it on the document where he is the buyer."""
    address = Address(
        name=data.get("name", "").strip(), street=data.get("street", "").strip(), city=data.get("city", "").strip(),
        postal_code=data.get("postal_code", "").strip(), country=data.get("country", ""),
    )  # fmt: skip
    await desk.do(request, contractors.put_address, code, address, instead_of=data.get("instead_of", ""))
    view = await desk.do(request, sale_view.view, doc_id)
    if view.document.buyer.code == code:
        view = await desk.do(request, sale_view.after, till.choose_address, doc_id, 0, address.name)
    return answer(request, view, data, **closed())


@post("/sale/{doc_id:str}/address", status_code=200)
async def choose_address(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """One of the buyer's addresses."""
    view = await desk.do(request, sale_view.after, till.choose_address, doc_id, 0, data.get("address", ""))
    return answer(request, view, data, **closed())


@post("/sale/{doc_id:str}/card", status_code=200)
async def set_card(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """A loyalty card, typed or scanned: its owner, or the number alone; asked first as where one is chosen."""
    card, told = data.get("card", ""), data.get("recalculate", "")
    if not told and await desk.do(request, till.card_needs_question, doc_id, card):
        return _asked(request, doc_id, "card", {"card": card})
    view = await desk.do(request, sale_view.after, till.set_card, doc_id, 0, card, recalculate=told != "no")
    return answer(request, view, data, **closed())


@post("/sale/{doc_id:str}/contractor/{code:str}/card", status_code=200)
async def add_card(request: Asked, desk: Desk, doc_id: str, code: str, data: Form) -> Response[str]:
    """A card more for this contractor."""
    await desk.do(request, contractors.add_card, code, data.get("card", ""))
    view = await desk.do(request, sale_view.view, doc_id)
    if view.document.buyer.code == code:
        view = await desk.do(request, sale_view.after, till.set_card, doc_id, 0, data.get("card", ""))
    return answer(request, view, data, **closed())


def form_of(data: Form) -> ContractorForm:
    """What was typed; `seen` are the duplicates that were shown."""
    typed = {field: data[field] for field in FIELDS if field in data}
    if typed.get("kind") == "business":  # the form hides the field then, and says nothing with it
        typed.pop("pesel", None)
    return ContractorForm(**{"name": "", **typed}, seen=tuple(data.get("seen", "").split()))


async def _as_buyer(request: Asked, desk: Desk, doc_id: str, code: str, data: Form) -> Response[str]:
    told = data.get("recalculate", "")
    if not told and await desk.do(request, till.needs_question, doc_id, code):
        return _asked(request, doc_id, "contractor", {"contractor": code})
    view = await desk.do(
        request, sale_view.after, till.set_buyer, doc_id, 0, code, recalculate=told != "no"
    )  # fmt: skip
    return answer(request, view, data, **closed())


def _asked(request: Asked, doc_id: str, path: str, chosen: dict[str, str]) -> Response[str]:
    """The question whether prices follow; its answer posts `chosen` once more."""
    return fragment(
        request, "station/sale/recalculate.jinja", doc_id=doc_id, path=path, chosen=chosen, headers=IN_WINDOW
    )


async def _shown_again(request: Asked, desk: Desk, doc_id: str, code: str, data: Form) -> Response[str]:
    """The form anew, where the changed one is the buyer; his prices are asked about as if he was chosen."""
    view = await desk.do(request, sale_view.view, doc_id)
    if view.document.buyer.code == code:
        return await _as_buyer(request, desk, doc_id, code, data)
    return answer(request, view, data, **closed())


def _form(request: Asked, doc_id: str, values: dict[str, str], url: str, *, new: bool) -> Response[str]:
    known = {field: values.get(field, "") for field in FIELDS}
    return fragment(request, "station/sale/contractor_form.jinja", doc_id=doc_id, values=known, url=url, new=new)


def _named(station: Station, actor: Actor, codes: tuple[str, ...]) -> list[Contractor]:
    """Those of the contractors that are known here."""
    del actor
    found = (station.books.definitions.get(Contractor, code) for code in codes[: contractors.MOST_SIMILAR])
    return [row for row in found if row is not None]


HANDLERS = (
    choose, show_new, add, show_duplicates, preview, show_edit, change, show_address,
    put_address, choose_address, set_card, add_card,
)  # fmt: skip
