-- The log. Nothing in it is ever changed: triggers here, the authorizer on our connections and the
-- hash chain for everybody else.
CREATE TABLE event(
  seq INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL CHECK(json_valid(body)),
  key TEXT NOT NULL DEFAULT '',
  prev BLOB NOT NULL CHECK(length(prev)=32),
  hash BLOB NOT NULL UNIQUE CHECK(length(hash)=32)
) STRICT;
CREATE UNIQUE INDEX event_key ON event(key) WHERE key<>'';
CREATE TRIGGER event_nu BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT,'append-only'); END;
CREATE TRIGGER event_nd BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT,'append-only'); END;
CREATE TRIGGER event_ni BEFORE INSERT ON event
  WHEN new.seq IS NOT (SELECT coalesce(max(seq),0)+1 FROM event)
    OR new.prev IS NOT coalesce((SELECT hash FROM event ORDER BY seq DESC LIMIT 1), zeroblob(32))
  BEGIN SELECT RAISE(ABORT,'chain break'); END;

-- Bytes that events name by SHA-256 (queued reports), and signed statements about the log.
CREATE TABLE document(
  sha256 TEXT PRIMARY KEY CHECK(length(sha256)=64),
  body BLOB NOT NULL
) STRICT;
CREATE TRIGGER document_nu BEFORE UPDATE ON document BEGIN SELECT RAISE(ABORT,'append-only'); END;
CREATE TRIGGER document_nd BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT,'append-only'); END;
CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root)=32),
  head BLOB NOT NULL CHECK(length(head)=32),
  fingerprint TEXT NOT NULL,
  at TEXT NOT NULL,
  signature BLOB NOT NULL
) STRICT;
CREATE TRIGGER checkpoint_nu BEFORE UPDATE ON checkpoint
  BEGIN SELECT RAISE(ABORT,'append-only'); END;
CREATE TRIGGER checkpoint_nd BEFORE DELETE ON checkpoint
  BEGIN SELECT RAISE(ABORT,'append-only'); END;

