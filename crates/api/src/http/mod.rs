//! From an HTTP request to a handler and back: routing, versions, bodies, answers, errors.

mod answer;
mod body;
mod call;
mod dispatch;
mod error;
mod origin;
mod path;
mod refusal;
mod route;

pub use error::ApiError;
pub use origin::ClientScheme;

pub(crate) use answer::Answer;
pub(crate) use call::Call;
pub(crate) use dispatch::{dispatch, public};
pub(crate) use path::{Captures, segments};
pub(crate) use route::{Method, Route, route};

/// The `api-version`s that are answered, oldest first. All get the same answers: those of the newest.
pub const API_VERSIONS: &[&str] = &[
    "2018-03-30-preview",
    "2018-06-01-preview",
    "2018-07-01",
    "2019-05-01-preview",
    "2020-05-01",
    "2021-05-01",
    "2021-06-01",
    "2021-11-01",
    "2022-05-01-preview",
    "2022-07-01",
    "2022-08-01",
    "2023-01-01",
];
