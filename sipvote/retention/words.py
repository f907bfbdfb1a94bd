"""The word `retention` of the command line."""

import click
from flask.cli import with_appcontext

from ..db import db
from . import rules


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@with_appcontext
def retention(dry_run: bool) -> None:
    """Destroy what the rules of retention say, and give a certificate. The worker does it once a day."""
    due = [(rule, times) for rule, times in rules.due() if times]
    for rule, times in due:
        verb = "would be destroyed" if dry_run else "destroyed"
        click.echo(f"{rule.what}: {times:,} {verb}, kept for {rule.how_long}. {rule.why}")
    if dry_run or not due:
        click.echo("Nothing was destroyed." if due else "Nothing is due.")
        return
    certificate = rules.follow()
    db.session.commit()
    rules.settle()
    click.echo(f"Certificate {certificate.id}." if certificate else "Nothing was due any more.")
