//! The catalog on a real ledger and real blobs.

mod account;
mod assets;
mod cancel;
mod house;
mod index;
mod jobs;
mod lists;
mod locators;
mod resolve;
mod transforms;
