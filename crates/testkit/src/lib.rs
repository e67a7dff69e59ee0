//! Virtual clock, synthetic media and the server harness for tests.
