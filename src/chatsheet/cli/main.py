"""The command line: global options, lazy commands, and the one translation of errors to text and exit codes.

Exit codes: 0 done, 1 another party failed, 2 the input or the settings, 130 interrupted; the doctor's
own are in its help.
"""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click

if TYPE_CHECKING:
    from chatsheet.core.settings import Settings

_COMMANDS = {
    "ask": "Answer one question about a workbook.",
    "audit": "Export the audit log, and check that nobody changed it.",
    "backup": "Write everything into one file, also while the server runs.",
    "cache": "Say what is kept so that it is computed once, and let go of it.",
    "chat": "Talk about a workbook on the terminal.",
    "demo": "Run the whole chain on this machine with a sample workbook.",
    "doctor": "Say why a route fails, layer by layer, and what mends it.",
    "eval": "Score the answers to a pack of questions with known answers.",
    "job": "Let a model fill a column, and follow it.",
    "litellm": "Generate LiteLLM's config, or run it with its egress.",
    "mcp": "Serve the reading tools over workbooks to an MCP client.",
    "model": "Get the offline model.",
    "proposals": "Decide on the changes that a chat proposes.",
    "restore": "Bring a backup back into an empty data folder.",
    "retention": "Let go of what settings keep no longer.",
    "serve": "Serve the page and the API.",
    "sheet": "Import, read, query, edit and export a workbook.",
    "user": "Say who may log in, and as what.",
    "workspace": "Say which workspaces there are, and remove one.",
    "simulator": "Run the simulator of Azure OpenAI and OpenAI.",
    "work": "Work on jobs beside a server.",
}


class LazyGroup(click.Group):
    """Knows every command by its place (`module:name`) and one line of help, and imports only the one that runs."""

    known: ClassVar[Mapping[str, tuple[str, str]]]

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self.known:
            return None
        place = self.known[cmd_name][0]
        module, _, name = place.partition(":")
        command: object = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in sorted(self.known.items())])


class _Commands(LazyGroup):
    known = {name: (f"chatsheet.cli.{name}:command", told) for name, told in _COMMANDS.items()}  # noqa: RUF012  not changed


@dataclass(frozen=True, slots=True)
class Options:
    """The global options; `settings` reads the file they name."""

    config: Path | None
    data: Path | None

    def settings(self, *, may_lack_keys: bool = False, **overrides: object) -> "Settings":
        """Read the settings; `overrides` are values by dotted key with `__` for the dot. Raises SettingsInvalid."""
        from chatsheet.core import settings_file  # noqa: PLC0415  --help must not pay for pydantic

        values = {key.replace("__", "."): value for key, value in overrides.items() if value is not None}
        if self.data is not None:
            values["data"] = str(self.data)
        return settings_file.load(self.config, overrides=values, may_lack_keys=may_lack_keys)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (default: ./chatsheet.toml).")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for sheets, chats and state.")
@click.version_option(version("chatsheet"), prog_name="chatsheet")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, data: Path | None) -> None:
    """Talk to your spreadsheets on your own Azure OpenAI, inside your own network."""
    ctx.obj = Options(config, data)


def run() -> None:
    """Run the command line and exit."""
    from chatsheet.cli.tables import plain  # noqa: PLC0415  --help must stay fast
    from chatsheet.core.errors import BadInput, ChatSheetError, NotFound, StorageUnavailable  # noqa: PLC0415  --help must stay fast

    try:
        code: object = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ChatSheetError as error:
        click.echo(plain(error.line()), err=True)
        sys.exit(2 if isinstance(error, BadInput | NotFound) else 1)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        failed = StorageUnavailable(f"{error.strerror or error}{place}.", fix="check the data folder's space and rights.")
        click.echo(plain(failed.line()), err=True)
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    run()
