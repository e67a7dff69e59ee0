//! Smooth chunks.

use std::sync::Arc;

use axum::response::Response;
use millrace_manifest::{ContentKey, Presentation, smooth};
use millrace_package::plan;

use super::{Visit, conversions::What, manifest, media};
use crate::{origin::Inner, problem::Problem, title::Title};

/// A chunk in the words of its manifest.
pub(super) struct Chunk {
    pub(super) presentation: ContentKey,
    pub(super) stream: String,
    pub(super) bitrate: u64,
    pub(super) time: u64,
    pub(super) filters: Vec<String>,
}

pub(super) async fn serve(
    origin: &Inner,
    visit: &Visit<'_>,
    title: &Arc<Title>,
    chunk: &Chunk,
) -> Result<Response, Problem> {
    if !visit.located.protocols.smooth {
        return Err(Problem::Blocked);
    }
    let presentation = presentation(origin, visit, title, chunk).await?;
    let track = smooth::resolve(&presentation, &chunk.stream, chunk.bitrate).ok_or(Problem::NoTrack)?;
    let index = title.track(track.key).ok_or(Problem::NoTrack)?;
    let plan = plan::smooth(index, chunk.time)?;
    let tag = format!("\"{}-{}-smooth\"", track.key, chunk.time);
    media::send(origin, visit, plan, What::Chunk(track.key, chunk.time), &tag).await
}

/// The presentation whose manifest named the chunk. Names and bitrates mean a track of that set of tracks only; where
/// the set has changed since, a client has to load the manifest again, and no cache keeps the wrong bytes.
async fn presentation(
    origin: &Inner,
    visit: &Visit<'_>,
    title: &Arc<Title>,
    chunk: &Chunk,
) -> Result<Arc<Presentation>, Problem> {
    let filters = visit.located.filters.select(&chunk.filters).map_err(Problem::NoFilter)?;
    let presentation = manifest::presentation(origin, title, &filters).await?;
    if presentation.key() == chunk.presentation { Ok(presentation) } else { Err(Problem::NoTrack) }
}
