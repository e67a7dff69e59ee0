//! Where a locator's media is: the paths that `listPaths` gives.

use millrace_blob::{BlobName, List};
use millrace_package::Pointer;
use millrace_package::pointer::{MAX_POINTER, PRESENTATION_BLOB};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Locator;
use crate::asset::Asset;
use crate::catalog::blob_error;
use crate::preset::codec_choices as choices;
use crate::{Catalog, Error, Kind, Result};

/// Download paths given: a container can hold any number of blobs, an answer cannot.
const MAX_DOWNLOADS: usize = 1000;
/// RFC 3986 unreserved characters, and `/` between the folders of a blob name.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

choices! {
    /// How a client gets at the media.
    Protocol {
        /// HLS.
        #[default]
        Hls = "Hls",
        /// MPEG-DASH.
        Dash = "Dash",
        /// Smooth Streaming.
        SmoothStreaming = "SmoothStreaming",
        /// Files.
        Download = "Download",
    }
}

/// A manifest's form, as its URL names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// HLS with CMAF segments.
    HlsCmaf,
    /// HLS with transport stream segments.
    HlsTs,
    /// DASH with CMAF segments.
    DashCmaf,
    /// DASH in the older AMS form.
    DashCsf,
    /// Smooth Streaming.
    Smooth,
}

impl Form {
    fn suffix(self) -> &'static str {
        match self {
            Form::HlsCmaf => "(format=m3u8-cmaf)",
            Form::HlsTs => "(format=m3u8-aapl)",
            Form::DashCmaf => "(format=mpd-time-cmaf)",
            Form::DashCsf => "(format=mpd-time-csf)",
            Form::Smooth => "",
        }
    }
}

/// The manifests of one protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamingPath {
    /// Which protocol; never [`Protocol::Download`].
    pub protocol: Protocol,
    /// Paths on any streaming endpoint, with their leading slash, percent-encoded.
    pub paths: Vec<String>,
}

/// What a locator opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paths {
    /// Manifests; empty until the asset has a presentation.
    pub streaming: Vec<StreamingPath>,
    /// Files; empty unless the policy enables downloads.
    pub download: Vec<String>,
}

impl Catalog {
    /// The paths of a locator. If the asset has no presentation yet, it is put into the queue for indexing.
    pub async fn locator_paths(&self, name: &str) -> Result<Paths> {
        let locator = self.locator(name).await?;
        let asset = self.asset_by_id(locator.asset_id).await?;
        let protocols = self.policy(&locator.policy).await?.protocols;
        let mut paths = Paths::default();
        let pointer = self.presentation(&asset).await?;
        if pointer.is_none() {
            // The media may have come after the locator; whoever asks for paths is about to play it.
            self.request_index(&asset).await?;
        }
        if let Some(pointer) = pointer {
            let title = format!("/{}/{}.ism/manifest", locator.id, utf8_percent_encode(&pointer.name, PATH));
            let mut add = |enabled: bool, protocol, forms: &[Form]| {
                if enabled {
                    let paths_of = forms.iter().map(|form| format!("{title}{}", form.suffix())).collect();
                    paths.streaming.push(StreamingPath { protocol, paths: paths_of });
                }
            };
            add(protocols.hls, Protocol::Hls, &[Form::HlsCmaf, Form::HlsTs]);
            add(protocols.dash, Protocol::Dash, &[Form::DashCmaf, Form::DashCsf]);
            add(protocols.smooth, Protocol::SmoothStreaming, &[Form::Smooth]);
        }
        if protocols.download {
            paths.download = self.downloads(&locator, &asset).await?;
        }
        Ok(paths)
    }

    async fn downloads(&self, locator: &Locator, asset: &Asset) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut list = List { limit: MAX_DOWNLOADS, hide_internal: true, ..List::default() };
        while names.len() < MAX_DOWNLOADS {
            let page = self.storage(asset)?.list(&asset.container, &list).await.map_err(blob_error)?;
            names.extend(page.items.into_iter().filter_map(|item| match item {
                millrace_blob::Item::Blob(name, _) => Some(name),
                millrace_blob::Item::Prefix(_) => None,
            }));
            match page.next {
                Some(next) => list.after = next,
                None => break,
            }
        }
        names.truncate(MAX_DOWNLOADS);
        Ok(names
            .iter()
            .map(|name| format!("/{}/{}", locator.id, utf8_percent_encode(name.as_str(), PATH)))
            .collect())
    }

    /// An asset's presentation as it is stored now; `None` if it has none (or its container is gone).
    pub async fn presentation(&self, asset: &Asset) -> Result<Option<Pointer>> {
        let unreadable = |why: String| Error::Unreadable { kind: Kind::Asset, name: asset.name.clone(), why };
        let blob = BlobName::new(PRESENTATION_BLOB).map_err(|error| unreadable(error.to_string()))?;
        match self.storage(asset)?.get(&asset.container, &blob, MAX_POINTER as u64).await {
            Ok((_, bytes)) => {
                Pointer::from_json(&bytes).map(Some).map_err(|error| unreadable(error.to_string()))
            }
            Err(millrace_blob::Error::BlobNotFound | millrace_blob::Error::ContainerNotFound) => Ok(None),
            Err(error) => Err(blob_error(error)),
        }
    }
}
