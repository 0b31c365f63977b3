"""What customers call things is found nowhere in the clear: canaries are fed in, then hunted.

Names, addresses, paths and contents go through every step, on failing paths too. Logs, messages,
dead letters, object names, metadata and the ledger may hold opaque ids alone (T8, T24).
"""

import base64
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from custody.adapters.google_api import GoogleApi
from custody.adapters.objects import storage_client
from custody.domain.drive import FOLDER, SHORTCUT
from custody.domain.topology import SWEEP_SECONDS, TOPICS
from custody.domain.vault import CustomerId, FileId, Holding, Source
from custody.steps.holdings import add_customer, open_holding
from end_to_end.installation import Installation, wait_for
from localcloud.environment import BUCKETS, PROJECT

BIRD = "kanarie"
"""Every canary has it in its name, whatever else."""
DISPLAY_NAME = f"{BIRD}-display"
FILE_NAME = f"{BIRD}-file.csv"
FOLDER_NAME = f"{BIRD}-folder"
OWNER = f"{BIRD}-owner@client.example"
SENDER = f"{BIRD}-sender@client.example"
CONTENT = f"{BIRD}-content,1\n".encode() * 200
REMARK = f"{BIRD}-remark of Google's on {FILE_NAME}"
UNASKED = {"deletion-requests", *(one for one in TOPICS if one.startswith("erasure-tasks-"))}
"""Nobody asks for an erasure here: another story hunts through what one says."""
INSIDE = base64.b64encode(f'{{"corpus": ["{BIRD}"], "epoch": "{BIRD}"}}'.encode()).decode()


class Feeding:
    """Everything that happened, and where it may have left traces."""

    def __init__(self, custody: Installation) -> None:
        self.custody = custody
        self.messages: list[dict[str, Any]] = []
        api = GoogleApi(
            "pubsub",
            "v1",
            root=f"http://{custody.ready['pubsub']}",
            credentials=AnonymousCredentials(),
        )
        self.projects = api.service().projects()

    def listen(self) -> None:
        """To everything that anybody publishes, what is given up included."""
        for topic in TOPICS:
            for name in (topic, f"{topic}-dead"):
                self.projects.subscriptions().create(
                    name=f"projects/{PROJECT}/subscriptions/{name}-overheard",
                    body={"topic": f"projects/{PROJECT}/topics/{name}"},
                ).execute()

    def overheard(self, topic: str) -> list[dict[str, Any]]:
        body = {"maxMessages": 1000, "returnImmediately": True}
        name = f"projects/{PROJECT}/subscriptions/{topic}-overheard"
        answer = self.projects.subscriptions().pull(subscription=name, body=body).execute()
        return [one["message"] for one in answer.get("receivedMessages", [])]

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        full = f"projects/{PROJECT}/topics/{topic}"
        self.projects.topics().publish(topic=full, body={"messages": [message]}).execute()

    def buckets(self) -> Iterator[storage.Blob]:
        client = storage_client(self.custody.ready["storage"])
        for name in BUCKETS.values():
            yield from client.list_blobs(name)


@pytest.fixture(scope="module")
def fed(installation: Installation) -> Feeding:
    feeding = Feeding(installation)
    feeding.listen()
    holding = register(installation)
    share(installation, holding)
    fail(installation, holding)
    deceive(feeding)
    lose(installation, holding)
    installation.settle()
    return feeding


def register(custody: Installation) -> Holding:
    customer = add_customer(
        custody.office, DISPLAY_NAME, customer=CustomerId("c-aaaabbbbcccc"), mail_from=(SENDER,)
    )
    return open_holding(custody.office, customer, Source("hubspot"))


