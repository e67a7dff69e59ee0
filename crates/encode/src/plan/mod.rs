//! From preset and input to a plan.
pub mod ladder;
pub mod timing;
