DROP INDEX enrolments_statement;
ALTER TABLE enrolments DROP COLUMN statement_digest;
DROP TABLE clearances;
ALTER TABLE log_checkpoints DROP COLUMN witnesses;
