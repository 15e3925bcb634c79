"""Somebody at the hub who changes definitions: prices, promotions, names, coupons."""

import asyncio
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from kontuar.kernel.errors import Refused
from kontuar.storage.failures import StorageFailure
from kontuar.tools.simulate import firm
from kontuar.tools.simulate.chain import HubMachine
from kontuar.tools.simulate.firm import BOSS
from kontuar.tools.simulate.seen import Seen

_WEIGHTS: Final = {"price": 8, "prices": 1, "promotion": 4, "coupons": 1, "rename": 2}


class HeadOffice:
    """One person, for as long as the hub's process runs."""

    def __init__(self, hub: HubMachine, seen: Seen, chance: random.Random, pause: float) -> None:
        self._hub = hub
        self._seen = seen
        self._chance = chance
        self._pause = pause
        self.may_begin: Callable[[], bool] = lambda: True

    async def work(self) -> None:
        """One change after another."""
        names, weights = list(_WEIGHTS), list(_WEIGHTS.values())
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))
            if not self.may_begin():
                return
            (name,) = self._chance.choices(names, weights)
            self._seen.operations[f"define_{name}"] += 1
            parts = self._hub.node.core.parts
            try:
                await parts.run(parts.definitions.put_rows, BOSS, getattr(self, f"_{name}")())
            except Refused as refusal:
                self._seen.refusals[refusal.problems[0].code] += 1
            except StorageFailure as failure:
                self._seen.refusals[failure.code] += 1

    def _price(self) -> list[tuple[str, Any]]:
        return [self._new_price(self._chance.choice(firm.ARTICLES))]

    def _prices(self) -> list[tuple[str, Any]]:
        """All of them, as one version."""
        return [self._new_price(article) for article in firm.ARTICLES]

    def _new_price(self, article: str) -> tuple[str, Any]:
        return firm.price_row(article, "2026-01-01", Decimal(self._chance.randint(50, 5000)) / 100)

    def _promotion(self) -> list[tuple[str, Any]]:
        """Another percentage, withdrawn, or back again."""
        code, percent = self._chance.choice(firm.PROMOTIONS), self._chance.randint(1, 60)
        return [firm.promotion(code, percent, confirmed=self._chance.random() < 0.7)]

    def _coupons(self) -> list[tuple[str, Any]]:
        return [firm.coupon_series(firm.UNCHECKED, active=self._chance.random() < 0.7)]

    def _rename(self) -> list[tuple[str, Any]]:
        number = self._chance.randint(1, len(firm.ARTICLES))
        return [firm.article_row(number, f"Article {self._chance.randint(1, 999)}")]
