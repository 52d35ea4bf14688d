-- A quarantined file has a number a person can say, and an end: linked to a sample, or dismissed.
ALTER TABLE quarantine ADD COLUMN serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
ALTER TABLE quarantine ADD COLUMN run TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN closed_at TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN remark TEXT NOT NULL DEFAULT '';
UPDATE quarantine SET serial=(SELECT count(*) FROM quarantine q WHERE q.seq<=quarantine.seq);
CREATE UNIQUE INDEX quarantine_serial ON quarantine(serial);
CREATE INDEX quarantine_waiting ON quarantine(seq) WHERE state='waiting';
-- "Was this file seen before" is asked for every file that arrives.
CREATE INDEX run_file ON run(raw_sha256);
