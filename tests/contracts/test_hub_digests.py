"""Digests and what nodes know, at the hub's real PostgreSQL (REL-16, REL-18)."""

import datetime
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest

from hub_documents_world import NOON, STATION, STORE, Hub, Till
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.nodes.hub_sync import HubGiver
from kontuar.operations.actor import Actor
from kontuar.operations.digests import compare, digest_of, fetch, take_offer
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.hub.monitor import contact_of, joined, nodes, note_contact
from kontuar.operations.known_kinds import FIRST_KINDS, known_kinds, mark_of
from kontuar.operations.ports.digests import Claimed, Compare, Copies, Fetch, Segment
from kontuar.operations.ports.questions import KeptFork
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.operations.ports.sync import DefinitionCursor, DigestState, Heard, NodeIdentity
from kontuar.storage.postgres.digests import PostgresDigests
from kontuar.storage.postgres.feed import PostgresFeed, SnapshotFolder
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.sync.keys import is_signed
from postgres_fixture import open_temporary_folder

pytestmark = pytest.mark.postgres
BOSS = Actor(operator="boss", name="Boss", rights=frozenset({rights.SEE_HUB}))
AGENT = NodeIdentity(node=f"agent@{STORE}", kind="agent", store=STORE, incarnation="a1", public_key=b"")
POS = NodeIdentity(node=STATION, kind="station", store=STORE, incarnation="life1", public_key=b"")


@pytest.fixture
def till(hub: Hub) -> Till:
    """Eight messages, held and booked at the hub."""
    opened = Till(signed=True)
    opened.open_shift()
    for _ in range(7):
        opened.sell((1, 1))
    hub.push(opened)
    hub.book()
    return opened


def seal(till: Till, stream: StreamId, message: SealedMessage) -> str:
    assert till.key is not None
    assert stream == till.stream
    key = till.key.public_key().public_bytes_raw()
    return "" if is_signed(key, message.signature, message.hash) else "signature.bad"


def claimed(till: Till, first: int = 1, last: int = 8) -> Compare:
    segment = Segment(
        origin=till.stream.origin, incarnation=till.stream.incarnation, day="2026-11-20", first=first, last=last
    )
    return Compare(claimed=(Claimed(segment=segment, digest=digest_of(till.messages[first - 1 : last])),))


def offered(till: Till, *seqs: int) -> Copies:
    before = {m.seq + 1: m.hash for m in till.messages} | {1: bytes(32)}
    return Copies(
        origin=till.stream.origin, incarnation=till.stream.incarnation,
        messages=tuple(
            KeptFork(seq=m.seq, previous=before[m.seq], hash=m.hash, signature=m.signature, payload=m.payload)
            for m in till.messages if m.seq in seqs
        ),
    )  # fmt: skip


def tamper(hub: Hub, statement: str) -> None:
    """As the owner of the machine does."""
    with hub.database.transaction():
        hub.database.connection.execute("ALTER TABLE message DISABLE TRIGGER USER")
        hub.database.connection.execute(statement)
        hub.database.connection.execute("ALTER TABLE message ENABLE TRIGGER USER")


def test_the_hub_agrees_with_what_it_was_given(hub: Hub, till: Till) -> None:
    """REL-18: agreement is silent."""
    books = PostgresDigests(hub.database)
    assert compare(books, AGENT, claimed(till)).differ == ()
    assert compare(books, POS, claimed(till, 3, 5)).differ == ()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM message WHERE seq = 4", "UPDATE message SET payload = '\\x7b7d' WHERE seq = 4",
     "UPDATE message SET hash = signature WHERE seq = 4"],
    ids=["deleted", "altered", "hash"],
)  # fmt: skip
def test_what_was_damaged_at_the_hub_is_mended_by_what_an_agent_offers(hub: Hub, till: Till, statement: str) -> None:
    """REL-18: and what was booked of it stays as it was booked."""
    books = PostgresDigests(hub.database)
    before = hub.rows("SELECT seq, message_id, kind, payload, hash, signature FROM message ORDER BY seq")
    booked = hub.rows("SELECT number, gross FROM document ORDER BY number")
    tamper(hub, statement)
    (difference,) = compare(books, AGENT, claimed(till)).differ
    assert len(difference.held) == (7 if "DELETE" in statement else 8)
    taken = take_offer(books, AGENT, offered(till, 3, 4), partial(seal, till), NOON)
    assert taken.seqs == (3, 4)
    assert hub.rows("SELECT seq, message_id, kind, payload, hash, signature FROM message ORDER BY seq") == before
    assert compare(books, AGENT, claimed(till)).differ == ()
    assert hub.one("SELECT count(*) FROM damaged_message") == (0 if "DELETE" in statement else 1)
    hub.book()
    assert hub.rows("SELECT number, gross FROM document ORDER BY number") == booked


