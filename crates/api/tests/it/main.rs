//! The API as clients see it: requests in, statuses and documents out, over a real catalog.

mod account;
mod assets;
mod auth;
mod errors;
mod filters;
mod house;
mod jobs;
mod lists;
mod locators;
mod openapi;
mod presets;
mod streaming;
