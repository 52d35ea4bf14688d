"""What the manifest of real instrument files states, corrected where a file contradicts it.

Plain data and comparisons without pytest, so that the benchmark of readers judges by the same facts
as the tests do.
"""

from collections.abc import Mapping

# Refused on purpose: not for this bench, a background alone, or no open reader exists.
REFUSED = (
    "jcamp-refuse",
    "jcamp-ntuples",
    "asdf-forms/jcamp-",
    "background.0",
    "-gcd",
    ".SMS",
    ".wxd",
    ".l6s",
    "waters-raw",
    "agilent-resolutions",
)
# Where the file itself contradicts the manifest, with the evidence.
OTHER_FACTS = {
    # SpectrumSize = 1024 in both headers: two spectra, not one of 2048 points.
    "raman/witec-txt/Witec_TrueMatch.txt": {
        "n_spectra": "2",
        "n_points": "1024",
        "y_min": "677.5",
    },
    # A map of 25 named columns.
    "raman/witec-txt/Witec-Map_full.txt": {"n_spectra": "25"},
    # raw_data_retention is stored point by point; the manifest assumed an interval of 1 s.
    "gcms/andi-cdf/agilent-gcms-tic.cdf": {"x_last": "1800.92", "x_at_ymax": "1315.453"},
    # The vendor's own CSV beside it lists both last scans (8.49383, 8.50467 min).
    "gcms/agilent-D/yellow.D/data.ms": {"n_scans": "1307", "rt_last": "8.49383333"},
    "gcms/agilent-D/yellow.D/dataSim.ms": {"n_scans": "1309", "rt_last": "8.50466667"},
    # Stored in twentieths: 599.9, which another reader rounds to whole masses.
    "gcms/agilent-D/GC01_0812_066.D/DATA.MS": {"mz_max": "599.9"},
    # The axis falls in the file, and the first intensity belongs to its first value.
    "raman/horiba-xml/jobinyvon_test_spec_3s_cm-1.xml": {"x_first": "2844.97", "x_last": "1930.57"},
    # Times in minutes and in seconds in one file: 5.8905 min and 42.05 s.
    "gcms/mzml/tiny.pwiz.1.1.mzML": {"rt_last": "0.70083333"},
}

# mzML states the unit of its times file by file; these two are in seconds, the others in minutes.
MZML_IN_SECONDS = ("testdata.mzml", "S30657.mzML.gz")


def facts(row: Mapping[str, str]) -> dict[str, str]:
    """Return the stated facts of a manifest row that are filled, corrections applied."""
    return {key: row[key] for key in row if row[key]} | OTHER_FACTS.get(row["file"], {})


def is_refused(row: Mapping[str, str]) -> bool:
    """Return whether this software refuses the file on purpose, or the manifest has no facts."""
    name = row["file"]
    if row["note"].startswith("minimal") or "compression-small" in name:
        return False
    return any(part in name for part in REFUSED) or not (row["n_points"] or row["n_scans"])


def stated_in_minutes(row: Mapping[str, str]) -> bool:
    """Return whether the manifest gives the scan times of a row in minutes, else in seconds."""
    if row["format"] == "mzml":
        return not row["file"].endswith(MZML_IN_SECONDS)
    return row["format"] in ("mzxml", "agilent-D", "thermo-raw")


def close(found: float, stated: str | float) -> bool:
    """Return whether a number agrees with a stated one as far as the manifest prints it."""
    return abs(float(found) - float(stated)) <= 2e-5 * max(1.0, abs(float(stated)))
