//! Account filters and asset filters, which have the same shape.

use super::below_account;
use super::envelope::{page_schema, read_properties, resource, resource_schema};
use super::paging;
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Node, Schemas, Wire, wire_object};
use millrace_catalog::filter::{Condition, FilterRules, TimeRange};
use serde_json::Value;

const ACCOUNT_FILTERS: &str = below_account!("/accountFilters");
const ACCOUNT_FILTER: &str = below_account!("/accountFilters/{filterName}");
const ASSET_FILTERS: &str = below_account!("/assets/{assetName}/assetFilters");
const ASSET_FILTER: &str = below_account!("/assets/{assetName}/assetFilters/{filterName}");

wire_object! {
    /// `MediaFilterProperties`.
    FilterProperties {
        time_range: Option<WireRange> = "presentationTimeRange",
        first_quality: Option<FirstQuality> = "firstQuality",
        /// Entries, any of which may hold.
        tracks: Option<Vec<TrackSelection>> = "tracks",
    }
}

wire_object! {
    /// `FirstQuality`.
    FirstQuality {
        /// Bits per second.
        bitrate: u32 = "bitrate",
    }
}

wire_object! {
    /// `FilterTrackSelection`.
    TrackSelection {
        /// Conditions, all of which must hold.
        conditions: Vec<WireCondition> = "trackSelections",
    }
}

wire_object! {
    /// `FilterTrackPropertyCondition`.
    WireCondition {
        /// `Type`, `Name`, `Language`, `FourCC` or `Bitrate`.
        property: String = "property",
        value: String = "value",
        /// `Equal` or `NotEqual`.
        operation: String = "operation",
    }
}

wire_object! {
    /// `PresentationTimeRange`, in ticks of its timescale.
    WireRange {
        start: Option<Ticks> = "startTimestamp",
        end: Option<Ticks> = "endTimestamp",
        window: Option<Ticks> = "presentationWindowDuration",
        backoff: Option<Ticks> = "liveBackoffDuration",
        /// Ticks per second; 10,000,000 if absent.
        timescale: Option<Ticks> = "timescale",
        force_end: Option<bool> = "forceEndTimestamp",
    }
}

/// A count of ticks: any 63-bit number. Clients of the .NET family write the largest for "no end".
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ticks(u64);

impl Wire for Ticks {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let ticks = i64::read(node)?;
        u64::try_from(ticks).map(Self).map_err(|_| node.expected("a number of ticks, 0 or more"))
    }

    fn write(&self) -> Value {
        self.0.into()
    }

    fn schema(schemas: &mut Schemas) -> Value {
        i64::schema(schemas)
    }
}

impl From<FilterProperties> for FilterRules {
    fn from(wire: FilterProperties) -> Self {
        let condition = |wire: WireCondition| Condition {
            property: wire.property,
            operation: wire.operation,
            value: wire.value,
        };
        let entry = |selection: TrackSelection| selection.conditions.into_iter().map(condition).collect();
        Self {
            first_quality: wire.first_quality.map(|quality| quality.bitrate),
            time_range: wire.time_range.map(TimeRange::from),
            tracks: wire.tracks.unwrap_or_default().into_iter().map(entry).collect(),
        }
    }
}

impl From<&FilterRules> for FilterProperties {
    fn from(rules: &FilterRules) -> Self {
        let condition = |condition: &Condition| WireCondition {
            property: condition.property.clone(),
            value: condition.value.clone(),
            operation: condition.operation.clone(),
        };
        let entry =
            |entry: &Vec<Condition>| TrackSelection { conditions: entry.iter().map(condition).collect() };
        Self {
            time_range: rules.time_range.map(WireRange::from),
            first_quality: rules.first_quality.map(|bitrate| FirstQuality { bitrate }),
            tracks: Some(rules.tracks.iter().map(entry).collect()),
        }
    }
}

impl From<WireRange> for TimeRange {
    fn from(wire: WireRange) -> Self {
        let ticks = |ticks: Option<Ticks>| ticks.map(|Ticks(ticks)| ticks);
        Self {
            start: ticks(wire.start),
            end: ticks(wire.end),
            window: ticks(wire.window),
            backoff: ticks(wire.backoff),
            timescale: ticks(wire.timescale),
            force_end: wire.force_end.unwrap_or(false),
        }
    }
}

impl From<TimeRange> for WireRange {
    fn from(range: TimeRange) -> Self {
        Self {
            start: range.start.map(Ticks),
            end: range.end.map(Ticks),
            window: range.window.map(Ticks),
            backoff: range.backoff.map(Ticks),
            timescale: range.timescale.map(Ticks),
            force_end: Some(range.force_end),
        }
    }
}

fn account_schema(schemas: &mut Schemas) -> Value {
    resource_schema::<FilterProperties>("AccountFilter", schemas)
}

