-- Lines that another program is telling about are passed over, and so is all that has been told.
UPDATE etl.notice AS n
SET claimed_at = $1
WHERE n.notice_id IN (
          SELECT o.notice_id
          FROM etl.notice AS o
          WHERE o.closed_at IS NULL
            AND o.claimed_at IS NULL
            AND o.due_at <= $1
            AND (   NOT $2 AND o.sent_at IS NULL AND o.resolved_at IS NULL
                 OR $2 AND o.sent_at IS NOT NULL AND o.resolved_at IS NOT NULL
                    AND NOT EXISTS (
                        SELECT
                        FROM etl.notice AS other
                        WHERE other.kind = o.kind
                          AND other.subject = o.subject
                          AND other.resolved_at IS NULL
                    ))
          ORDER BY o.notice_id
          FOR UPDATE SKIP LOCKED
      )
RETURNING n.notice_id, n.kind, n.subject, n.day, n.detail, n.attempts
