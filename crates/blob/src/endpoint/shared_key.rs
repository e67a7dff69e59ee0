//! `Authorization: SharedKey account:signature` ("Authorize with Shared Key", blob service).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use http::header;
use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use super::headers::parse_date;
use super::request::Call;
use crate::account::Account;
use crate::open::Blobs;
use crate::sas::mac;

/// How far a request's date may be from ours, as in Azure.
const DATE_TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// The account whose key signed the request.
pub(super) fn verify(
    blobs: &Blobs,
    credential: &str,
    call: &Call<'_>,
    now: Timestamp,
) -> Result<Account, Failure> {
    let failed = |why: &str| {
        let message = format!("Server failed to authenticate the request. {why}");
        Failure::forbidden("AuthenticationFailed", message)
    };
    let (name, signature) =
        credential.trim().split_once(':').ok_or_else(|| failed("The credential is malformed."))?;
    let account = blobs.account(name).ok_or_else(|| failed("The account is not known."))?;
    let date = call.header("x-ms-date")?.or(call.header("date")?).and_then(parse_date);
    match date {
        Some(date) if now.duration_since(date).abs() <= DATE_TOLERANCE => {}
        Some(_) => return Err(failed("Request date header too old, or in the future.")),
        None => return Err(failed("The request has no x-ms-date.")),
    }
    let given = STANDARD.decode(signature).map_err(|_| failed("The signature is malformed."))?;
    let text = string_to_sign(account.name(), call);
    let [first, second] = account.keys().each_ref().map(|key| mac(key, &text).verify_slice(&given).is_ok());
    if first | second { Ok(account.clone()) } else { Err(failed("The signature does not match.")) }
}

fn string_to_sign(account: &str, call: &Call<'_>) -> String {
    let value =
        |name: header::HeaderName| call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let length = Some(value(header::CONTENT_LENGTH)).filter(|length| *length != "0").unwrap_or("");
    // With x-ms-date the Date field is empty.
    let date = if call.headers.contains_key("x-ms-date") { "" } else { value(header::DATE) };
    let fields = [
        call.method.as_str(),
        value(header::CONTENT_ENCODING),
        value(header::CONTENT_LANGUAGE),
        length,
        value(header::HeaderName::from_static("content-md5")),
        value(header::CONTENT_TYPE),
        date,
        value(header::IF_MODIFIED_SINCE),
        value(header::IF_MATCH),
        value(header::IF_NONE_MATCH),
        value(header::IF_UNMODIFIED_SINCE),
        value(header::RANGE),
    ];
    format!("{}\n{}{}", fields.join("\n"), canonical_headers(call), canonical_resource(account, call))
}

fn canonical_headers(call: &Call<'_>) -> String {
    let own = call.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-ms-"));
    let mut lines: Vec<(&str, &str)> =
        own.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or("").trim())).collect();
    lines.sort_by_key(|(name, _)| *name);
    lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
}

fn canonical_resource(account: &str, call: &Call<'_>) -> String {
    let mut sorted: Vec<&(String, String)> = call.parameters.iter().collect();
    sorted.sort();
    let mut text = format!("/{account}{}", call.raw_path);
    let mut last = "";
    for (name, value) in sorted {
        if name == last {
            text.push_str(&format!(",{value}"));
        } else {
            text.push_str(&format!("\n{name}:{value}"));
        }
        last = name;
    }
    text
}
