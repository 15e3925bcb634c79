"""What a node says and does when its database fails (REL-19)."""

import os
import signal
from typing import Any

import structlog
from litestar import Request, Response

from kontuar.kernel.errors import Problem
from kontuar.storage.failures import StorageFailure
from kontuar.web.http import problem_response

_log = structlog.get_logger("storage")


def on_storage_failure(request: Request[Any, Any, Any], failure: StorageFailure) -> Response[Any]:
    """Away, full or damaged: said in words, nothing was written; the asker may try again."""
    _log.error("storage.failure", code=failure.code, reason=str(failure).strip()[:300])
    return problem_response(request, (Problem(failure.code),))


def end_process() -> None:
    """Nothing is written any further: the process ends, and checks its database at its next start."""
    _log.critical("node.stopping")
    os.kill(os.getpid(), signal.SIGTERM)
