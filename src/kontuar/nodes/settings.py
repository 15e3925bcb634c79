"""Settings of a node: a TOML file, then the environment (KONTUAR_…), which wins."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from kontuar.kernel.errors import refuse

S = TypeVar("S", bound="NodeSettings")
PREFIX = "KONTUAR_"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every node knows. `data` is its folder; off loopback a certificate and key are needed (SEC-02)."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    tls_certificate: str = ""
    tls_key: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class HubSettings(NodeSettings, frozen=True, kw_only=True):
    """`database_url` empty = the embedded PostgreSQL in the data folder."""

    database_url: str = ""
    durable: bool = True


class AgentSettings(NodeSettings, frozen=True, kw_only=True):
    """`enrolment_code` is used once, at the first start. `backups`: where tills' backups are kept, best on another disk
    than `data`; empty = in `data`."""

    hub_url: str = ""
    store: str = ""
    backups: Path | None = None
    enrolment_code: str = ""


class StationSettings(NodeSettings, frozen=True, kw_only=True):
    """`profile` *replay* lets a shift carry a chosen business day; devices are named as in `kontuar.devices`.

    `witness`: a file that knows how far the till has come, best on another disk than `data`; empty = in `identity`.
    """

    agent_url: str = ""
    station: str = ""
    enrolment_code: str = ""
    witness: Path | None = None
    profile: Literal["live", "replay"] = "live"
    printer: str = "none"
    fiscal: str = "none"
    card: str = "none"
    drawer: str = "none"


def load(kind: type[S], file: Path | None, environment: Mapping[str, str] | None = None) -> S:
    """Read settings; raises `Refused("settings.unreadable" | "settings.tls_missing")` naming what is wrong."""
    values: dict[str, Any] = {}
    if file is not None:
        values.update(_from_file(file))
    values.update(_from_environment(kind, os.environ if environment is None else environment))
    try:
        settings = msgspec.convert(values, kind, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise refuse("settings.unreadable", reason=error, file=file or "environment") from None
    if settings.host not in LOOPBACK and not (settings.tls_certificate and settings.tls_key):
        raise refuse("settings.tls_missing", host=settings.host)
    return settings


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refuse("settings.unreadable", reason=error, file=file) from None


def _from_environment(kind: type[NodeSettings], environment: Mapping[str, str]) -> dict[str, str]:
    fields = kind.__struct_fields__
    return {field: environment[PREFIX + field.upper()] for field in fields if PREFIX + field.upper() in environment}


def _path(kind: type[Any], value: Any) -> Any:
    return kind(value) if kind is Path and isinstance(value, str) else value
