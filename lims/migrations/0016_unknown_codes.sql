-- Headquarters' answers: whose key signs them, which were taken, and what they say of our unknowns.
CREATE TABLE trusted_hub(
  fingerprint TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  public_key TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  replaced_at TEXT NOT NULL DEFAULT ''
) STRICT;
-- Numbered without gaps under one key; each names the one before by its hash.
CREATE TABLE hub_answer(
  fingerprint TEXT NOT NULL REFERENCES trusted_hub(fingerprint) ON DELETE RESTRICT,
  sequence INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  previous TEXT NOT NULL,
  made_at TEXT NOT NULL,
  unknowns INTEGER NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(fingerprint, sequence)
) STRICT, WITHOUT ROWID;
-- The last word on each of our codes.
CREATE TABLE network_unknown(
  lab_code TEXT PRIMARY KEY REFERENCES unknown_cluster(code) ON DELETE RESTRICT,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  said TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX network_unknown_code ON network_unknown(code);
