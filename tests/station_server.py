"""A whole station on loopback for tests of screens: real database, real devices' doubles, real HTTP."""

from __future__ import annotations

import asyncio
import datetime
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import uvicorn

from exchange_world import exchange_of
from head_office import HeadOffice
from kontuar.devices.build import DeviceSettings, build_devices
from kontuar.kernel.connectivity import Connectivity
from kontuar.nodes.device_desk import StationDevices
from kontuar.nodes.lanes import Lane
from kontuar.nodes.storage_trouble import on_storage_failure
from kontuar.operations.ports.second_copy import SecondCopy
from kontuar.operations.station import shifts, station_status
from kontuar.operations.station.station import Station
from kontuar.storage.failures import StorageFailure
from kontuar.web.desk import Desk, SyncStatus
from kontuar.web.station.app import station_routes
from kontuar.web.station_app import build_station_app
from shop import HandClock, actor_of, new_station


class RunningClock(HandClock):
    """Goes with the wall clock, and can be turned forward by hand."""

    def __init__(self, start: datetime.datetime) -> None:
        super().__init__(start)
        self._began = time.monotonic()

    def now(self) -> datetime.datetime:
        return self.instant + datetime.timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return time.monotonic()


class StationServer:
    """A station that answers at `url` for as long as the with block lasts; `level` is what the bar shows,
    `clock_skew_seconds` what the sync measured.

    PINs: the last four figures of the verifier (Ola 1111, Ewa 2222).
    """

    def __init__(
        self, folder: Path, *, devices: DeviceSettings | None = None, shift: bool = True, code: str = "S1T1",
        series: str = "POS1", second_copy: SecondCopy | None = None,
    ) -> None:  # fmt: skip
        self.level = "online"
        self.codes: list[str] = []
        """One-time codes that were typed."""
        self.waiting = 0
        self.clock_skew_seconds: float | None = None
        self._warnings = station_status.Warnings()
        self.clock = RunningClock(datetime.datetime(2026, 11, 21, 8, 0, tzinfo=datetime.UTC))
        self.devices = build_devices(devices or DeviceSettings())
        self.station: Station = new_station(folder, code, series, clock=self.clock)
        self.station.fiscal_device = self.devices.fiscal is not None
        self.station.card_terminal = self.devices.card is not None
        self.station.connectivity = lambda: Connectivity[self.level.upper()]
        if shift and self.station.books.cash.open_shift() is None:
            shifts.open_shift(self.station, actor_of(), "200,00", None)
        self.lane = Lane("station", self.station.books.database)  # type: ignore[attr-defined]
        self.lane.open()
        self.head_office = HeadOffice()
        self.desk = Desk(
            station=self.station, run=self.lane, devices=StationDevices(
                self.station, self.lane, self.devices, second_copy=second_copy
            ),
            check_pin=lambda verifier, pin: bool(pin) and verifier.endswith("-" + pin), sync_status=self._sync_status,
            questions=self.head_office, exchange=exchange_of(self.station, self.lane),
            enrol_anew=self._enrol,
        )  # fmt: skip
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = build_station_app(
            self.desk, routes=station_routes(), exception_handlers={StorageFailure: on_storage_failure}
        )
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    async def _enrol(self, code: str) -> None:
        self.codes.append(code)

    def __enter__(self) -> StationServer:
        self._thread.start()
        end = time.monotonic() + 20
        while not self._server.started and time.monotonic() < end:
            time.sleep(0.01)
        assert self._server.started, "the station did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self.devices.close()
        self.lane.close()
        self._socket.close()

    def do(self, operation: Any, *arguments: Any) -> Any:
        """Run something on the database thread, as the handlers do."""
        assert self._loop is not None, "the station runs inside the with block"
        work = self.lane(operation, *arguments)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _serve(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        looking = asyncio.create_task(self._look())
        await self._server.serve(sockets=[self._socket])
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        """As a node does beside its work, only more often."""
        while True:
            self._warnings = await self.lane(station_status.warnings, self.station, self.clock_skew_seconds)
            await asyncio.sleep(0.05)

    def _sync_status(self) -> SyncStatus:
        return SyncStatus(
            level=self.level, since="2026-11-21T08:00:00.000000Z", waiting=self.waiting, warnings=self._warnings,
            clock_skew_seconds=self.clock_skew_seconds,
        )  # fmt: skip


def settings(**changes: object) -> DeviceSettings:
    """Devices for a test: doubles where named."""
    return msgspec.structs.replace(DeviceSettings(), **changes)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as data, StationServer(Path(data)) as server:
        print(server.url, flush=True)
        threading.Event().wait()
