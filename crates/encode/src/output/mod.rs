//! From pieces to what others read: growing indexes while a job runs, files and complete indexes at its end.

mod assemble;
mod publish;
mod sidecar;

pub use assemble::assemble;
pub use publish::Publisher;
pub use sidecar::{Sidecars, sidecars};
