"""Checkers of what adds up: numbers, money, stock, definitions."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kontuar.tools.simulate.books_read import Books

_KINDS: Final = ("price", "article", "discount", "coupon")


def numbers(books: Books) -> Iterator[str]:
    """REL-05: numbers of a series are gapless and come once; times in a series never go back."""
    rows = books.hub.execute(
        "SELECT store, type, series, period, ordinal, approved_at, number FROM document"
        " ORDER BY store, type, series, period, ordinal"
    ).fetchall()
    parked = {row[0] for row in books.hub.execute("SELECT doc_id FROM confirmation WHERE state = 'parked'")}
    before: dict[tuple[str, ...], tuple[int, Any]] = {}
    for store, kind, series, period, ordinal, at, number in rows:
        key = (store, kind, series, period)
        last, last_at = before.get(key, (0, None))
        if ordinal == last:
            yield f"{number} is there twice"
        elif ordinal != last + 1 and not parked:
            yield f"before {number} numbers are missing (the last was {last})"
        if last_at is not None and at < last_at:
            yield f"{number} is older than the number before it"
        before[key] = (ordinal, at)


_OPENED: Final = "shift.opened/"


def money(books: Books) -> Iterator[str]:
    """REL-06: what messages move is what lies in each drawer; what booked documents move is the hub's ledger. A message
    that came back to a till which had done the same once more is kept there without effect, and moves nothing. A till
    that was set back does not know of what lay behind a hole at its agent: that is told aside, past it. A shift that
    goes on in a later life is opened there with the same message again, and moves its float once."""
    told: Counter[tuple[str, str, str]] = Counter()
    of_documents: Counter[tuple[str, str, str]] = Counter()
    past_the_till = set(_forgotten(books))
    opened: set[str] = set()
    for streams in [*books.at_hub.values(), *books.forked.values()]:
        for digest, payload, message_id in streams.messages.values():
            message = json.loads(payload)
            if message_id in opened:
                continue
            if message["kind"].startswith(_OPENED):
                opened.add(message_id)
            for move in message["body"].get("cash_moves", ()):
                key = move["register"], move["form"], move["currency"]
                told[key] += move["amount"] if digest not in past_the_till else 0
                if not message["kind"].startswith("shift.") and digest not in books.undecided:
                    of_documents[key] += move["amount"]
    for name, connection in books.stations.items():
        if name in books.seen.lost_disks or name in books.seen.copied or name in books.seen.replaced:
            continue
        without_effect = _moved_by(books, name, connection.execute("SELECT incarnation, seq FROM message_aside"))
        for register, form, currency, amount in connection.execute(
            "SELECT register, form, currency, amount FROM cash_balance"
        ):
            key = register, form, currency
            if told[key] - without_effect[key] != amount:
                made = told[key] - without_effect[key]
                yield f"{name}: {form} {currency} is {amount}, its messages make {made}"
    ledger: Counter[tuple[str, str, str]] = Counter()
    for register, form, currency, amount in books.hub.execute(
        "SELECT register, form, currency, sum(amount)::bigint FROM cash_move GROUP BY 1, 2, 3"
    ):
        ledger[register, form, currency] += amount
    for key in of_documents.keys() | ledger.keys():
        if of_documents[key] != ledger[key]:
            yield f"hub: documents move {of_documents[key]} of {key}, its ledger says {ledger[key]}"


def _moved_by(books: Books, station: str, messages: Iterable[tuple[Any, ...]]) -> Counter[tuple[str, str, str]]:
    """(register, form, currency) → what these messages of a station, by life and position, say; openings of shifts
    are counted once anyway."""
    moved: Counter[tuple[str, str, str]] = Counter()
    for incarnation, seq in messages:
        _, payload, _ = books.at_station[station][station, incarnation].messages[seq]
        message = json.loads(payload)
        for move in () if message["kind"].startswith(_OPENED) else message["body"].get("cash_moves", ()):
            moved[move["register"], move["form"], move["currency"]] += move["amount"]
    return moved


def _forgotten(books: Books) -> Iterator[bytes]:
    """Messages that wait aside at the hub, and that their till does not have since it was set back."""
    for (origin, _), stream in books.forked.items():
        if origin in books.seen.restored:
            known = "SELECT hash FROM message UNION ALL SELECT hash FROM forked_message"
            own = {bytes(digest) for (digest,) in books.stations[origin].execute(known)}
            yield from (digest for digest, _, _ in stream.messages.values() if digest not in own)


def stock(books: Books) -> Iterator[str]:
    """REL-07: per warehouse and article, opening + moves; hub, agent and station say the same."""
    moved: Counter[tuple[str, str]] = Counter()
    for article, place_from, place_to, quantity in books.hub.execute(
        "SELECT article, from_place, to_place, quantity_e4 FROM stock_move"
    ).fetchall():
        moved[place_from, article] -= quantity
        moved[place_to, article] += quantity
    unbooked: Counter[tuple[str, str]] = Counter()
    balance: Counter[tuple[str, str]] = Counter()
    for warehouse, article, quantity, waiting in books.hub.execute(
        "SELECT warehouse, article, quantity_e4, unbooked_e4 FROM stock_balance"
    ).fetchall():
        balance[warehouse, article] = quantity
        unbooked[warehouse, article] = waiting
    for key in {key for key in moved.keys() | balance.keys() if key[0].endswith("M")}:
        if moved[key] != balance[key]:
            yield f"hub: {key} is {balance[key]}, its moves make {moved[key]}"
    for name, connection in [*books.agents.items(), *books.stations.items()]:
        here: Counter[tuple[str, str]] = Counter()
        for warehouse, article, quantity in connection.execute(
            "SELECT warehouse, article, quantity_e4 FROM stock_base"
        ):
            here[warehouse, article] += quantity
        for warehouse, article, quantity in connection.execute(
            "SELECT warehouse, article, quantity_e4 FROM stock_pending"
        ):
            here[warehouse, article] += quantity
        store = name.partition("@")[2] or name.partition("T")[0]
        for key in {key for key in balance.keys() | here.keys() if key[0] == f"{store}M"}:
            if here[key] != balance[key] + unbooked[key]:
                yield f"{name}: {key} is {here[key]}, at the hub {balance[key] + unbooked[key]}"


def effects(books: Books) -> Iterator[str]:
    """REL-08: the hub's ledgers have what each message moves once, under its document."""
    cash: Counter[tuple[str, str, str, str, int]] = Counter()
    goods: Counter[str] = Counter()
    for streams in [*books.at_hub.values(), *books.forked.values()]:
        for digest, payload, message_id in streams.messages.values():
            if digest in books.undecided:
                continue
            message = json.loads(payload)
            body = message["body"]
            doc_id = body.get("doc_id", message_id)
            if not message["kind"].startswith("shift."):
                goods[doc_id] += len(body.get("stock_moves", ()))
                for move in body.get("cash_moves", ()):
                    cash[doc_id, move["register"], move["form"], move["currency"], move["amount"]] += 1
    rows = books.hub.execute("SELECT doc_id::text, register, form, currency, amount FROM cash_move").fetchall()
    for row in (cash - Counter(rows)) + (Counter(rows) - cash):
        yield f"hub: {row} is {Counter(rows)[row]} times in its ledger, {cash[row]} times told"
    moved = Counter(row[0] for row in books.hub.execute("SELECT doc_id::text FROM stock_move").fetchall())
    for doc_id in sorted(doc_id for doc_id in goods.keys() | moved.keys() if goods[doc_id] != moved[doc_id]):
        yield f"hub: {doc_id} moved goods {moved[doc_id]} times, told {goods[doc_id]} times"


def definitions(books: Books) -> Iterator[str]:
    """REL-10: every node holds exactly what the hub says for its store, of one version."""
    row = books.hub.execute("SELECT version FROM definition_feed").fetchone()
    newest = row[0] if row else 0
    rows = books.hub.execute(
        "SELECT kind, key, body FROM definition WHERE kind = ANY(%s) AND NOT removed", [list(_KINDS)]
    ).fetchall()
    wanted = {(kind, key): bytes(body) for kind, key, body in rows if _reaches_tills(kind, bytes(body))}
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    query = f"SELECT kind, key, body FROM definition WHERE kind IN ({kinds})"
    for name, connection in [*books.agents.items(), *books.stations.items()]:
        held = {(kind, key): bytes(body) for kind, key, body in connection.execute(query) if body is not None}
        if held != wanted:
            other = sorted(key for key in held.keys() | wanted.keys() if held.get(key) != wanted.get(key))
            yield f"{name}: {other[:5]} are not those of version {newest}"


def _reaches_tills(kind: str, body: bytes) -> bool:
    """A discount that nobody confirmed, or that was withdrawn, reaches no till."""
    return kind != "discount" or json.loads(body).get("state") == "confirmed"
