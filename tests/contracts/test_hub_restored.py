"""A hub whose database was set up again from a backup finds out by the first claim, and tells all anew (REL-13)."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hub_documents_world import STORE, Hub, Till
from kontuar.nodes.hub_sync import HubReceiver
from kontuar.operations.hub.confirmations import confirmations_since
from kontuar.operations.ports.streams import Position
from kontuar.storage.postgres.stock import PostgresFeedsOfStore

pytestmark = pytest.mark.postgres


def test_a_claim_beyond_what_is_held_begins_a_new_epoch_once(hub: Hub) -> None:
    """REL-02, REL-18: versions that are given a second time would never reach a store that has seen them."""
    till = Till()
    till.open_shift()
    till.sell((1, 1))
    till.sell((2, 1))
    hub.push(till)
    hub.book()
    feeds = PostgresFeedsOfStore(hub.database)
    before = confirmations_since(feeds, STORE, "", 0)
    names = iter(["epoch 1", "epoch 2"])
    core: Any = SimpleNamespace(incarnation="e1", ids=SimpleNamespace(new_id=lambda: next(names)))
    receiver = HubReceiver(hub.log, core)
    claim = Position(9, "ab" * 32)
    batch = msgspec.structs.replace(till.batch(1, 3), claim=claim)

    told = receiver.take(batch)
    assert (told.rewind, told.held.seq) == (True, 3)
    after = confirmations_since(feeds, STORE, before.epoch, before.version)
    assert (after.epoch, after.full) == ("epoch 1", True)
    assert [row.doc_id for row in after.rows] == [row.doc_id for row in before.rows]
    assert len(after.rows) >= 2

    receiver.take(batch)
    assert confirmations_since(feeds, STORE, "epoch 1", after.version).epoch == "epoch 1"
    receiver.take(msgspec.structs.replace(batch, claim=Position(11, "cd" * 32)))
    assert confirmations_since(feeds, STORE, "epoch 1", after.version).epoch == "epoch 2"


def test_a_claim_that_the_hub_knows_changes_nothing(hub: Hub) -> None:
    """REL-18."""
    till = Till()
    till.open_shift()
    hub.push(till)
    hub.book()
    feeds = PostgresFeedsOfStore(hub.database)
    before = confirmations_since(feeds, STORE, "", 0)
    HubReceiver(hub.log, SimpleNamespace(incarnation="e1")).take(till.batch(1, 1))  # type: ignore[arg-type]
    assert confirmations_since(feeds, STORE, "", 0).epoch == before.epoch
