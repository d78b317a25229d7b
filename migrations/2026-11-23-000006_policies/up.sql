-- Policies, warnings of keyrings that end, keys that the next keyring will name, and what phones say of their own compliance
-- (PROTOCOL §5, §9, §15).

-- Every version is kept, as with keyrings: receipts and audits may name an older one.
CREATE TABLE policies (
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    version BIGINT NOT NULL,
    -- SHA-256 of the payload.
    digest TEXT NOT NULL,
    envelope TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (fleet_id, version)
);

-- Who was told how many days before its end, so that each is told once: 30, 14, 7, 1, and 0 for the end itself.
CREATE TABLE keyring_warnings (
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    version BIGINT NOT NULL,
    days BIGINT NOT NULL,
    warned_at BIGINT NOT NULL,
    PRIMARY KEY (fleet_id, version, days)
);

-- Fresh keys of this server for the next keyring, sealed as the others; they take their places when it is stored. A new log
-- key comes with a new origin, and a new origin starts a new tree.
ALTER TABLE fleets ADD COLUMN next_online_key_sealed BYTEA;
ALTER TABLE fleets ADD COLUMN next_log_key_sealed BYTEA;
ALTER TABLE fleets ADD COLUMN next_log_origin TEXT;

-- What a phone says of its policy: the version it holds (0 for none), its own judgement as cleaned JSON
-- (`compliant`, `faults`, `since`), and how fresh its view of the record is. NULL while it says nothing.
ALTER TABLE device_state ADD COLUMN policy_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN compliance TEXT;
ALTER TABLE device_state ADD COLUMN freshness TEXT;

-- Until when a sealed command is kept back so that somebody can still stop it; NULL where nothing is kept back.
ALTER TABLE commands ADD COLUMN cool_off_until BIGINT;
CREATE INDEX commands_cooling ON commands (cool_off_until) WHERE cool_off_until IS NOT NULL;
