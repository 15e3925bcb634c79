"""Words and keys that the screens behind the sale share; English texts, translated when shown."""

from typing import Any, Final

from kontuar.domain.documents.document import HistoryEntry
from kontuar.kernel.errors import Problem
from kontuar.web.desk import Asked
from kontuar.web.i18n import Texts
from kontuar.web.station.pages import words_for

TYPE_WORDS: Final = {
    "receipt": "Receipt",
    "invoice": "Invoice",
    "cash_in": "Cash in (KP)",
    "cash_out": "Cash out (KW)",
    "internal_release": "Internal release (RW)",
    "internal_receipt": "Internal receipt (PW)",
}
FAMILY_PATHS: Final = {"trade": "/documents", "cash": "/cash", "goods": "/goods"}
EVENT_WORDS: Final = {
    "approved": "Approved",
    "cancelled": "Cancelled",
    "authorised": "Allowed by another operator",
    "fiscal_started": "Sent to the fiscal device",
    "fiscalised": "Registered by the fiscal device",
    "marked_fiscalised": "Marked as fiscalised by hand",
    "fiscal_failed": "The fiscal device did not register it",
    "fiscal_uncertain": "The fiscal device could not tell whether it registered it",
    "issued_alone": "Issued while only this till held it",
    "printed": "It was printed",
    "parked": "Parked",
    "continued": "Continued",
    "taken_over": "Taken over from another till",
    "lease_lost": "Taken over by another till; the work was kept here as a copy",
    "conflict_copy": "Parked as a second document beside another till's version",
    "deleted": "Deleted from the parked documents",
    "returned": "Came back after this till was set up again",
    "forked": "Head office holds something else in its place and decides about it",
}
ALONE_WORDS: Final = {
    "away": "The store's server could not be reached",
    "late": "The store's server did not confirm it in time",
}
KEYS: Final = {
    "print": ("Ctrl+P", "Print", "Document"),
    "preview": ("Enter", "Preview", "List"),
    "fiscalise": ("F4", "Fiscalise again", "Document"),
    "linked": ("F6", "Linked documents", "Document"),
    "explain": ("Shift+F3", "How the price came about", "Document"),
    "discount-summary": ("Shift+F4", "Discount summary", "Document"),
    "coupons": ("Shift+F9", "Coupons", "Document"),
    "cancel-document": ("F7", "Cancel the document", "Document"),
    "cash-in": ("F2", "Cash in (KP)", "List"),
    "cash-out": ("F3", "Cash out (KW)", "List"),
    "release": ("F2", "Internal release (RW)", "List"),
    "receive": ("F3", "Internal receipt (PW)", "List"),
    "contractor": ("F2", "Contractor", "Document"),
    "reason": ("F4", "Reason", "Document"),
    "find": ("F3", "Article list", "Document"),
    "park": ("F8", "Park", "Document"),
    "continue": ("Enter", "Continue", "List"),
    "compare": ("F6", "Compare versions", "List"),
    "delete-parked": ("F7", "Delete the document", "List"),
    "delete-line": ("F7", "Delete the line", "Line"),
    "approve": ("F10", "Approve", "Document"),
    "open-shift": ("F10", "Open the shift", "Shift"),
    "close-shift": ("F10", "Close the shift", "Shift"),
    "past-shifts": ("F6", "Earlier shifts", "Shift"),
    "drawer": ("F8", "Open the drawer", "Devices"),
    "back": ("Escape", "Back", "Everywhere"),
    "help": ("F1", "Keys", "Everywhere"),
}
"""Action → key, words, group. The kit presses the element that carries the action."""


def keys(request: Asked, *actions: str) -> list[dict[str, str]]:
    """The rows of the table of keys for a screen with these actions."""
    words = words_for(request)
    return [
        {"key": key, "action": action, "label": words.gettext(label), "group": words.gettext(group)}
        for action in (*actions, "back", "help")
        for key, label, group in (KEYS[action],)
    ]


def history_rows(entries: tuple[HistoryEntry, ...], names: dict[str, str], words: Texts) -> list[dict[str, Any]]:
    """What happened to a document, in words, newest last: `at`, `what`, `who`, `more`."""
    return [
        {
            "at": entry.at,
            "what": words.gettext(EVENT_WORDS.get(entry.event, entry.event)),
            "who": names.get(entry.operator, entry.operator) or words.gettext("the station itself"),
            "more": _more(entry, words),
        }
        for entry in entries
    ]


def _more(entry: HistoryEntry, words: Texts) -> str:
    facts = entry.facts
    if "code" in facts:
        return words.problem(Problem(facts["code"], "", facts))
    if entry.event == "printed" and facts.get("copy") == "yes":
        return words.gettext("copy")
    said_of = EVENT_WORDS.get(facts.get("what", ""), "")
    if entry.event == "returned" and said_of:
        return words.gettext(said_of)
    if entry.event == "issued_alone":
        return words.gettext(ALONE_WORDS.get(facts.get("why", ""), ""))
    if facts.get("right"):
        return words.gettext(f"right:{facts['right']}")
    if facts.get("reason"):
        return facts["reason"]
    number = facts.get("fiscal_number", "")
    said = {"label": words.gettext("Fiscal number"), "text": number}
    return words.gettext("%(label)s: %(text)s") % said if number else ""
