-- Reports on one sample or shipment: written, reviewed by two others, issued, amended, withdrawn.
-- Their bytes stand in document, by SHA-256: of each revision's content, and of what was issued.
CREATE TABLE certificate(
  number TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('final', 'preliminary')),
  state TEXT NOT NULL CHECK(state IN ('draft', 'sent_back', 'tech_reviewed', 'admin_reviewed',
    'issued', 'amended', 'withdrawn', 'dropped')),
  subject TEXT NOT NULL,
  shipment TEXT NOT NULL REFERENCES shipment(number) ON DELETE RESTRICT,
  revision INTEGER NOT NULL,
  typed TEXT NOT NULL CHECK(json_valid(typed)),
  content_sha256 TEXT NOT NULL,
  amends TEXT NOT NULL,
  reason TEXT NOT NULL,
  expires_on TEXT NOT NULL,
  issued_at TEXT NOT NULL DEFAULT '',
  issued_by TEXT NOT NULL DEFAULT '',
  document_sha256 TEXT NOT NULL DEFAULT '',
  signature TEXT NOT NULL DEFAULT '',
  amended_by TEXT NOT NULL DEFAULT '',
  withdrawal_asked_at TEXT NOT NULL DEFAULT '',
  withdrawal_asked_by TEXT NOT NULL DEFAULT '',
  withdrawal_reason TEXT NOT NULL DEFAULT '',
  withdrawn_at TEXT NOT NULL DEFAULT '',
  withdrawn_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX certificate_subject ON certificate(subject, seq);
CREATE INDEX certificate_open ON certificate(seq)
  WHERE state IN ('draft', 'sent_back', 'tech_reviewed', 'admin_reviewed');
CREATE INDEX certificate_seq ON certificate(seq);
CREATE TABLE certificate_sample(
  number TEXT NOT NULL REFERENCES certificate(number) ON DELETE RESTRICT,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  place INTEGER NOT NULL,
  PRIMARY KEY(number, sample)
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_sample_sample ON certificate_sample(sample);
CREATE TABLE certificate_revision(
  number TEXT NOT NULL REFERENCES certificate(number) ON DELETE RESTRICT,
  revision INTEGER NOT NULL,
  content_sha256 TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(number, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE certificate_review(
  seq INTEGER PRIMARY KEY,
  number TEXT NOT NULL REFERENCES certificate(number) ON DELETE RESTRICT,
  revision INTEGER NOT NULL,
  step TEXT NOT NULL CHECK(step IN ('technical', 'administrative')),
  accept INTEGER NOT NULL CHECK(accept IN (0, 1)),
  remark TEXT NOT NULL,
  remote TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX certificate_review_number ON certificate_review(number, seq);
CREATE TABLE certificate_statement(
  seq INTEGER PRIMARY KEY,
  number TEXT NOT NULL REFERENCES certificate(number) ON DELETE RESTRICT,
  what TEXT NOT NULL,
  text TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX certificate_statement_number ON certificate_statement(number, seq);
CREATE TABLE certificate_copy(
  seq INTEGER PRIMARY KEY,
  number TEXT NOT NULL REFERENCES certificate(number) ON DELETE RESTRICT,
  copy INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  form TEXT NOT NULL CHECK(form IN ('pdf', 'html', 'json', 'paper')),
  how TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  UNIQUE(number, copy)
) STRICT;
