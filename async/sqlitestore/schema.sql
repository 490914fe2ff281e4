-- Version 1. serial orders jobs by their submission. Times are nanoseconds since
-- 1970, 0 for none. due is when a finished job is to be looked at: first when it
-- expires, then when its tombstone ends; 0 for one that has not finished. notify is when
-- its callback is to be sent, 0 for no more, and sent how often it was. A finished job
-- has no input, and a tombstone nothing of what the job made.
CREATE TABLE job (
  serial      INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  owner       TEXT NOT NULL,
  key         TEXT,
  fingerprint BLOB,
  callback    TEXT NOT NULL,
  status      TEXT NOT NULL,
  version     INTEGER NOT NULL DEFAULT 1,
  attempt     INTEGER NOT NULL DEFAULT 0,
  interrupted INTEGER NOT NULL DEFAULT 0,
  done        INTEGER NOT NULL DEFAULT 0,
  total       INTEGER NOT NULL DEFAULT 0,
  message     TEXT NOT NULL DEFAULT '',
  created     INTEGER NOT NULL,
  started     INTEGER NOT NULL DEFAULT 0,
  updated     INTEGER NOT NULL,
  finished    INTEGER NOT NULL DEFAULT 0,
  run_at      INTEGER NOT NULL,
  retention   INTEGER NOT NULL,
  tombstone   INTEGER NOT NULL,
  expires     INTEGER NOT NULL DEFAULT 0,
  due         INTEGER NOT NULL DEFAULT 0,
  notify      INTEGER NOT NULL DEFAULT 0,
  sent        INTEGER NOT NULL DEFAULT 0,
  type        TEXT, -- of the result, NULL where there is none
  location    TEXT,
  body        BLOB,
  code        TEXT, -- of the failure, NULL where there is none
  reason      TEXT,
  problem     BLOB,
  input       BLOB
) STRICT;
CREATE UNIQUE INDEX job_key ON job (owner, key) WHERE key IS NOT NULL;
CREATE INDEX job_owner ON job (owner);
CREATE INDEX job_due ON job (due);
CREATE INDEX job_notify ON job (notify) WHERE notify > 0;

-- The first answers to requests with an Idempotency-Key; status is NULL while the
-- first is not answered.
CREATE TABLE replay (
  key         BLOB NOT NULL UNIQUE,
  fingerprint BLOB NOT NULL,
  token       TEXT NOT NULL,
  until       INTEGER NOT NULL,
  status      INTEGER,
  header      TEXT,
  body        BLOB,
  not_kept    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX replay_until ON replay (until);
