from __future__ import annotations

import numpy as np

from spectra.mass_quality import check
from spectra.spectrum import MassSpectrum


def spectrum(mz, intensity, **more) -> MassSpectrum:
    return MassSpectrum(title="q", mz=mz, intensity=intensity, **more)


GOOD = spectrum([42, 77, 91, 146, 189, 245], [30, 20, 40, 60, 45, 100])


def reasons(*args, **kwargs) -> str:
    found = check(*args, **kwargs)
    assert not found.ok
    return "; ".join(found.reasons)


def test_a_usual_spectrum_passes():
    found = check(GOOD, signal_to_noise=80.0, purity=0.9)
    assert found.ok
    assert found.reasons == ()
    assert found.coverage == 1.0


def test_every_reason_is_given():
    text = reasons(
        spectrum([50, 60], [1.0, 2.0], faults=("base peak missing",)),
        signal_to_noise=3.0,
        purity=0.05,
    )
    for part in ("base peak missing", "2 peaks", "signal to noise 3.0", "5%"):
        assert part in text


def test_too_few_ions_or_one_that_holds_all_is_insufficient():
    assert "no peaks" in reasons(spectrum([], []))
    assert "not a number" in reasons(spectrum([50.0], [np.nan]))
    assert "4 peaks" in reasons(spectrum([50, 60, 70, 80, 90], [100, 99, 98, 97, 0.5]))
    assert "holds" in reasons(spectrum([58, 60, 70, 80, 90], [1000, 10, 10, 10, 10]))


def test_equal_highest_readings_are_a_saturated_detector():
    flat = spectrum([50, 60, 70, 80, 90, 95], [100, 100, 100, 100, 40, 20])
    assert "dilute" in reasons(flat)
    assert check(flat).saturated
    two = spectrum([50, 60, 70, 80, 90, 95], [100, 100, 90, 80, 40, 20])
    assert check(two).ok
