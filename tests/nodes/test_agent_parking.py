"""Parking over real HTTP: tills, an agent process, lost agents (PARK-05, PARK-08, PARK-15)."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import httpx
import msgspec
import pytest

from agent_chain import Chain, RunningTill, in_a_chain
from kontuar.domain.documents.parking import ParkedRow, ean_of
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator, Role
from kontuar.kernel.canonical import encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.operations.pins import pin_verifier
from kontuar.operations.ports.parking import (
    HoldParked,
    Leased,
    Offered,
    OfferParked,
    Opened,
    OpenParked,
    Saved,
    SaveParked,
)
from kontuar.operations.ports.sync import FeedCursor
from parking_world import approved, body
from sync_chain import NOW
from sync_hub import until


def save_of(till: RunningTill, text: str, version: int = 0, token: int = 0, doc_id: str = "D") -> SaveParked:
    row = ParkedRow(
        doc_id=doc_id, version=version, type="receipt", ean="", station=till.till.id.origin, modified_at=text,
        gross=100, currency="PLN",
    )  # fmt: skip
    return SaveParked(
        doc_id=doc_id, version=version, token=token, by="104", document=msgspec.Raw(body(doc_id, text)), row=row
    )


async def save(till: RunningTill, text: str, version: int = 0, token: int = 0, doc_id: str = "D") -> Saved:
    return await till.ask("parking.save", save_of(till, text, version, token, doc_id), Saved)


async def open_(till: RunningTill, doc_id: str = "D", *, take_over: bool = False) -> Opened:
    return await till.ask("parking.open", OpenParked(doc_id=doc_id, by="104", take_over=take_over), Opened)


def rows(till: RunningTill) -> dict[str, ParkedRow]:
    found = till.till.database.rows("SELECT doc_id, row FROM parked")
    return {doc_id: msgspec.json.decode(row, type=ParkedRow) for doc_id, row in found}


async def refusal(question: object) -> str:
    with pytest.raises(Refused) as refused:
        await question  # type: ignore[misc]
    return refused.value.problems[0].code


def test_a_parked_document_goes_from_till_to_till_and_every_list_shows_it_within_two_seconds(tmp_path: Path) -> None:
    """PARK-05, PARK-14: without the hub's help."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one, chain.till("T2") as two:
            await until(one.is_(Connectivity.ONLINE))
            await until(two.is_(Connectivity.ONLINE))
            saved = await save(one, "mixer")
            assert (saved.version, saved.row.ean) == (1, ean_of("D"))
            assert await until(lambda: "D" in rows(two)) < 2.0
            opened = await open_(two)
            assert (bytes(opened.document), opened.lease_seconds) == (body("D", "mixer"), 60)
            assert await until(lambda: "D" in rows(one) and rows(one)["D"].holder == "T2") < 2.0
            assert await refusal(open_(one)) == "parking.held_elsewhere"
            leased = await two.ask(
                "parking.renew", HoldParked(doc_id="D", token=opened.token, by="104"), Leased
            )  # fmt: skip
            assert leased.token == opened.token
            assert (await save(two, "mixer, fan", 1, opened.token)).version == 2
            third = await open_(one)
            await one.questions.ask("parking.delete", encode(HoldParked(doc_id="D", token=third.token, by="104")))
            assert await until(lambda: not rows(two)) < 2.0

    in_a_chain(tmp_path, scenario)


def test_of_two_tills_that_open_at_the_same_moment_one_gets_it(tmp_path: Path) -> None:
    """PARK-05: twenty times over."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one, chain.till("T2") as two:
            for number in range(20):
                await save(one, "mixer", doc_id=f"D{number}")
                both = await asyncio.gather(
                    open_(one, f"D{number}"), open_(two, f"D{number}"), return_exceptions=True
                )  # fmt: skip
                refused = [each for each in both if isinstance(each, Refused)]
                assert [each.problems[0].code for each in refused] == ["parking.held_elsewhere"]
                assert sum(isinstance(each, Opened) for each in both) == 1

    in_a_chain(tmp_path, scenario)


def test_an_approval_takes_the_draft_off_every_list(tmp_path: Path) -> None:
    """PARK-08: being approved at …, then gone, in the transaction of the message."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one, chain.till("T2") as two:
            await save(one, "mixer")
            opened = await open_(two)
            hold = HoldParked(doc_id="D", token=opened.token, by="104")
            await two.ask("parking.approving", hold, Leased)
            await until(lambda: "D" in rows(one) and rows(one)["D"].approving == "T2")
            message = approved("D", 1, number="PAR/1", token=opened.token)
            await two.lane(_announce, two, message)
            two.sync.wake()
            assert await until(lambda: not rows(one)) < 2.0
            assert await refusal(open_(one)) == "parking.approved"

    in_a_chain(tmp_path, scenario)


class _Approved(msgspec.Struct):
    doc_id: str
    number: str
    parked: dict[str, object] | None
    links: list[dict[str, str]]


