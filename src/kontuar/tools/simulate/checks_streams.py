"""Checkers of what was told: chains, what arrived, what was issued, what waits, what was confirmed."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

import apsw

from kontuar.tools.simulate.books_read import APPROVED, Books, Stream, Streams
from kontuar.tools.simulate.seen import Issued


def chains(books: Books) -> Iterator[str]:
    """REL-14: every stream at every node is gapless and hashes from its beginning."""
    holders = [("hub", books.at_hub), *books.at_agent.items(), *books.at_station.items()]
    holders += [(f"{name} (second)", streams) for name, streams in books.at_second]
    for holder, streams in holders:
        for (origin, incarnation), stream in streams.items():
            has_holes = origin in books.seen.carried or holder in books.seen.agent_restores
            yield from _chain_of(holder, f"{origin} {incarnation}", stream, has_holes=has_holes)


def _chain_of(holder: str, name: str, stream: Stream, *, has_holes: bool) -> Iterator[str]:
    """`has_holes`: what the hub had before it did not pass this agent (it was restored, or files went by it)."""
    previous: bytes | None
    last, previous = stream.begins
    for seq in sorted(stream.messages):
        digest, payload, _ = stream.messages[seq]
        if seq != last + 1:
            if not has_holes:
                yield f"{holder}: stream {name} has {seq} where {last + 1} should be"
                return
            previous = None
        if previous is not None and hashlib.sha256(b"doc/1" + previous + payload).digest() != digest:
            yield f"{holder}: message {seq} of {name.partition(' ')[0]} does not follow its predecessor"
            return
        previous, last = digest, seq


def arrived(books: Books) -> Iterator[str]:
    """REL-02, REL-04: what a station holds, its agent and the hub hold, the same bytes."""
    for name, streams in books.at_station.items():
        if name in books.seen.lost_disks:
            continue
        for place, there in _above(books, name):
            yield from _differences(books, name, place, streams, there)
    told = {digest for streams in (books.at_hub, books.forked) for digest in _hashes(streams)}
    for name, streams in books.at_second:
        lacking = [digest for digest in _hashes(streams) if digest not in told]
        if lacking:
            yield f"hub lacks {len(lacking)} messages of the machine that stood beside {name}"


def _above(books: Books, name: str) -> Iterator[tuple[str, Streams]]:
    """What the hub had before its agent need not be there, too."""
    agent = books.machines.agent_of[name]
    if name not in books.seen.carried and agent not in books.seen.agent_restores:
        yield "agent", books.at_agent[agent]
    yield "hub", books.at_hub


def _hashes(streams: Streams) -> Iterator[bytes]:
    for stream in streams.values():
        for digest, _, _ in stream.messages.values():
            yield digest


def _differences(books: Books, name: str, place: str, streams: Streams, there: Streams) -> Iterator[str]:
    """What another machine of the same place told, this one need not hold where nobody knows that there are two."""
    alone = name not in books.seen.copied
    for stream_id, stream in streams.items():
        other_stream = there.get(stream_id, Stream())
        held = other_stream.messages
        for seq, (digest, payload, _) in stream.messages.items():
            other = held.get(seq)
            if other is None and seq > other_stream.begins[0]:
                yield f"{place} lacks message {seq} of {name}"
            elif other is not None and other[:2] != (digest, payload):
                yield f"{place} has other bytes for message {seq} of {name}"
        for seq in held.keys() - stream.messages.keys() if alone else ():
            if seq > stream.begins[0]:
                yield f"{place} holds message {seq} of {name}, which {name} does not"


def issued(books: Books) -> Iterator[str]:
    """REL-02: each receipt that was issued is at the hub, with its number; a document exactly once, but where a person
    decides which of its sales counts."""
    approvals = _approvals(books)
    rows = books.hub.execute("SELECT doc_id::text, number, gross FROM document").fetchall()
    booked = {doc_id: (number, gross) for doc_id, number, gross in rows}
    parked = {row[0] for row in books.hub.execute("SELECT doc_id FROM confirmation WHERE state = 'parked'")}
    parked |= {row[0] for row in books.hub.execute("SELECT doc_id FROM verification_item WHERE state = 'parked'")}
    for (doc_id, number), issued in books.seen.issued.items():
        there = approvals[doc_id]
        times = sum(told == number for told, _ in there)
        if times == 0 and _may_be_gone(books, (doc_id, number), issued):
            continue
        if times == 0 or (len(there) > 1 and not _sold_again(books, issued.station, there)):
            yield f"{number} was issued and is {times} times at the hub, its document {len(there)} times"
        elif len(there) == 1 and doc_id in booked and booked[doc_id][0] != number:
            yield f"{number} was issued, the hub booked {booked[doc_id]}"
        elif doc_id not in booked and doc_id not in parked:
            yield f"{number} came to the hub and is neither booked nor parked"


def _may_be_gone(books: Books, sale: tuple[str, str], issued: Issued) -> bool:
    """With every disk that had it. What came out behind a second copy is somewhere else, too (REL-21), unless that
    agent was set back as well."""
    seen = books.seen
    destroyed = issued.station in seen.lost_disks or sale in seen.destroyed
    return destroyed and (not issued.copied or books.machines.agent_of[issued.station] in seen.agent_restores)


def _approvals(books: Books) -> dict[str, list[tuple[str, bytes]]]:
    """Document → (number, hash) of each approval of it that the hub was told of."""
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for streams in (books.at_hub, books.forked):
        for stream in streams.values():
            for digest, payload, message_id in stream.messages.values():
                if APPROVED.encode() in payload:
                    message = json.loads(payload)
                    if APPROVED in message["kind"]:
                        found[message_id].append((message["body"]["number"], digest))
    return found


def _sold_again(books: Books, station: str, approvals: list[tuple[str, bytes]]) -> bool:
    """An old draft of a till that was set back, sold a second time; or one that a till had open, cut off, when its
    agent was set back behind the lease. At most one of them counts, a person decides on the others."""
    forgot = books.machines.agent_of[station] in books.seen.agent_restores
    counted = [digest for _, digest in approvals if digest not in books.undecided]
    return (forgot or books.seen.has_two_pasts(station)) and len(counted) <= 1


def nothing_invented(books: Books) -> Iterator[str]:
    """REL-03: the hub holds no document that no station attempted."""
    for doc_id, number in books.hub.execute("SELECT doc_id::text, number FROM document").fetchall():
        if doc_id not in books.seen.attempted:
            yield f"{number} was never attempted"


def _newest_lives(connection: apsw.Connection) -> set[str]:
    """The life of each station whose certificate opened its stream last: no later one closed it."""
    opened: dict[str, tuple[int, str]] = {}
    for origin, incarnation, ordinal in connection.execute("SELECT origin, incarnation, ordinal FROM stream"):
        opened[origin] = max(opened.get(origin, (0, "")), (ordinal, incarnation))
    return {incarnation for _, incarnation in opened.values()}


def queues(books: Books) -> Iterator[str]:
    """REL-09: nothing waits any more, at no node; nothing is stopped."""
    for name, connection in books.stations.items():
        for incarnation, held, final, forked in connection.execute(
            "SELECT incarnation, held_seq, final_seq, forked FROM uplink"
        ):
            (head,) = connection.execute(
                "SELECT max(seq) FROM message WHERE incarnation = ?", (incarnation,)
            ).fetchall()[0]
            running = incarnation == books.machines.stations[name].node.station.identity.incarnation
            if forked == 1 or (forked and running) or (head or 0) != held or held != final:
                yield f"{name}: head {head}, held {held}, final {final}, forked {forked}"
    for name, connection in books.agents.items():
        newest = _newest_lives(connection)
        for origin, incarnation, held, hub, closed, stopped in connection.execute(
            "SELECT origin, incarnation, held_seq, hub_seq, closed, stopped FROM stream"
        ):
            if held != hub or closed != (incarnation not in newest) or stopped:
                yield f"{name}: stream {origin} held {held}, at the hub {hub}, closed {closed}, stopped {stopped}"
    for origin, seq, processed in books.hub.execute(
        "SELECT origin, seq, processed_seq FROM stream WHERE processed_seq < seq"
    ).fetchall():
        yield f"hub: stream {origin} has {seq}, looked at {processed}"


_OF_TWO_PASTS: Final = frozenset({
    "stream.forked", "shift.documents_differ", "shift.cash_differs", "invoice.receipt_invoiced_twice",
    "document.cancelled_twice",
})  # fmt: skip
"""Of a till that has them: what contradicts stays aside, its money lies in the drawer all the same; and what it had
invoiced or cancelled it may invoice or cancel again before it has heard of that."""


def decided(books: Books) -> Iterator[str]:
    """Nothing that was sold by the rules waits for a person, but what two tills did to one draft, coupons that were
    taken unchecked, what the two pasts of one till contradict each other in, a shift that was opened in a past which no
    till has any more or whose opening nobody has, and what builds on a document that waits for one of these."""
    rows = books.hub.execute(
        "SELECT reason, origin, state, doc_id, waits_for FROM verification_item WHERE state IN ('parked', 'listed')"
        " ORDER BY item_id"
    ).fetchall()
    waiting = {
        doc_id
        for reason, origin, state, doc_id, waits_for in rows
        if state == "parked" and doc_id and _is_for_a_person(books, reason, origin, waits_for)
    }
    unasked: Counter[tuple[str, str]] = Counter()
    for reason, origin, _, _, waits_for in rows:
        if waits_for not in waiting and not _is_for_a_person(books, reason, origin, waits_for):
            unasked[reason, origin] += 1
    for (reason, origin), number in unasked.items():
        yield f"hub: {number} of {origin} wait for a person: {reason}"


def _is_for_a_person(books: Books, reason: str, origin: str, waits_for: str) -> bool:
    expected = {"document.draft_approved_twice", "coupon.used_too_often"}
    sold_old_drafts = {books.machines.agent_of[name] for name in books.stations if books.seen.has_two_pasts(name)}
    doubtful = books.seen.has_two_pasts(origin) and reason in _OF_TWO_PASTS
    may_be_sold_again = books.machines.agent_of.get(origin) in {*sold_old_drafts, *books.seen.agent_restores}
    is_lost = (waits_for, "") in books.seen.destroyed
    nobody_told = reason == "shift.never_opened" and (is_lost or _only_aside(books, origin, waits_for))
    return reason in expected or doubtful or nobody_told or (may_be_sold_again and reason == "message.id_conflict")


def _only_aside(books: Books, origin: str, shift_id: str) -> bool:
    """Whether the opening of a shift came to head office in a forked log alone, and the till was set back behind it:
    it knows nothing any more of what it would tell as its own, so a person decides on the opening."""
    is_aside = any(
        message_id == shift_id
        for (station, _), stream in books.forked.items()
        for _, _, message_id in stream.messages.values()
        if station == origin
    )
    query = "SELECT 1 FROM message WHERE message_id = ?1 UNION ALL SELECT 1 FROM forked_message WHERE message_id = ?1"
    tills = [connection for name, connection in [*books.stations.items(), *books.second] if name == origin]
    return (
        is_aside
        and books.seen.has_two_pasts(origin)
        and not any(till.execute(query, (shift_id,)).fetchall() for till in tills)
    )


def lives(books: Books) -> Iterator[str]:
    """REL-13, REL-05: each life has its own series, so no number of one till was ever given in two of them."""
    first: dict[str, str] = {}
    for document in books.approved():
        number, life = document.body["number"], f"{document.origin} {document.body.get('series', '')}"
        if first.setdefault(number, document.doc_id) != document.doc_id:
            yield f"{number} was given twice ({life})"


def confirmed(books: Books) -> Iterator[str]:
    """What the hub decided of a document, its station and its agent know."""
    latest: dict[str, tuple[str, str]] = {}
    for doc_id, origin, state in books.hub.execute(
        "SELECT doc_id, origin, state FROM confirmation ORDER BY store, version"
    ).fetchall():
        if state in ("booked", "parked"):
            latest[doc_id] = (origin, state)
    for doc_id, (origin, state) in latest.items():
        if origin not in books.stations or origin in books.seen.lost_disks:
            continue
        agent = books.machines.agent_of[origin]
        for place, connection in ((origin, books.stations[origin]), (agent, books.agents[agent])):
            row = connection.execute("SELECT state FROM confirmation WHERE doc_id = ?", (doc_id,)).fetchall()
            if not row and books.was_pruned(place, doc_id):
                continue
            if not row or row[0][0] != state:
                yield f"{place} does not know that {doc_id} is {state}"
