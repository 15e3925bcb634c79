"""Nodes get their certificate: a one-time code, a key, the hub's signature; and lose it again (SEC-02)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from kontuar.domain.firm.records import StationDefinition, Store
from kontuar.domain.parties.rights import ENROL, EXCHANGE, SEE_HUB
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock, instant_text
from kontuar.operations.actor import Actor
from kontuar.operations.hub.certificates import NODE_KINDS, CertificateRow, NodeCertificate, publish, row_of
from kontuar.operations.hub.enrolment_files import (
    FileAnswer,
    FileRequest,
    code_parts,
    is_proven,
    sealed,
    secret_hash,
)
from kontuar.operations.ports.hub_definitions import (
    CertificateRecord,
    DefinitionStore,
    HubKey,
    IssuedCode,
    NodeRegister,
)
from kontuar.operations.ports.sync import HUB_NODE, NodeIdentity

CODE_MINUTES = 10
MOST_CODE_MINUTES = 31 * 24 * 60
"""A request that is carried by hand may be weeks on its way."""
MOST_ATTEMPTS = 5
MOST_LIVES = 1000
"""Certificates of one node; a till that asks without end is broken."""
_AGENT = "agent@"
_LABEL_BYTES = 3
_SECRET_BYTES = 8
_KEY_BYTES = 32


class EnrolRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A node shows its code and its public key (hex)."""

    code: str
    kind: str
    incarnation: str
    public_key: str
    build: str = ""


class EnrolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The node's certificate (canonical JSON), the hub's signature (hex), its key (hex) and own certificates."""

    certificate: str
    signature: str
    hub_key: str
    hub_certificates: tuple[CertificateRow, ...]


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code to type into the node, once."""

    code: str
    kind: str
    node: str
    store: str
    expires_at: datetime


