"""Files of a group: kept in the database, because several web processes share them."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..db import db, now
from ..errors import Refused
from . import rules
from .life_models import GroupFile
from .models import Workgroup

LARGEST = 10 * 1024 * 1024
MOST = 50
# What a name of a file may not have: paths, control characters, marks of direction that hide an ending.
UNWANTED = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')


def clean_name(name: str) -> str:
    """The name of a file without folders and without what could mislead; at most 200 characters, its ending kept."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = " ".join(UNWANTED.sub("", name).split()).strip(". ")
    path = PurePosixPath(name or _("file"))
    ending = path.suffix[:20]
    return path.name.removesuffix(path.suffix)[: 200 - len(ending)] + ending


def files_of(group: Workgroup) -> Sequence[GroupFile]:
    """The files of a group, the newest first, without their contents."""
    wanted = select(GroupFile).where(GroupFile.workgroup_id == group.id).options(selectinload(GroupFile.uploaded_by))
    return db.session.scalars(wanted.order_by(GroupFile.uploaded_at.desc(), GroupFile.id.desc())).all()


def add(group: Workgroup, name: str, content: bytes, by: int) -> GroupFile:
    """Keep a file for the group. Raises Refused."""
    if not content:
        raise Refused(_("This file is empty. Choose another one."))
    if len(content) > LARGEST:
        raise Refused(_("This file is too large. Send a file of at most 10 MB."))
    rules.lock(None, group)
    names = set(db.session.scalars(select(GroupFile.name).where(GroupFile.workgroup_id == group.id)))
    count = len(files_of(group))
    if count >= MOST:
        raise Refused(_("The group has %(n)s files, which is the most. Remove one first.", n=count))
    file = GroupFile(
        workgroup=group, name=_unlike(clean_name(name), names), size=len(content), content=content,
        uploaded_by_id=by, uploaded_at=now(),
    )  # fmt: skip
    db.session.add(file)
    db.session.flush()
    return file


def _unlike(name: str, names: set[str]) -> str:
    """'plan (2).pdf' when there is a plan.pdf."""
    path, n, found = PurePosixPath(name), 1, name
    while found in names:
        n += 1
        mark = f" ({n}){path.suffix}"
        found = path.stem[: 200 - len(mark)] + mark
    return found


def may_remove(file: GroupFile, member_id: int) -> bool:
    """Whoever brought a file takes it away, or a facilitator."""
    return file.uploaded_by_id == member_id or rules.leads(member_id, file.workgroup)


def remove(file: GroupFile, by: int) -> None:
    """Throw a file away. Raises Refused."""
    if not may_remove(file, by):
        raise Refused(_("Whoever brought a file can remove it, and the facilitators."))
    db.session.delete(file)
