-- The lab's own references: a reviewed run that two people make an entry of a library.
CREATE TABLE reference(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  run TEXT NOT NULL REFERENCES run(id) ON DELETE RESTRICT,
  finding TEXT NOT NULL REFERENCES finding(id) ON DELETE RESTRICT,
  raw_sha256 TEXT NOT NULL,
  position INTEGER NOT NULL,
  substance TEXT NOT NULL,
  inchikey TEXT NOT NULL,
  salt TEXT NOT NULL,
  purity TEXT NOT NULL,
  source TEXT NOT NULL,
  licence TEXT NOT NULL,
  library TEXT NOT NULL,
  proposed_at TEXT NOT NULL,
  proposed_by TEXT NOT NULL,
  proposed_event TEXT NOT NULL,
  approved_at TEXT NOT NULL DEFAULT '',
  approved_by TEXT NOT NULL DEFAULT '',
  approved_event TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '',
  entry TEXT NOT NULL DEFAULT '',
  record_hash TEXT NOT NULL DEFAULT '',
  closed_at TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX reference_file ON reference(raw_sha256);
CREATE INDEX reference_library ON reference(library, seq);

-- Other labs whose releases are taken: their keys, compared by voice before they were trusted.
CREATE TABLE trusted_lab(
  fingerprint TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  site TEXT NOT NULL,
  name TEXT NOT NULL,
  public_key TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  withdrawn_at TEXT NOT NULL DEFAULT '',
  withdrawn_by TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT ''
) STRICT;

-- What this lab released to others: one chain for each library, each link naming the one before.
CREATE TABLE library_release(
  library TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  version TEXT NOT NULL,
  seq INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(library, sequence),
  UNIQUE(library, version)
) STRICT;

-- Stored unknowns searched again: what each search gave, and which library versions it covered.
CREATE TABLE search_again(
  seq INTEGER PRIMARY KEY,
  finding TEXT NOT NULL REFERENCES finding(id) ON DELETE RESTRICT,
  sample TEXT NOT NULL,
  was TEXT NOT NULL,
  now TEXT NOT NULL,
  headline TEXT NOT NULL,
  gain TEXT NOT NULL,
  new_finding TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX search_again_gain ON search_again(seq) WHERE gain<>'';
CREATE INDEX search_again_new ON search_again(new_finding) WHERE new_finding<>'';
CREATE TABLE search_again_library(
  seq INTEGER NOT NULL,
  library TEXT NOT NULL,
  version TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  finding TEXT NOT NULL,
  PRIMARY KEY(seq, library)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_again_finding ON search_again_library(finding);
-- The last finding of a run is asked for with each unknown.
CREATE INDEX finding_run ON finding(run);
