-- A job of package async. Bytes that come from outside are bytea: they need not be text.
CREATE TABLE {schema}async_job (
	id          text        PRIMARY KEY,
	serial      bigint      GENERATED ALWAYS AS IDENTITY,
	kind        text        NOT NULL,
	owner       bytea       NOT NULL,
	key         bytea,
	fingerprint bytea,
	callback    bytea       NOT NULL,
	status      text        NOT NULL CHECK (status IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'canceled')),
	version     bigint      NOT NULL DEFAULT 1,
	attempt     integer     NOT NULL DEFAULT 0,
	interrupted integer     NOT NULL DEFAULT 0,
	done        bigint      NOT NULL DEFAULT 0,
	total       bigint      NOT NULL DEFAULT 0,
	message     bytea       NOT NULL DEFAULT '',
	created     timestamptz NOT NULL,
	started     timestamptz,
	updated     timestamptz NOT NULL,
	finished    timestamptz,
	run_at      timestamptz NOT NULL,
	retention   bigint      NOT NULL, -- ns, as tombstone
	tombstone   bigint      NOT NULL,
	expires     timestamptz,
	due         timestamptz,          -- when the sweep looks at it
	notify      timestamptz,          -- when the callback is to be sent
	sent        integer     NOT NULL DEFAULT 0,
	queue       text        NOT NULL, -- River's, as priority
	priority    smallint    NOT NULL,
	river_id    bigint      NOT NULL, -- the job of River that may begin the next attempt, or that runs this one
	worker      text,                 -- the process that runs it, of async_process
	type        bytea,                -- the result: type, location, body
	location    bytea,
	body        bytea,
	code        bytea,                -- the failure: code, reason, problem
	reason      bytea,
	problem     bytea,
	input       bytea
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- No index knows of status or worker: so a job that begins changes no index.
CREATE INDEX async_job_list ON {schema}async_job (owner, serial);
CREATE UNIQUE INDEX async_job_key ON {schema}async_job (owner, key) WHERE key IS NOT NULL;
CREATE INDEX async_job_place ON {schema}async_job (queue, priority, run_at, serial) WHERE finished IS NULL;
CREATE INDEX async_job_owned ON {schema}async_job (owner) WHERE finished IS NULL;
CREATE INDEX async_job_due ON {schema}async_job (due) WHERE due IS NOT NULL;
CREATE INDEX async_job_notify ON {schema}async_job (notify) WHERE notify IS NOT NULL;

-- A process that runs jobs is alive until then. The row without a name says when the
-- house is to be kept next.
CREATE TABLE {schema}async_process (
	id    text        PRIMARY KEY,
	until timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO {schema}async_process (id, until) VALUES ('', now());

-- A first answer to a request with an Idempotency-Key.
CREATE TABLE {schema}async_replay (
	key         bytea       PRIMARY KEY,
	fingerprint bytea       NOT NULL,
	token       text        NOT NULL,
	until       timestamptz NOT NULL,
	status      integer,
	header      text,
	body        bytea,
	not_kept    boolean     NOT NULL DEFAULT false
);
CREATE INDEX async_replay_until ON {schema}async_replay (until);
