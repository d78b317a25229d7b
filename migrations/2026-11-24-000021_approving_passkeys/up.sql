-- Passkeys for approving commands (PROTOCOL §8). Whether one counts for anything, the fleets' keyrings say.

CREATE TABLE approving_passkeys (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    -- What its owner calls it.
    label TEXT NOT NULL,
    -- The id of the key in a keyring, of algorithm webauthn-es256.
    key_id TEXT NOT NULL UNIQUE,
    -- Who its owner is in a keyring, 32 hexadecimal characters.
    person TEXT NOT NULL,
    -- The authenticator's name for it, base64.
    credential TEXT NOT NULL,
    origin TEXT NOT NULL,
    rp_id TEXT NOT NULL,
    synced BOOLEAN NOT NULL,
    -- Make and model by the authenticator's own word, hex; zeros when it does not say.
    aaguid TEXT NOT NULL,
    -- The registration as root signers get it, with the trial: exact bytes.
    registration TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When a stored keyring held it first; NULL while it waits.
    in_keyring_at BIGINT,
    -- When its owner put it out of use.
    removed_at BIGINT
);
CREATE INDEX approving_passkeys_member ON approving_passkeys (member_id);

-- What a member was sent to the approvals host to do: a capability for three minutes, used once.
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

-- The highest signature counter seen of each passkey that approved: one that falls was copied.
CREATE TABLE passkey_counters (
    key_id TEXT PRIMARY KEY NOT NULL,
    counter BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
