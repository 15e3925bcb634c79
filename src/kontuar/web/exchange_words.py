"""The list of exchange files as people read it: at a till and at head office (REL-15)."""

from typing import Any, Final

from kontuar.kernel.errors import Problem
from kontuar.operations.ports.exchange import CERTIFICATE, ExchangeEntry, ExchangeReport
from kontuar.operations.ports.sync import HUB_NODE
from kontuar.web.i18n import Texts

ZONE: Final = "Europe/Warsaw"
NEWS: Final = {
    "definitions": "new prices and definitions", "confirmations": "what became of documents", "stock": "stock figures",
    CERTIFICATE: "a certificate was asked for and given",
}  # fmt: skip


def told_entry(entry: ExchangeEntry, words: Texts, zone: str = ZONE) -> dict[str, Any]:
    """When, which way, with whom, who carried it, what was in it; `refused`: why, in words."""
    refused = words.problem(Problem(entry.outcome, "", entry.facts)) if entry.outcome else ""
    way = words.gettext("made") if entry.way == "out" else words.gettext("came")
    return {
        "at": words.moment(entry.at, zone), "way": way,
        "node": entry.node, "by": entry.by, "file": entry.file, "refused": refused,
        "what": refused or ", ".join(_made(entry, words) if entry.way == "out" else _brought(entry, words)),
    }  # fmt: skip


def told_report(report: ExchangeReport, words: Texts, at: Any) -> list[str]:
    """What a file brought, sentence by sentence; the same as its row of the list."""
    news = tuple(name for name in NEWS if getattr(report, name, False))
    entry = ExchangeEntry(
        at=at, way="in", node=report.sender, by="", messages=report.messages, taken=report.taken,
        parked=report.parked, final=report.final, news=news,
    )  # fmt: skip
    return _brought(entry, words)


def _made(entry: ExchangeEntry, words: Texts) -> list[str]:
    if entry.node != HUB_NODE:
        return [words.gettext("all that is new for it")]
    told = [words.gettext("messages: %(count)s") % {"count": entry.messages}] if entry.messages else []
    if entry.left:
        told.append(words.gettext("for the next file: %(count)s") % {"count": entry.left})
    return told or [words.gettext("no new messages")]


def _brought(entry: ExchangeEntry, words: Texts) -> list[str]:
    told = []
    for text, count in (
        ("messages: %(count)s", entry.messages), ("new ones: %(count)s", entry.taken),
        ("put aside for verification: %(count)s", entry.parked), ("at head office now: %(count)s", entry.final),
    ):  # fmt: skip
        if count:
            told.append(words.gettext(text) % {"count": count})
    told += [words.gettext(NEWS[name]) for name in entry.news if name in NEWS]
    return told or [words.gettext("nothing new")]