def test_the_hubs_copies_are_given_to_who_may_have_them(hub: Hub, till: Till) -> None:
    """REL-18, SEC-02."""
    books = PostgresDigests(hub.database)
    asked = Fetch(origin=till.stream.origin, incarnation=till.stream.incarnation, seqs=(1, 2))
    told = fetch(books, AGENT, asked).messages
    assert [(m.seq, m.previous, m.payload) for m in told] == [
        (1, bytes(32), till.messages[0].payload), (2, till.messages[0].hash, till.messages[1].payload)
    ]  # fmt: skip
    stranger = NodeIdentity(node="agent@S2", kind="agent", store="S2", incarnation="a1", public_key=b"")
    with pytest.raises(Refused) as refused:
        fetch(books, stranger, asked)
    assert refused.value.problems[0].code == "digests.not_yours"


def test_a_sound_message_of_the_hub_cannot_be_changed(hub: Hub, till: Till) -> None:
    """REL-14: only in the place of bytes that lie among the damaged."""
    del till
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation), hub.database.transaction():
        hub.database.connection.execute("UPDATE message SET payload = '\\x7b7d' WHERE seq = 2")


# -- what nodes say of themselves ---------------------------------------------------------------------------
def alarms(hub: Hub, **told: object) -> set[str]:
    shelf = PostgresMonitorShelf(hub.database)
    note_contact(shelf, contact_of(Heard(identity=POS, **told), NOON))  # type: ignore[arg-type]
    (state,) = [state for state in nodes(shelf, BOSS, NOON) if state.node.node == STATION]
    return set(state.alarms)


def test_the_monitor_says_which_node_holds_messages_otherwise(hub: Hub) -> None:
    """REL-18, HUB-07: until they agree; what is not told stays as it was told."""
    assert "node.digests_differ" in alarms(hub, digests=DigestState(faults=2, mended=1))
    assert "node.digests_differ" in alarms(hub)
    assert "node.digests_differ" not in alarms(hub, digests=DigestState(faults=0, mended=1))


def test_the_monitor_says_whose_program_is_too_old_or_too_new(hub: Hub) -> None:
    """REL-16: until it is understood again."""
    assert "node.protocol_refused" in alarms(hub, refused="protocol.too_old")
    assert "node.protocol_refused" in alarms(hub, claimed_seq=1)
    assert "node.protocol_refused" not in alarms(hub, refused="")


def test_the_monitor_names_messages_that_head_office_cannot_read_yet(hub: Hub) -> None:
    """REL-16: the newest version of each kind is told upwards."""
    shelf = PostgresMonitorShelf(hub.database)
    assert "node.messages_newer" in alarms(hub, schemas={"receipt.approved": 2, "shift.opened": 1, "gift.given": 1})
    (row,) = [state.node for state in nodes(shelf, BOSS, NOON) if state.node.node == STATION]
    assert row.newer == ("gift.given/1", "receipt.approved/2")
    assert "node.messages_newer" not in alarms(hub, schemas={"receipt.approved": 1})


