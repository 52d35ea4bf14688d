-- Runs of standards: what of an instrument was verified, by which file, with what result.
CREATE TABLE verification(
  seq INTEGER PRIMARY KEY,
  instrument TEXT NOT NULL REFERENCES instrument(name) ON DELETE RESTRICT,
  number INTEGER NOT NULL,
  aspect TEXT NOT NULL,
  standard TEXT NOT NULL,
  lot TEXT NOT NULL,
  passed INTEGER NOT NULL CHECK(passed IN (0, 1)),
  file_name TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL CHECK(length(raw_sha256)=64),
  reader TEXT NOT NULL,
  checks TEXT NOT NULL,
  reasons TEXT NOT NULL,
  source TEXT NOT NULL,
  calibration TEXT NOT NULL,
  ladder TEXT NOT NULL,
  edition TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  UNIQUE(instrument, number),
  -- A standard's file proves its own day only.
  UNIQUE(instrument, aspect, raw_sha256)
) STRICT;
CREATE INDEX verification_newest ON verification(instrument, aspect, seq);
CREATE TABLE instrument_interval(
  seq INTEGER PRIMARY KEY,
  instrument TEXT NOT NULL REFERENCES instrument(name) ON DELETE RESTRICT,
  aspect TEXT NOT NULL,
  days INTEGER NOT NULL CHECK(days > 0),
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX instrument_interval_newest ON instrument_interval(instrument, aspect, seq);

-- Reagents and reference materials, lot by lot.
CREATE TABLE material_lot(
  seq INTEGER PRIMARY KEY,
  material TEXT NOT NULL,
  lot TEXT NOT NULL,
  expires TEXT NOT NULL,
  supplier TEXT NOT NULL,
  certificate TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  ended_at TEXT NOT NULL DEFAULT '',
  ended_by TEXT NOT NULL DEFAULT '',
  end_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX material_lot_name ON material_lot(lower(material), lower(lot));

-- Controls and blanks. A new lot begins a new series, with limits and statistics of its own.
CREATE TABLE control(
  name TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  instrument TEXT NOT NULL REFERENCES instrument(name) ON DELETE RESTRICT,
  quantity TEXT NOT NULL,
  unit TEXT NOT NULL,
  substance TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX control_name ON control(lower(name));
CREATE INDEX control_instrument ON control(instrument);
CREATE TABLE control_series(
  seq INTEGER PRIMARY KEY,
  control TEXT NOT NULL REFERENCES control(name) ON DELETE RESTRICT,
  serial INTEGER NOT NULL,
  material TEXT NOT NULL,
  lot TEXT NOT NULL,
  expected REAL,
  lowest REAL,
  highest REAL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  UNIQUE(control, serial)
) STRICT;
CREATE TABLE control_value(
  seq INTEGER PRIMARY KEY,
  control TEXT NOT NULL REFERENCES control(name) ON DELETE RESTRICT,
  serial INTEGER NOT NULL,
  value REAL NOT NULL,
  verdict TEXT NOT NULL,
  broken TEXT NOT NULL,
  z REAL,
  n INTEGER NOT NULL,
  mean REAL,
  sd REAL,
  file_name TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  place TEXT NOT NULL,
  note TEXT NOT NULL,
  edition TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX control_value_series ON control_value(control, serial, seq);
CREATE UNIQUE INDEX control_value_file ON control_value(control, raw_sha256) WHERE raw_sha256<>'';
-- A typed value names no file.
CREATE VIEW control_file AS SELECT control, raw_sha256 FROM control_value WHERE raw_sha256<>'';

-- Why results of an instrument wait, since when, and who ended it.
CREATE TABLE result_hold(
  seq INTEGER PRIMARY KEY,
  instrument TEXT NOT NULL REFERENCES instrument(name) ON DELETE RESTRICT,
  control TEXT NOT NULL,
  aspect TEXT NOT NULL,
  since INTEGER NOT NULL,
  detail TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  ended_seq INTEGER NOT NULL DEFAULT 0,
  ended_at TEXT NOT NULL DEFAULT '',
  ended_by TEXT NOT NULL DEFAULT '',
  ended_how TEXT NOT NULL DEFAULT '',
  end_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX result_hold_open ON result_hold(instrument) WHERE ended_at='';
CREATE UNIQUE INDEX result_hold_cause ON result_hold(instrument, control, aspect) WHERE ended_at='';
CREATE INDEX run_of_instrument ON run(instrument, seq) WHERE instrument<>'';
