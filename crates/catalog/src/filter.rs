//! Account and asset filters: which tracks and what stretch of time a viewer gets.

use std::num::NonZeroU32;

use jiff::Timestamp;
use millrace_ledger::{Commit, Expect, Field};
use millrace_package::filter as package;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::Asset;
use crate::catalog::contend;
use crate::list::{self, Column, ListQuery, Page, column};
use crate::record::{Record, attach};
use crate::{Catalog, Error, Kind, Result, name};

/// Filters of an account, and of an asset (AMS quota).
pub const MAX_FILTERS: usize = 100;
/// Track entries of a filter, and conditions of an entry: each is tried on each track at each manifest.
const MAX_CONDITIONS: usize = 50;
/// Longest value of a condition, in bytes.
const MAX_VALUE: usize = 260;
/// Ticks per second where a range does not say (AMS).
const TIMESCALE: NonZeroU32 = NonZeroU32::new(10_000_000).unwrap();
/// Shortest `presentationWindowDuration`, in seconds (AMS).
const MIN_WINDOW_S: u64 = 60;
/// Longest `liveBackoffDuration`, in seconds (AMS).
const MAX_BACKOFF_S: u64 = 300;

/// What a filter does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterRules {
    /// Bits per second of the quality to list first.
    pub first_quality: Option<u32>,
    /// What stretch of time.
    pub time_range: Option<TimeRange>,
    /// Entries, any of which may hold; in an entry, all conditions must. Empty: all tracks.
    pub tracks: Vec<Vec<Condition>>,
}

/// `PresentationTimeRange`, in ticks of its timescale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TimeRange {
    /// First tick.
    pub start: Option<u64>,
    /// First tick after it.
    pub end: Option<u64>,
    /// Length of the sliding window; only while live.
    pub window: Option<u64>,
    /// How far behind the live edge; only while live.
    pub backoff: Option<u64>,
    /// Ticks per second; `None`: 10,000,000.
    pub timescale: Option<u64>,
    /// Whether `end` also holds while live.
    pub force_end: bool,
}

/// `FilterTrackPropertyCondition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Type`, `Name`, `Language`, `FourCC` or `Bitrate`.
    pub property: String,
    /// `Equal` or `NotEqual`.
    pub operation: String,
    /// A value of the property.
    pub value: String,
}

macro_rules! filters {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $named:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// Its name.
            #[serde(skip)]
            pub name: String,
            /// Given by the service.
            #[serde(skip)]
            pub id: Uuid,
            /// When it was made.
            #[serde(skip)]
            pub created: Timestamp,
            /// When it last changed.
            #[serde(skip)]
            pub modified: Timestamp,
            /// What it does.
            #[serde(flatten)]
            pub rules: FilterRules,
        }

        impl Record for $name {
            const KIND: &'static str = $kind;
            const NAMED: Kind = $named;
            const VERSION: u64 = 1;
            attach!();
        }

        impl From<FilterRules> for $name {
            fn from(rules: FilterRules) -> Self {
                let then = Timestamp::default();
                $name { name: String::new(), id: Uuid::nil(), created: then, modified: then, rules }
            }
        }
    )*};
}

filters! {
    /// A filter for all assets of the account.
    AccountFilter, "accountFilter", Kind::AccountFilter;
    /// A filter for one asset; it goes before one of the account of the same name.
    AssetFilter, "assetFilter", Kind::AssetFilter;
}

const COLUMNS: &[Column] = &[column("name", Field::Name, list::EQ, true)];

impl Catalog {
    /// An account filter by name.
    pub async fn account_filter(&self, name: &str) -> Result<AccountFilter> {
        Ok(self.found::<AccountFilter>("", name).await?.1)
    }

    /// A page of account filters.
    pub async fn account_filters(&self, query: &ListQuery) -> Result<Page<AccountFilter>> {
        self.page("", query, COLUMNS).await
    }

    /// Makes or replaces an account filter; whether it is new.
    pub async fn put_account_filter(&self, name: &str, rules: &FilterRules) -> Result<(AccountFilter, bool)> {
        self.put_filter::<AccountFilter>("", name, rules).await
    }

    /// Deletes an account filter; whether there was one.
    pub async fn delete_account_filter(&self, name: &str) -> Result<bool> {
        self.remove::<AccountFilter>("", name).await
    }

    /// An asset's filter by name.
    pub async fn asset_filter(&self, asset: &str, name: &str) -> Result<AssetFilter> {
        let scope = self.asset(asset).await?.id.to_string();
        Ok(self.found::<AssetFilter>(&scope, name).await?.1)
    }

    /// A page of an asset's filters.
    pub async fn asset_filters(&self, asset: &str, query: &ListQuery) -> Result<Page<AssetFilter>> {
        let scope = self.asset(asset).await?.id.to_string();
        self.page(&scope, query, COLUMNS).await
    }

