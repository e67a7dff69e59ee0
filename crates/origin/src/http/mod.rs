//! What HTTP asks of every answer, whatever is in it: conditions, ranges, encodings, CORS.

mod body;
mod cors;
mod encoding;
mod range;
mod tags;

pub(crate) use body::Stored;
pub(crate) use cors::{add_cors, preflight};
pub(crate) use encoding::accepts_gzip;
pub(crate) use range::{Wanted, wanted};
pub(crate) use tags::{none_match, range_holds};
