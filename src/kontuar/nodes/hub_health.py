"""Is the hub alive, is it ready, and its figures for Prometheus."""

import asyncio
from typing import Any

import prometheus_client
from litestar import Response, get
from prometheus_client import CollectorRegistry, Gauge

from kontuar.nodes.lanes import Lane
from kontuar.operations.feed import DefinitionsFeed
from kontuar.storage.failures import StorageFailure
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.web.hub_access import OPEN

ANSWER_SECONDS = 3.0


def health_handlers(main: Lane[HubDatabase], feed_lane: Lane[HubDatabase], feed: DefinitionsFeed) -> list[Any]:
    """Routes `/health`, `/health/live` and `/metrics`; they need no login and tell no secrets."""
    registry = CollectorRegistry()
    prometheus_client.ProcessCollector(registry=registry)
    database_up = Gauge("kontuar_hub_database_up", "1 when the database answers", registry=registry)
    version = Gauge("kontuar_hub_definitions_version", "Firm-wide version of the definitions", registry=registry)

    async def database_state() -> str:
        try:
            await asyncio.wait_for(main(main.database.ping), ANSWER_SECONDS)
        except StorageFailure as failure:
            return failure.code
        except TimeoutError:
            return "storage.slow"
        return "up"

    @get("/health", opt=OPEN, summary="Ready to work: the database answers")
    async def ready() -> Response[dict[str, str]]:
        state = await database_state()
        body = {"node": "hub", "live": "yes", "ready": "yes" if state == "up" else "no", "database": state}
        return Response(body, status_code=200 if state == "up" else 503)

    @get("/health/live", opt=OPEN, summary="The process answers")
    async def live() -> dict[str, str]:
        return {"node": "hub", "live": "yes"}

    @get("/metrics", opt=OPEN, include_in_schema=False)
    async def metrics() -> Response[bytes]:
        state = await database_state()
        database_up.set(1 if state == "up" else 0)
        if state == "up":
            view = await feed_lane(feed.version_of, "")
            version.set(view.version)
        return Response(prometheus_client.generate_latest(registry), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return [ready, live, metrics]
