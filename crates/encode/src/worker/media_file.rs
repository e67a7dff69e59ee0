//! The media file of an asset whose input names none.

use millrace_blob::{Item, List};
use millrace_catalog::asset::Asset;

use super::Inner;
use super::inputs::input_problem;
use crate::problem::{Code, Failure, Problem};

/// Names looked at: an input asset holds a file or a handful.
const MAX_LISTED: usize = 1000;
/// Files that stand beside media.
const BESIDE: &[&str] = &[
    "ism", "ismc", "isma", "json", "xml", "vtt", "ttml", "srt", "jpg", "jpeg", "png", "txt", "md", "mpi",
    "sha256", "md5",
];

/// The name of the one blob that can be media.
pub(super) async fn only_media_file(inner: &Inner, asset: &Asset) -> Result<String, Failure> {
    let account = inner.catalog.storage(asset);
    let account = account.map_err(|error| Problem::service(format!("The input asset: {error}")))?;
    let list = List { limit: MAX_LISTED, hide_internal: true, ..List::default() };
    let page =
        account.list(&asset.container, &list).await.map_err(|error| input_problem(&asset.name, error))?;
    let mut media = page.items.into_iter().filter_map(|item| match item {
        Item::Blob(name, _) if is_media(name.as_str()) => Some(name.as_str().to_owned()),
        Item::Blob(..) | Item::Prefix(_) => None,
    });
    match (media.next(), media.count()) {
        (Some(name), 0) => Ok(name),
        (None, _) => Err(Problem::new(
            Code::DownloadNotAccessible,
            format!("The input asset '{}' holds no media file.", asset.name),
        )
        .into()),
        (Some(_), more) => Err(Problem::configuration(format!(
            "The input asset '{}' holds {} files; name one of them in 'files'.",
            asset.name,
            more + 1
        ))
        .into()),
    }
}

fn is_media(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !BESIDE.contains(&extension.to_ascii_lowercase().as_str())
}
