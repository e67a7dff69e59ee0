//! The route table: one row per operation of the contract, from which both routing and the OpenAPI document are made.

use super::path::{Captures, matches};
use super::{Answer, ApiError, Call};
use crate::wire::Schemas;
use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What a handler returns while it works.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send>>;

/// A handler.
pub(crate) type Handler = fn(Call) -> Handling;

/// Describes a body for the OpenAPI document.
pub(crate) type Describe = fn(&mut Schemas) -> Value;

/// The methods of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Put,
    Patch,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn parse(method: &http::Method) -> Option<Self> {
        let all = [Self::Get, Self::Put, Self::Patch, Self::Post, Self::Delete];
        all.into_iter().find(|own| own.text() == method.as_str())
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
pub(crate) struct Route {
    /// Group and method of the official clients, as `Assets_CreateOrUpdate`.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    /// Statuses of success.
    pub(crate) success: &'static [u16],
    pub(crate) handler: Handler,
    /// The request's body, if the operation has one.
    pub(crate) input: Option<Describe>,
    /// The answer's document, if it has one.
    pub(crate) output: Option<Describe>,
    /// Query parameters besides `api-version`.
    pub(crate) query: &'static [&'static str],
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// A row without bodies.
pub(crate) const fn route(
    id: &'static str,
    method: Method,
    template: &'static str,
    success: &'static [u16],
    handler: Handler,
) -> Route {
    Route { id, method, template, success, handler, input: None, output: None, query: &[] }
}

impl Route {
    /// With a request body.
    pub(crate) const fn takes(self, input: Describe) -> Self {
        Self { input: Some(input), ..self }
    }

    /// With a document in the answer.
    pub(crate) const fn gives(self, output: Describe) -> Self {
        Self { output: Some(output), ..self }
    }

    /// With query parameters.
    pub(crate) const fn asks(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }
}

/// Why no row serves a request.
#[derive(Debug, PartialEq)]
pub(crate) enum Miss {
    /// No row has the path.
    Path,
    /// Rows have the path, but not with this method; these they have.
    Method(Vec<&'static str>),
}

/// The row for a method and decoded path segments.
///
/// The first match in the table wins, so fixed words must come before names at the same place; there are no such
/// places in the contract.
pub(crate) fn find(method: Option<Method>, segments: &[String]) -> Result<(&'static Route, Captures), Miss> {
    let mut allowed = Vec::new();
    for route in crate::resources::routes() {
        if let Some(captures) = matches(route.template, segments) {
            if Some(route.method) == method {
                return Ok((route, captures));
            }
            allowed.push(route.method.text());
        }
    }
    Err(if allowed.is_empty() { Miss::Path } else { Miss::Method(allowed) })
}
