"""What the hub tells a store about its messages: booked with a GID, parked with a reason, accepted."""

from kontuar.operations.ports.hub_documents import Confirmations, FeedsOfStore

MOST = 5000


def confirmations_since(feeds: FeedsOfStore, store: str, epoch: str, version: int) -> Confirmations:
    """Confirmations after (epoch, version), oldest first, at most 5,000: ask again with the version answered.

    Another epoch (a restored hub) begins again at the start, marked `full`.
    """
    with feeds.reading():
        return feeds.confirmations(store, epoch, version, MOST)
