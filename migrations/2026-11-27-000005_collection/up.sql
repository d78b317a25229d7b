-- What follows when nobody pays: the marks that keep the walks short, and mail that has a seller.

-- Up to which instant a walk along dates has looked at everything: the next one begins there, also after the server stood
-- still.
CREATE TABLE collection_walks (
    name TEXT PRIMARY KEY NOT NULL,
    until_at BIGINT NOT NULL
);

-- Phones whose service cannot be switched now: told once on the record, tried again later.
CREATE TABLE service_troubles (
    device_id TEXT PRIMARY KEY NOT NULL REFERENCES devices (id),
    -- The stable word of the refusal.
    because TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    retry_at BIGINT NOT NULL
);

-- The subscriptions that are behind with paying: few of many.
CREATE INDEX subscriptions_behind ON subscriptions (id) WHERE reached <> 'current' AND ended_at IS NULL;
-- Those whose phone may have to be suspended. One that has ended and was found to have no say carries the moment of that in
-- `ordered_until`, so that it is not looked at for ever.
CREATE INDEX subscriptions_to_suspend ON subscriptions (id) WHERE device_id IS NOT NULL AND ordered <> 'suspended'
    AND (life = 'paused' OR reached IN ('suspended', 'terminated') OR (ended_at IS NOT NULL AND ordered_until IS NULL));
-- Those whose phone is suspended: renewed while it lasts, resumed when it is over.
CREATE INDEX subscriptions_suspended ON subscriptions (id) WHERE device_id IS NOT NULL AND ordered = 'suspended';
-- From a subscription to what is owed for it.
CREATE INDEX invoice_lines_subscription ON invoice_lines (subscription_id, invoice_id) WHERE subscription_id IS NOT NULL;

-- Mail in a seller's name: who it comes from, and where answers go.
ALTER TABLE mail_outbox ADD COLUMN sender_name TEXT;
ALTER TABLE mail_outbox ADD COLUMN reply_to TEXT;
-- The seller whose letter it is. Its text is kept, as letters are; other mail may hold a link that sets a password, and is
-- forgotten once it was sent.
ALTER TABLE mail_outbox ADD COLUMN seller_id TEXT;
-- The next mail server was not reached with it; until then nothing overtakes it.
ALTER TABLE mail_outbox ADD COLUMN held_until BIGINT;
CREATE INDEX mail_outbox_seller ON mail_outbox (seller_id, id) WHERE seller_id IS NOT NULL;
CREATE INDEX mail_outbox_held ON mail_outbox (held_until) WHERE state = 'waiting' AND held_until IS NOT NULL;
CREATE INDEX letters_mail ON letters (mail_id) WHERE mail_id IS NOT NULL;
