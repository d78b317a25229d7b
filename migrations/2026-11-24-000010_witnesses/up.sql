-- Witnesses (PROTOCOL §14): who cosigned a checkpoint, and the clearances they gave.

-- Distinct witnesses of the keyring whose cosignatures stand in the note. Phones are handed a checkpoint only when their
-- keyring's threshold is met.
ALTER TABLE log_checkpoints ADD COLUMN witnesses BIGINT NOT NULL DEFAULT 0;

-- One row per clearance: for one phone, one envelope, one nonce, under one checkpoint, by one witness.
CREATE TABLE clearances (
    -- SHA-256 of the clearance's envelope, as the log names it.
    digest TEXT PRIMARY KEY NOT NULL,
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    command_id TEXT NOT NULL REFERENCES commands (id),
    enrolment_id TEXT NOT NULL,
    -- The phone's own random bytes, hex.
    nonce TEXT NOT NULL,
    -- The key id of the witness.
    witness TEXT NOT NULL,
    -- The size of the log under which it cleared.
    checkpoint_size BIGINT NOT NULL,
    envelope TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX clearances_phone ON clearances (enrolment_id, command_id, nonce);

-- SHA-256 of the enrolment statement, as the log names it: by it an auditor's export finds the statement.
ALTER TABLE enrolments ADD COLUMN statement_digest TEXT;
CREATE INDEX enrolments_statement ON enrolments (statement_digest) WHERE statement_digest IS NOT NULL;
