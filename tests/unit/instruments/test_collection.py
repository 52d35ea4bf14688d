import io
import stat
import zipfile

import pytest

from instruments.collection import Unreadable, walk
from instruments.export import Export
from instruments.writers import write
from tests.unit.instruments.measurements import a_raman, an_infrared

GOOD = write([an_infrared()], "jcamp")


def an_archive(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def test_a_bad_file_never_stops_the_others(tmp_path):
    (tmp_path / "1.jdx").write_bytes(GOOD)
    (tmp_path / "2.jdx").write_bytes(b"")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "3.csv").write_bytes(write([a_raman()], "csv"))
    (tmp_path / ".hidden.jdx").write_bytes(GOOD)
    (tmp_path / "link.jdx").symlink_to(tmp_path / "1.jdx")
    first, second, third = walk([tmp_path])
    assert isinstance(first, Export)
    assert isinstance(second, Unreadable)
    assert second.error == "CorruptFileError"
    assert second.hint
    assert isinstance(third, Export)


def test_what_is_not_there_is_unreadable(tmp_path):
    (found,) = walk([tmp_path / "nowhere.jdx"])
    assert isinstance(found, Unreadable)
    assert found.error == "FileNotFoundError"


def test_zip_is_read_in_memory_under_any_name(tmp_path):
    path = an_archive(tmp_path / "export.CDF", [("a/1.jdx", GOOD), ("b.jdx", b"rubbish")])
    first, second = walk([path])
    assert isinstance(first, Export)
    assert str(first.path).endswith("export.CDF!a/1.jdx")
    assert isinstance(second, Unreadable)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export.CDF"]


@pytest.mark.parametrize("name", ["../up.jdx", "/root.jdx", "a/../../b.jdx", "C:\\x.jdx", "..\\x"])
def test_zip_entries_that_point_outside_are_refused(tmp_path, name):
    path = an_archive(tmp_path / "a.zip", [(name, GOOD), ("good.jdx", GOOD)])
    bad, good = walk([path])
    assert isinstance(bad, Unreadable)
    assert bad.error == "RefusedFormatError"
    assert isinstance(good, Export)


def test_zip_links_are_refused(tmp_path):
    info = zipfile.ZipInfo("link.jdx")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    (found,) = walk([tmp_path / "a.zip"])
    assert isinstance(found, Unreadable)
    assert "link" in found.message


def test_zip_bomb_is_refused_before_it_unpacks(tmp_path):
    path = an_archive(tmp_path / "a.zip", [(f"{n}.txt", bytes(20_000_000)) for n in range(3)])
    (found,) = walk([path])
    assert isinstance(found, Unreadable)
    assert "unpack to" in found.message


def test_zip_that_lies_about_a_size_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jdx", GOOD)
    data = bytearray(buffer.getvalue())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    (found,) = walk([path])
    assert isinstance(found, Unreadable)


def test_damaged_zip_is_one_problem(tmp_path):
    path = an_archive(tmp_path / "a.zip", [("a.jdx", GOOD)])
    path.write_bytes(path.read_bytes()[:-30])
    (found,) = walk([path])
    assert isinstance(found, Unreadable)
