"""Planted faults: coupons, invoices, files carried by hand, upgrades, what happens in one transaction, lives."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from kontuar.operations import incoming
from kontuar.operations.hub import coupons
from kontuar.operations.station import approval, invoicing
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.sqlite import engine
from kontuar.sync import downlink
from kontuar.tools.simulate.planted import Change, Faults

fault = Faults()


# -- what may be had once -----------------------------------------------------------------------------------------
@fault("a coupon is kept for everybody who asks", "REL-12")
def kept_for_everybody() -> Iterable[Change]:
    real = coupons._problem

    def problem(code: str, coupon: Any, day: Any, standing: Any) -> Any:
        alone = standing and msgspec.structs.replace(standing, kept=0)
        return real(code, coupon, day, alone)

    return [(coupons, "_problem", problem)]


@fault("nobody is told that a coupon was used too often", "REL-12")
def uses_not_told() -> Iterable[Change]:
    real = coupons._use_up

    def use_up(*given: Any) -> Any:
        real(*given)
        return ()

    return [(coupons, "_use_up", use_up)]


@fault("a use of a coupon does not reach the ledger", "REL-12")
def use_forgotten() -> Iterable[Change]:
    real, counter = PostgresCouponLedger.confirm, itertools.count(1)

    def confirm(self: Any, uses: Any) -> None:
        real(self, uses if next(counter) % 3 else [])

    return [(PostgresCouponLedger, "confirm", confirm)]


@fault("a receipt can be invoiced again", "SALE-06")
def invoiced_again() -> Iterable[Change]:
    real = invoicing._require

    def require(station: Any, receipt: Any, state: str, made: str) -> None:  # noqa: ARG001
        real(station, receipt, state, "")

    return [(invoicing, "_require", require), (approval, "require_source", lambda *_: None)]


# -- files, upgrades, transactions --------------------------------------------------------------------------------
@fault("an answer counts, however old it is", "REL-15")
def older_answer_counts() -> Iterable[Change]:
    return [(downlink, "_follows", lambda *_: True)]


@fault("a change of the schema is no transaction", "REL-16")
def half_migrated() -> Iterable[Change]:
    def migrate(connection: Any, folder: Any) -> None:
        files = sorted(folder.glob("[0-9]*.sql"))
        have = int(connection.pragma("user_version"))
        for number, file in enumerate(files[have:], have + 1):
            connection.execute(f"{file.read_text('utf-8')}\nPRAGMA user_version = {number}")

    return [(engine, "migrate", migrate)]


@fault("the hub books without a transaction", "REL-08")
def half_booked() -> Iterable[Change]:
    @contextlib.contextmanager
    def transaction(self: Any) -> Iterator[None]:
        with self._database._named_failures():
            yield

    return [(PostgresBookingDesk, "transaction", transaction)]


@fault("a new life does not close the ones before it", "REL-13")
def closing_forgotten() -> Iterable[Change]:
    return [(incoming, "opens_a_life", lambda _: False)]
