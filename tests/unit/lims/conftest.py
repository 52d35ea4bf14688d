import pytest

from instruments import registry, sandbox
from tests.lims_builders import a_lab


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A folder for instrument files; reading stays in this process, the guard has its own tests."""
    monkeypatch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
    folder = tmp_path / "bench"
    folder.mkdir()
    return folder
