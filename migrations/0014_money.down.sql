DROP VIEW sms.package_status, sms.cost_daily;
DROP TABLE sms.package_daily, etl.package_answer, sms.price;
