"""Words of the command line beside the ones of __main__: import-members, count, migrate …"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo, with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

import config

from . import audit, bounces, chain, finds, mail, schema
from .access import Role
from .backups import words as backup_words
from .db import db, learn_sizes, reading
from .jsonfile import BadFile
from .members import factors, offices, roll
from .members import rules as members
from .members.models import Member
from .oversight import heads as published
from .retention import words as retention_words


def _app() -> Flask:
    from .app import create_app

    app = create_app()
    schema.init_app(app)  # for the words `db migrate`, `db check` … of Flask-Migrate
    return app


@click.group(cls=FlaskGroup, create_app=_app, add_version_option=False)
def cli() -> None:
    """The words of sipvote that look after its data."""


for word in (backup_words.backup, backup_words.restore, retention_words.retention):
    cli.add_command(word)


@cli.command("migrate")
def migrate_database() -> None:
    """Bring the database to the newest form, with every office (also makes a new one)."""
    schema.upgrade()
    offices.provide()
    finds.rebuild()
    db.session.commit()
    click.echo("The database is up to date.")


@cli.command("search-index")
def search_index() -> None:
    """Make the index for searching anew, after work on the database past the application."""
    texts = finds.rebuild()
    db.session.commit()
    click.echo(f"{texts} texts can be found.")


@cli.command("import-members")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def import_members(file: Path, dry_run: bool) -> None:
    """Make the members equal to the roll in FILE (XLSX or CSV), all or nothing."""
    try:
        if file.stat().st_size > config.FIXED["MAX_CONTENT_LENGTH"]:
            raise click.ClickException(f"{file} is larger than any roll: at most 20 MB. Nothing was changed.")
        read = roll.read(file.read_bytes())
    except OSError as trouble:
        raise click.ClickException(f"{file} cannot be read: {trouble.strerror}.") from None
    for fault in read.faults[: roll.FAULTS_SHOWN]:
        click.echo(f"line {fault.line}: {fault.text}", err=True)
    if read.faults:
        raise click.ClickException(f"{len(read.faults)} faults; nothing was changed.")
    what = roll.compare(read) if dry_run else roll.apply(read, None)
    db.session.commit()
    learn_sizes()
    verb = "would be" if dry_run else "are"
    click.echo(
        f"{len(what.new)} {verb} new, {len(what.changed)} changed, {len(what.leaving)} leaving, {what.same} same."
    )


@cli.command("grant")
@click.argument("number")
@click.argument("role", type=click.Choice([str(r) for r in Role]))
def grant(number: str, role: str) -> None:
    """Give the member NUMBER a role: how the first organiser begins."""
    member = db.session.scalar(select(Member).where(Member.number == number))
    if member is None:
        raise click.ClickException(f"There is no member with number {number}.")
    members.grant(member, Role(role), None, None)
    db.session.commit()
    click.echo(f"{member.name} is now {role}.")


@cli.command("reset-second-step")
@click.argument("number")
def reset_second_step(number: str) -> None:
    """Take away the second step of the member NUMBER, when there are no two others to confirm it; it is audited."""
    member = db.session.scalar(select(Member).where(Member.number == number))
    if member is None:
        raise click.ClickException(f"There is no member with number {number}.")
    factors.forget(member, None, way="command line")
    db.session.commit()
    click.echo(f"{member.name} sets up a new second step at the next sign-in.")


@cli.group("audit", invoke_without_command=True)
@click.pass_context
def audit_log(context: click.Context) -> None:
    """Check, export or name the head of the audit log; alone it checks."""
    if context.invoked_subcommand is None:
        context.invoke(verify)


@audit_log.command("verify")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--heads", type=click.Path(path_type=Path), help="heads.jsonl, as published; for a FILE.")
@click.option("--head", multiple=True, help="The hash of a line in a letter that was kept.")
@click.pass_context
def verify(context: click.Context, file: Path | None, heads: Path | None, head: tuple[str, ...]) -> None:
    """Check that no line of the log was changed, put in or dropped: in FILE, or in the database."""
    try:
        if file:
            checked = chain.check(chain.lines_of(file), chain.lines_of(heads) if heads else (), head)
        else:
            checked = _with_app(context, partial(published.check, head))
    except OSError as trouble:
        raise click.ClickException(f"{trouble.filename} cannot be read: {trouble.strerror}.") from None
    if checked.fault:
        raise click.ClickException(chain.told(checked))
    click.echo(chain.told(checked))


def _with_app(context: click.Context, act: Callable[[], Any]) -> Any:
    with context.ensure_object(ScriptInfo).load_app().app_context(), reading():
        return act()


@audit_log.command("export")
@with_appcontext
def export_audit() -> None:
    """Write every line of the log to standard output, as JSONL."""
    for line in audit.lines():
        click.echo(line)


@audit_log.command("head")
@with_appcontext
def head_of_audit() -> None:
    """Tell the last line of the log and its hash, and the heads that were published."""
    checked = published.check()
    click.echo(f"Line {checked.lines}: {checked.head}")
    for head in published.published():
        click.echo(head.exported())


@cli.command("bounce")
def bounce() -> None:
    """Read a mail that came back on standard input, and note which letter of ours did not arrive.

    For the alias of the address that letters come from. What is no such mail is passed over in silence, so that
    nothing is ever sent back; when the database does not answer, the mail server tries again later (exit code 75).
    """
    found = bounces.read(sys.stdin.buffer.read(bounces.LONGEST))
    if found is None:
        return
    try:
        noted = mail.bounced(found.letter_id, found.status)
        db.session.commit()
    except OperationalError:
        sys.exit(os.EX_TEMPFAIL)
    click.echo(f"Letter {found.letter_id} came back: {found.status}." if noted else "It was known already.")


@cli.command("count", help="Count the profile in FILE; prints JSON.", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--rule", default="approval", help="approval, phragmen or pav")
@click.option("--seats", type=int, required=True)
@click.option("--explain", is_flag=True, help="Also the rounds or the best sets, and what the other rules give.")
def count(file: Path, rule: str, seats: int, explain: bool) -> None:
    from .voting.profiles import count_file

    _print(lambda: count_file(file, rule, seats, explain))


@cli.command("plan", help="Choose the set of dates in FILE to which most can come; prints JSON.", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
def plan(file: Path) -> None:
    from .workgroups.dates import plan_file

    _print(lambda: plan_file(file))


@cli.command("assign", help="Give everybody in FILE a group of their wishes; prints JSON.", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keep", is_flag=True, help="Only outcomes in which every group reaches its minimum.")
def assign(file: Path, keep: bool) -> None:
    from .workgroups.wishes import assign_file

    _print(lambda: assign_file(file, keep))


def _print(answer: Callable[[], dict[str, Any]]) -> None:
    """Print what was worked out of a file as JSON, or the sentence that says why it cannot be."""
    try:
        click.echo(json.dumps(answer()))
    except BadFile as fault:
        click.echo(str(fault), err=True)
        sys.exit(2)


def main(args: list[str]) -> int:
    """Run one word; settings that are missing are told in sentences."""
    try:
        cli.main(args, prog_name="python3 -m sipvote", standalone_mode=True)
    except config.BadConfig as fault:
        click.echo(str(fault), err=True)
        return 1
    except SystemExit as done:
        return int(done.code or 0)
    return 0
