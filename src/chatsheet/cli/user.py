"""`chatsheet user …`: who may log in, for whoever runs the server, also where no administrator gets in any more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from chatsheet.cli.main import Options
from chatsheet.cli.tables import plain, show_rows
from chatsheet.core import loose

if TYPE_CHECKING:
    from chatsheet.wiring import People

_Found = TypeVar("_Found")
_ROLE = click.Choice(["viewer", "editor", "owner"])
_WHO = click.argument("who", metavar="USER")


@click.group("user")
def command() -> None:
    """Say who may log in, and as what; USER is an e-mail address or an id."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def listing(options: Options, *, as_json: bool) -> None:
    """List all users, with the workspaces that they are members of."""

    async def read(people: "People") -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        for one in await people.users.list():
            member_of = {of.workspace_id: of.role.name.lower() for of in await people.accounts.memberships(one.id)}
            told = {"id": one.id, "name": one.name, "email": one.email, "is_admin": one.is_admin, "is_active": one.is_active}
            found.append({**told, "workspaces": member_of})
        return found

    users = _with(options, read)
    if as_json:
        click.echo(loose.dumps(users))
        return
    show_rows(["id", "name", "email", "administrator", "active", "workspaces"], [_row(one) for one in users])


def _row(one: dict[str, object]) -> list[object]:
    *said, workspaces = one.values()
    return [*said, ", ".join(f"{where}: {role}" for where, role in loose.obj(workspaces).items())]


@command.command("invite")
@click.argument("email")
@click.option("--name", help="What they are called (default: the e-mail address); for a new user.")
@click.option("--role", type=_ROLE, help='Make a new user a member of the workspace "Everyone\'s" too, as this.')
@click.pass_obj
def invite(options: Options, email: str, name: str | None, role: str | None) -> None:
    """Print a one-time code with which a user, new or known, sets a password within 24 hours."""
    from chatsheet.auth.members import NewUser, UserNotFound  # noqa: PLC0415  --help must stay fast
    from chatsheet.core.identity import Role  # noqa: PLC0415  likewise

    async def make(people: "People") -> str:
        try:
            user_id = await people.users.find(email)
        except UserNotFound:
            _check_address(email)
            new = NewUser(name=name or email, email=email, role=Role[role.upper()] if role else None)
            user_id = (await people.accounts.create(new)).id
        return await people.accounts.invite(user_id)

    click.echo(f"the code for {plain(email)}, for 24 hours: {_with(options, make)}")


def _check_address(email: str) -> None:
    name, at, host = email.strip().partition("@")
    if not (name and at and host) or "@" in host or not email.isprintable() or " " in email.strip():
        raise click.UsageError(f"{plain(email)} is no e-mail address, and nobody's id.")


@command.command("deactivate")
@_WHO
@click.pass_obj
def deactivate(options: Options, who: str) -> None:
    """Close an account: its sessions and tokens end at once; what it made stays."""
    _change(options, who, is_active=False)


@command.command("activate")
@_WHO
@click.pass_obj
def activate(options: Options, who: str) -> None:
    """Open a closed account again."""
    _change(options, who, is_active=True)


@command.command("forget")
@_WHO
@click.confirmation_option(prompt="Their account, chats and own workspaces go for good. Go on?")
@click.pass_obj
def forget(options: Options, who: str) -> None:
    """Remove a user: account, sessions, tokens, the chats they began, and the workspaces that they alone are in.

    What they brought into a workspace of others stays there. The audit log keeps what they did under an id that names nobody.
    """
    from chatsheet.cli.workspace import forget as forgetting  # noqa: PLC0415  likewise

    gone = forgetting(options, lambda one: one.user(who))
    click.echo(
        f"{plain(who)} is forgotten, with {len(gone.workspaces)} workspaces, {gone.sheets} sheets and {gone.chats} chats "
        "elsewhere; files of sheets go with `chatsheet retention apply`."
    )


@command.command("admin")
@_WHO
@click.option("--remove", is_flag=True, help="Make them one no more; the last one stays.")
@click.pass_obj
def admin(options: Options, who: str, *, remove: bool) -> None:
    """Make a user an administrator."""
    _change(options, who, is_admin=not remove)


@command.command("role")
@_WHO
@click.argument("role", type=_ROLE)
@click.option("--workspace", default="shared", show_default=True, help="The id of the workspace, as `user list` tells it.")
@click.pass_obj
def role(options: Options, who: str, role: str, workspace: str) -> None:
    """Make a user a member of a workspace, or change what they are there."""
    from chatsheet.core.identity import LOCAL, Role  # noqa: PLC0415  --help must stay fast

    async def appoint(people: "People") -> None:
        user_id = await people.users.find(who)
        await people.members.appoint(user_id, Role[role.upper()], workspace_id=workspace, by=LOCAL.user_id)

    _with(options, appoint)
    click.echo(f"{plain(who)} is {role} in {plain(workspace)}.")


def _change(options: Options, who: str, *, is_active: bool | None = None, is_admin: bool | None = None) -> None:
    from chatsheet.core.identity import LOCAL  # noqa: PLC0415  --help must stay fast

    async def change(people: "People") -> str:
        user_id = await people.users.find(who)
        known = await people.users.change(user_id, by=LOCAL.user_id, is_active=is_active, is_admin=is_admin)
        kind = "an administrator" if known.is_admin else "a user"
        return f"{known.name} is {kind}{'' if known.is_active else ', and cannot log in'}."

    click.echo(plain(_with(options, change)))


def _with(options: Options, do: "Callable[[People], Awaitable[_Found]]") -> _Found:
    from chatsheet.wiring import open_people  # noqa: PLC0415  --help must stay fast

    async def run() -> _Found:
        async with open_people(options.settings(may_lack_keys=True)) as people:
            return await do(people)

    return asyncio.run(run())
