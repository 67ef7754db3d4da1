DROP VIEW sms.findings;
