//! Checking signatures.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use jiff::Timestamp;

use super::Permissions;
use super::sign::{account_string, mac, service_string};
use super::token::Token;
use crate::account::Account;

/// The first version whose strings-to-sign are known here.
const OLDEST: &str = "2015-04-05";

/// How a request came; put into the request's extensions by whoever accepts connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transport {
    /// Over TLS.
    pub https: bool,
    /// From where; `None` fails every address restriction.
    pub peer: Option<IpAddr>,
}

/// Why a signature opens nothing. The sentence is fit for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Malformed, or not signed with a key of the account.
    #[error("Signature did not match, or a parameter of the shared access signature is malformed.")]
    Signature,
    /// `st` lies ahead.
    #[error("Signature not valid yet: the start time lies in the future.")]
    NotYet,
    /// `se` is past.
    #[error("Signature not valid any more: it has expired.")]
    Expired,
    /// `si`.
    #[error("Stored access policies (si) are not supported by this service.")]
    Policy,
    /// User delegation.
    #[error("User delegation signatures are not supported by this service.")]
    Delegated,
    /// `sr` is not `b` or `c`.
    #[error("Only blob (sr=b) and container (sr=c) signatures are supported by this service.")]
    Resource,
    /// `spr`.
    #[error("The protocol of the request is not one the signature allows.")]
    Protocol,
    /// `sip`.
    #[error("The address of the request is not one the signature allows.")]
    Address,
    /// `ss` lacks `b`.
    #[error("The signature is not for the blob service.")]
    Service,
}

/// What a verified signature reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The resource types of an account signature.
    Account {
        /// Operations on the service.
        service: bool,
        /// Operations on containers.
        container: bool,
        /// Operations on blobs.
        object: bool,
    },
    /// The container of the request.
    Container,
    /// The blob of the request.
    Blob,
}

/// Response headers that the signer fixed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `rscc`
    pub cache_control: Option<String>,
    /// `rscd`
    pub content_disposition: Option<String>,
    /// `rsce`
    pub content_encoding: Option<String>,
    /// `rscl`
    pub content_language: Option<String>,
    /// `rsct`
    pub content_type: Option<String>,
}

/// What a verified signature allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// To do what.
    pub permissions: Permissions,
    /// On what.
    pub reach: Reach,
    /// Headers fixed by the signer.
    pub overrides: Overrides,
}

impl Token {
    /// Checks the signature with both keys of `account` for a request on `container` and `blob` (decoded, empty when
    /// not named), in constant time; then everything that it says.
    pub fn verify(
        &self,
        account: &Account,
        (container, blob): (&str, &str),
        transport: Transport,
        now: Timestamp,
    ) -> Result<Allowed, Refusal> {
        if self.delegated {
            return Err(Refusal::Delegated);
        }
        if self.ambiguous || self.get("sv").len() != OLDEST.len() || self.get("sv") < OLDEST {
            return Err(Refusal::Signature);
        }
        if !self.get("si").is_empty() {
            return Err(Refusal::Policy);
        }
        let (reach, text) = self.reach(account.name(), container, blob)?;
        self.check_signature(account, &text)?;
        self.check_time(now)?;
        self.check_transport(transport)?;
        let permissions = Permissions::parse(self.get("sp")).ok_or(Refusal::Signature)?;
        Ok(Allowed { permissions, reach, overrides: self.overrides() })
    }

    fn reach(&self, account: &str, container: &str, blob: &str) -> Result<(Reach, String), Refusal> {
        if !self.get("ss").is_empty() || !self.get("srt").is_empty() {
            if !self.get("ss").contains('b') {
                return Err(Refusal::Service);
            }
            let has = |letter| self.get("srt").contains(letter);
            let reach = Reach::Account { service: has('s'), container: has('c'), object: has('o') };
            return Ok((reach, account_string(self, account)));
        }
        match self.get("sr") {
            "c" => Ok((Reach::Container, service_string(self, account, container))),
            "b" => Ok((Reach::Blob, service_string(self, account, &format!("{container}/{blob}")))),
            _ => Err(Refusal::Resource),
        }
    }

    fn check_signature(&self, account: &Account, text: &str) -> Result<(), Refusal> {
        let given = STANDARD.decode(self.get("sig")).map_err(|_| Refusal::Signature)?;
        // Both keys are always tried: which one signed must not show in the time either.
        let [first, second] =
            account.keys().each_ref().map(|key| mac(key, text).verify_slice(&given).is_ok());
        if first | second { Ok(()) } else { Err(Refusal::Signature) }
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let start = self.get("st");
        if !start.is_empty() && instant(start).ok_or(Refusal::Signature)? > now {
            return Err(Refusal::NotYet);
        }
        if instant(self.get("se")).ok_or(Refusal::Signature)? <= now {
            return Err(Refusal::Expired);
        }
        Ok(())
    }

    fn check_transport(&self, transport: Transport) -> Result<(), Refusal> {
        match self.get("spr") {
            "" | "https,http" | "http,https" => {}
            "https" if transport.https => {}
            _ => return Err(Refusal::Protocol),
        }
        let sip = self.get("sip");
        if sip.is_empty() {
            return Ok(());
        }
        let (from, to) = sip.split_once('-').unwrap_or((sip, sip));
        let within = || {
            let (from, to): (IpAddr, IpAddr) = (from.parse().ok()?, to.parse().ok()?);
            let peer = transport.peer?.to_canonical();
            (peer.is_ipv4() == from.is_ipv4() && from <= peer && peer <= to).then_some(())
        };
        within().ok_or(Refusal::Address)
    }

    fn overrides(&self) -> Overrides {
        let value = |name| Some(self.get(name)).filter(|value| !value.is_empty()).map(str::to_owned);
        Overrides {
            cache_control: value("rscc"),
            content_disposition: value("rscd"),
            content_encoding: value("rsce"),
            content_language: value("rscl"),
            content_type: value("rsct"),
        }
    }
}

/// The forms of ISO 8601 that signatures use: a date, to the minute, to the second, with a fraction; UTC.
fn instant(text: &str) -> Option<Timestamp> {
    if text.len() == "2026-01-01".len() {
        let date: jiff::civil::Date = text.parse().ok()?;
        return date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_all_their_forms() {
        let at = |text: &str| instant(text).map(Timestamp::as_second);
        assert_eq!(at("2026-01-02"), Some(1_767_312_000));
        assert_eq!(at("2026-01-02T00:01Z"), Some(1_767_312_060));
        assert_eq!(at("2026-01-02T00:01:05Z"), Some(1_767_312_065));
        assert_eq!(at("2026-01-02T00:01:05.1234567Z"), Some(1_767_312_065));
        assert_eq!(at("yesterday"), None);
        assert_eq!(at(""), None);
    }
}
