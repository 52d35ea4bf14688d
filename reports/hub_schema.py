"""Tables of a hub's SQLite file, version by version. A released script never changes."""

_REPORTS = """
CREATE TABLE lab(
  site TEXT PRIMARY KEY, name TEXT NOT NULL, public_key BLOB NOT NULL CHECK(length(public_key)=32),
  enrolled_at TEXT NOT NULL, closed_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE report(
  id INTEGER PRIMARY KEY, report_id TEXT NOT NULL UNIQUE, lab TEXT NOT NULL REFERENCES lab(site),
  sequence INTEGER NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL, supersedes TEXT NOT NULL,
  complete INTEGER NOT NULL, sha256 TEXT NOT NULL, body BLOB NOT NULL, signature BLOB NOT NULL,
  totals TEXT NOT NULL, reason TEXT NOT NULL, corrections TEXT NOT NULL, period_end TEXT NOT NULL,
  received_at TEXT NOT NULL, skew_s INTEGER, UNIQUE(lab, sequence)
) STRICT;
CREATE INDEX report_day ON report(day, lab);
CREATE TABLE sample_row(
  report INTEGER NOT NULL REFERENCES report(id), position INTEGER NOT NULL, sample TEXT NOT NULL,
  concluded INTEGER NOT NULL, quarantined TEXT NOT NULL, body TEXT NOT NULL CHECK(json_valid(body)),
  PRIMARY KEY(report, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm(
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, lab TEXT NOT NULL, code TEXT NOT NULL,
  report_id TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE TABLE accepted_name(name TEXT PRIMARY KEY, by TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE flag(
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, lab TEXT NOT NULL,
  sample TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER report_no_update BEFORE UPDATE ON report
  BEGIN SELECT RAISE(ABORT, 'reports are append-only'); END;
CREATE TRIGGER report_no_delete BEFORE DELETE ON report
  BEGIN SELECT RAISE(ABORT, 'reports are append-only'); END;
CREATE TRIGGER sample_row_no_update BEFORE UPDATE ON sample_row
  BEGIN SELECT RAISE(ABORT, 'reports are append-only'); END;
CREATE TRIGGER sample_row_no_delete BEFORE DELETE ON sample_row
  BEGIN SELECT RAISE(ABORT, 'reports are append-only'); END;
CREATE TRIGGER lab_key_stays BEFORE UPDATE OF site, public_key, enrolled_at ON lab
  BEGIN SELECT RAISE(ABORT, 'a key on file is not exchanged'); END;
"""

_UNKNOWNS = """
CREATE TABLE unknown_row(
  report INTEGER NOT NULL REFERENCES report(id), position INTEGER NOT NULL, code TEXT NOT NULL,
  body TEXT NOT NULL CHECK(json_valid(body)), PRIMARY KEY(report, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE unknown_code(
  lab TEXT NOT NULL REFERENCES lab(site), lab_code TEXT NOT NULL, code TEXT NOT NULL,
  serial INTEGER NOT NULL, at TEXT NOT NULL, score REAL, PRIMARY KEY(lab, lab_code)
) STRICT, WITHOUT ROWID;
CREATE INDEX unknown_code_serial ON unknown_code(serial);
CREATE TABLE unknown_signature(
  id INTEGER PRIMARY KEY, lab TEXT NOT NULL, lab_code TEXT NOT NULL, kind TEXT NOT NULL,
  base_mz INTEGER NOT NULL, signature TEXT NOT NULL, UNIQUE(lab, lab_code, signature)
) STRICT;
CREATE INDEX unknown_signature_look ON unknown_signature(kind, base_mz);
CREATE TRIGGER unknown_row_no_update BEFORE UPDATE ON unknown_row
  BEGIN SELECT RAISE(ABORT, 'reports are append-only'); END;
CREATE TRIGGER unknown_row_no_delete BEFORE DELETE ON unknown_row
  BEGIN SELECT RAISE(ABORT, 'reports are append-only'); END;
CREATE TRIGGER unknown_code_no_update BEFORE UPDATE ON unknown_code
  BEGIN SELECT RAISE(ABORT, 'a code given is never changed'); END;
CREATE TRIGGER unknown_code_no_delete BEFORE DELETE ON unknown_code
  BEGIN SELECT RAISE(ABORT, 'a code given is never taken back'); END;
"""

_ANSWERS = """
CREATE TABLE answer(
  lab TEXT NOT NULL REFERENCES lab(site), sequence INTEGER NOT NULL, sha256 TEXT NOT NULL,
  previous TEXT NOT NULL, made_at TEXT NOT NULL, body BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY(lab, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE unknown_merge(
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, code TEXT NOT NULL,
  into_code TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER answer_no_update BEFORE UPDATE ON answer
  BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END;
CREATE TRIGGER answer_no_delete BEFORE DELETE ON answer
  BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END;
CREATE TRIGGER unknown_merge_no_update BEFORE UPDATE ON unknown_merge
  BEGIN SELECT RAISE(ABORT, 'merges are append-only'); END;
CREATE TRIGGER unknown_merge_no_delete BEFORE DELETE ON unknown_merge
  BEGIN SELECT RAISE(ABORT, 'merges are append-only'); END;
"""

SCRIPTS = (_REPORTS, _UNKNOWNS, _ANSWERS)
"""Script ``n`` brings a file of version ``n`` to version ``n + 1``."""
VERSION = len(SCRIPTS)
