//! Track indexes and just-in-time packaging plans.
