-- The lab's instruments, and how the text each of them writes is read.
CREATE TABLE instrument(
  name TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  maker TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  laser_nm TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE TABLE instrument_mapping(
  instrument TEXT NOT NULL REFERENCES instrument(name) ON DELETE RESTRICT,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  mapping TEXT NOT NULL,
  sample_sha256 TEXT NOT NULL,
  sample_name TEXT NOT NULL,
  origin TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(instrument, version)
) STRICT;

-- Which instrument made a run, and by which version of its mapping the file was read (0: by none).
ALTER TABLE run ADD COLUMN instrument TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN mapping_version INTEGER NOT NULL DEFAULT 0;
