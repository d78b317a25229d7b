-- What the renewal job needs beside the rows it writes.

-- An alarm that stands: something was due for longer than it may be. One row for each watch, gone when it clears; so people are
-- told once, and again each day while it lasts.
CREATE TABLE standing_alarms (
    name TEXT PRIMARY KEY NOT NULL,
    -- Since when what it watches is late.
    since BIGINT NOT NULL,
    told_at BIGINT NOT NULL
);

-- The prices that concern some buyers: a plan may have one for each of ten thousand, and a batch of renewals asks for a few.
CREATE INDEX prices_buyer ON prices (plan_id, buyer_id);