def _announce(till: RunningTill, message: dict[str, object]) -> None:
    content = msgspec.convert(message, _Approved)
    with till.till.database.transaction():
        till.till.stream.append("receipt.approved/1", content.doc_id, content, at=NOW, by="ANNA")


def test_a_killed_agent_still_knows_who_holds_what(tmp_path: Path) -> None:
    """PARK-05: a restart gives no lease to a second station."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one, chain.till("T2") as two:
            await save(one, "mixer")
            opened = await open_(two)
            chain.agent.kill()
            assert await refusal(open_(one)) == "connectivity.too_low"
            chain.agent.start()
            await chain.agent.address()
            assert await refusal(open_(one)) == "parking.held_elsewhere"
            assert (await save(two, "fan", 1, opened.token)).version == 2

    in_a_chain(tmp_path, scenario)


def test_an_agent_that_was_lost_and_replaced_is_offered_what_the_tills_hold(tmp_path: Path) -> None:
    """PARK-15: another epoch, the list anew, no token twice."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one, chain.till("T2") as two:
            saved = await save(one, "mixer")
            await until(lambda: "D" in rows(two))
            before = await two.lane(lambda: two.till.sink.cursors().parked)
            chain.agent.kill()
            for file in (chain.folder / "agent").glob("agent.db*"):
                file.unlink()
            chain.agent.start()
            await chain.agent.address()
            await until(lambda: not rows(two))
            after = await two.lane(lambda: two.till.sink.cursors().parked)
            assert isinstance(before, FeedCursor)
            assert isinstance(after, FeedCursor)
            assert after.epoch not in ("", before.epoch)
            offered = await one.ask(
                "parking.offer",
                OfferParked(copies=(save_of(one, "mixer", 1, saved.token),), highest_token=saved.token + 10**6),
                Offered,
            )
            assert [fate.fate for fate in offered.fates] == ["taken"]
            await until(lambda: "D" in rows(two))
            assert (await open_(two)).token > saved.token + 10**6

    in_a_chain(tmp_path, scenario)


def test_what_the_agent_does_not_understand_is_said_and_other_questions_go_on_to_the_hub(tmp_path: Path) -> None:
    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            assert await refusal(one.questions.ask("parking.wish", b"{}")) == "question.unknown"
            assert await refusal(one.questions.ask("parking.open", b'{"doc_id": 7}')) == "question.unreadable"
            assert await refusal(one.questions.ask("parking.open", b"\xff")) == "question.unreadable"
            assert await refusal(open_(one, "nothing")) == "parking.not_found"
            assert b'"asker":"T1"' in await one.questions.ask("stock_elsewhere", b"{}")

    in_a_chain(tmp_path, scenario)


def test_an_operator_with_the_right_reads_what_is_parked_and_the_metrics_count_it(tmp_path: Path) -> None:
    async def scenario(chain: Chain) -> None:
        await chain.hub.lane(
            chain.hub.define,
            {
                ("operator", "900"): encode(
                    Operator(code="900", name="Ewa", roles=("boss",), pin_verifier=pin_verifier("9999", bytes(16)))
                ),
                ("operator", "101"): encode(
                    Operator(code="101", name="Jan", roles=(), pin_verifier=pin_verifier("1111", bytes(16)))
                ),
                ("role", "boss"): encode(Role(code="boss", name="Boss", rights=(rights.ALL_DOCUMENTS,))),
            },
        )
        async with chain.till("T1") as one, httpx.AsyncClient(base_url=chain.url) as client:
            await save(one, "mixer")
            opened = await open_(one)
            await save(one, "other", 7)

            async def told(login: str) -> httpx.Response:
                return await client.get("/api/v1/parked", headers={"authorization": f"Basic {login}"} if login else {})

            async def allowed() -> bool:
                return (await told(_basic("900", "9999"))).status_code == 200

            await until(allowed)
            answer = (await told(_basic("900", "9999"))).json()
            assert sorted((row["doc_id"] == "D", row["conflict_of"]) for row in answer["rows"]) == [
                (False, "D"),
                (True, ""),
            ]
            assert [(lease["doc_id"], lease["station"], lease["token"]) for lease in answer["leases"]] == [
                ("D", "T1", opened.token)
            ]
            assert (await told("")).status_code == 401
            assert (await told(_basic("900", "0000"))).status_code == 401
            assert (await told(_basic("101", "1111"))).status_code == 403
            metrics = (await client.get("/metrics")).text
            for line in ("documents_parked 2.0", "parking_leases 1.0", "parking_conflicts 1.0"):
                assert f"kontuar_agent_{line}" in metrics
            assert "/api/v1/parked" in (await client.get("/api/openapi.json")).json()["paths"]

    in_a_chain(tmp_path, scenario)


def _basic(operator: str, pin: str) -> str:
    return base64.b64encode(f"{operator}:{pin}".encode()).decode()
