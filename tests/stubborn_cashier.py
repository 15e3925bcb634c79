"""A small chain to sell in, and waiting until nobody has anything left to pass on."""

import asyncio
import datetime

from kontuar.tools.crashes.cashier import StubbornCashier, until_it_works
from kontuar.tools.replay.chain import RunningChain

__all__ = ["CSV", "DAY", "EAN", "StubbornCashier", "until_final", "until_it_works"]

DAY = datetime.date(2026, 3, 2)
EAN = "5901234123457"
CSV = f"""basket,store,at,ean,name,quantity,unit,price,value,vat
b1,Rynek,2026-03-02T09:00,{EAN},Mleko 2%,1000,szt,3.49,,5
"""


async def until_final(nodes: RunningChain) -> None:
    """Wait until nobody has anything left to pass on."""
    for _ in range(120):
        waiting = [(await node.status()).unsent for node in (*nodes.stations.values(), *nodes.agents.values())]
        if not any(waiting):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"still waiting: {waiting}")
