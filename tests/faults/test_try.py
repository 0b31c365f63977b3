from faults.rig import Rig
from custody.domain.vault import Holding
def test_a(rig: Rig, holding: Holding):
    f = rig.upload(holding, "x.csv", b"a,b")
    rig.capture(holding, f.file_id)
    assert rig.contents(holding, f.file_id) == [b"a,b"]
    assert rig.published("versions-stored")
    rig.drain("shared-drive")
    rig.upload(holding, "x.csv", b"a,bc")
    rig.drain("shared-drive")
    assert rig.touched() == {f.file_id: 1}
