"""`kontuar hub`: the hub with all its parts."""

from kontuar.kernel.errors import Refused
from kontuar.nodes.hub import Hub
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.running import say_and_stop, serve, set_up_logging
from kontuar.nodes.settings import HubSettings


def run(settings: HubSettings) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    set_up_logging(settings.log_level)
    try:
        hub = Hub(settings, [extend_sync, extend_documents, extend_exchange])
    except Refused as refusal:
        return say_and_stop(refusal)
    serve(hub.app, settings, "hub")
    return 0