class Enrolment:
    """Codes and certificates at the hub. `announce` is called when the feed has a new certificate."""

    def __init__(
        self,
        register: NodeRegister,
        definitions: DefinitionStore,
        key: HubKey,
        clock: Clock,
        ids: Ids,
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        self._register = register
        self._definitions = definitions
        self._key = key
        self._clock = clock
        self._ids = ids
        self._announce = announce

    def issue_code(self, actor: Actor, kind: str, node: str, minutes: int = CODE_MINUTES) -> NewCode:
        """A code for a defined station (`node` = its code) or for the agent of a store (`node` = the store's code).

        Raises `Refused("enrol.kind_unknown" | "enrol.node_not_defined" | "enrol.minutes_out_of_range")`.
        """
        actor.require(ENROL)
        if kind not in NODE_KINDS:
            raise refuse("enrol.kind_unknown", "kind", kind=kind[:20])
        if not 1 <= minutes <= MOST_CODE_MINUTES:
            raise refuse("enrol.minutes_out_of_range", "minutes", minutes=minutes)
        label = _readable(self._ids.secret(_LABEL_BYTES))
        secret = _readable(self._ids.secret(_SECRET_BYTES))
        now = self._clock.now()
        with self._register.transaction():
            name, store, series = self._defined(kind, node)
            code = IssuedCode(
                label=label,
                secret_hash=secret_hash(label, secret),
                kind=kind,
                node=name,
                store=store,
                series=series,
                issued_by=actor.operator,
                issued_at=now,
                expires_at=now + timedelta(minutes=minutes),
            )
            self._register.add_code(code)
        return NewCode(code=f"{label}-{secret}", kind=kind, node=name, store=store, expires_at=code.expires_at)

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Certify the node's key; the code is used up. The same request again gets the same certificate.

        Raises `Refused` with `enrol.code_wrong` (unknown, run out, used up or tried too often),
        `enrol.kind_wrong`, `enrol.key_unreadable` or `enrol.incarnation_taken`.
        """
        _check_key(request)
        label, secret = code_parts(request.code)
        given = secret_hash(label, secret)
        record, _ = self._enrol(request, label, lambda key: hmac.compare_digest(key, given))
        return self._answer(record)

    def enrol_by_file(self, actor: Actor, asked: FileRequest) -> FileAnswer:
        """The same for a request that came in a file; the code itself is not in it. Refused as `enrol`; needs the right
        `sync.exchange`."""
        actor.require(EXCHANGE)
        request = EnrolRequest(
            code="", kind=asked.kind, incarnation=asked.incarnation, public_key=asked.public_key, build=asked.build
        )
        _check_key(request)
        record, key = self._enrol(request, asked.label.replace("\0", ""), lambda key: is_proven(asked, key))
        answer = encode(self._answer(record)).decode()
        return sealed(FileAnswer(node=record.node, answer=answer), key)

    def nodes(self, actor: Actor) -> tuple[CertificateRecord, ...]:
        """The newest certificate of every station and agent that may speak. Needs the right `sync.exchange`."""
        actor.require(EXCHANGE)
        with self._register.transaction():
            found = {
                r.node: r for r in self._register.all_certificates() if r.revoked_at is None and r.kind != HUB_NODE
            }
        return tuple(found[name] for name in sorted(found))

    def _enrol(
        self, request: EnrolRequest, label: str, proves: Callable[[bytes], bool]
    ) -> tuple[CertificateRecord, bytes]:
        """(certificate, what is kept of the code); a wrong try is counted."""
        refusal: Refused | None = None
        with self._register.transaction():
            code = self._register.code(label)
            if code is None:
                raise refuse("enrol.code_wrong")
            if not proves(code.secret_hash):
                # Counted in this transaction, so it must be left without an exception.
                self._register.count_attempt(label)
                refusal = refuse("enrol.code_wrong")
            else:
                record = self._certificate_for(code, request)
        if refusal is not None:
            raise refusal
        self._announce()
        return record, code.secret_hash

    def certify_spare(self, asker: NodeIdentity, request: EnrolRequest) -> EnrolAnswer:
        """Certify the key with which a station will go on when its running life is over: restored, or forked (REL-13).

        A certified life of the station asks for itself, no code is needed; the same request again gets the same
        certificate. Raises `Refused` with `enrol.kind_wrong`, `enrol.key_unreadable`, `enrol.incarnation_taken`,
        `enrol.node_not_defined` or `enrol.too_many_lives`.
        """
        _check_key(request)
        if asker.kind != "station" or request.kind != asker.kind:
            raise refuse("enrol.kind_wrong", "kind", expected="station", found=request.kind[:20])
        with self._register.transaction():
            known = self._register.certificates(asker.node)
            record = next((r for r in known if r.incarnation == request.incarnation), None)
            if record is None:
                if len(known) >= MOST_LIVES:
                    raise refuse("enrol.too_many_lives", station=asker.node)
                name, store, series = self._defined(asker.kind, asker.node)
                version = self._definitions.next_version()
                record = self._certify(
                    version, name, asker.kind, store, series, request.incarnation, request.public_key,
                    certified_by=asker.incarnation,
                )  # fmt: skip
            elif record.public_key != request.public_key or record.revoked_at is not None:
                raise refuse("enrol.incarnation_taken", "incarnation", node=asker.node)
        self._announce()
        return self._answer(record)

    def revoke(self, actor: Actor, node: str, incarnation: str) -> None:
        """The key is worth nothing from now on, and neither are those that it had certified for lives to come; stores
        hear of it with the next feed. Raises `Refused("certificate.not_found")`."""
        actor.require(ENROL)
        now = self._clock.now()
        with self._register.transaction():
            version = self._definitions.next_version()
            known = self._register.certificates(node)
            if not any(record.incarnation == incarnation for record in known):
                raise refuse("certificate.not_found", node=node[:64])
            gone = [record for record in _with_later(known, incarnation) if record.revoked_at is None]
            for record in gone:
                self._register.revoke(node, record.incarnation, now, actor.operator)
            if gone:
                revoked = [msgspec.structs.replace(record, revoked_at=now) for record in gone]
                publish(self._definitions, self._clock, version, revoked, actor.operator)
        self._announce()

    def certificates(self, actor: Actor) -> tuple[CertificateRecord, ...]:
        """Every node's certificates."""
        actor.require(SEE_HUB)
        with self._register.transaction():
            return tuple(self._register.all_certificates())

    def key_of(self, node: str, incarnation: str) -> bytes | None:
        """The public key of a node's incarnation; None when unknown or revoked."""
        with self._register.transaction():
            found = [r for r in self._register.certificates(node) if r.incarnation == incarnation]
        return bytes.fromhex(found[0].public_key) if found and found[0].revoked_at is None else None

    def certificate_of(self, node: str, incarnation: str) -> CertificateRecord | None:
        """What the hub knows of a node's incarnation, revoked or not."""
        with self._register.transaction():
            return next((r for r in self._register.certificates(node) if r.incarnation == incarnation), None)

    def certify_hub(self) -> str:
        """Make sure the hub's own key has a certificate; gives the hub's incarnation (one per key)."""
        incarnation = hashlib.sha256(self._key.public_key).hexdigest()[:32]
        with self._register.transaction():
            version = self._definitions.next_version()
            known = self._register.certificates(HUB_NODE)
            if not any(record.incarnation == incarnation for record in known):
                self._certify(version, HUB_NODE, HUB_NODE, "", "", incarnation, self._key.public_key.hex())
        return incarnation

    def _certificate_for(self, code: IssuedCode, request: EnrolRequest) -> CertificateRecord:
        now = self._clock.now()
        known = self._register.certificates(code.node)
        again = next((r for r in known if r.incarnation == request.incarnation), None)
        if again is not None and again.public_key == request.public_key and again.revoked_at is None:
            return again
        if code.used_at is not None or code.attempts >= MOST_ATTEMPTS or now >= code.expires_at:
            raise refuse("enrol.code_wrong")
        if code.kind != request.kind:
            raise refuse("enrol.kind_wrong", "kind", expected=code.kind, found=request.kind[:20])
        if again is not None:
            raise refuse("enrol.incarnation_taken", "incarnation", node=code.node)
        version = self._definitions.next_version()
        self._register.use_code(code.label, now)
        return self._certify(
            version, code.node, code.kind, code.store, code.series, request.incarnation, request.public_key
        )

    def _certify(
        self, version: int, node: str, kind: str, store: str, series: str, incarnation: str, key: str, *,
        certified_by: str = "",
    ) -> CertificateRecord:  # fmt: skip
        now = self._clock.now()
        ordinal = 1 + self._register.highest_ordinal(node)
        series = _series(series, ordinal)
        holder = self._register.holder_of_series(series, node) if series else ""
        if holder:
            raise refuse("enrol.series_taken", "series", series=series, node=node, holder=holder)
        certificate = NodeCertificate(
            node=node, kind=kind, store=store, series=series, incarnation=incarnation,
            ordinal=ordinal, public_key=key, issued_at=instant_text(now),
        )  # fmt: skip
        text = encode(certificate)
        record = CertificateRecord(
            node=node, incarnation=incarnation, ordinal=ordinal, kind=kind, store=store,
            series=certificate.series, public_key=key, certificate=text.decode(),
            signature=self._key.sign(text).hex(), issued_at=now, certified_by=certified_by,
        )  # fmt: skip
        self._register.add_certificate(record)
        publish(self._definitions, self._clock, version, [record], HUB_NODE)
        return record

    def _answer(self, record: CertificateRecord) -> EnrolAnswer:
        with self._register.transaction():
            hubs = tuple(row_of(hub) for hub in self._register.certificates(HUB_NODE))
        return EnrolAnswer(
            certificate=record.certificate,
            signature=record.signature,
            hub_key=self._key.public_key.hex(),
            hub_certificates=hubs,
        )

    def _defined(self, kind: str, node: str) -> tuple[str, str, str]:
        """(name of the node, its store, its series)."""
        found = self._definitions.rows("store" if kind == "agent" else "station", [node.replace("\0", "")])
        if not found:
            raise refuse("enrol.node_not_defined", "node", kind=kind, node=node[:64])
        if kind == "agent":
            store = msgspec.json.decode(found[0].body, type=Store)
            return agent_node(store.code), store.code, ""
        station = msgspec.json.decode(found[0].body, type=StationDefinition)
        if station.code == HUB_NODE or station.code.startswith(_AGENT):
            raise refuse("enrol.node_name_reserved", "node", node=station.code)
        return station.code, station.store, station.series


def agent_node(store: str) -> str:
    """The name of a store's agent as a node; no station may be named so."""
    return f"{_AGENT}{store}"


def _series(defined: str, ordinal: int) -> str:
    return defined if ordinal == 1 or not defined else f"{defined}-{ordinal}"


def _with_later(known: Sequence[CertificateRecord], incarnation: str) -> Iterator[CertificateRecord]:
    """A life and all that were certified on its word, or on theirs; the records come by ordinal."""
    lives = {incarnation}
    for record in known:
        if record.incarnation in lives or record.certified_by in lives:
            lives.add(record.incarnation)
            yield record


def _check_key(request: EnrolRequest) -> None:
    try:
        key = bytes.fromhex(request.public_key)
    except ValueError:
        raise refuse("enrol.key_unreadable", "public_key") from None
    well_formed = request.incarnation.isascii() and request.incarnation.replace("-", "").isalnum()
    if len(key) != _KEY_BYTES or key.hex() != request.public_key or not well_formed or len(request.incarnation) > 64:
        raise refuse("enrol.key_unreadable", "public_key")


def _readable(secret: bytes) -> str:
    """Letters and digits that are hard to mistake for one another when read aloud."""
    return base64.b32encode(secret).decode().rstrip("=")
