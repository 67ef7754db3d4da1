-- A message that several rows tell of takes several turns.
CREATE TEMPORARY TABLE message_turn ON COMMIT DROP AS
SELECT s.*,
       row_number() OVER (PARTITION BY message_id, piece) AS turn
FROM message_staging AS s;
DROP TABLE message_staging
