"""A node's end of the protocol in the simulated network, answering as its web server would."""

from collections.abc import Callable, Coroutine
from typing import Any

from kontuar.kernel.errors import Problem, Refused
from kontuar.storage.failures import StorageFailure
from kontuar.sync.server import SyncSite, answer_question, give_down, give_snapshot, take_push
from kontuar.sync.transport import Declined
from kontuar.tools.simulate.lives import Life
from kontuar.tools.simulate.network import Answer
from kontuar.web.http import status_of


class SiteEndpoint:
    """One life of a node, as others reach it. `faults`: where answers go that no program of ours should give."""

    def __init__(self, life: Life, site: SyncSite, faults: list[str]) -> None:
        self._life = life
        self._site = site
        self._faults = faults

    def begin(self, answering: Coroutine[Any, Any, Answer]) -> Any:
        """In a task of the node's life."""
        return self._life.begin(answering)

    async def post(self, path: str, body: bytes) -> bytes:
        """One of the protocol's questions."""
        doing = {
            "/sync/v1/push": take_push, "/sync/v1/down": give_down, "/sync/v1/ask": answer_question,
            "/sync/v1/enrol": _enrol,
        }[path]  # fmt: skip
        return await self._answered(path, lambda: doing(self._site, body))

    async def fetch(self, path: str, start: int, proof: str) -> bytes:
        """A snapshot's bytes from a position on."""

        async def piece() -> bytes:
            snapshot = path.rpartition("/")[2]
            answer = await give_snapshot(self._site, snapshot, proof, f"bytes={start}-")
            return bytes(answer.content)

        return await self._answered(path, piece)

    async def _answered(self, path: str, work: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        try:
            return await work()
        except Refused as refusal:
            raise Declined(status_of(refusal.problems), refusal.problems[0].code) from None
        except StorageFailure as failure:
            raise Declined(status_of((Problem(failure.code),)), failure.code) from None
        except Exception as error:
            if not self._life.doomed:
                self._faults.append(f"{path}: {error!r}")
            raise Declined(500, "") from error


async def _enrol(site: SyncSite, body: bytes) -> bytes:
    return await site.enroller(body)
