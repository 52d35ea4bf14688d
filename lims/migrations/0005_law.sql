-- The lab's own legal rules, and what the law was last read to say of each substance found here.
CREATE TABLE law_rule(
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT NOT NULL,
  document TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(id, revision)
) STRICT;
CREATE TABLE law_review(
  seq INTEGER PRIMARY KEY,
  day TEXT NOT NULL,
  rule_set TEXT NOT NULL,
  findings INTEGER NOT NULL,
  changes TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE TABLE law_reading(
  subject TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  reading TEXT NOT NULL
) STRICT;
