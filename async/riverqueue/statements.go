package riverqueue

// statements are what is asked of the database. Those that take many rows at once take
// them in columns.
type statements struct {
	get, page, behind                     string
	submitKeys, submitOwned               string
	submitOpen, freeKeys                  string
	submitInsert, submitInsertOne         string
	claim, report, finish, lock           string
	requeue, askToStop                    string
	register, registered, beat            string
	unregister, mine                      string
	takeHouse, dead, deadJobs, orphans    string
	unclaimed, stopped, overdue, noLonger string
	sweep, sweepReplays                   string
	due, settle, settleLater              string
	replayClaim, replayGet, replayExpired string
	replayAnswer, replayAbandon           string
}

// told is the end of a statement that changes jobs, in a table u with id, version and
// status: it tells of the changes, 100 at once, and returns the rows. Its first
// parameter is the channel.
const told = `, n AS (SELECT pg_notify($1, string_agg(s.id || ' ' || s.version || CASE s.status WHEN 'cancelling' THEN ' c' ELSE ' -' END, ','))
	FROM (SELECT u.id, u.version, u.status, (row_number() OVER () - 1) / 100 AS part FROM u) s GROUP BY part)
SELECT j.*, (SELECT count(*) FROM n) FROM u j`

// running are the jobs of an attempt.
const running = `j.id = a.id AND j.river_id = a.river_id AND j.worker = a.worker AND j.status IN ('running', 'cancelling')`