-- Projections: replaying the log from nothing gives these rows again, byte for byte.
CREATE TABLE log_head(
  one INTEGER PRIMARY KEY CHECK(one=1),
  size INTEGER NOT NULL,
  head BLOB NOT NULL,
  frontier BLOB NOT NULL
) STRICT;
CREATE TABLE lab(
  one INTEGER PRIMARY KEY CHECK(one=1),
  lab_id TEXT NOT NULL,
  site TEXT NOT NULL,
  name TEXT NOT NULL,
  locode TEXT NOT NULL,
  timezone TEXT NOT NULL,
  training INTEGER NOT NULL,
  public_key TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE TABLE counter(
  kind TEXT NOT NULL,
  year INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY(kind, year)
) STRICT, WITHOUT ROWID;
CREATE TABLE person(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  active INTEGER NOT NULL
) STRICT;
CREATE TABLE shipment(
  number TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  state_at TEXT NOT NULL,
  draft TEXT NOT NULL,
  received_at TEXT NOT NULL,
  received_by TEXT NOT NULL,
  notes TEXT NOT NULL,
  sender TEXT NOT NULL,
  search TEXT NOT NULL
) STRICT;
CREATE INDEX shipment_sender ON shipment(sender) WHERE sender<>'';
CREATE INDEX shipment_seq ON shipment(seq);
CREATE TABLE sample(
  number TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  shipment TEXT NOT NULL REFERENCES shipment(number) ON DELETE RESTRICT,
  state TEXT NOT NULL,
  draft TEXT NOT NULL,
  description TEXT NOT NULL,
  declared TEXT NOT NULL,
  lane TEXT NOT NULL,
  officer TEXT NOT NULL,
  holder TEXT NOT NULL,
  seal TEXT NOT NULL,
  gross_ug INTEGER,
  frozen INTEGER NOT NULL DEFAULT 0,
  submitted_at TEXT NOT NULL,
  priority INTEGER NOT NULL,
  hazard TEXT NOT NULL DEFAULT '',
  unacknowledged INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL,
  status_rank INTEGER NOT NULL,
  answer TEXT NOT NULL DEFAULT '',
  level TEXT NOT NULL DEFAULT '',
  conclusion INTEGER,
  first_concluded_at TEXT NOT NULL DEFAULT '',
  concluded_at TEXT NOT NULL DEFAULT '',
  search TEXT NOT NULL
) STRICT;
CREATE INDEX sample_shipment ON sample(shipment);
CREATE INDEX sample_queue ON sample(status_rank, priority DESC, submitted_at, seq);
CREATE INDEX sample_submitted ON sample(submitted_at, seq);
CREATE INDEX sample_concluded ON sample(concluded_at) WHERE concluded_at<>'';
CREATE INDEX sample_holder ON sample(holder);
CREATE INDEX sample_unseen ON sample(shipment) WHERE unacknowledged>0;
CREATE INDEX sample_officer ON sample(officer) WHERE officer<>'';
CREATE TABLE custody(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  kind TEXT NOT NULL,
  giver TEXT NOT NULL,
  taker TEXT NOT NULL,
  witness TEXT NOT NULL,
  seal_before TEXT NOT NULL,
  seal_after TEXT NOT NULL,
  gross_ug INTEGER,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX custody_sample ON custody(sample, seq);
CREATE TABLE discrepancy(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  what TEXT NOT NULL,
  expected TEXT NOT NULL,
  found TEXT NOT NULL,
  resolved_by TEXT NOT NULL DEFAULT '',
  resolved_at TEXT NOT NULL DEFAULT '',
  resolution TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX discrepancy_sample ON discrepancy(sample);
CREATE TABLE note(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX note_subject ON note(subject);
CREATE TABLE photo(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  file_name TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  size INTEGER NOT NULL
) STRICT;
CREATE INDEX photo_subject ON photo(subject);
CREATE TABLE portion(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  kind TEXT NOT NULL,
  solvents TEXT NOT NULL,
  mass_ug INTEGER,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX portion_sample ON portion(sample);
CREATE TABLE run(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  portion TEXT NOT NULL,
  technique TEXT NOT NULL,
  file_name TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  format TEXT NOT NULL,
  reader TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  warnings TEXT NOT NULL,
  UNIQUE(sample, raw_sha256)
) STRICT;
CREATE TABLE finding(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  run TEXT NOT NULL REFERENCES run(id) ON DELETE RESTRICT,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  technique TEXT NOT NULL,
  state TEXT NOT NULL,
  headline TEXT NOT NULL,
  level TEXT NOT NULL,
  substances TEXT NOT NULL,
  classes TEXT NOT NULL,
  hazard TEXT NOT NULL,
  verdict TEXT NOT NULL DEFAULT '',
  by TEXT NOT NULL,
  at TEXT NOT NULL,
  reviewer TEXT NOT NULL DEFAULT '',
  reviewed_at TEXT NOT NULL DEFAULT '',
  remark TEXT NOT NULL DEFAULT '',
  match TEXT NOT NULL
) STRICT;
CREATE INDEX finding_sample ON finding(sample);
CREATE INDEX finding_state ON finding(state, seq);
CREATE TABLE conclusion(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  level TEXT NOT NULL,
  text TEXT NOT NULL,
  substances TEXT NOT NULL,
  classes TEXT NOT NULL,
  findings TEXT NOT NULL,
  missing TEXT NOT NULL,
  rule TEXT NOT NULL,
  basis TEXT NOT NULL,
  by TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX conclusion_sample ON conclusion(sample);
CREATE TABLE alert(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  sample TEXT NOT NULL,
  shipment TEXT NOT NULL,
  headline TEXT NOT NULL,
  place TEXT NOT NULL,
  detail TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  acknowledged_by TEXT NOT NULL DEFAULT '',
  acknowledged_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX alert_sample ON alert(sample);
CREATE INDEX alert_open ON alert(seq) WHERE acknowledged_by='';
CREATE TABLE quarantine(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL,
  file_name TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_file ON quarantine(raw_sha256);
CREATE TABLE library(
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  removed_at TEXT NOT NULL DEFAULT '',
  removed_by TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL,
  PRIMARY KEY(name, version)
) STRICT;
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY,
  report_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  signature BLOB NOT NULL,
  state TEXT NOT NULL,
  queued_at TEXT NOT NULL,
  queued_by TEXT NOT NULL,
  closed_at TEXT NOT NULL DEFAULT '',
  receipt TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_open ON outbox(state, seq);

-- Not evidence and not in the log: when to knock at headquarters' door again.
CREATE TABLE delivery_attempt(
  seq INTEGER PRIMARY KEY,
  tries INTEGER NOT NULL,
  next_try TEXT NOT NULL,
  problem TEXT NOT NULL
) STRICT;
