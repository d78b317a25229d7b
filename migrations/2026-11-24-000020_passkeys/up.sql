-- Passkeys for signing in to the portal, and the ceremonies that are under way. They prove to the portal who somebody is
-- and nothing to a phone: what approvers sign with stands in keyrings.

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    -- What the authenticator calls it, base64url without padding: by it a sign-in finds whose it is.
    credential_id TEXT NOT NULL UNIQUE,
    -- Public key and facts of the registration, JSON of the library that verifies. Nothing secret.
    credential TEXT NOT NULL,
    -- Uses as the authenticator counts them, 0 where it does not. One that falls was copied. Beside `credential`, so that
    -- of two uses with the same number one is refused by the guard of an UPDATE.
    counter BIGINT NOT NULL,
    -- Whether copies of it lie with the maker of the phone or browser.
    synced BOOLEAN NOT NULL,
    -- What its owner calls it.
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_member ON passkeys (member_id, id);

-- A ceremony: the server has asked, the browser has not answered yet. The row is deleted by the answer, right or wrong.
CREATE TABLE webauthn_ceremonies (
    id TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign-in', 'add', 'confirm')),
    -- The session that began it and alone may end it; NULL for a sign-in, which has none yet.
    session_id TEXT REFERENCES sessions (id),
    -- The challenge and what was asked for, JSON of the library.
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((purpose = 'sign-in') = (session_id IS NULL))
);
CREATE INDEX webauthn_ceremonies_expiry ON webauthn_ceremonies (expires_at);
CREATE INDEX webauthn_ceremonies_session ON webauthn_ceremonies (session_id) WHERE session_id IS NOT NULL;
