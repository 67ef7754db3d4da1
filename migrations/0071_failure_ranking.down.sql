DROP VIEW sms.failure_ranking;
