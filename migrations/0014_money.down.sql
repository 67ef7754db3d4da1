DROP VIEW sms.cost_daily;
DROP TABLE sms.price;
