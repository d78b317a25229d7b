DROP TABLE rate_limits;
DROP TABLE idempotency_keys;
DROP TABLE job_leases;
DROP TABLE mail_outbox;
DROP TABLE events;
