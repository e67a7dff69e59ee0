//! The real binary, the real clients.
//!
//! Most tests share one server with one published title, made on first use; those that kill or configure a
//! server start their own.

mod attack;
mod cli;
mod console;
mod formats;
mod growing;
mod kill;
mod playback;
mod published;
mod sdk;
mod stage;
mod validators;
