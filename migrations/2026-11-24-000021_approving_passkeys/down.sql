DROP TABLE passkey_counters;
DROP TABLE approval_ceremonies;
DROP TABLE approving_passkeys;
