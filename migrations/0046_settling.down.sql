DROP VIEW sms.settling;
