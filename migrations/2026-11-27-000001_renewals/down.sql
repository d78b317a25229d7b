DROP INDEX prices_buyer;
DROP TABLE standing_alarms;
