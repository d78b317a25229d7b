-- The phones: what each is, how it joined, the certificates it was given, and what it last said.

CREATE TABLE devices (
    id TEXT PRIMARY KEY NOT NULL,
    -- The organisation that owns the phone: a reseller, or one of its customers.
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    reseller_id TEXT NOT NULL REFERENCES organisations (id),
    fleet_id TEXT NOT NULL REFERENCES fleets (id),
    serial_number TEXT NOT NULL,
    imei TEXT,
    model TEXT NOT NULL,
    lifecycle TEXT NOT NULL CHECK (lifecycle IN ('registered', 'enrolled', 'killed', 'wiped', 'retired')),
    -- Counts enrolments, for people to read. The enrolment id is what commands name.
    epoch BIGINT NOT NULL,
    enrolment_id TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (fleet_id, serial_number)
);
CREATE INDEX devices_reseller ON devices (reseller_id, serial_number, id);
CREATE INDEX devices_organisation ON devices (organisation_id, serial_number, id);
CREATE INDEX devices_serial ON devices (serial_number, id);
CREATE INDEX devices_imei ON devices (imei) WHERE imei IS NOT NULL;
CREATE INDEX devices_lifecycle ON devices (reseller_id, lifecycle, serial_number);

-- The narrow row that check-ins write. One per device, from registration on.
CREATE TABLE device_state (
    device_id TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    reseller_id TEXT NOT NULL REFERENCES organisations (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    last_check_in_at BIGINT,
    -- The status report as it was bounded and cleaned, JSON; NULL before the first check-in.
    report TEXT,
    -- What the phone says it holds: digests of active restrictions with their kinds, JSON array.
    restrictions TEXT NOT NULL,
    locked BOOLEAN NOT NULL,
    suspended BOOLEAN NOT NULL,
    -- A verified legal hold, as the phone reported it.
    held BOOLEAN NOT NULL,
    keyring_version BIGINT NOT NULL,
    checkpoint_size BIGINT NOT NULL,
    checkpoint_root TEXT,
    nonce TEXT
);
CREATE INDEX device_state_contact ON device_state (reseller_id, last_check_in_at, device_id);
CREATE INDEX device_state_contact_organisation ON device_state (organisation_id, last_check_in_at, device_id);

-- One row a day on which a device checked in: the ticks of the device page and the plot of the overview.
CREATE TABLE device_days (
    device_id TEXT NOT NULL REFERENCES devices (id),
    -- Days since 1970-01-01 UTC.
    day BIGINT NOT NULL,
    -- Which sixths of the day were seen, bit 0 the first four hours.
    seen BIGINT NOT NULL,
    reseller_id TEXT NOT NULL REFERENCES organisations (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    PRIMARY KEY (device_id, day)
);
CREATE INDEX device_days_reseller ON device_days (reseller_id, day);
CREATE INDEX device_days_organisation ON device_days (organisation_id, day);
CREATE INDEX device_days_day ON device_days (day);

CREATE TABLE enrolment_codes (
    id TEXT PRIMARY KEY NOT NULL,
    device_id TEXT NOT NULL REFERENCES devices (id),
    code_hash TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    -- The key the code was spent on: the same request again gets the same certificate, another key nothing.
    used_for_key TEXT,
    withdrawn_at BIGINT
);
CREATE INDEX enrolment_codes_device ON enrolment_codes (device_id, id);

-- One row per enrolment id the server ever issued a certificate for.
CREATE TABLE enrolments (
    -- Lower hex SHA-256 of the device key's 65 raw bytes; for a plain EST client, of its TLS key.
    id TEXT PRIMARY KEY NOT NULL,
    device_id TEXT NOT NULL REFERENCES devices (id),
    epoch BIGINT NOT NULL,
    -- Raw P-256 point, base64; NULL until the enrolment statement came (a plain EST client never sends one).
    device_key TEXT,
    statement TEXT,
    -- How the phone says it learned its fleet: image, manual or tofu.
    pin TEXT CHECK (pin IN ('image', 'manual', 'tofu')),
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_why TEXT CHECK (ended_why IN ('re-enrolled', 'killed', 'wiped', 'revoked', 'retired'))
);
CREATE INDEX enrolments_device ON enrolments (device_id, id);

-- Intent is written before a certificate is signed and the result after: a crash leaves none the store does not know.
CREATE TABLE certificates (
    -- Serial number, lower hex, as signed.
    serial_number TEXT PRIMARY KEY NOT NULL,
    profile TEXT NOT NULL CHECK (profile IN ('device', 'server')),
    state TEXT NOT NULL CHECK (state IN ('intended', 'issued', 'revoked', 'abandoned')),
    device_id TEXT REFERENCES devices (id),
    enrolment_id TEXT,
    -- SHA-256 of the DER, lower hex; NULL while only intended.
    fingerprint TEXT UNIQUE,
    -- SHA-256 of the SubjectPublicKeyInfo, lower hex.
    key_hash TEXT NOT NULL,
    der BYTEA,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    -- RFC 5280 §5.3.1 reason code; NULL means unspecified and is left out of the CRL.
    revocation_reason BIGINT
);
CREATE INDEX certificates_device ON certificates (device_id, created_at);
CREATE INDEX certificates_enrolment ON certificates (enrolment_id);
CREATE INDEX certificates_revoked ON certificates (revoked_at, serial_number) WHERE revoked_at IS NOT NULL;
CREATE INDEX certificates_expiry ON certificates (not_after) WHERE state = 'issued';

CREATE TABLE crls (
    number BIGINT PRIMARY KEY NOT NULL,
    der BYTEA NOT NULL,
    entries BIGINT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL
);
