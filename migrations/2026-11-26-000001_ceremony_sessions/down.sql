DROP TABLE approval_ceremonies;
CREATE TABLE approval_ceremonies (
    -- SHA-256 of the token in the address.
    token_hash TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
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
