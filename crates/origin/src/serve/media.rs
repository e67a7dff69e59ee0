//! Media below a content key: initialization segments, delivery segments, key frames.

use std::sync::Arc;

use axum::{body::Body as HttpBody, response::Response};
use millrace_manifest::ContentKey;
use millrace_package::{
    TrackIndex,
    plan::{self, Body, Plan, Step},
};

use super::{
    Visit,
    answer::{Facts, Lifetime},
    conversions::{Key, What, missing},
};
use crate::{
    http::{Stored, Wanted},
    locate::Protocols,
    origin::Inner,
    problem::Problem,
    title::Title,
    url::{Media, Packing},
};

pub(super) async fn serve(
    origin: &Inner,
    visit: &Visit<'_>,
    title: &Title,
    media: Media,
) -> Result<Response, Problem> {
    check_protocol(media, visit.located.protocols)?;
    let plan = plan_of(title, media)?;
    send(origin, visit, plan, What::Media(media), &tag(media)).await
}

/// CMAF segments are those of HLS and of DASH.
fn check_protocol(media: Media, protocols: Protocols) -> Result<(), Problem> {
    let packing = match media {
        Media::Init { .. } => Packing::Cmaf,
        Media::Segment { packing, .. } | Media::KeyFrame { packing, .. } => packing,
    };
    let enabled = match packing {
        Packing::Cmaf => protocols.hls || protocols.dash,
        Packing::Ts => protocols.hls,
    };
    if enabled { Ok(()) } else { Err(Problem::Blocked) }
}

fn plan_of(title: &Title, media: Media) -> Result<Plan, Problem> {
    let track =
        |key: ContentKey| -> Result<&Arc<TrackIndex>, Problem> { title.track(key).ok_or(Problem::NoTrack) };
    Ok(match media {
        Media::Init { key } => plan::init(track(key)?),
        Media::Segment { key, time, packing: Packing::Cmaf, .. } => plan::segment(track(key)?, time)?,
        Media::Segment { key, muxed, time, packing: Packing::Ts } => {
            let audio = muxed.map(track).transpose()?.map(|audio| &**audio);
            plan::ts_segment(track(key)?, audio, time)?
        }
        Media::KeyFrame { key, time, packing: Packing::Cmaf } => plan::keyframe(track(key)?, time)?,
        Media::KeyFrame { key, time, packing: Packing::Ts } => plan::ts_keyframe(track(key)?, time)?,
    })
}

/// What the URL says, since nothing else ever comes under it.
fn tag(media: Media) -> String {
    let name = |packing| match packing {
        Packing::Cmaf => "m4s",
        Packing::Ts => "ts",
    };
    match media {
        Media::Init { key } => format!("\"{key}-init\""),
        Media::Segment { key, muxed: None, time, packing } => format!("\"{key}-{time}-{}\"", name(packing)),
        Media::Segment { key, muxed: Some(audio), time, packing } => {
            format!("\"{key}-{audio}-{time}-{}\"", name(packing))
        }
        Media::KeyFrame { key, time, packing } => format!("\"{key}-{time}-i-{}\"", name(packing)),
    }
}

/// Carries out a plan whose answer never changes.
pub(super) async fn send(
    origin: &Inner,
    visit: &Visit<'_>,
    plan: Plan,
    what: What,
    tag: &str,
) -> Result<Response, Problem> {
    let located = &visit.located;
    let body = match plan.step {
        Step::Body(body) => Arc::new(body),
        Step::Read(request) => {
            let account = located.store.name().to_owned();
            let key = Key { account, container: located.container.clone(), what };
            origin.conversions.body(key, &located.store, request).await?
        }
    };
    let lifetime = Lifetime::Immutable.cache_control(visit);
    let facts = Facts { content_type: plan.content_type, tag, lifetime, length: body.len() };
    let Some(wanted) = facts.wanted(visit.headers)? else { return Ok(facts.not_modified()) };
    let part = match &wanted {
        Wanted::Part(range) => Arc::new(body.slice(range.clone())),
        Wanted::All | Wanted::Beyond => body,
    };
    Ok(facts.respond(&wanted, open(visit, &part).await?))
}

async fn open(visit: &Visit<'_>, body: &Body) -> Result<HttpBody, Problem> {
    // Bytes that are all there need no stream around them.
    if let [plan::Piece::Bytes(bytes)] = body.pieces() {
        return Ok(HttpBody::from(bytes.clone()));
    }
    let stored = Stored::open(&visit.located.store, &visit.located.container, body).await.map_err(missing)?;
    Ok(HttpBody::new(stored))
}
