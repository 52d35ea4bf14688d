-- Unknowns: findings that nobody could name, gathered by likeness under a code of the lab's own.
-- A code is never given twice and no row is ever taken out: a merged cluster stays and says where to.
CREATE TABLE unknown_cluster(
  code TEXT PRIMARY KEY,
  serial INTEGER NOT NULL UNIQUE,
  seq INTEGER NOT NULL,
  class_name TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  split_from TEXT NOT NULL DEFAULT '',
  merged_into TEXT NOT NULL DEFAULT '',
  closed_at TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '',
  inchikey TEXT NOT NULL DEFAULT '',
  named_at TEXT NOT NULL DEFAULT '',
  named_by TEXT NOT NULL DEFAULT '',
  named_how TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX unknown_cluster_state ON unknown_cluster(state, serial);
-- One row for each answer of a finding; `attracts`: later spectra are compared with this one.
CREATE TABLE unknown_member(
  finding TEXT NOT NULL REFERENCES finding(id) ON DELETE RESTRICT,
  answer INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  code TEXT NOT NULL REFERENCES unknown_cluster(code) ON DELETE RESTRICT,
  first_code TEXT NOT NULL,
  sample TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  class_name TEXT NOT NULL,
  mass_shift TEXT NOT NULL,
  signature TEXT NOT NULL,
  base_mz INTEGER NOT NULL,
  share REAL NOT NULL,
  attracts INTEGER NOT NULL,
  score REAL,
  why TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(finding, answer)
) STRICT, WITHOUT ROWID;
CREATE INDEX unknown_member_code ON unknown_member(code, at);
CREATE INDEX unknown_member_sample ON unknown_member(sample);
CREATE INDEX unknown_member_look ON unknown_member(kind, base_mz) WHERE attracts=1;
-- What people did to clusters: merged, split, named.
CREATE TABLE unknown_act(
  seq INTEGER PRIMARY KEY,
  code TEXT NOT NULL REFERENCES unknown_cluster(code) ON DELETE RESTRICT,
  kind TEXT NOT NULL,
  other TEXT NOT NULL,
  name TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX unknown_act_code ON unknown_act(code, seq);

-- Candidates sent to a regional lab for confirmation; open until it answers, for years if need be.
CREATE TABLE candidate_request(
  finding TEXT NOT NULL REFERENCES finding(id) ON DELETE RESTRICT,
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  sent_to TEXT NOT NULL,
  remark TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  substance TEXT NOT NULL DEFAULT '',
  reference TEXT NOT NULL DEFAULT '',
  answer_remark TEXT NOT NULL DEFAULT '',
  answered_at TEXT NOT NULL DEFAULT '',
  answered_by TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(finding, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX candidate_request_sample ON candidate_request(sample);
CREATE INDEX candidate_request_open ON candidate_request(seq) WHERE answered_at='';

-- Parcels of one batch were taken in by one act: who is near a dangerous one is asked for at once.
CREATE INDEX shipment_batch ON shipment(received_by, received_at);
