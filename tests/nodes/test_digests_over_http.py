"""A till compares its messages with a real agent's over HTTP, and the agent goes on to the hub (REL-18)."""

from functools import partial
from pathlib import Path

from agent_chain import Chain, RunningTill, in_a_chain
from kontuar.kernel.canonical import decode
from kontuar.nodes.digest_desk import DigestDesk
from kontuar.operations.ports.digests import Compared
from kontuar.storage.sqlite.digests import StationDigests
from kontuar.sync.keyring import fault_of_seal
from sync_chain import STORE
from sync_hub import until


def desk_of(running: RunningTill) -> DigestDesk:
    """As a station has it."""
    till, facts = running.till, dict[str, str]()
    books = StationDigests(till.database, till.outbox, STORE)
    seal = partial(fault_of_seal, till.keys.keys)
    return DigestDesk(
        running.lane, books, running.questions, running.connection, seal, till.clock,
        lambda name: facts.get(name, ""), facts.__setitem__,
    )  # fmt: skip


def damage(running: RunningTill) -> None:
    """Behind the program's back: a message is gone, another says something else; the day's turn has come."""
    database = running.till.database
    guards = database.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'message'")
    with database.transaction():
        for name, _ in guards:
            database.write(f"DROP TRIGGER {name}")
        database.write("UPDATE digest_day SET agreed_at = ''")
        database.write("DELETE FROM message WHERE seq = 2")
        database.write("UPDATE message SET payload = x'7b7d' WHERE seq = 4")
        for _, sql in guards:
            database.write(sql)


def test_what_a_till_lost_comes_back_from_its_agent(tmp_path: Path) -> None:
    """REL-18: compared, fetched, checked by the station's own key, and put back as it was."""

    async def play(chain: Chain) -> None:
        async with chain.till("T1") as running:
            await running.sell(count=5)
            await until(running.final(5), 30)
            desk, stream = desk_of(running), running.till.id
            await desk.compare(stream, 5, everything=True)
            before = await running.lane(running.till.payloads)
            await running.lane(damage, running)
            assert await running.lane(running.till.payloads) != before
            await desk.compare(stream, 5, everything=True)
            assert await running.lane(running.till.payloads) == before
            days = await running.lane(StationDigests(running.till.database, running.till.outbox, STORE).all, stream)
            assert [(day.segment.first, day.segment.last, bool(day.agreed_at)) for day in days] == [(1, 5, True)]

    in_a_chain(tmp_path, play)


def test_a_question_that_the_agent_cannot_read_is_refused_in_words(tmp_path: Path) -> None:
    """SEC-04: and the agent goes on answering."""

    async def play(chain: Chain) -> None:
        async with chain.till("T1") as running:
            await running.sell()
            await until(running.final(1), 30)
            problems = []
            for body in (b"[]", b'{"claimed":[{"segment":{"origin":"T2","incarnation":"x","day":"","first":1,"last":1},'
                                b'"digest":{}}]}'):  # fmt: skip
                try:
                    await running.questions.ask("digests.compare", body)
                except Exception as refusal:  # noqa: BLE001 - its code is what is looked at
                    problems.append(str(refusal).split(":")[0].split("@")[0].split(" ")[0])
            assert problems == ["question.unreadable", "digests.not_yours"]
            assert decode(await running.questions.ask("digests.compare", b'{"claimed":[]}'), Compared) == Compared()

    in_a_chain(tmp_path, play)
