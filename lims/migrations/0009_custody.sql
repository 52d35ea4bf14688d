-- Custody to the standard of a court. A step says how each side confirmed it, whether somebody
-- recorded it for both, and, when it was entered late, when it happened.
ALTER TABLE custody ADD COLUMN confirmed TEXT NOT NULL DEFAULT '{}';
ALTER TABLE custody ADD COLUMN on_behalf INTEGER NOT NULL DEFAULT 0;
ALTER TABLE custody ADD COLUMN occurred_at TEXT NOT NULL DEFAULT '';
ALTER TABLE custody ADD COLUMN container TEXT NOT NULL DEFAULT '';
-- What a sample was taken out of, and what it is inside now, are two relations.
ALTER TABLE sample ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE sample ADD COLUMN container TEXT NOT NULL DEFAULT '';
CREATE INDEX sample_parent ON sample(parent) WHERE parent<>'';
CREATE INDEX sample_container ON sample(container) WHERE container<>'';
-- Seals are looked up by number at every sealing.
CREATE INDEX custody_seal ON custody(seal_after) WHERE seal_after<>'';
CREATE INDEX shipment_tracking ON shipment(json_extract(draft,'$.tracking'));

CREATE TABLE handover(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  giver TEXT NOT NULL,
  taker TEXT NOT NULL,
  at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  witness TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('waiting','accepted','declined','withdrawn','lapsed')),
  closed_at TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '',
  remark TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX handover_sample ON handover(sample, seq);
CREATE INDEX handover_waiting ON handover(sample) WHERE state='waiting';
CREATE TABLE custody_setting(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE TABLE seal_range(
  seq INTEGER PRIMARY KEY,
  prefix TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK(last>=first),
  width INTEGER NOT NULL,
  iso_class TEXT NOT NULL,
  document TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE TABLE seal_note(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  seal TEXT NOT NULL,
  note TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX seal_note_subject ON seal_note(subject);
CREATE TABLE container(
  number TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  description TEXT NOT NULL,
  holder TEXT NOT NULL,
  seal TEXT NOT NULL,
  frozen INTEGER NOT NULL DEFAULT 0,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX container_holder ON container(holder);
CREATE TABLE container_step(
  seq INTEGER PRIMARY KEY,
  container TEXT NOT NULL REFERENCES container(number) ON DELETE RESTRICT,
  kind TEXT NOT NULL,
  giver TEXT NOT NULL,
  taker TEXT NOT NULL,
  sample TEXT NOT NULL,
  seal_before TEXT NOT NULL,
  seal_after TEXT NOT NULL,
  contents TEXT NOT NULL,
  confirmed TEXT NOT NULL,
  on_behalf INTEGER NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX container_step_container ON container_step(container, seq);
CREATE INDEX container_step_seal ON container_step(seal_after) WHERE seal_after<>'';
CREATE TABLE container_discrepancy(
  seq INTEGER PRIMARY KEY,
  container TEXT NOT NULL REFERENCES container(number) ON DELETE RESTRICT,
  expected TEXT NOT NULL,
  found TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  resolved_by TEXT NOT NULL DEFAULT '',
  resolved_at TEXT NOT NULL DEFAULT '',
  resolution TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE balance(
  name TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  serial TEXT NOT NULL,
  repeatability_ug INTEGER NOT NULL,
  calibration_ug INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  due TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE TABLE weighing(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  occasion TEXT NOT NULL,
  gross_ug INTEGER NOT NULL,
  balance TEXT NOT NULL,
  u_ug INTEGER NOT NULL,
  expected_ug INTEGER,
  tolerance_ug INTEGER,
  remark TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX weighing_sample ON weighing(sample, seq);
CREATE TABLE division(
  seq INTEGER PRIMARY KEY,
  parent TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  balance TEXT NOT NULL,
  net_ug INTEGER NOT NULL,
  children TEXT NOT NULL,
  residue_ug INTEGER NOT NULL,
  consumed_ug INTEGER NOT NULL,
  difference_ug INTEGER NOT NULL,
  tolerance_ug INTEGER NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX division_parent ON division(parent);
CREATE TABLE consumption_authority(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  document TEXT NOT NULL,
  limit_ug INTEGER,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX consumption_authority_sample ON consumption_authority(sample);
CREATE TABLE consumption(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  authority INTEGER NOT NULL REFERENCES consumption_authority(seq) ON DELETE RESTRICT,
  mass_ug INTEGER NOT NULL,
  everything INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  analyst TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  confirmed TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX consumption_sample ON consumption(sample, seq);
CREATE TABLE legal_hold(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  document TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  lifted_at TEXT NOT NULL DEFAULT '',
  lifted_by TEXT NOT NULL DEFAULT '',
  lift_document TEXT NOT NULL DEFAULT '',
  lift_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX legal_hold_open ON legal_hold(subject) WHERE lifted_at='';
CREATE TABLE disposal(
  seq INTEGER PRIMARY KEY,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  document TEXT NOT NULL,
  not_before TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('ordered','cancelled','destroyed')),
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  closed_at TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '',
  place TEXT NOT NULL DEFAULT '',
  method TEXT NOT NULL DEFAULT '',
  witnesses TEXT NOT NULL DEFAULT '[]',
  confirmed TEXT NOT NULL DEFAULT '{}',
  gross_ug INTEGER,
  residual TEXT NOT NULL DEFAULT '',
  remark TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX disposal_sample ON disposal(sample);
CREATE UNIQUE INDEX disposal_open ON disposal(sample) WHERE state='ordered';
CREATE TABLE correction(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  corrects INTEGER NOT NULL,
  field TEXT NOT NULL,
  was TEXT NOT NULL,
  now TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX correction_subject ON correction(subject);
CREATE TABLE attachment(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  file_name TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  what TEXT NOT NULL
) STRICT;
CREATE INDEX attachment_subject ON attachment(subject);
