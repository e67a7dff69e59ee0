//! The origin as its clients meet it.

mod gate;
mod manifests;
mod media;
mod stage;
mod url;
mod wire;
