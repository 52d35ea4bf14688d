import pytest

from lims import keys
from lims.errors import ConfigError


def test_signature_fits_the_public_key_and_nothing_else(lab):
    signature = keys.sign(lab, b"report")
    assert len(signature) == 64
    assert keys.verify(keys.public_key(lab), b"report", signature)
    assert not keys.verify(keys.public_key(lab), b"repost", signature)
    assert not keys.verify(bytes(32), b"report", signature)
    assert not keys.verify(b"short", b"report", signature)
    assert not keys.verify(keys.public_key(lab), b"report", b"")


def test_key_is_made_once(lab):
    with pytest.raises(ConfigError, match="exists already"):
        keys.create(lab.keys_folder)


def test_missing_swapped_damaged_and_open_key_are_errors(lab, tmp_path):
    path = lab.keys_folder / keys.PRIVATE_NAME
    own = path.read_bytes()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="other accounts"):
        keys.sign(lab, b"x")
    path.chmod(0o600)
    path.write_bytes(own[:20])
    with pytest.raises(ConfigError, match="cannot be read"):
        keys.sign(lab, b"x")
    path.unlink()
    with pytest.raises(ConfigError, match="missing"):
        keys.sign(lab, b"x")
    (lab.keys_folder / keys.PUBLIC_NAME).unlink()
    keys.create(lab.keys_folder)
    with pytest.raises(ConfigError, match="not the one"):
        keys.sign(lab, b"x")
