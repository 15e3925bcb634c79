"""Documents of a life whose certificate the hub had lost: they wait, and are booked when it is known again (REL-09)."""

from collections.abc import Iterator

import pytest

from hub_documents_world import NOON, STATION, STORE, Hub, Till
from kontuar.operations.hub.booking import BATCH, UNKNOWN_LIFE, book_certified_since
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.sync.keyring import CertifiedKeys, fault_of_seal
from sync_chain import HUB_KEY, keys_for

pytestmark = pytest.mark.postgres


class Forgetful:
    """Says of a life's messages what is set here."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}

    def __call__(self, stream: StreamId, message: SealedMessage) -> str:
        return self.faults.get(stream.incarnation, "")


@pytest.fixture
def seal() -> Forgetful:
    return Forgetful()


@pytest.fixture
def hub(postgres_url: str, seal: Forgetful) -> Iterator[Hub]:
    world = Hub(postgres_url)
    world.desk = PostgresBookingDesk(world.database, seal)
    yield world
    world.database.close()


def certify(hub: Hub, life: str) -> None:
    with hub.database.transaction():
        hub.database.connection.execute(
            "INSERT INTO node_certificate (node, incarnation, ordinal, kind, store, series, public_key, certificate, "
            "signature, issued_at) VALUES (%s, %s, 1, 'station', %s, 'S', '', '', '', %s)",
            [STATION, life, STORE, NOON],
        )


def test_what_waited_for_the_certificate_is_booked_in_its_order_and_the_series_goes_on(
    hub: Hub, seal: Forgetful
) -> None:
    """REL-05, REL-09: before anything that came later, so that no number is missing or comes twice."""
    seal.faults["life1"] = UNKNOWN_LIFE
    till = Till()
    till.open_shift()
    sold = [till.sell((1, 1)) for _ in range(3)]
    hub.push(till)
    hub.book()
    assert hub.reasons() == [(seq, UNKNOWN_LIFE) for seq in (1, 2, 3, 4)]
    assert book_certified_since(hub.desk, NOON) == 0, "nobody has told who it is"

    certify(hub, "life1")
    seal.faults.clear()
    later = till.sell((2, 1))
    hub.push(till)
    assert book_certified_since(hub.desk, NOON) == 4
    assert hub.reasons() == []
    hub.book()
    assert hub.reasons() == []
    booked = [number for (number,) in hub.rows("SELECT number FROM document ORDER BY number")]
    assert booked == [document.number for document in (*sold, later)]
    assert hub.one("SELECT last_ordinal FROM number_series") == 4
    assert book_certified_since(hub.desk, NOON) == 0


def test_more_than_one_batch_is_booked(hub: Hub, seal: Forgetful) -> None:
    seal.faults["life1"] = UNKNOWN_LIFE
    till = Till()
    till.open_shift()
    for _ in range(BATCH):
        till.sell((1, 1))
    hub.push(till)
    hub.book()
    certify(hub, "life1")
    seal.faults.clear()
    assert book_certified_since(hub.desk, NOON) == BATCH + 1
    assert hub.reasons() == []


def test_what_has_another_fault_waits_for_a_person_with_that(hub: Hub, seal: Forgetful) -> None:
    """SEC-02."""
    seal.faults["life1"] = UNKNOWN_LIFE
    till = Till()
    till.open_shift()
    hub.push(till)
    hub.book()
    certify(hub, "life1")
    seal.faults["life1"] = "certificate.revoked"
    assert book_certified_since(hub.desk, NOON) == 1
    assert hub.reasons() == [(1, "certificate.revoked")]


def test_a_key_ring_that_was_not_told_yet_changes_nothing(hub: Hub, seal: Forgetful) -> None:
    """And does not go round for ever."""
    seal.faults["life1"] = UNKNOWN_LIFE
    till = Till()
    till.open_shift()
    hub.push(till)
    hub.book()
    certify(hub, "life1")
    assert book_certified_since(hub.desk, NOON) == 0
    assert hub.reasons() == [(1, UNKNOWN_LIFE)]


def test_messages_of_a_disputed_life_say_so() -> None:
    """REL-05: its signature is good, and its series is another machine's."""
    keys = keys_for("T1", "station")
    ring = CertifiedKeys(HUB_KEY.public_key, [keys.signed])
    digest = bytes(range(32))
    message = SealedMessage(1, b"{}", digest, keys.signer.sign(digest))
    stream = StreamId("T1", "i1")
    assert fault_of_seal(ring, stream, message) == ""
    ring.dispute_all([("T1", "i1")])
    assert fault_of_seal(ring, stream, message) == "certificate.disputed"
    assert ring.is_settled("T1", "i1"), "who tells it again tells nothing new"