    /// Makes or replaces an asset's filter; whether it is new.
    pub async fn put_asset_filter(
        &self,
        asset: &str,
        name: &str,
        rules: &FilterRules,
    ) -> Result<(AssetFilter, bool)> {
        let _child = self.parents().read().await;
        let scope = self.asset(asset).await?.id.to_string();
        self.put_filter::<AssetFilter>(&scope, name, rules).await
    }

    /// Deletes an asset's filter; whether there was one.
    pub async fn delete_asset_filter(&self, asset: &str, name: &str) -> Result<bool> {
        match self.stored::<Asset>("", asset).await? {
            Some(asset) => self.remove::<AssetFilter>(&asset.id, name).await,
            None => Ok(false),
        }
    }

    async fn put_filter<T: Record + From<FilterRules>>(
        &self,
        scope: &str,
        name: &str,
        rules: &FilterRules,
    ) -> Result<(T, bool)> {
        name::check("name", name)?;
        rules.to_package()?;
        contend!(T::NAMED, name, async {
            let stored = self.stored::<T>(scope, name).await?;
            if stored.is_none() {
                self.check_quota::<T>(scope, "filters", MAX_FILTERS).await?;
            }
            let filter = T::from(rules.clone());
            let put = match &stored {
                Some(stored) => filter.replace(stored)?,
                None => filter.put(scope, name)?.id(Uuid::new_v4().to_string()).expect(Expect::Absent),
            };
            match self.attempt(Commit::new().put(put)).await? {
                Some(_) => Ok(Some((self.found::<T>(scope, name).await?.1, stored.is_none()))),
                None => Ok(None),
            }
        })
    }
}

impl FilterRules {
    /// The filter as packaging understands it. Refuses what means nothing.
    pub fn to_package(&self) -> Result<package::Filter> {
        if self.first_quality == Some(0) {
            return Err(Error::invalid("firstQuality.bitrate", "the bitrate must be above 0"));
        }
        if self.tracks.len() > MAX_CONDITIONS {
            return Err(Error::invalid(
                "tracks",
                format!("at most {MAX_CONDITIONS} track selections are allowed"),
            ));
        }
        let tracks = self
            .tracks
            .iter()
            .enumerate()
            .map(|(index, entry)| conditions(index, entry))
            .collect::<Result<_>>()?;
        let range = self.time_range.map(TimeRange::to_package).transpose()?;
        Ok(package::Filter { tracks, range, first_quality: self.first_quality.map(u64::from) })
    }
}

fn conditions(entry: usize, conditions: &[Condition]) -> Result<Vec<package::Condition>> {
    let field = format!("tracks[{entry}].trackSelections");
    if conditions.is_empty() || conditions.len() > MAX_CONDITIONS {
        return Err(Error::invalid(field, format!("a selection has 1 to {MAX_CONDITIONS} conditions")));
    }
    let parse = |(index, condition): (usize, &Condition)| {
        let field = format!("{field}[{index}]");
        if condition.value.is_empty() || condition.value.len() > MAX_VALUE {
            return Err(Error::invalid(
                format!("{field}.value"),
                format!("the value has 1 to {MAX_VALUE} bytes"),
            ));
        }
        package::Condition::parse(&condition.property, &condition.operation, &condition.value)
            .map_err(|error| Error::invalid(field, error.to_string()))
    };
    conditions.iter().enumerate().map(parse).collect()
}

impl TimeRange {
    fn to_package(self) -> Result<package::TimeRange> {
        let wrong = |name: &str, why: String| Error::invalid(format!("presentationTimeRange.{name}"), why);
        let timescale = match self.timescale {
            None => TIMESCALE,
            Some(given) => u32::try_from(given)
                .ok()
                .and_then(NonZeroU32::new)
                .ok_or_else(|| wrong("timescale", format!("the timescale must be 1 to {}", u32::MAX)))?,
        };
        let ticks = |seconds: u64| seconds.saturating_mul(u64::from(timescale.get()));
        if self.window.is_some_and(|window| window < ticks(MIN_WINDOW_S)) {
            return Err(wrong(
                "presentationWindowDuration",
                format!("the window is shorter than {MIN_WINDOW_S} seconds"),
            ));
        }
        if self.backoff.is_some_and(|backoff| backoff > ticks(MAX_BACKOFF_S)) {
            return Err(wrong(
                "liveBackoffDuration",
                format!("the back-off is longer than {MAX_BACKOFF_S} seconds"),
            ));
        }
        if self.force_end && self.end.is_none() {
            return Err(wrong("forceEndTimestamp", "there is no endTimestamp to force".into()));
        }
        let start = self.start.unwrap_or(0);
        if self.end.is_some_and(|end| end <= start) {
            return Err(wrong("endTimestamp", "the range ends before it begins".into()));
        }
        Ok(package::TimeRange { start, end: self.end, timescale })
    }
}
