//! Operations of the contract that this service does not have. Each is refused with a sentence that says what to do
//! instead, so that nobody takes a missing feature for a wrong address.

use super::below_account;
use crate::http::{Answer, ApiError, Call, Method, Route, route};

const LIVE: &str = "Live events and live outputs are not part of this version.";
const KEYS: &str = "Content key policies and encryption are not part of this version; use the policy Predefined_ClearStreamingOnly.";
const ACCOUNT: &str = "The account is part of the server: it is made at first start and cannot be made or deleted through the API.";
const PRIVATE: &str =
    "Private endpoints and links are features of the cloud; bind the server to a private address instead.";
const EDGE: &str = "Edge policies are a feature of the cloud and not part of this service.";
const TRACK: &str =
    "Tracks follow from the files of an asset; adding and changing them is not part of this version.";

fn refuse(sentence: &str) -> Result<Answer, ApiError> {
    Err(ApiError::NotSupported(sentence.to_owned()))
}

/// Refuses with a sentence.
macro_rules! no {
    ($sentence:expr) => {
        |_: Call| Box::pin(async { refuse($sentence) })
    };
}

const EVENTS: &str = below_account!("/liveEvents");
const EVENT: &str = below_account!("/liveEvents/{liveEventName}");
const OUTPUTS: &str = below_account!("/liveEvents/{liveEventName}/liveOutputs");
const OUTPUT: &str = below_account!("/liveEvents/{liveEventName}/liveOutputs/{liveOutputName}");
const POLICIES: &str = below_account!("/contentKeyPolicies");
const POLICY: &str = below_account!("/contentKeyPolicies/{contentKeyPolicyName}");
const CONNECTION: &str = below_account!("/privateEndpointConnections/{name}");
const TRACK_PATH: &str = below_account!("/assets/{assetName}/tracks/{trackName}");

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("LiveEvents_List", Method::Get, EVENTS, &[], no!(LIVE)),
    route("LiveEvents_Get", Method::Get, EVENT, &[], no!(LIVE)),
    route("LiveEvents_Create", Method::Put, EVENT, &[], no!(LIVE)),
    route("LiveEvents_Update", Method::Patch, EVENT, &[], no!(LIVE)),
    route("LiveEvents_Delete", Method::Delete, EVENT, &[], no!(LIVE)),
    route(
        "LiveEvents_Action",
        Method::Post,
        below_account!("/liveEvents/{liveEventName}/{action}"),
        &[],
        no!(LIVE),
    ),
    route("LiveOutputs_List", Method::Get, OUTPUTS, &[], no!(LIVE)),
    route("LiveOutputs_Get", Method::Get, OUTPUT, &[], no!(LIVE)),
    route("LiveOutputs_Create", Method::Put, OUTPUT, &[], no!(LIVE)),
    route("LiveOutputs_Delete", Method::Delete, OUTPUT, &[], no!(LIVE)),
    route("ContentKeyPolicies_List", Method::Get, POLICIES, &[], no!(KEYS)),
    route("ContentKeyPolicies_Get", Method::Get, POLICY, &[], no!(KEYS)),
    route("ContentKeyPolicies_CreateOrUpdate", Method::Put, POLICY, &[], no!(KEYS)),
    route("ContentKeyPolicies_Update", Method::Patch, POLICY, &[], no!(KEYS)),
    route("ContentKeyPolicies_Delete", Method::Delete, POLICY, &[], no!(KEYS)),
    route(
        "ContentKeyPolicies_GetPolicyPropertiesWithSecrets",
        Method::Post,
        below_account!("/contentKeyPolicies/{contentKeyPolicyName}/getPolicyPropertiesWithSecrets"),
        &[],
        no!(KEYS),
    ),
    route("Mediaservices_Delete", Method::Delete, below_account!(), &[], no!(ACCOUNT)),
    route(
        "Mediaservices_ListEdgePolicies",
        Method::Post,
        below_account!("/listEdgePolicies"),
        &[],
        no!(EDGE),
    ),
    route("PrivateEndpointConnections_Get", Method::Get, CONNECTION, &[], no!(PRIVATE)),
    route("PrivateEndpointConnections_CreateOrUpdate", Method::Put, CONNECTION, &[], no!(PRIVATE)),
    route("PrivateEndpointConnections_Delete", Method::Delete, CONNECTION, &[], no!(PRIVATE)),
    route(
        "PrivateLinkResources_Get",
        Method::Get,
        below_account!("/privateLinkResources/{name}"),
        &[],
        no!(PRIVATE),
    ),
    route("Tracks_CreateOrUpdate", Method::Put, TRACK_PATH, &[], no!(TRACK)),
    route("Tracks_Update", Method::Patch, TRACK_PATH, &[], no!(TRACK)),
    route("Tracks_Delete", Method::Delete, TRACK_PATH, &[], no!(TRACK)),
    route(
        "Tracks_UpdateTrackData",
        Method::Post,
        below_account!("/assets/{assetName}/tracks/{trackName}/updateTrackData"),
        &[],
        no!(TRACK),
    ),
];
