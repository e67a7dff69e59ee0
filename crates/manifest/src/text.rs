//! Numbers and text appended to a String without a formatter.
