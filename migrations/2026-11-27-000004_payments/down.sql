DROP TABLE books_audits;
DROP TABLE webhook_secrets;
DROP TABLE reopenings;
DROP TABLE payment_turns;
