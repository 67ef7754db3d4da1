INSERT INTO etl.coverage AS c
    (account_key, dataset, date_key, state, reason, pending, messages, row_count, digest, load_id,
     loaded_at, confirmed_at, since, attempts, suspect_checksum, suspect_at, transform_version, changed_at, checked_at, evidence)
SELECT $1, dataset, date_key, state, reason, pending, messages, row_count, digest, load_id,
       loaded_at, confirmed_at, since, attempts, suspect_checksum, suspect_at, transform_version, changed_at, checked_at, evidence
FROM unnest($2::text[], $3::date[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[], $10::bigint[],
            $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::int[], $15::bigint[], $16::timestamptz[], $17::int[],
            $18::timestamptz[], $19::timestamptz[], $20::text[])
     AS u (dataset, date_key, state, reason, pending, messages, row_count, digest, load_id,
           loaded_at, confirmed_at, since, attempts, suspect_checksum, suspect_at, transform_version, changed_at, checked_at, evidence)
ORDER BY dataset, date_key
ON CONFLICT (account_key, dataset, date_key) DO UPDATE
SET state             = excluded.state,
    reason            = excluded.reason,
    pending           = excluded.pending,
    messages          = excluded.messages,
    row_count         = excluded.row_count,
    digest            = excluded.digest,
    load_id           = excluded.load_id,
    loaded_at         = excluded.loaded_at,
    confirmed_at      = excluded.confirmed_at,
    since             = excluded.since,
    attempts          = excluded.attempts,
    suspect_checksum  = excluded.suspect_checksum,
    suspect_at        = excluded.suspect_at,
    transform_version = excluded.transform_version,
    changed_at        = excluded.changed_at,
    checked_at        = excluded.checked_at,
    evidence          = excluded.evidence
