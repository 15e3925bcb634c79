"""The `kontuar` command: the nodes' commands, and the tools that work over whole nodes."""

from pathlib import Path
from typing import Annotated

import typer

from kontuar.nodes.__main__ import app
from kontuar.tools.backups import app as backup
from kontuar.tools.backups import restore_drill
from kontuar.tools.bench import command as bench
from kontuar.tools.crashes.command import crashes
from kontuar.tools.exchange import app as exchange
from kontuar.tools.replay import command as replay
from kontuar.tools.simulate.command import simulate
from kontuar.tools.verify.command import verify

app.add_typer(replay.app, name="replay")
app.add_typer(bench.app, name="bench")
app.add_typer(exchange, name="exchange")
app.add_typer(backup, name="backup")
app.command("restore-drill")(restore_drill)
app.command("crashes")(crashes)
app.command("simulate")(simulate)
app.command("verify")(verify)


@app.command("lifecycles")
def print_lifecycles() -> None:
    """Print the life cycles of all document types as Markdown."""
    from kontuar.tools.lifecycles import as_markdown

    typer.echo(as_markdown())


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option(help="where the demo keeps its data")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="begin anew")] = False,
) -> None:
    """A small chain to sell in: a hub, two stores, four tills."""
    from kontuar.tools.demo import run

    raise typer.Exit(run(folder, reset=reset))


@app.command("price")
def price_cases(
    case: Annotated[Path, typer.Argument(help='a case, a list of cases, or {"cases": […]}')],
    explain: Annotated[bool, typer.Option("--explain", help="also every change of every line")] = False,
) -> None:
    """Price worked cases with the engine of the tills; prints JSON. A case that cannot be read ends with status 2."""
    from kontuar.tools.pricing_case_fields import UnreadableCase
    from kontuar.tools.pricing_cases import priced_file

    try:
        typer.echo(priced_file(case, explain=explain))
    except UnreadableCase as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """The entry point of the `kontuar` command."""
    app()
