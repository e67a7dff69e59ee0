//! The resources of the contract: a file each, with its rows of the route table, its wire types and its handlers.

mod account;
mod assets;
mod endpoints;
mod envelope;
mod filters;
mod job_input;
mod jobs;
mod locators;
mod operation;
mod operations;
mod paging;
mod policies;
mod preset;
mod tracks;
mod transforms;
mod unsupported;

use crate::http::Route;

/// A path below the account.
macro_rules! below_account {
    ($($rest:literal)?) => {
        concat!(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}",
            "/providers/Microsoft.Media/mediaServices/{accountName}",
            $($rest)?
        )
    };
}
pub(crate) use below_account;

const TRANSFORMS: &str = below_account!("/transforms");
const TRANSFORM: &str = below_account!("/transforms/{transformName}");
const JOBS: &str = below_account!("/transforms/{transformName}/jobs");
const JOB: &str = below_account!("/transforms/{transformName}/jobs/{jobName}");
const CANCEL_JOB: &str = below_account!("/transforms/{transformName}/jobs/{jobName}/cancelJob");

/// Every row of the route table.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    [
        account::ROUTES,
        operations::ROUTES,
        assets::ROUTES,
        tracks::ROUTES,
        filters::ROUTES,
        transforms::ROUTES,
        jobs::ROUTES,
        locators::ROUTES,
        policies::ROUTES,
        endpoints::ROUTES,
        unsupported::ROUTES,
    ]
    .into_iter()
    .flatten()
}
