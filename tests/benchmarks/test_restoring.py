"""What the measurement of restoring restores is all that was put there."""

from pathlib import Path

import pytest
from benchmarks.process import run_task
from benchmarks.site import running_site

from benchmarks import restore, rivals

FILES = 3


@pytest.mark.skipif(bool(rivals.missing("zstd")), reason="this machine has no zstd to compare with")
def test_a_source_is_restored_as_zstd_expands_its_copies(tmp_path: Path) -> None:
    with running_site() as site:
        source = restore._many_files(site, FILES)
        restored, plain = tmp_path / "restored", tmp_path / "plain"
        plain.mkdir()
        words = (str(source.tenant.life), str(restored))
        told = run_task("restore_source", *words, settings=source.tenant.settings).told
        rivals.unzstd_all(source.copies, plain, restore.CORES)
        assert (told["restored"], source.files) == (FILES, FILES)
    assert len(list(plain.iterdir())) == FILES
    restore._require_same(restored, plain)
