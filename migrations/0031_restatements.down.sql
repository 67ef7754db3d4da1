DROP VIEW sms.restatements;
