DROP TABLE log_checkpoints;
DROP TABLE log_nodes;
DROP TABLE log_leaves;
DROP TABLE keyrings;
DROP TABLE fleets;
