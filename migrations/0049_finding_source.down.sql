-- Of several findings that only their datasets tell apart the last one stays.
DELETE FROM etl.finding AS f
USING etl.finding AS g
WHERE g.check_name = f.check_name
  AND g.subject = f.subject
  AND g.account_key IS NOT DISTINCT FROM f.account_key
  AND g.finding_id > f.finding_id;

ALTER TABLE etl.finding
    DROP CONSTRAINT finding_subject_uq,
    ADD CONSTRAINT finding_subject_uq UNIQUE NULLS NOT DISTINCT (check_name, subject, account_key),
    DROP COLUMN source,
    DROP COLUMN datasets;

COMMENT ON TABLE etl.finding IS 'findings. What a person should know about the data: one line for each check, subject and account.';