func statementsIn(schema string) statements {
	t := func(sql string) string { return in(schema, sql) }
	return statements{
		get: t(`SELECT ` + columns + `, now(), CASE WHEN j.status = 'queued' THEN (SELECT count(*) FROM (SELECT FROM {schema}async_job b
			WHERE b.queue = j.queue AND b.finished IS NULL AND b.status = 'queued' AND (b.priority, b.run_at, b.serial) < (j.priority, j.run_at, j.serial)
			LIMIT 1000) c) END FROM {schema}async_job j WHERE j.id = $1`),
		behind: t(`SELECT serial FROM {schema}async_job WHERE id = $1 AND owner = $2
			AND (expires IS NULL OR expires + (tombstone / 1000) * interval '1 microsecond' > now())`),
		page: t(`SELECT ` + columns + ` FROM {schema}async_job j
			WHERE j.owner = $1 AND j.serial < $2 AND (j.expires IS NULL OR j.expires > now()) ORDER BY j.serial DESC LIMIT $3`),

		submitKeys: t(`SELECT ` + columns + `, a.place FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY a (owner, key, place)
			JOIN {schema}async_job j ON j.owner = a.owner AND j.key = a.key`),
		submitOwned: t(`SELECT clock_timestamp(), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END, a.owner,
				(SELECT count(*) FROM (SELECT FROM {schema}async_job j WHERE j.owner = a.owner AND j.finished IS NULL LIMIT a.most) c)
			FROM unnest($1::bytea[], $2::bigint[]) a (owner, most), {schema}async_job_serial_seq s`),
		// For one job: it fails where the key or the id is in use.
		submitInsertOne: t(`INSERT INTO {schema}async_job (id, kind, owner, key, fingerprint, callback, retention, tombstone, input, queue, priority, river_id,
				status, created, updated, run_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'queued', $13, $13, $13)`),
		submitOpen: t(`SELECT count(*) FROM {schema}async_job WHERE finished IS NULL`),
		freeKeys:   t(`UPDATE {schema}async_job SET key = NULL WHERE id = ANY($1::text[])`),
		// With a number that is not that of the rows it fails by a division by zero.
		submitInsert: t(`WITH i AS (INSERT INTO {schema}async_job (id, kind, owner, key, fingerprint, callback, retention, tombstone, input, queue, priority, river_id,
				status, created, updated, run_at)
			SELECT a.id, a.kind, a.owner, a.key, a.fingerprint, a.callback, a.retention, a.tombstone, a.input, a.queue, a.priority, a.river_id, 'queued', $13, $13, $13
			FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bytea[], $10::text[],
				$11::smallint[], $12::bigint[]) WITH ORDINALITY a (id, kind, owner, key, fingerprint, callback, retention, tombstone, input, queue, priority, river_id, place)
			ORDER BY a.place ON CONFLICT DO NOTHING RETURNING id)
			SELECT count(*), 1 / CASE WHEN $14::bigint IN (0, count(*)) THEN 1 ELSE 0 END FROM i`),

		// A claim may be repeated: where it was not known whether it was kept.
		claim: t(`WITH u AS (UPDATE {schema}async_job j SET status = CASE j.status WHEN 'queued' THEN 'running' ELSE j.status END, version = j.version + 1,
				attempt = j.attempt + CASE j.status WHEN 'queued' THEN 1 ELSE 0 END, started = coalesce(j.started, now()), updated = now(), worker = a.worker
			FROM unnest($2::text[], $3::bigint[], $4::text[]) a (id, river_id, worker)
			WHERE j.id = a.id AND j.river_id = a.river_id AND (j.status = 'queued' OR j.status IN ('running', 'cancelling') AND j.worker = a.worker)
				AND EXISTS (SELECT FROM {schema}async_process p WHERE p.id = a.worker)
			RETURNING ` + columns + `, j.input)` + told),
		report: t(`WITH u AS (UPDATE {schema}async_job j SET done = a.done, total = a.total, message = a.message, version = j.version + 1, updated = now()
			FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bytea[]) a (id, river_id, worker, done, total, message)
			WHERE ` + running + ` RETURNING j.id, j.river_id, j.version, j.status, j.updated)` + told),
		finish: t(`WITH u AS (UPDATE {schema}async_job j SET status = a.status, interrupted = a.interrupted, done = a.done, total = a.total, message = a.message,
				type = a.type, location = a.location, body = a.body, code = a.code, reason = a.reason, problem = a.problem,
				version = j.version + 1, updated = now(), finished = now(), expires = now() + (j.retention / 1000) * interval '1 microsecond',
				due = now() + (j.retention / 1000) * interval '1 microsecond', notify = CASE WHEN j.callback <> '' THEN now() END, input = NULL, worker = NULL
			FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::integer[], $7::bigint[], $8::bigint[], $9::bytea[], $10::bytea[], $11::bytea[],
				$12::bytea[], $13::bytea[], $14::bytea[], $15::bytea[])
				a (id, river_id, worker, status, interrupted, done, total, message, type, location, body, code, reason, problem)
			WHERE j.id = a.id AND j.river_id = a.river_id AND j.worker IS NOT DISTINCT FROM a.worker AND j.finished IS NULL
			RETURNING j.id, j.river_id, j.version, j.status, j.updated, j.expires)` + told),
		askToStop: t(`WITH u AS (UPDATE {schema}async_job j SET status = 'cancelling', version = j.version + 1, updated = now() WHERE j.id = $2
			RETURNING j.id, j.version, j.status, j.updated)` + told),

		lock: t(`SELECT ` + columns + `, clock_timestamp(), EXISTS (SELECT FROM {schema}async_process p WHERE p.id = j.worker AND p.until > clock_timestamp())
			FROM {schema}async_job j WHERE j.id = ANY($1::text[]) AND j.finished IS NULL ORDER BY j.id FOR UPDATE OF j`),
		requeue: t(`WITH u AS (UPDATE {schema}async_job j SET status = 'queued', version = j.version + 1, attempt = a.attempt, interrupted = a.interrupted,
				done = a.done, total = a.total, message = a.message, run_at = a.run_at, river_id = a.river_id, worker = NULL, updated = now()
			FROM unnest($2::text[], $3::integer[], $4::integer[], $5::bigint[], $6::bigint[], $7::bytea[], $8::timestamptz[], $9::bigint[])
				a (id, attempt, interrupted, done, total, message, run_at, river_id)
			WHERE j.id = a.id RETURNING j.id, j.version, j.status)` + told),

		register:   t(`INSERT INTO {schema}async_process (id, until) VALUES ($1, now() + $2::interval)`),
		beat:       t(`UPDATE {schema}async_process SET until = now() + $2::interval WHERE id = $1 RETURNING until`),
		registered: t(`SELECT id FROM {schema}async_process WHERE id = ANY($1::text[])`),
		unregister: t(`DELETE FROM {schema}async_process WHERE id = $1`),
		mine:       t(`SELECT id, river_id, status, coalesce(worker, '') FROM {schema}async_job WHERE id = ANY($1::text[])`),

		takeHouse: t(`UPDATE {schema}async_process SET until = now() + $1::interval WHERE id = '' AND until <= now() RETURNING until`),
		// Where the server was started a moment ago, the living may not have been heard.
		dead:     t(`SELECT id FROM {schema}async_process WHERE id <> '' AND until < now() AND pg_postmaster_start_time() < now() - $1::interval`),
		deadJobs: t(`SELECT id FROM {schema}async_job WHERE finished IS NULL AND worker = $1 LIMIT $2`),
		orphans: t(`SELECT j.id FROM {schema}async_job j WHERE j.finished IS NULL AND j.worker IS NOT NULL
			AND NOT EXISTS (SELECT FROM {schema}async_process p WHERE p.id = j.worker) LIMIT $1`),
		noLonger: t(`DELETE FROM {schema}async_process WHERE id = $1 AND until < now()`),
		unclaimed: t(`SELECT j.id FROM {schema}river_job r JOIN {schema}async_job j ON j.id = r.args ->> 'id'
			WHERE (r.state = 'running' AND r.attempted_at < now() - $1::interval OR r.state = 'discarded' AND r.finalized_at > now() - 2 * $1::interval)
			AND j.river_id = r.id AND j.status = 'queued' LIMIT $2`),
		stopped: t(`SELECT j.id FROM {schema}river_job r JOIN {schema}async_job j ON j.id = r.args ->> 'id'
			WHERE r.state = 'cancelled' AND r.finalized_at > now() - 2 * $1::interval AND j.river_id = r.id AND j.status = 'queued' LIMIT $2`),
		overdue: t(`SELECT j.river_id FROM {schema}river_job r JOIN {schema}async_job j ON j.id = r.args ->> 'id'
			WHERE r.state = 'scheduled' AND r.scheduled_at <= now() AND j.river_id = r.id AND j.status = 'queued' LIMIT $1`),

		sweep: t(`WITH d AS (SELECT id, expires + (tombstone / 1000) * interval '1 microsecond' AS gone, notify IS NOT NULL AS calls
				FROM {schema}async_job WHERE due <= now() ORDER BY due LIMIT $1 FOR UPDATE SKIP LOCKED),
			later AS (UPDATE {schema}async_job j SET due = now() + interval '10 minutes' FROM d WHERE j.id = d.id AND d.calls),
			buried AS (UPDATE {schema}async_job j SET due = d.gone, done = 0, total = 0, message = '', type = NULL, location = NULL, body = NULL,
				code = NULL, reason = NULL, problem = NULL FROM d WHERE j.id = d.id AND NOT d.calls AND d.gone > now()),
			dropped AS (DELETE FROM {schema}async_job j USING d WHERE j.id = d.id AND NOT d.calls AND d.gone <= now())
			SELECT count(*) FROM d`),
		sweepReplays: t(`DELETE FROM {schema}async_replay WHERE key IN (SELECT key FROM {schema}async_replay WHERE until <= now() ORDER BY until LIMIT $1 FOR UPDATE SKIP LOCKED)`),

		due: t(`UPDATE {schema}async_job j SET notify = now() + $2::interval
			FROM (SELECT id FROM {schema}async_job WHERE notify <= now() ORDER BY notify LIMIT $1 FOR UPDATE SKIP LOCKED) d
			WHERE j.id = d.id RETURNING ` + columns),
		settle:      t(`UPDATE {schema}async_job SET notify = NULL, sent = sent + 1 WHERE id = $1 AND notify IS NOT NULL`),
		settleLater: t(`UPDATE {schema}async_job SET notify = now() + $2::interval, sent = sent + 1 WHERE id = $1 AND notify IS NOT NULL`),

		replayClaim: t(`INSERT INTO {schema}async_replay AS r (key, fingerprint, token, until) VALUES ($1, $2, $3, $4)
			ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, token = excluded.token, until = excluded.until,
				status = NULL, header = NULL, body = NULL, not_kept = false WHERE r.until <= $5 RETURNING true`),
		replayGet:     t(`SELECT fingerprint, status, header, body, not_kept FROM {schema}async_replay WHERE key = $1 AND until > $2`),
		replayAnswer:  t(`UPDATE {schema}async_replay SET status = $3, header = $4, body = $5, not_kept = $6, until = $7 WHERE key = $1 AND token = $2 AND status IS NULL`),
		replayAbandon: t(`DELETE FROM {schema}async_replay WHERE key = $1 AND token = $2 AND status IS NULL`),
		replayExpired: t(`DELETE FROM {schema}async_replay WHERE key IN (SELECT key FROM {schema}async_replay WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED)`),
	}
}
