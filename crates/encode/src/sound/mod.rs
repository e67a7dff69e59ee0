//! Encoding one audio track: one child for the whole title, in several objects as it goes.

pub mod command;
mod run;

pub use run::{encode, id_of, record_name};
