-- Signed commands, their targets, approvals, and the receipts of phones (PROTOCOL §6–§8, §15). Nothing here is deleted.

CREATE TABLE commands (
    id TEXT PRIMARY KEY NOT NULL,
    -- The pinned organisation of the fleet, and the organisation whose devices are meant (for scopes).
    reseller_id TEXT NOT NULL REFERENCES organisations (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Canonical JSON of `args`.
    arguments TEXT NOT NULL,
    -- Exact bytes that approvers sign, and cd = SHA-256(PAE).
    payload TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    keyring_version BIGINT NOT NULL,
    -- The floors and grants as they stood when drafted: what the page shows as missing.
    approvals_needed BIGINT NOT NULL,
    independent_needed BIGINT NOT NULL,
    target_count BIGINT NOT NULL,
    target_root TEXT NOT NULL,
    -- Set once, when the threshold is met: the sealed envelope and ed = SHA-256 of its bytes.
    envelope TEXT,
    envelope_digest TEXT,
    sealed_at BIGINT,
    state TEXT NOT NULL CHECK (state IN ('draft', 'awaiting-approval', 'queued', 'delivered', 'accepted', 'done',
        'failed', 'refused', 'cancelled', 'expired')),
    -- Member id or token id, and the name as it was then.
    drafted_by TEXT NOT NULL,
    drafted_by_name TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    cancelled_by_name TEXT,
    created_at BIGINT NOT NULL,
    -- When the expiry job closed what was still open. Its own mark and not a state: a command of many phones may be
    -- half done when its time is up, and is looked at once all the same.
    lapsed_at BIGINT
);
CREATE INDEX commands_reseller ON commands (reseller_id, id);
CREATE INDEX commands_organisation ON commands (organisation_id, id);
CREATE INDEX commands_envelope ON commands (envelope_digest) WHERE envelope_digest IS NOT NULL;
CREATE INDEX commands_open ON commands (state, expires_at) WHERE state IN ('draft', 'awaiting-approval', 'queued', 'delivered');
CREATE INDEX commands_lapsing ON commands (expires_at, id) WHERE lapsed_at IS NULL;

CREATE TABLE command_targets (
    command_id TEXT NOT NULL REFERENCES commands (id),
    -- Position of the leaf in the sorted tree.
    position BIGINT NOT NULL,
    device_id TEXT NOT NULL REFERENCES devices (id),
    enrolment_id TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    -- `deferred` is shown while a phone has a reason to wait; the row stays in the queue.
    state TEXT NOT NULL CHECK (state IN ('draft', 'awaiting-approval', 'queued', 'delivered', 'deferred', 'accepted',
        'done', 'failed', 'refused', 'cancelled', 'expired')),
    -- The phone's stable reason code (PROTOCOL §12), when it gave one.
    code TEXT,
    -- A receipt that came after the target was cancelled or expired: it outranks them, and is shown as late.
    late BOOLEAN NOT NULL,
    delivered_at BIGINT,
    accepted_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (command_id, position),
    UNIQUE (command_id, device_id)
);
-- The hot index: what a check-in looks at. A million terminal rows cost it nothing.
CREATE INDEX command_targets_pending ON command_targets (enrolment_id, command_id)
    WHERE state IN ('queued', 'delivered', 'deferred', 'accepted');
CREATE INDEX command_targets_device ON command_targets (device_id, command_id);
CREATE INDEX command_targets_state ON command_targets (command_id, state);

CREATE TABLE command_approvals (
    command_id TEXT NOT NULL REFERENCES commands (id),
    key_id TEXT NOT NULL,
    person TEXT NOT NULL,
    -- The signature entry as it stands in the envelope, canonical JSON.
    signature TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (command_id, key_id)
);

CREATE TABLE receipts (
    -- SHA-256 of the envelope's bytes.
    id TEXT PRIMARY KEY NOT NULL,
    device_id TEXT NOT NULL REFERENCES devices (id),
    enrolment_id TEXT NOT NULL,
    -- Rises by one; a gap is a suppressed receipt.
    sequence BIGINT NOT NULL,
    -- cd of the command; the command itself when it is one of ours.
    command_digest TEXT NOT NULL,
    command_id TEXT REFERENCES commands (id),
    state TEXT NOT NULL CHECK (state IN ('accepted', 'deferred', 'refused', 'done', 'failed')),
    code TEXT,
    detail TEXT,
    envelope TEXT NOT NULL,
    -- The phone's clock, and ours.
    phone_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX receipts_sequence ON receipts (enrolment_id, sequence, id);
CREATE INDEX receipts_command ON receipts (command_id, device_id) WHERE command_id IS NOT NULL;
CREATE INDEX receipts_device ON receipts (device_id, received_at, id);
