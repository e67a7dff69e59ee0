//! Inputs as they come: each encodes right, or the job says why not.