def share(custody: Installation, holding: Holding) -> None:
    """Files of every kind, in a folder of the holding and in one that the customer owns."""
    api, owner = custody.as_person(), custody.as_person(OWNER)
    own_folder = custody.make(owner, {"name": FOLDER_NAME, "mimeType": FOLDER})
    custody.share(owner, own_folder, custody.ready["env"]["CUSTODY_SUBJECT"], "writer")
    adopted = custody.open(folder=own_folder, name=f"{DISPLAY_NAME}-adopted")
    where = {"mimeType": FOLDER, "parents": [holding.folder_id]}
    folder = custody.make(api, {"name": FOLDER_NAME, **where})
    inside = replace(holding, folder_id=folder)
    file = custody.upload(inside, FILE_NAME, CONTENT)
    odd = {"name": f"odd-{FILE_NAME}", "parents": [folder], "mimeType": f"application/x-{BIRD}"}
    custody.make(api, odd, CONTENT, kind=f"application/x-{BIRD}")
    custody.native(inside, "spreadsheet", f"sheet-{FILE_NAME}", CONTENT)
    custody.native(inside, "form", f"form-{FILE_NAME}")
    link = {"mimeType": SHORTCUT, "shortcutDetails": {"targetId": file.file_id}}
    custody.make(api, {"name": f"link-{FILE_NAME}", "parents": [folder], **link})
    owned = custody.make(owner, {"name": FILE_NAME, "parents": [own_folder]}, CONTENT)
    custody.expect(holding, file.file_id, CONTENT)
    custody.expect(adopted, owned, CONTENT)
    custody.upload(inside, FILE_NAME, CONTENT + b"more\n")
    custody.expect(holding, file.file_id, CONTENT, CONTENT + b"more\n")


def fail(custody: Installation, holding: Holding) -> None:
    """Each way in which a capture goes wrong, with remarks that name the customer's things."""
    faults: list[tuple[str, dict[str, Any]]] = [
        ("drive.revisions.get", {"status": 403, "reason": "cannotDownloadFile"}),
        ("drive.revisions.get", {"status": 404, "reason": "notFound"}),
        ("drive.revisions.get", {"status": 400, "reason": "invalid"}),
        ("drive.revisions.get", {"corrupt": True}),
        ("drive.files.get", {"status": 400, "reason": "badRequest"}),
        ("drive.files.get", {"status": 403, "reason": "insufficientFilePermissions"}),
        ("batch", {"status": 500}),
        ("batch", {"status": 400}),
        ("storage.objects.insert", {"status": 403}),
        ("storage.objects.insert", {"status": 400}),
        ("storage.objects.get", {"status": 400}),
        ("pubsub.publish", {"status": 403}),
        ("pubsub.publish", {"status": 400}),
        ("drive.changes.list", {"status": 404, "reason": "notFound"}),
    ]
    for number, (method, fault) in enumerate(faults):
        said = {"message": REMARK} if "status" in fault else {}
        custody.fails(method, **fault, **said)
        custody.upload(holding, f"{number}-{FILE_NAME}", CONTENT)
        wait_for(partial(custody.hits, method))
        custody.settle()
        custody.calm_down()
    custody.advance(SWEEP_SECONDS)  # what failed is delivered again
    custody.settle()


def deceive(feeding: Feeding) -> None:
    """Messages and pushes that are not ours, which anybody may fill with anything."""
    ready = feeding.custody.ready
    for topic in TOPICS:
        feeding.publish(topic, {"data": INSIDE, "attributes": {BIRD: BIRD, "timer": BIRD}})
    headers = {f"X-Goog-{name}": f"{BIRD}.1.{BIRD}" for name in ("Channel-ID", "Channel-Token")} | {
        "X-Goog-Resource-State": BIRD,
        "X-Cloud-Trace-Context": BIRD,
    }
    requests.post(ready["functions"]["receive_push"], headers=headers, data=BIRD, timeout=10)
    for url in ready["functions"].values():
        requests.post(f"{url}/{BIRD}?{BIRD}={BIRD}", data=f'{{"{BIRD}": ', timeout=10)


