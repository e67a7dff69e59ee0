//! The ledger's conformance suite. Every test opens its database through [`support::Place`]; a second database is a second
//! kind of place.

mod crash;
mod group;
mod lease;
mod listing;
mod notice;
mod opening;
mod outbox;
mod resources;
mod running;
mod space;
mod support;
mod tasks;