def test_two_contacts_of_one_beat_are_one(hub: Hub) -> None:
    """HUB-07: what the later one does not tell, the earlier one told."""
    del hub
    earlier = contact_of(Heard(identity=POS, kinds=("article",), digests=DigestState(faults=1)), NOON)
    both = joined(earlier, contact_of(Heard(identity=POS, refused=""), NOON))
    assert (both.kinds, both.digest_faults, both.refused) == (("article",), 1, "")


# -- kinds of definitions -----------------------------------------------------------------------------------
@pytest.fixture
def giver(hub: Hub) -> Iterator[HubGiver]:
    with open_temporary_folder() as folder:
        source = PostgresFeed(hub.database)
        yield HubGiver(DefinitionsFeed(source, SnapshotFolder(folder, source)), hub.database, hub.clock)


def counted(hub: Hub) -> None:
    """As the definitions store keeps the sums (the world of these tests writes rows only)."""
    with hub.database.transaction():
        hub.database.connection.execute(
            "INSERT INTO definition_checksum SELECT '*', mod(mod(sum(checksum), 2^64::numeric) + 2^64::numeric,"
            " 2^64::numeric), count(*) FROM definition WHERE scope IS NULL AND NOT removed"
        )
        hub.database.connection.execute(
            "INSERT INTO node_certificate (node, incarnation, ordinal, kind, store, series, public_key, certificate,"
            " signature, issued_at) VALUES (%s, 'life1', 1, 'station', %s, '', '', '', '', %s)",
            [STATION, STORE, NOON],
        )


def kinds_given(giver: HubGiver, kinds: frozenset[str] | None) -> tuple[str, int]:
    """(epoch, rows) of what the store's agent is given a beat later, when it knows these kinds."""
    giver._clock.instant += datetime.timedelta(seconds=2)  # type: ignore[attr-defined]
    answer = giver.definitions_since(AGENT, DefinitionCursor(), kinds)
    assert answer.snapshot is not None
    return answer.epoch, answer.snapshot.rows


def test_a_kind_is_given_to_a_store_when_all_its_nodes_know_it(hub: Hub, giver: HubGiver) -> None:
    """REL-16: until then it is left out of the whole store's view; the monitor says who holds it up."""
    counted(hub)
    rows = hub.one("SELECT count(*) FROM definition")
    epoch = hub.one("SELECT epoch FROM definition_feed")
    articles = hub.one("SELECT count(*) FROM definition WHERE kind = 'article'")
    assert kinds_given(giver, known_kinds()) == (epoch, rows)
    old = tuple(sorted(known_kinds() - {"article"}))
    assert "node.kinds_unknown" in alarms(hub, kinds=old)
    fewer = kinds_given(giver, known_kinds())
    assert fewer == (epoch + mark_of({"article"}), rows - articles)
    assert fewer[0] != epoch
    (row,) = [state.node for state in nodes(PostgresMonitorShelf(hub.database), BOSS, NOON)]
    assert row.unknown_kinds == ("article",)
    assert "node.kinds_unknown" not in alarms(hub, kinds=tuple(sorted(known_kinds())))
    assert kinds_given(giver, known_kinds()) == (epoch, rows)


def test_a_till_that_was_revoked_holds_nothing_up(hub: Hub, giver: HubGiver) -> None:
    """REL-16: a dead till must not keep its store behind for ever."""
    counted(hub)
    alarms(hub, kinds=("article",))
    with hub.database.transaction():
        hub.database.connection.execute("UPDATE node_certificate SET revoked_at = %s", [NOON])
    assert kinds_given(giver, known_kinds())[0] == hub.one("SELECT epoch FROM definition_feed")


def test_who_does_not_say_what_he_knows_knows_the_first_kinds(hub: Hub, giver: HubGiver) -> None:
    """REL-16: an older program; every later kind is kept from it."""
    counted(hub)
    assert kinds_given(giver, None) == kinds_given(giver, FIRST_KINDS)
    assert mark_of(known_kinds() - FIRST_KINDS) == ""
    assert known_kinds() >= FIRST_KINDS