def lose(custody: Installation, holding: Holding) -> None:
    """Trashed, deleted, moved to another holding."""
    api = custody.as_person()
    other = custody.open("stripe", name=f"{DISPLAY_NAME}-other")
    files = [custody.upload(holding, f"lost-{n}-{FILE_NAME}", CONTENT) for n in range(3)]
    for file in files:
        custody.expect(holding, file.file_id, CONTENT)
    custody.change(api, files[0].file_id, body={"trashed": True})
    api.call(
        "an end",
        lambda s: s.files().delete(fileId=files[1].file_id, supportsAllDrives=True),
    )
    custody.change(
        api, files[2].file_id, addParents=other.folder_id, removeParents=holding.folder_id
    )
    for file in files:
        wait_for(partial(is_lost, custody, holding, file.file_id))


def is_lost(custody: Installation, holding: Holding, file_id: FileId) -> bool:
    return custody.history(holding, file_id).lost is not None


def sings(data: bytes | str) -> bool:
    """Whether a canary is in it, in any of the forms in which bytes are written down."""
    clear = data if isinstance(data, bytes) else data.encode()
    forms = [BIRD.encode(), BIRD.encode().hex().encode()]
    for shift in range(3):
        coded = base64.b64encode(b" " * shift + BIRD.encode())
        forms.append(coded[4:-4] if shift else coded[:-4])
    return any(form in clear.lower() or form in clear for form in forms)


def test_the_canaries_were_really_fed(fed: Feeding) -> None:
    """Else the hunt would find nothing for the wrong reason."""
    events = {line.get("event") for line in fed.custody.lines()}
    assert events >= {
        "push_received",
        "push_refused",
        "changes_drained",
        "version_stored",
        "file_not_captured",
        "quarantined",
        "source_lost",
        "request_put_off",
        "capture_put_off",
    }
    assert len({entry.kind for entry in fed.custody.world.quarantine.all()}) == 2
    assert sings(CONTENT)
    assert sings(base64.b64encode(b"x" + CONTENT))


def test_no_log_line_has_a_canary(fed: Feeding) -> None:
    found = [line for line in fed.custody.output.read_text().splitlines() if sings(line)]
    assert found == []


def test_no_message_of_ours_has_a_canary(fed: Feeding) -> None:
    """T24: payloads live up to 31 days."""
    for topic in TOPICS:
        ours = [
            one
            for name in (topic, f"{topic}-dead")
            for one in fed.overheard(name)
            if one.get("data") != INSIDE  # what the deceiver published
        ]
        assert ours or topic in UNASKED, f"{topic} said nothing"
        for one in ours:
            assert not sings(base64.b64decode(one.get("data", "")))
            assert not sings(str(one.get("attributes", {})))


def test_no_object_has_a_canary_in_its_name_or_metadata(fed: Feeding) -> None:
    """T8: names and metadata are what every listing and every access log shows."""
    found = [
        blob.name
        for blob in fed.buckets()
        if sings(blob.name) or sings(str(blob.metadata)) or sings(str(blob.content_type))
    ]
    assert found == []


def test_no_stored_byte_outside_the_registry_has_a_canary(fed: Feeding) -> None:
    """The display name stands in the registry alone; contents and names are sealed."""
    found = [
        blob.name
        for blob in fed.buckets()
        if not blob.name.startswith("registry/") and sings(blob.download_as_bytes())
    ]
    assert found == []


def test_the_registry_has_the_display_name_and_nothing_of_the_files(fed: Feeding) -> None:
    registry = [
        blob.download_as_bytes() for blob in fed.buckets() if blob.name.startswith("registry/")
    ]
    assert any(DISPLAY_NAME.encode() in data for data in registry)
    for canary in (FILE_NAME, FOLDER_NAME, OWNER, CONTENT.decode()[:20]):
        assert not any(canary.encode() in data for data in registry)


def test_no_entry_of_the_quarantine_has_a_canary(fed: Feeding) -> None:
    entries = list(fed.custody.world.quarantine.all())
    assert entries
    assert [one for one in entries if sings(repr(one))] == []
