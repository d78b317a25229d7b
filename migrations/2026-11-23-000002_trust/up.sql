-- What phones trust, as the server carries it: fleets, their keyrings, and the log (PROTOCOL §3, §5, §14).
-- Nothing here is believed by a phone because the server says so; these rows are mail.

CREATE TABLE fleets (
    -- 32 hex characters, the descriptor's own `fleet`.
    id TEXT PRIMARY KEY NOT NULL,
    -- The pinned organisation: the reseller whose approvers command these phones.
    organisation_id TEXT NOT NULL UNIQUE REFERENCES organisations (id),
    -- SHA-256 of the descriptor's bytes, lower hex, and the descriptor (canonical JSON). NULL from the moment the server
    -- made its two keys until the offline machine answered with the descriptor and the first keyring.
    fingerprint TEXT UNIQUE,
    descriptor TEXT,
    -- Note key name of the log, and its Ed25519 key and the online key, both sealed under the installation's
    -- key file (setting `key_file`).
    log_origin TEXT NOT NULL,
    log_key_sealed BYTEA NOT NULL,
    online_key_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- Every version is kept: a phone that was off through several rotations walks the chain.
CREATE TABLE keyrings (
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    version BIGINT NOT NULL,
    -- SHA-256 of the payload, as receipts name it.
    digest TEXT NOT NULL,
    envelope TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (fleet_id, version)
);

-- Leaves are inserted unnumbered in the act's own transaction, so that no two acts fight over a tree head;
-- one sequencer numbers them in order of id and signs checkpoints.
CREATE TABLE log_leaves (
    id TEXT PRIMARY KEY NOT NULL,
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    kind TEXT NOT NULL CHECK (kind IN ('command', 'receipt', 'keyring', 'policy', 'enrolment', 'certificate',
        'revocation', 'clearance', 'program', 'admin')),
    -- SHA-256 of the entry's bytes, lower hex: only digests, so that a text can be erased and the tree stands.
    digest TEXT NOT NULL,
    leaf_index BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX log_leaves_index ON log_leaves (fleet_id, leaf_index) WHERE leaf_index IS NOT NULL;
CREATE INDEX log_leaves_waiting ON log_leaves (fleet_id, id) WHERE leaf_index IS NULL;
CREATE INDEX log_leaves_digest ON log_leaves (digest);

-- Hashes of complete subtrees: level 0 is the leaf hash, node (l, i) covers leaves [i·2^l, (i+1)·2^l).
-- Any proof reads at most two nodes a level.
CREATE TABLE log_nodes (
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (fleet_id, level, position)
);

CREATE TABLE log_checkpoints (
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    size BIGINT NOT NULL,
    root TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (fleet_id, size)
);
