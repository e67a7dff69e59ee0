//! Answers, a file for each kind of target. Everything here runs after the locator was found open.

mod answer;
mod chunk;
mod conversions;
mod download;
mod manifest;
mod manifests;
mod media;

use axum::response::Response;
use http::HeaderMap;
use jiff::Timestamp;

pub(crate) use conversions::Conversions;
pub(crate) use manifests::Manifests;

use crate::{
    locate::Located,
    origin::Inner,
    problem::Problem,
    title::Title,
    url::{Part, Target},
};
use std::sync::Arc;

/// A request for something under an open locator.
pub(crate) struct Visit<'a> {
    pub(crate) located: Located,
    /// One moment for the whole answer.
    pub(crate) now: Timestamp,
    pub(crate) headers: &'a HeaderMap,
}

/// The answer to a request.
pub(crate) async fn target(origin: &Inner, visit: &Visit<'_>, target: Target) -> Result<Response, Problem> {
    let (name, part) = match target {
        Target::Download { file } => return download::serve(visit, &file).await,
        Target::Stream { name, part } => (name, part),
    };
    let title = origin.titles.title(&visit.located).await?;
    check_name(&title, name)?;
    match part {
        Part::Manifest(options) => {
            manifest::serve(origin, visit, &title, manifest::Wish::Whole(options)).await
        }
        Part::Playlist { track, options } => {
            manifest::serve(origin, visit, &title, manifest::Wish::Track { track, options }).await
        }
        Part::Media(media) => media::serve(origin, visit, &title, media).await,
        Part::Chunk { presentation, stream, bitrate, time, filters } => {
            let chunk = chunk::Chunk { presentation, stream, bitrate, time, filters };
            chunk::serve(origin, visit, &title, &chunk).await
        }
    }
}

/// One presentation has one name, so that caches hold one copy of it.
fn check_name(title: &Arc<Title>, name: String) -> Result<(), Problem> {
    if title.pointer.name.eq_ignore_ascii_case(&name) { Ok(()) } else { Err(Problem::NoName(name)) }
}
