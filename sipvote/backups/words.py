"""The words `backup` and `restore` of the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from .. import audit, schema
from ..db import db
from . import ACT, archive, drill
from .manifest import BadBackup


def _told(act: Callable[[], Any]) -> Any:
    """Do it; what goes wrong is one sentence and exit code 1."""
    try:
        return act()
    except BadBackup as fault:
        raise click.ClickException(str(fault)) from None


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--keep", type=click.IntRange(min=1), default=archive.KEEP, show_default=True,
              help="How many backups stay in the folder: the newest.")  # fmt: skip
@click.option("--drill", "is_drill", is_flag=True, help="Restore a backup beside the database, and compare.")
@with_appcontext
def backup(folder: Path | None, keep: int, is_drill: bool) -> None:
    """Copy the database into one file in FOLDER (the instance's `backups`), while the service runs."""
    if is_drill:
        _told(lambda: drill.run(db.engine, schema.revisions(), click.echo))
        return
    folder = folder or Path(current_app.config["INSTANCE"]) / "backups"
    path, manifest = _told(lambda: archive.make(db.engine, folder))
    rows = sum(rows for rows, _digest in manifest.tables.values())
    audit.record(ACT, "service", None, file=path.name, rows=rows, audit_head=manifest.audit_head)
    db.session.commit()
    gone = archive.thin_out(folder, keep)
    click.echo(f"{path}: {path.stat().st_size:,} bytes, {rows:,} rows; {len(gone)} older ones deleted.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also when the database holds data, which is then gone.")
@with_appcontext
def restore(file: Path, replace: bool) -> None:
    """Put the backup FILE in the place of the database: whole, or not at all. Stop `serve` and `work` first."""
    known = schema.revisions()
    db.session.remove()
    manifest = _told(lambda: archive.restore(db.engine, file, replace=replace, known=known))
    if manifest.revision == known[0]:
        audit.record("restore backup", "service", None, file=file.name, made_at=manifest.made_at)
        db.session.commit()
    click.echo(f"Restored as of {manifest.made_at}. Everybody signs in again.")
    if manifest.revision != known[0]:
        click.echo("The backup is of an older version: now run  python3 -m sipvote migrate")
