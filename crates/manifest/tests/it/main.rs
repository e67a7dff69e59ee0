//! Manifests as text: golden files, edge cases, and timelines read back from each format.

mod edges;
mod golden;
mod read_back;
mod speed;
mod titles;
