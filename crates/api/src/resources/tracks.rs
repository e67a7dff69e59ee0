//! Tracks: what a streaming locator of an asset shows. They follow from its files and are only read.

use super::below_account;
use super::envelope::{page_schema, resource, resource_schema};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Node, Schemas, Wire, tagged, wire_object};
use millrace_media::MediaKind;
use millrace_package::TrackIndex;
use serde_json::{Map, Value, json};

const TRACKS: &str = below_account!("/assets/{assetName}/tracks");
const TRACK: &str = below_account!("/assets/{assetName}/tracks/{trackName}");

wire_object! {
    /// `AssetTrackProperties`.
    TrackProperties {
        track: AnyTrack = "track",
        provisioning_state: Option<String> = "provisioningState",
    }
}

/// `TrackBase` with its members. The service alone makes them.
#[derive(Debug, Clone, PartialEq)]
struct AnyTrack(Value);

impl Wire for AnyTrack {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.object().cloned().map(|object| Self(object.into()))
    }

    fn write(&self) -> Value {
        self.0.clone()
    }

    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("TrackBase", |_| {
            json!({
                "type": "object",
                "properties": {
                    "@odata.type": {
                        "type": "string",
                        "enum": ["#Microsoft.Media.VideoTrack", "#Microsoft.Media.AudioTrack", "#Microsoft.Media.TextTrack"],
                    },
                    "displayName": { "type": "string" },
                    "languageCode": { "type": "string" },
                    "bitRate": { "type": "integer" },
                },
                "required": ["@odata.type"],
            })
        })
    }
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("Tracks_List", Method::Get, TRACKS, &[200], |call| Box::pin(list(call)))
        .gives(|schemas| page_schema::<TrackProperties>("AssetTrack", schemas)),
    route("Tracks_Get", Method::Get, TRACK, &[200], |call| Box::pin(get(call)))
        .gives(|schemas| resource_schema::<TrackProperties>("AssetTrack", schemas)),
];

fn write(call: &Call, track: &TrackIndex) -> Value {
    let facts = track.facts();
    let mut members = Map::new();
    facts.label.clone().write_member("displayName", &mut members);
    facts.language.clone().write_member("languageCode", &mut members);
    let kind = match track.kind() {
        MediaKind::Video => "#Microsoft.Media.VideoTrack",
        MediaKind::Audio => {
            i64::from(facts.bitrate).write_member("bitRate", &mut members);
            "#Microsoft.Media.AudioTrack"
        }
        MediaKind::Text => "#Microsoft.Media.TextTrack",
    };
    let properties = TrackProperties {
        track: AnyTrack(tagged(kind, members.into())),
        provisioning_state: Some("Succeeded".into()),
    };
    resource(call, &["assets", call.name("assetName"), "tracks", facts.name.as_str()], &properties)
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let tracks = call.api.catalog.asset_tracks(call.name("assetName")).await?;
    let value: Vec<Value> = tracks.iter().map(|track| write(&call, track)).collect();
    Ok(Answer::ok(json!({ "value": value })))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let track = call.api.catalog.asset_track(call.name("assetName"), call.name("trackName")).await?;
    Ok(Answer::ok(write(&call, &track)))
}
