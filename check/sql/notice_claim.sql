-- Lines that another program is telling about are passed over, and so is all that has been told. That a part is over is not
-- told: people hear when nothing of the kind is left.
UPDATE etl.notice AS n
SET claimed_at = $1
WHERE n.closed_at IS NULL
  AND n.claimed_at IS NULL
  AND n.due_at <= $1
  AND (   NOT $2 AND n.sent_at IS NULL AND n.resolved_at IS NULL
       OR $2 AND n.sent_at IS NOT NULL AND n.resolved_at IS NOT NULL
          AND NOT EXISTS (
              SELECT
              FROM etl.notice AS other
              WHERE other.kind = n.kind
                AND other.subject = n.subject
                AND other.resolved_at IS NULL
          ))
RETURNING n.notice_id, n.kind, n.subject, n.day, n.detail, n.attempts
