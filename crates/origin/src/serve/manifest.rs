//! Manifests and playlists.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use millrace_manifest::{
    NothingToPlay, Presentation, WallClock,
    dash::{self, UtcTiming},
    hls, smooth,
};
use millrace_package::{filter::Filter, present};

use super::{
    Visit,
    answer::{Lifetime, insert},
    manifests::{Key, PresentationKey, Rendered},
};
use crate::{
    http::{accepts_gzip, none_match},
    locate::Protocols,
    origin::Inner,
    problem::Problem,
    title::Title,
    url::{Format, ManifestOptions, PlaylistOptions},
};

/// Seconds that others may keep a manifest of a title that grows, and of one that does not: its filters and its
/// locator can still change.
const GROWING_SECONDS: u64 = 1;
const COMPLETE_SECONDS: u64 = 15;

/// Which manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wish {
    /// Of all tracks.
    Whole(ManifestOptions),
    /// Of one track.
    Track {
        /// Its name.
        track: String,
        /// How.
        options: PlaylistOptions,
    },
}

impl Wish {
    fn format(&self) -> Format {
        match self {
            Self::Whole(options) => options.format,
            Self::Track { options, .. } => Format::Hls(options.flavour),
        }
    }

    fn filters(&self) -> &[String] {
        match self {
            Self::Whole(options) => &options.filters,
            Self::Track { options, .. } => &options.filters,
        }
    }
}

pub(super) async fn serve(
    origin: &Inner,
    visit: &Visit<'_>,
    title: &Arc<Title>,
    wish: Wish,
) -> Result<Response, Problem> {
    check_protocol(wish.format(), visit.located.protocols)?;
    let filters = visit.located.filters.select(wish.filters()).map_err(Problem::NoFilter)?;
    let tells_time = title.is_growing() && matches!(wish.format(), Format::Dash(_));
    let key = Key {
        source: source(title, &filters),
        second: tells_time.then_some(visit.now.as_second()),
        wish: wish.clone(),
    };
    let render = async {
        let presentation = presentation(origin, title, &filters).await?;
        render(&presentation, &wish, WallClock(visit.now.as_millisecond())).map(Arc::new)
    };
    let rendered = origin.manifests.rendered.try_get_with(key, render).await;
    let rendered = rendered.map_err(|problem| (*problem).clone())?;
    let complete = visit.located.manifest_seconds.unwrap_or(COMPLETE_SECONDS);
    let seconds = if title.is_growing() { GROWING_SECONDS } else { complete };
    Ok(respond(&rendered, Lifetime::Seconds(seconds).cache_control(visit), visit.headers))
}

/// The title as the filters leave it.
pub(super) async fn presentation(
    origin: &Inner,
    title: &Arc<Title>,
    filters: &[Filter],
) -> Result<Arc<Presentation>, Problem> {
    let make = async {
        let tracks = title.tracks.iter().map(|track| &**track);
        Ok::<_, Problem>(Arc::new(present::presentation(tracks, filters, title.publication())?))
    };
    let presentation = origin.manifests.presentations.try_get_with(source(title, filters), make).await;
    presentation.map_err(|problem| (*problem).clone())
}

fn source(title: &Title, filters: &[Filter]) -> PresentationKey {
    let filters = if filters.is_empty() { String::new() } else { format!("{filters:?}") };
    PresentationKey { title: title.serial, filters }
}

fn check_protocol(format: Format, protocols: Protocols) -> Result<(), Problem> {
    let enabled = match format {
        Format::Hls(_) => protocols.hls,
        Format::Dash(_) => protocols.dash,
        Format::Smooth(_) => protocols.smooth,
    };
    if enabled { Ok(()) } else { Err(Problem::Blocked) }
}

fn render(presentation: &Presentation, wish: &Wish, now: WallClock) -> Result<Rendered, Problem> {
    let (content_type, text) = match wish {
        Wish::Whole(options) => match options.format {
            Format::Hls(flavour) => {
                let options =
                    hls::Options { audio_only: options.audio_only, filters: options.filters.clone() };
                (hls::CONTENT_TYPE, hls::master(presentation, flavour, &options))
            }
            Format::Dash(profile) => {
                (dash::CONTENT_TYPE, dash::mpd(presentation, profile, &UtcTiming::Direct(now)))
            }
            Format::Smooth(version) => {
                (smooth::CONTENT_TYPE, smooth::manifest(presentation, version, &options.filters))
            }
        },
        Wish::Track { track, options } => {
            let track = presentation.track(track).ok_or(Problem::NoTrack)?;
            let text = match options.key_frames {
                true => hls::key_frames(presentation, track, options.flavour),
                false => hls::media(presentation, track, options.flavour),
            };
            (hls::CONTENT_TYPE, text)
        }
    };
    let text = text.map_err(|NothingToPlay| Problem::Unsupported)?;
    Ok(Rendered::new(content_type, text))
}

fn respond(rendered: &Rendered, lifetime: HeaderValue, headers: &HeaderMap) -> Response {
    let gzip = if accepts_gzip(headers) { rendered.gzip() } else { None };
    let tag = if gzip.is_some() { &rendered.gzip_tag } else { &rendered.tag };
    let unchanged = none_match(headers, &[&rendered.tag, &rendered.gzip_tag]);
    let encoding = gzip.is_some() && !unchanged;
    let bytes = gzip.unwrap_or_else(|| rendered.plain.clone());
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(bytes) });
    let headers = response.headers_mut();
    insert(headers, header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, lifetime);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    match unchanged {
        true => *response.status_mut() = StatusCode::NOT_MODIFIED,
        false => insert(headers, header::CONTENT_TYPE, rendered.content_type),
    }
    response
}
