"""Arguments that several commands take, checked before anything is done or paid for; raises UsageError."""

import os
from pathlib import Path

import click

from chatsheet.core import locales


def _locale(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not locales.is_locale(value):
        raise click.BadParameter(f"{value!r} is no BCP 47 tag; say de-CH, or en.", context, parameter)
    return value


LOCALE = click.option(
    "--locale",
    default="en",
    show_default=True,
    callback=_locale,
    help="How you read numbers: a BCP 47 tag such as de-CH.",
)


def free(target: Path) -> Path:
    """Return a path where a new file can be written."""
    if target.exists():
        raise click.UsageError(f"{target} is there already.")
    if not target.parent.is_dir():
        raise click.UsageError(f"there is no folder {target.parent} to write {target.name} into.")
    if not os.access(target.parent, os.W_OK):
        raise click.UsageError(f"{target.parent} does not let you write {target.name} into it.")
    return target
