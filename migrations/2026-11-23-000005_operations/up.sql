-- The record people read, the mail that leaves, and what keeps a node honest.

-- What happened, to whom, by whom. Appended in the act's own transaction; never changed, never deleted.
CREATE TABLE events (
    -- UUIDv7: the order of ids is the order of time.
    id TEXT PRIMARY KEY NOT NULL,
    -- NULL where only the operator is concerned.
    reseller_id TEXT REFERENCES organisations (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    -- ordinary, major or trouble: how the timeline draws it.
    weight TEXT NOT NULL CHECK (weight IN ('ordinary', 'major', 'trouble')),
    -- Who: `member:<id>`, `token:<id>`, `device:<id>`, `job:<name>` or `system`, and the name as it was then.
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    device_id TEXT REFERENCES devices (id),
    serial_number TEXT,
    command_id TEXT REFERENCES commands (id),
    -- Facts of the kind, canonical JSON; the sentence is made from them in the reader's language.
    facts TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX events_reseller ON events (reseller_id, id);
CREATE INDEX events_organisation ON events (organisation_id, id);
CREATE INDEX events_device ON events (device_id, id) WHERE device_id IS NOT NULL;
CREATE INDEX events_command ON events (command_id, id) WHERE command_id IS NOT NULL;

CREATE TABLE mail_outbox (
    id TEXT PRIMARY KEY NOT NULL,
    -- Stable over retries: a connection lost after DATA may mean delivered.
    message_id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'parked')),
    attempts BIGINT NOT NULL,
    last_error TEXT,
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX mail_outbox_due ON mail_outbox (next_attempt_at, id) WHERE state = 'waiting';

-- One row per scheduled job: who holds it, until when, and how it last ended.
CREATE TABLE job_leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT,
    held_until BIGINT NOT NULL,
    -- Rises at each claim; work written under an older one is refused.
    fence BIGINT NOT NULL,
    last_started_at BIGINT,
    last_finished_at BIGINT,
    last_error TEXT
);

-- Answers to creations, kept a day: the same key again gets the same answer.
CREATE TABLE idempotency_keys (
    -- The token or member, and the key it sent.
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of method, path and body: the same key for something else is a mistake and is told so.
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Fixed windows: a bucket is what is limited and by whom, e.g. `sign-in:ip:198.51.100.7`.
CREATE TABLE rate_limits (
    bucket TEXT NOT NULL,
    window_start BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (bucket, window_start)
);
CREATE INDEX rate_limits_age ON rate_limits (window_start);
