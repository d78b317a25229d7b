//! Tests of reading statements.
