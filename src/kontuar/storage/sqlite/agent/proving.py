"""The books of an agent, read for their proof (REL-14)."""

from collections.abc import Iterator, Sequence
from typing import Final

from kontuar.domain.documents.proof.expected import subject_in
from kontuar.domain.documents.proof.records import Fault, Stored
from kontuar.domain.documents.proof.tables import AGENT
from kontuar.operations.ports.proofs import HeldStream
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.storage.sqlite.agent.forks import holes_in
from kontuar.storage.sqlite.proving import STRANGERS, SqliteShelf

_AGENT_ROWS: Final = {"stock_move": "SELECT doc_id, {columns} FROM stock_move WHERE doc_id IN ({marks})"}


class AgentProofShelf(SqliteShelf):
    """The books of an agent; implements `operations.ports.proofs.ProofShelf`."""

    kind = "agent"
    _where = "origin = ? AND incarnation = ?"

    @property
    def node(self) -> str:
        """By its store."""
        row = self._all("SELECT store FROM stream LIMIT 1")
        return f"agent@{row[0][0]}" if row else ""

    def streams(self) -> Sequence[HeldStream]:
        """Those of its stations; one of which there is no word is named as well."""
        rows = self._all("SELECT origin, incarnation, store, held_seq, held_hash, hub_seq, closed, stopped FROM stream")
        told = {(row[0], row[1]) for row in rows}
        rows += [
            (*stray, "", 0, bytes(32), 0, 0, "")
            for stray in self._all("SELECT DISTINCT origin, incarnation FROM message")
            if stray not in told
        ]
        return [
            HeldStream(
                id=StreamId(origin, life), store=store, head=Position(held, digest.hex()),
                begins_later=hub > 0, elsewhere=self._elsewhere(origin, life), held={"hub": hub},
                holes=self._holes(StreamId(origin, life), held),
                pruned=self._let_go(origin, life),
                signed=() if stopped else self._signed(origin, life),
                notes={
                    "closed": closed, "stopped": int(bool(stopped)), "parked": len(self._parked(origin, life)),
                    "forked": self._forked(origin, life),
                },
            )
            for origin, life, store, held, digest, hub, closed, stopped in sorted(rows)
        ]  # fmt: skip

    def stored(self, stream: HeldStream, after: int, most: int) -> Sequence[Stored]:
        """Messages with the moves they wrote; parked ones wrote none."""
        rows = self._all(
            "SELECT seq, payload, hash, signature, message_id FROM message"
            " WHERE origin = ? AND incarnation = ? AND seq > ? ORDER BY seq LIMIT ?",
            (*self._key(stream.id), after, most),
        )
        parked = self._parked(stream.id.origin, stream.id.incarnation)
        subjects = [subject_in(row[1]) for row in rows]
        written = self._written(AGENT, _AGENT_ROWS, subjects)
        return [
            Stored(
                seq=seq, payload=payload, hash=digest, signature=signature, message_id=message_id,
                rows=written[subject], settled=seq not in parked, decided=seq in parked,
            )
            for (seq, payload, digest, signature, message_id), subject in zip(rows, subjects, strict=True)
        ]  # fmt: skip

    def faults(self) -> Sequence[Fault]:
        """Damage, figures of the store's stock, moves that no message wrote."""
        streams = self.streams()
        found = [*self._damage()]
        if not any(stream.holes for stream in streams):
            found += self._strangers()
        covered = {(row[0], row[1]): row[2] for row in self._all("SELECT origin, incarnation, seq FROM stock_covered")}
        for stream in streams:
            key = (stream.id.origin, stream.id.incarnation)
            found += self._pending(stream.id, covered.get(key, 0), self._parked(*key))
        return found

    def _key(self, stream: StreamId) -> tuple[str, ...]:
        return (stream.origin, stream.incarnation)

    def _parked(self, origin: str, life: str) -> frozenset[int]:
        rows = self._all("SELECT seq FROM parked WHERE origin = ? AND incarnation = ?", (origin, life))
        return frozenset(seq for (seq,) in rows)

    def _forked(self, origin: str, life: str) -> int:
        query = "SELECT count(*) FROM forked_message WHERE origin = ? AND incarnation = ?"
        return int(self._all(query, (origin, life))[0][0])

    def _elsewhere(self, origin: str, life: str) -> tuple[tuple[int, int, bytes], ...]:
        query = "SELECT first, last, hash FROM passed_elsewhere WHERE origin = ? AND incarnation = ? ORDER BY first"
        return tuple((first, last, digest) for first, last, digest in self._all(query, (origin, life)))

    def _holes(self, stream: StreamId, held: int) -> tuple[tuple[int, int, bytes], ...]:
        """What lies behind what is held, run by run, tells what is missing before each."""
        runs = self._all(
            "SELECT min(seq), max(seq) FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM message"
            " WHERE origin = ? AND incarnation = ? AND seq > ?) GROUP BY run ORDER BY 1",
            (stream.origin, stream.incarnation, held),
        )
        if not runs:
            return ()
        return tuple(holes_in(self._all("SELECT name, value FROM fact"), stream, held, runs))

    def _strangers(self) -> Iterator[Fault]:
        """Not where messages passed elsewhere, or are asked for: the document that is taken back here may have been
        among them. What gave way to the hub's log has moved its goods all the same."""
        firsts = self._all("SELECT min(seq) FROM message GROUP BY origin, incarnation")
        if any(first > 1 for (first,) in firsts) or self._all("SELECT 1 FROM passed_elsewhere LIMIT 1"):
            return
        aside = {subject_in(payload) for (payload,) in self._all("SELECT payload FROM forked_message")}
        for name, found in self._all(STRANGERS.format(table="stock_move", id="x.doc_id", when="1")):
            if found not in aside:
                yield Fault(code="chain.booked_unasked", name=str(found), detail=name)
