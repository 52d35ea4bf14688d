-- Sampling plans of samples with many units, and what each tested unit gave.
CREATE TABLE sampling_plan(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  population INTEGER NOT NULL,
  counted TEXT NOT NULL,
  look TEXT NOT NULL,
  proportion TEXT NOT NULL,
  alpha TEXT NOT NULL,
  method TEXT NOT NULL,
  negatives INTEGER NOT NULL,
  prior TEXT NOT NULL,
  units INTEGER NOT NULL,
  seed TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX sampling_plan_sample ON sampling_plan(sample);
CREATE TABLE sampling_unit(
  seq INTEGER PRIMARY KEY,
  plan TEXT NOT NULL REFERENCES sampling_plan(id) ON DELETE RESTRICT,
  unit INTEGER NOT NULL,
  positive INTEGER NOT NULL CHECK(positive IN (0, 1)),
  net_ug INTEGER,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX sampling_unit_plan ON sampling_unit(plan, unit, seq);

-- Tests without an instrument's file: colour, immunoassay, thin layer and the like.
CREATE TABLE bench_test(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  sample TEXT NOT NULL REFERENCES sample(number) ON DELETE RESTRICT,
  portion TEXT NOT NULL,
  technique TEXT NOT NULL,
  reagent TEXT NOT NULL,
  lot TEXT NOT NULL,
  observed TEXT NOT NULL,
  indicates TEXT NOT NULL,
  positive INTEGER NOT NULL CHECK(positive IN (0, 1)),
  controls INTEGER NOT NULL CHECK(controls IN (0, 1)),
  raw_sha256 TEXT NOT NULL,
  state TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  reviewer TEXT NOT NULL DEFAULT '',
  reviewed_at TEXT NOT NULL DEFAULT '',
  remark TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX bench_test_sample ON bench_test(sample);
CREATE INDEX bench_test_state ON bench_test(state, seq) WHERE state='submitted';

-- What must be said beside a conclusion although it stands, and the tests it rests on.
ALTER TABLE conclusion ADD COLUMN limitations TEXT NOT NULL DEFAULT '[]';
ALTER TABLE conclusion ADD COLUMN tests TEXT NOT NULL DEFAULT '[]';
