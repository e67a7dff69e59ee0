//! The store on every kind of place, the endpoint over HTTP, and real clients against it.

mod crash;
mod endpoint;
mod full;
mod python;
mod sas;
mod store;
mod support;
