import errno

import pytest

from instruments import raw
from lims import originals
from lims.errors import ConfigError, DiskFailedError, StorageFullError


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageFullError),
        (errno.EDQUOT, StorageFullError),
        (errno.EFBIG, StorageFullError),
        (errno.EACCES, ConfigError),
        (errno.EROFS, ConfigError),
        (errno.EIO, DiskFailedError),
    ],
)
def test_what_the_system_refuses_is_told_with_what_to_do(tmp_path, monkeypatch, number, kind):
    def refused(*_):
        raise OSError(number, "refused")

    monkeypatch.setattr(raw, "keep", refused)
    with pytest.raises(kind) as told:
        originals.keep_original(tmp_path, b"x")
    assert told.value.hint


def test_kept_bytes_are_there_under_their_hash(tmp_path):
    digest = originals.keep_original(tmp_path, b"x")
    assert raw.fetch(tmp_path, digest) == b"x"
