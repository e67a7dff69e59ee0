//! Who asks: finds the account and what the caller may do with it.

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};

use super::failure::Failure;
use super::request::{Call, Target};
use super::{Endpoint, shared_key};
use crate::account::Account;
use crate::sas::{Allowed, Overrides, Permissions, Reach, Refusal};

/// What an operation works on, as SAS resource types know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Service,
    Container,
    Object,
}

/// An authenticated caller.
pub(super) struct Access {
    pub(super) account: Account,
    /// `None`: everything, by account key or bearer token.
    limits: Option<Allowed>,
}

impl Access {
    /// Refuses unless one of `any` is granted at this level.
    pub(super) fn allow(&self, level: Level, any: &[Permissions]) -> Result<(), Failure> {
        let Some(limits) = &self.limits else { return Ok(()) };
        let reached = match limits.reach {
            Reach::Account { service, container, object } => match level {
                Level::Service => service,
                Level::Container => container,
                Level::Object => object,
            },
            // Listing a container's blobs is the one thing a container's signature reaches beyond the blobs.
            Reach::Container => {
                level == Level::Object || (level == Level::Container && any == [Permissions::LIST])
            }
            Reach::Blob => level == Level::Object,
        };
        if !reached {
            let message =
                "This request is not authorized to perform this operation using this resource type.";
            return Err(Failure::forbidden("AuthorizationResourceTypeMismatch", message));
        }
        if any.iter().any(|wanted| limits.permissions.has(*wanted)) {
            return Ok(());
        }
        let message = "This request is not authorized to perform this operation using this permission.";
        Err(Failure::forbidden("AuthorizationPermissionMismatch", message))
    }

    /// True when the caller may create blobs and not overwrite them.
    pub(super) fn only_create(&self) -> bool {
        self.limits.as_ref().is_some_and(|limits| !limits.permissions.has(Permissions::WRITE))
    }

    /// Response headers that the signer of the link fixed.
    pub(super) fn overrides(&self) -> Overrides {
        self.limits.as_ref().map(|limits| limits.overrides.clone()).unwrap_or_default()
    }
}

pub(super) async fn authenticate(endpoint: &Endpoint, call: &Call<'_>) -> Result<Access, Failure> {
    let header = call.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    match (header.and_then(|value| value.split_once(' ')), &call.token) {
        (Some(("SharedKey", credential)), _) => {
            let account = shared_key::verify(&endpoint.blobs, credential, call, endpoint.clock.now())?;
            Ok(Access { account, limits: None })
        }
        (Some(("Bearer", token)), _) => by_bearer(endpoint, token).await,
        (Some(_), _) => Err(invalid("The Authorization header has an unknown scheme.")),
        (None, _) if header.is_some() => Err(invalid("The Authorization header is malformed.")),
        (None, Some(_)) => by_signature(endpoint, call),
        (None, None) => Err(anonymous(call)),
    }
}

async fn by_bearer(endpoint: &Endpoint, token: &str) -> Result<Access, Failure> {
    let accepted = match &endpoint.bearer {
        Some(bearer) => bearer.accepts(token.trim()).await,
        None => false,
    };
    match endpoint.blobs.primary() {
        Some(account) if accepted => Ok(Access { account: account.clone(), limits: None }),
        _ => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationInfo",
            "Server failed to authenticate the request. The bearer token is not valid.",
        )),
    }
}

/// The path names no account, so the account is the one whose key signed.
fn by_signature(endpoint: &Endpoint, call: &Call<'_>) -> Result<Access, Failure> {
    let Some(token) = &call.token else { return Err(anonymous(call)) };
    let resource = match &call.target {
        Target::Service => ("", ""),
        Target::Container(container) => (container.as_str(), ""),
        Target::Blob(container, blob) => (container.as_str(), blob.as_str()),
    };
    let mut refusal = Refusal::Signature;
    for account in endpoint.blobs.accounts() {
        match token.verify(account, resource, call.transport, endpoint.clock.now()) {
            Ok(allowed) => return Ok(Access { account: account.clone(), limits: Some(allowed) }),
            Err(Refusal::Signature) => {}
            Err(other) => refusal = other,
        }
    }
    Err(refusal.into())
}

/// As Azure answers for private containers: readers learn nothing, others are asked to authenticate.
fn anonymous(call: &Call<'_>) -> Failure {
    let reads = matches!(*call.method, Method::GET | Method::HEAD);
    if reads && call.target != Target::Service {
        return Failure::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFound",
            "The specified resource does not exist.",
        );
    }
    Failure::unauthenticated()
}

fn invalid(message: &str) -> Failure {
    Failure::bad("InvalidAuthenticationInfo", message)
}
