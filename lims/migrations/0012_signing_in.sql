-- Who sits at the bench. The log says that a secret was set and what digest its kept form has; the
-- kept form itself (argon2id, salted) stands in credential_secret, which no replay needs.
CREATE TABLE credential(
  person TEXT NOT NULL REFERENCES person(id) ON DELETE RESTRICT,
  secret TEXT NOT NULL CHECK(secret IN ('password','pin','code')),
  digest TEXT NOT NULL CHECK(length(digest)=64),
  expires_at TEXT NOT NULL DEFAULT '',
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  PRIMARY KEY(person, secret)
) STRICT, WITHOUT ROWID;
-- Not a projection: rebuilt by nobody, checked against credential.digest at each use.
CREATE TABLE credential_secret(
  person TEXT NOT NULL REFERENCES person(id) ON DELETE RESTRICT,
  secret TEXT NOT NULL CHECK(secret IN ('password','pin')),
  kept TEXT NOT NULL,
  PRIMARY KEY(person, secret)
) STRICT, WITHOUT ROWID;

CREATE TABLE session(
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  person TEXT NOT NULL REFERENCES person(id) ON DELETE RESTRICT,
  place TEXT NOT NULL,
  unattended INTEGER NOT NULL CHECK(unattended IN (0, 1)),
  token_sha256 TEXT NOT NULL CHECK(length(token_sha256)=64),
  opened_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('open','locked','closed')),
  changed_at TEXT NOT NULL,
  because TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX session_person ON session(person) WHERE state<>'closed';

CREATE TABLE sign_in_refusal(
  person TEXT NOT NULL REFERENCES person(id) ON DELETE RESTRICT,
  secret TEXT NOT NULL,
  in_a_row INTEGER NOT NULL,
  in_all INTEGER NOT NULL,
  blocked_until TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY(person, secret)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_setting(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- What one person may not do alone: a role, a new start with secrets, the duty to sign in.
CREATE TABLE two_person_act(
  seq INTEGER PRIMARY KEY,
  matter TEXT NOT NULL CHECK(matter IN ('new_person','roles','secrets','sign_in')),
  person TEXT NOT NULL,
  terms TEXT NOT NULL CHECK(json_valid(terms)),
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('waiting','approved','declined','withdrawn')),
  closed_at TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '',
  remark TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX two_person_act_waiting ON two_person_act(person) WHERE state='waiting';

CREATE TABLE signature(
  seq INTEGER NOT NULL,
  person TEXT NOT NULL,
  kind TEXT NOT NULL,
  meaning TEXT NOT NULL,
  method TEXT NOT NULL,
  session TEXT NOT NULL,
  record TEXT NOT NULL CHECK(length(record)=64),
  at TEXT NOT NULL,
  PRIMARY KEY(seq, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX signature_person ON signature(person, seq);