fn asset_schema(schemas: &mut Schemas) -> Value {
    resource_schema::<FilterProperties>("AssetFilter", schemas)
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("AccountFilters_List", Method::Get, ACCOUNT_FILTERS, &[200], |call| Box::pin(account_list(call)))
        .gives(|schemas| page_schema::<FilterProperties>("AccountFilter", schemas)),
    route("AccountFilters_Get", Method::Get, ACCOUNT_FILTER, &[200], |call| Box::pin(account_get(call)))
        .gives(account_schema),
    route("AccountFilters_CreateOrUpdate", Method::Put, ACCOUNT_FILTER, &[200, 201], |call| {
        Box::pin(account_put(call))
    })
    .takes(account_schema)
    .gives(account_schema),
    route("AccountFilters_Update", Method::Patch, ACCOUNT_FILTER, &[200], |call| {
        Box::pin(account_patch(call))
    })
    .takes(account_schema)
    .gives(account_schema),
    route("AccountFilters_Delete", Method::Delete, ACCOUNT_FILTER, &[200, 204], |call| {
        Box::pin(account_delete(call))
    }),
    route("AssetFilters_List", Method::Get, ASSET_FILTERS, &[200], |call| Box::pin(asset_list(call)))
        .gives(|schemas| page_schema::<FilterProperties>("AssetFilter", schemas)),
    route("AssetFilters_Get", Method::Get, ASSET_FILTER, &[200], |call| Box::pin(asset_get(call)))
        .gives(asset_schema),
    route("AssetFilters_CreateOrUpdate", Method::Put, ASSET_FILTER, &[200, 201], |call| {
        Box::pin(asset_put(call))
    })
    .takes(asset_schema)
    .gives(asset_schema),
    route("AssetFilters_Update", Method::Patch, ASSET_FILTER, &[200], |call| Box::pin(asset_patch(call)))
        .takes(asset_schema)
        .gives(asset_schema),
    route("AssetFilters_Delete", Method::Delete, ASSET_FILTER, &[200, 204], |call| {
        Box::pin(asset_delete(call))
    }),
];

fn rules(call: &Call) -> Result<FilterRules, ApiError> {
    read_properties::<FilterProperties>(call).map(FilterRules::from)
}

/// What a PATCH makes of the rules there are: each member that is sent replaces the whole of its kind.
fn patched(call: &Call, present: &FilterRules) -> Result<FilterRules, ApiError> {
    let sent: FilterProperties = read_properties(call)?;
    let keeps_tracks = sent.tracks.is_none();
    let sent = FilterRules::from(sent);
    Ok(FilterRules {
        first_quality: sent.first_quality.or(present.first_quality),
        time_range: sent.time_range.or(present.time_range),
        tracks: if keeps_tracks { present.tracks.clone() } else { sent.tracks },
    })
}

fn account_document(call: &Call, name: &str, rules: &FilterRules) -> Value {
    resource(call, &["accountFilters", name], &FilterProperties::from(rules))
}

fn asset_document(call: &Call, name: &str, rules: &FilterRules) -> Value {
    resource(call, &["assets", call.name("assetName"), "assetFilters", name], &FilterProperties::from(rules))
}

async fn account_list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.account_filters(&paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |filter| account_document(&call, &filter.name, &filter.rules)))
}

async fn account_get(call: Call) -> Result<Answer, ApiError> {
    let filter = call.api.catalog.account_filter(call.name("filterName")).await?;
    Ok(Answer::ok(account_document(&call, &filter.name, &filter.rules)))
}

async fn account_put(call: Call) -> Result<Answer, ApiError> {
    let (filter, created) =
        call.api.catalog.put_account_filter(call.name("filterName"), &rules(&call)?).await?;
    Ok(Answer::put(created, account_document(&call, &filter.name, &filter.rules)))
}

async fn account_patch(call: Call) -> Result<Answer, ApiError> {
    let name = call.name("filterName");
    let present = call.api.catalog.account_filter(name).await?;
    let (filter, _) = call.api.catalog.put_account_filter(name, &patched(&call, &present.rules)?).await?;
    Ok(Answer::ok(account_document(&call, &filter.name, &filter.rules)))
}

async fn account_delete(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::deleted(call.api.catalog.delete_account_filter(call.name("filterName")).await?))
}

async fn asset_list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.asset_filters(call.name("assetName"), &paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |filter| asset_document(&call, &filter.name, &filter.rules)))
}

async fn asset_get(call: Call) -> Result<Answer, ApiError> {
    let filter = call.api.catalog.asset_filter(call.name("assetName"), call.name("filterName")).await?;
    Ok(Answer::ok(asset_document(&call, &filter.name, &filter.rules)))
}

async fn asset_put(call: Call) -> Result<Answer, ApiError> {
    let (asset, name) = (call.name("assetName"), call.name("filterName"));
    let (filter, created) = call.api.catalog.put_asset_filter(asset, name, &rules(&call)?).await?;
    Ok(Answer::put(created, asset_document(&call, &filter.name, &filter.rules)))
}

async fn asset_patch(call: Call) -> Result<Answer, ApiError> {
    let (asset, name) = (call.name("assetName"), call.name("filterName"));
    let present = call.api.catalog.asset_filter(asset, name).await?;
    let (filter, _) =
        call.api.catalog.put_asset_filter(asset, name, &patched(&call, &present.rules)?).await?;
    Ok(Answer::ok(asset_document(&call, &filter.name, &filter.rules)))
}

async fn asset_delete(call: Call) -> Result<Answer, ApiError> {
    let gone = call.api.catalog.delete_asset_filter(call.name("assetName"), call.name("filterName")).await?;
    Ok(Answer::deleted(gone))
}
