"""Random histories: people, Drive, Pub/Sub and crashes do what they like; the promises hold."""

from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from custody.domain.drive import CORPORA, Corpus
from custody.domain.events import FilesTouched
from custody.domain.vault import FileId
from pipeline.driver import LONG, Pipeline
from pipeline.promises import Keeper, check_settled

places = st.integers(0, 20)
ROWS = b"a row like all others\n" * 500
words = st.sampled_from([b"", b"one", b"two", ROWS, ROWS + b"one more row\n"])
"""Few contents, so that files return to what they said before; some are worth a delta."""


class Histories(RuleBasedStateMachine):
    """Two customers in our drive, one who shares a folder of its own, and all that may happen."""

    files = Bundle("files")
    folders = Bundle("folders")

    def __init__(self) -> None:
        super().__init__()
        self.pipeline = Pipeline()
        self.google = self.pipeline.world.google
        self.keeper = Keeper(self.pipeline.world)
        self.documents: set[FileId] = set()

    @initialize(target=folders)
    def a_folder_of_no_holding(self) -> FileId:
        adopted = self.google.create_folder("of a customer")
        self.holdings = [
            self.pipeline.open("c-acorn", "hubspot"),
            self.pipeline.open("c-birch", "stripe"),
            self.pipeline.open("c-cedar", "zendesk", adopted),
        ]
        return self.google.create_folder("outside", self.google.root)

    # People.

    @rule(target=folders, place=st.integers(0, 2))
    def know_the_folder_of_a_holding(self, place: int) -> FileId:
        return self.holdings[place].folder_id

    @rule(target=folders, parent=folders)
    def create_folder(self, parent: FileId) -> FileId:
        return self.google.create_folder("folder", parent)

    @rule(target=files, place=st.integers(0, 2), data=words)
    def create_file(self, place: int, data: bytes) -> FileId:
        return self.google.create_file("file", self.holdings[place].folder_id, data)

    @rule(target=files, folder=folders, data=words)
    def create_file_in(self, folder: FileId, data: bytes) -> FileId:
        return self.google.create_file("file", folder, data)

    @rule(target=files, place=st.integers(0, 2), data=words)
    def create_document(self, place: int, data: bytes) -> FileId:
        file_id = self.google.create_document("document", self.holdings[place].folder_id, data)
        self.documents.add(file_id)
        return file_id

    @rule(file=files, data=words)
    def edit(self, file: FileId, data: bytes) -> None:
        if file in self.documents:
            self.google.write(file, data)
        else:
            self.google.edit(file, data)

    @rule(file=files, name=st.sampled_from(["file", "another"]))
    def rename(self, file: FileId, name: str) -> None:
        self.google.rename(file, name)

    @rule(file=files, folder=folders)
    def move(self, file: FileId, folder: FileId) -> None:
        self.google.move(file, folder)

    @rule(file=files, place=st.integers(0, 2))
    def move_to_a_holding(self, file: FileId, place: int) -> None:
        self.google.move(file, self.holdings[place].folder_id)

    @rule(folder=folders, parent=folders)
    def move_folder(self, folder: FileId, parent: FileId) -> None:
        line = [above.file_id for above in self.google.item(parent).line()]
        if folder not in line and folder not in {one.folder_id for one in self.holdings}:
            self.google.move(folder, parent)

    @rule(item=files | folders, how=st.sampled_from(["hide", "show", "trash", "untrash"]))
    def lose_or_find(self, item: FileId, how: str) -> None:
        getattr(self.google, how)(item)

    @rule(file=consumes(files))
    def delete(self, file: FileId) -> None:
        self.google.delete(file)

    # Drive.

    @rule(file=files)
    def purge(self, file: FileId) -> None:
        """T10: all but the head is gone, captured or not."""
        if file not in self.documents:
            self.google.purge(file)

    @rule(corpus=st.sampled_from(CORPORA))
    def push(self, corpus: Corpus) -> None:
        self.pipeline.push(corpus)

    @rule(time=st.integers(1, 100))
    def time_passes(self, time: int) -> None:
        self.pipeline.world.advance(timedelta(seconds=time))

    @rule()
    def sweep(self) -> None:
        self.pipeline.sweep()

    @rule()
    def timers(self) -> None:
        self.pipeline.timers()

    @rule()
    def a_quiet_while(self) -> None:
        """Everything that was said arrives, and one sweep."""
        self.pipeline.sweep()
        self.pipeline.deliver_all()

    # Pub/Sub.

    @precondition(lambda self: self.pipeline.queue)
    @rule(place=places, deadline=st.sampled_from([LONG, timedelta(seconds=3)]))
    def deliver(self, place: int, deadline: timedelta) -> None:
        self.pipeline.deliver(place, deadline=deadline)

    @precondition(lambda self: self.pipeline.queue)
    @rule()
    def deliver_what_waits(self) -> None:
        for _ in range(len(self.pipeline.queue)):
            self.pipeline.deliver()

    @precondition(lambda self: self.pipeline.queue)
    @rule(place=places)
    def double(self, place: int) -> None:
        queue = self.pipeline.queue
        queue.append(queue[place % len(queue)])

    @precondition(lambda self: self.pipeline.queue)
    @rule(place=places)
    def drop(self, place: int) -> None:
        self.pipeline.queue.pop(place % len(self.pipeline.queue))

    @rule(place=st.integers(0, 2), file=files)
    def ring_for_any_file(self, place: int, file: FileId) -> None:
        """A message from long ago, of a holding that the file may never have been in."""
        life = self.holdings[place].life
        self.pipeline.queue.append(FilesTouched(life=life, file_ids=(file,)))

    # Accidents.

    @precondition(lambda self: self.pipeline.queue)
    @rule(place=places, write=st.integers(1, 6), takes_effect=st.booleans())
    def crash(self, place: int, write: int, takes_effect: bool) -> None:
        self.pipeline.world.crash_after(write, takes_effect=takes_effect)
        self.pipeline.deliver(place)
        self.pipeline.world.calm_down()

    # Promises.

    @invariant()
    def no_version_is_ever_lost_or_mixed(self) -> None:
        self.keeper.check()

    def teardown(self) -> None:
        self.pipeline.settle()
        self.keeper.check_all()
        check_settled(self.pipeline)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=500,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
