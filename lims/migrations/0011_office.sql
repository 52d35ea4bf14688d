-- Cases: what belongs together, and what became of it. Named case_file: CASE is a word of SQL.
CREATE TABLE case_file(
  number TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('open', 'closed')),
  opened_at TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  closed_at TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '',
  closed_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX case_file_seq ON case_file(state, seq);
CREATE TABLE case_link(
  seq INTEGER PRIMARY KEY,
  case_number TEXT NOT NULL REFERENCES case_file(number) ON DELETE RESTRICT,
  subject TEXT NOT NULL,
  shipment TEXT NOT NULL REFERENCES shipment(number) ON DELETE RESTRICT,
  role TEXT NOT NULL CHECK(role IN ('port', 'linked_seizure')),
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  UNIQUE(case_number, subject)
) STRICT;
CREATE INDEX case_link_subject ON case_link(subject);
CREATE INDEX case_link_shipment ON case_link(shipment);
CREATE TABLE case_outcome(
  seq INTEGER PRIMARY KEY,
  case_number TEXT NOT NULL REFERENCES case_file(number) ON DELETE RESTRICT,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  substance TEXT NOT NULL,
  mass_ug INTEGER,
  occurred_on TEXT NOT NULL,
  source TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX case_outcome_case ON case_outcome(case_number, seq);
-- Who the parties of a case's shipments are, spelled so that two spellings of one name meet.
CREATE TABLE case_party(
  case_number TEXT NOT NULL REFERENCES case_file(number) ON DELETE RESTRICT,
  shipment TEXT NOT NULL,
  role TEXT NOT NULL,
  party_key TEXT NOT NULL,
  typed TEXT NOT NULL,
  PRIMARY KEY(case_number, shipment, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_party_key ON case_party(party_key);
CREATE TABLE case_dismissal(
  case_number TEXT NOT NULL REFERENCES case_file(number) ON DELETE RESTRICT,
  shipment TEXT NOT NULL REFERENCES shipment(number) ON DELETE RESTRICT,
  seq INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(case_number, shipment)
) STRICT, WITHOUT ROWID;

-- When the goods wait here, and who is here.
CREATE TABLE shift_calendar(
  seq INTEGER PRIMARY KEY,
  windows TEXT NOT NULL CHECK(json_valid(windows)),
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE TABLE cover(
  number INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  person TEXT NOT NULL REFERENCES person(id) ON DELETE RESTRICT,
  starts TEXT NOT NULL,
  ends TEXT NOT NULL,
  remark TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  cancelled_at TEXT NOT NULL DEFAULT '',
  cancelled_by TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX cover_ends ON cover(ends) WHERE cancelled_at='';

-- Samples at another laboratory, to be confirmed or to be worked on there.
CREATE TABLE lab_transfer(
  number INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  to_lab TEXT NOT NULL,
  purpose TEXT NOT NULL CHECK(purpose IN ('confirm', 'take_over')),
  finding TEXT NOT NULL,
  remark TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  arrived_at TEXT NOT NULL DEFAULT '',
  arrived_with TEXT NOT NULL DEFAULT '',
  arrived_by TEXT NOT NULL DEFAULT '',
  closed_at TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '',
  substance TEXT NOT NULL DEFAULT '',
  reference TEXT NOT NULL DEFAULT '',
  answer TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX lab_transfer_sample ON lab_transfer(sample, number);
CREATE INDEX lab_transfer_open ON lab_transfer(seq) WHERE closed_at='';

-- Notices to one named reader: an offer to investigators, or an answer that turned out otherwise.
CREATE TABLE office_notice(
  number INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('offer', 'changed')),
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  recipient TEXT NOT NULL,
  because TEXT NOT NULL,
  text TEXT NOT NULL,
  closes_at TEXT NOT NULL,
  embargo INTEGER NOT NULL CHECK(embargo IN (0, 1)),
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  answer TEXT NOT NULL DEFAULT '' CHECK(answer IN ('', 'accepted', 'declined', 'seen')),
  answered_at TEXT NOT NULL DEFAULT '',
  answered_by TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  lifted_at TEXT NOT NULL DEFAULT '',
  lifted_by TEXT NOT NULL DEFAULT '',
  lifted_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX office_notice_sample ON office_notice(sample);
CREATE INDEX office_notice_open ON office_notice(seq) WHERE answer='';
CREATE INDEX office_notice_embargo ON office_notice(sample) WHERE embargo=1 AND lifted_at='';

-- Time that is not the laboratory's: waiting for an officer, a court, an instrument, a standard.
CREATE TABLE clock_stop(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  because TEXT NOT NULL,
  remark TEXT NOT NULL,
  stopped_at TEXT NOT NULL,
  stopped_by TEXT NOT NULL,
  resumed_at TEXT NOT NULL DEFAULT '',
  resumed_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX clock_stop_sample ON clock_stop(sample);
