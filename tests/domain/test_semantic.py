"""What an export says, apart from when it was made (T9)."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from custody.domain.semantic import semantic_hash


def office(members: dict[str, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


SHEET = {"xl/sheet1.xml": b"<row/>", "docProps/core.xml": b"<created>1</created>"}


def test_an_export_made_at_another_time_says_the_same() -> None:
    """T9: exports differ byte by byte through their dates alone."""
    later = SHEET | {"docProps/core.xml": b"<created>2</created>"}
    assert semantic_hash(office(SHEET)) == semantic_hash(office(later))


def test_the_order_and_packing_of_members_say_nothing() -> None:
    turned = dict(reversed(SHEET.items()))
    assert semantic_hash(office(SHEET)) == semantic_hash(office(turned, ZIP_STORED))


def test_another_content_says_something_else() -> None:
    edited = SHEET | {"xl/sheet1.xml": b"<row>1</row>"}
    renamed = {"xl/sheet2.xml": SHEET["xl/sheet1.xml"]}
    hashes = {semantic_hash(office(members)) for members in (SHEET, edited, renamed)}
    assert len(hashes) == 3


def test_names_and_contents_cannot_be_shifted_into_each_other() -> None:
    assert semantic_hash(office({"ab": b"c"})) != semantic_hash(office({"a": b"bc"}))


def test_what_is_no_archive_says_its_bytes() -> None:
    assert semantic_hash(b"one") == semantic_hash(b"one") != semantic_hash(b"two")
