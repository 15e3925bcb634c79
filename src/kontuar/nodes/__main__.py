"""`kontuar …`: the nodes and the tools, started by name."""

import sys
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from kontuar.kernel.errors import Refused
from kontuar.nodes.running import say_and_stop
from kontuar.nodes.settings import AgentSettings, HubSettings, NodeSettings, StationSettings, load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="TOML file; the environment wins over it")]
S = TypeVar("S", bound=NodeSettings)


@app.command()
def hub(settings: SettingsFile = None) -> None:
    """Run the head office node."""
    from kontuar.nodes.hub_parts import run

    raise typer.Exit(run(_settings(HubSettings, settings)))


@app.command()
def agent(settings: SettingsFile = None) -> None:
    """Run a store's node."""
    from kontuar.nodes.agent import run

    raise typer.Exit(run(_settings(AgentSettings, settings)))


@app.command()
def station(settings: SettingsFile = None) -> None:
    """Run a till."""
    from kontuar.nodes.station import run

    raise typer.Exit(run(_settings(StationSettings, settings)))


def main() -> None:
    """The entry point of the `kontuar` command."""
    app()


def _settings(kind: type[S], file: Path | None) -> S:
    try:
        return load(kind, file)
    except Refused as refusal:
        sys.exit(say_and_stop(refusal))


if __name__ == "__main__":
    main()
