DROP TABLE receipts;
DROP TABLE command_approvals;
DROP TABLE command_targets;
DROP TABLE commands;
