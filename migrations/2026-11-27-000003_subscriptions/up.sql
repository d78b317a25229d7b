-- What a subscription waits for, kept only while it waits; and the promise that a phone has one running subscription of each
-- side: its reseller sells it one (retail), the operator sells the reseller one (wholesale), so one of each seller is one of
-- each side.
--
-- Narrow tables beside the subscriptions, so that what looks for those that wait reads nothing else.

-- Trials that were agreed on and have not begun.
CREATE TABLE subscription_trials (
    subscription_id TEXT PRIMARY KEY NOT NULL REFERENCES subscriptions (id),
    begins_at BIGINT NOT NULL
);
CREATE INDEX subscription_trials_begin ON subscription_trials (begins_at, subscription_id);

-- Since when a subscription is paused. Where a plan gives paused days back, they are counted from here.
CREATE TABLE subscription_pauses (
    subscription_id TEXT PRIMARY KEY NOT NULL REFERENCES subscriptions (id),
    paused_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX subscriptions_running ON subscriptions (device_id, seller_id) WHERE device_id IS NOT NULL AND ended_at IS NULL;
