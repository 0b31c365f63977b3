"""What Drive shows of files to the identity that erases: facts, places, and what folders hold."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from googleapiclient.errors import HttpError

from custody.adapters.answers import our_error
from custody.adapters.drive_api import DriveApi
from custody.domain.drive import FOLDER
from custody.domain.drive_fates import Facts, fate_of, lies_in_other_holding
from custody.domain.erasure import Fate, Target
from custody.domain.vault import FileId, HoldingEpoch, HoldingState
from custody.errors import NotFoundError, RetryableError, UnavailableError
from custody.ports import Registry

BATCH = 100
"""Calls that Drive takes in one batch."""
DEPTH_LIMIT = 100
"""Drive allows 100 levels of folders in a shared drive."""
HOLDINGS_LIFE = timedelta(minutes=1)
"""How long the registry's word on other holdings is believed: it takes a call for each of them."""
_ROUNDS = 4
_FACTS = (
    "id,mimeType,size,parents,driveId,ownedByMe,sharedWithMeTime,capabilities(canDelete),"
    "owners(emailAddress),sharingUser(emailAddress)"
)


_AS_GUEST = "asGuest"
"""Ours, beside Drive's own fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file as Drive shows it now."""

    file_id: FileId
    facts: Facts
    is_folder: bool
    size_bytes: int
    as_guest: bool
    """Shown to the identity that customers share with, and not to the one that erases."""
    owners: tuple[str, ...]
    """Whom to tell: in a shared drive of others, where nobody owns, whoever shared it with us."""

    @property
    def fate(self) -> Fate | None:
        """RefusedError for what must be deleted and may not be."""
        return fate_of(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """Something in a folder, as a listing shows it. A shortcut is no folder (T11)."""

    file_id: FileId
    is_folder: bool


class DriveFiles:
    """Looks, and changes nothing.

    Two identities look: the organizer of our drive, who erases there and whom no customer knows,
    and the guest, with whom customers share what they own. What neither is shown is gone.
    """

    def __init__(
        self,
        api: DriveApi,
        guest: DriveApi,
        *,
        drive_id: str,
        registry: Registry,
        clock: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._guest = guest
        self._drive_id = drive_id
        self._registry = registry
        self._clock = clock
        self._folders: dict[FileId, HoldingEpoch] = {}
        self._believed_until: datetime | None = None

    def folder(self, target: Target) -> Shown | None:
        """The holding's own folder, where Drive shows it."""
        own = target.folder_id
        return self.look(target, [own]).get(own) if own else None

    def look(self, target: Target, file_ids: Iterable[FileId]) -> dict[FileId, Shown]:
        """Each of these that Drive shows, wherever it lies. What answers 404 is left out (T12)."""
        wanted, own = list(file_ids), target.folder_id
        wires = self._get([*wanted, own] if own else wanted, _FACTS)
        lines, others = self._lines(wires), self.other_folders(target.life)
        facts = {
            file_id: self._facts(wire, lies_in_other_holding(lines[file_id], own, others))
            for file_id, wire in wires.items()
        }
        given_up = own in facts and fate_of(facts[own]) is Fate.RELINQUISH
        return {
            file_id: _shown(
                wires[file_id],
                replace(facts[file_id], in_given_up_folder=given_up and own in lines[file_id][1:]),
            )
            for file_id in wanted
            if file_id in wires
        }

    def _facts(self, wire: dict[str, Any], in_other_holding: bool) -> Facts:
        return Facts(
            in_our_drive=self._is_ours(wire),
            can_delete=wire["capabilities"]["canDelete"],
            owned_by_us=wire.get("ownedByMe", False),
            shared_with_us="sharedWithMeTime" in wire,
            in_other_holding=in_other_holding,
        )

    def _get(self, file_ids: Iterable[FileId], fields: str) -> dict[FileId, dict[str, Any]]:
        calls = {one: partial(_get_file, file_id=one, fields=fields) for one in file_ids}
        found = answers(self._api, "looking at files", calls)
        hidden = {one: call for one, call in calls.items() if one not in found}
        guests = answers(self._guest, "looking at files as a guest", hidden)
        return found | {one: wire | {_AS_GUEST: True} for one, wire in guests.items()}

    def _lines(self, wires: Mapping[FileId, dict[str, Any]]) -> dict[FileId, list[FileId]]:
        """Each file with the folders above it, nearest first, as far as Drive shows them."""
        known, hidden = dict(wires), set[FileId]()
        for _ in range(DEPTH_LIMIT):
            above = {one for wire in known.values() if (one := _parent(wire))}
            unknown = above - known.keys() - hidden
            if not unknown:
                break
            known |= self._get(unknown, "id,parents,driveId")
            hidden |= unknown - known.keys()
        if any(self._is_ours(wire) and _parent(wire) in hidden for wire in known.values()):
            raise UnavailableError(
                "Drive shows a file of our drive, and not its folder: look again"
            )
        return {file_id: list(_line(file_id, known)) for file_id in wires}

    def _is_ours(self, wire: Mapping[str, Any]) -> bool:
        return bool(wire.get("driveId") == self._drive_id)

    def other_folders(self, life: HoldingEpoch) -> dict[FileId, HoldingEpoch]:
        """The folders of all open holdings but this one."""
        now = self._clock()
        if self._believed_until is None or now >= self._believed_until:
            self._folders = {
                one.folder_id: one.life
                for one in self._registry.holdings()
                if one.state is HoldingState.OPEN
            }
            self._believed_until = now + HOLDINGS_LIFE
        return {folder: other for folder, other in self._folders.items() if other != life}

    def children(self, folder: FileId) -> Iterator[Child]:
        """What lies in a folder of our drive, trashed or not. Complete or an error (T7)."""
        token = None
        while True:
            page = self._list(folder, token)
            for wire in page.get("files", []):
                is_folder = wire["mimeType"] == FOLDER
                yield Child(file_id=FileId(wire["id"]), is_folder=is_folder)
            token = page.get("nextPageToken")
            if not token:
                return

    def _list(self, folder: FileId, token: str | None) -> dict[str, Any]:
        page: dict[str, Any] = self._api.call(
            "listing a folder",
            lambda s: s.files().list(
                q=f"'{folder}' in parents",
                pageSize=1000,
                pageToken=token,
                fields="nextPageToken,incompleteSearch,files(id,mimeType)",
                corpora="drive",
                driveId=self._drive_id,
                includeItemsFromAllDrives=True,
                supportsAllDrives=True,
            ),
        )
        if page.get("incompleteSearch"):
            raise UnavailableError("Drive listed a folder incompletely (T7)")
        return page

    def is_empty(self, folder: FileId) -> bool:
        """A listing may still show what is deleted already: each child is looked at.

        NotFoundError for a folder that is not there.
        """
        children = self.children(folder)
        while some := [child.file_id for child in islice(children, BATCH)]:
            if self._get(some, "id"):
                return False
        return True


def answers(
    api: DriveApi, what: str, calls: Mapping[FileId, Callable[[Any], Any]]
) -> dict[FileId, Any]:
    """What each call brought; one that found nothing is left out.

    What was throttled or failed is asked again, and in the end raised, as every refusal is (T15).
    """
    found: dict[FileId, Any] = {}
    waiting = dict(calls)
    for attempt in range(_ROUNDS):
        if not waiting:
            break
        time.sleep(attempt * attempt * 0.25)
        again = {}
        for file_id, answer in _batches(api, what, waiting):
            try:
                found[file_id] = _answer(answer, what)
            except NotFoundError:
                continue
            except RetryableError:
                if attempt == _ROUNDS - 1:
                    raise
                again[file_id] = calls[file_id]
        waiting = again
    return found


def _batches(
    api: DriveApi, what: str, calls: Mapping[FileId, Callable[[Any], Any]]
) -> Iterator[tuple[FileId, Any]]:
    left = iter(calls.items())
    while some := dict(islice(left, BATCH)):
        brought = api.batch(what, {str(one): call for one, call in some.items()})
        yield from ((one, brought[one]) for one in some)


def _answer(answer: Any, what: str) -> Any:
    if isinstance(answer, HttpError):
        raise our_error(int(answer.resp.status), answer.content, what)
    return answer


def _get_file(service: Any, *, file_id: FileId, fields: str) -> Any:
    return service.files().get(fileId=file_id, fields=fields, supportsAllDrives=True)


def _parent(wire: Mapping[str, Any]) -> FileId | None:
    parents = wire.get("parents")
    return FileId(parents[0]) if parents else None


def _line(file_id: FileId, known: Mapping[FileId, Mapping[str, Any]]) -> Iterator[FileId]:
    one: FileId | None = file_id
    for _ in range(DEPTH_LIMIT + 1):
        if one is None:
            return
        yield one
        one = _parent(known.get(one, {}))


def _shown(wire: Mapping[str, Any], facts: Facts) -> Shown:
    people = wire.get("owners") or [wire.get("sharingUser", {})]
    return Shown(
        file_id=FileId(wire["id"]),
        facts=facts,
        is_folder=wire["mimeType"] == FOLDER,
        as_guest=_AS_GUEST in wire,
        size_bytes=int(wire.get("size", 0)),
        owners=tuple(one["emailAddress"] for one in people if "emailAddress" in one),
    )
