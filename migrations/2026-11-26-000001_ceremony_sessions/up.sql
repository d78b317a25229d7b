-- A hand-over to the approvals host ends with the session that made it. Those under way live three minutes and belong to no known
-- session: the table is made anew without them, and their owners begin again.

DROP TABLE approval_ceremonies;
CREATE TABLE approval_ceremonies (
    -- SHA-256 of the token in the address.
    token_hash TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    -- The session that handed over; when it ends, so does this.
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('register', 'approve')),
    -- Of an approval: what is approved.
    command_id TEXT REFERENCES commands (id),
    -- Of a registration: what it will be called and whose it will be.
    label TEXT,
    person TEXT,
    -- Of a registration: what the new passkey says of itself, until its trial.
    claim TEXT,
    -- Random, hex: makes the challenge of a registration another one each time.
    nonce TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX approval_ceremonies_member ON approval_ceremonies (member_id);
CREATE INDEX approval_ceremonies_expires ON approval_ceremonies (expires_at);
CREATE INDEX approval_ceremonies_session ON approval_ceremonies (session_id);
