//! Listing: filter, order, page.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::resource::Resource;

/// Most terms of one filter. Deeper or longer ones come from a mistake or an attack, and cost the database.
pub const MAX_TERMS: usize = 100;
/// Deepest nesting of one filter.
pub const MAX_DEPTH: usize = 20;
/// Most items of one page.
pub const MAX_PAGE: usize = 10_000;

/// What can be filtered and ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// The name, without regard to case.
    Name,
    /// The id.
    Id,
    /// The second key.
    Alt,
    /// The state.
    State,
    /// When it was created.
    Created,
    /// When it was last put.
    Modified,
    /// When it ends; `None` is later than every moment.
    Ends,
}

impl Field {
    /// Whether its values are moments (and not text).
    pub fn is_time(self) -> bool {
        matches!(self, Field::Created | Field::Modified | Field::Ends)
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    /// `=`
    Eq,
    /// `≠`
    Ne,
    /// `<`
    Lt,
    /// `≤`
    Le,
    /// `>`
    Gt,
    /// `≥`
    Ge,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// For name, id, alt and state. Compared by code points.
    Text(String),
    /// For created, modified and ends.
    Time(Timestamp),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Value {
        Value::Time(time)
    }
}

/// A condition on resources.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A field compared with a value.
    Is(Field, Cmp, Value),
    /// All of them (an empty list holds).
    And(Vec<Expr>),
    /// At least one of them (an empty list does not hold).
    Or(Vec<Expr>),
}

impl Expr {
    /// `field cmp value`.
    pub fn is(field: Field, cmp: Cmp, value: impl Into<Value>) -> Expr {
        Expr::Is(field, cmp, value.into())
    }

    /// `field = value`.
    pub fn eq(field: Field, value: impl Into<Value>) -> Expr {
        Expr::is(field, Cmp::Eq, value)
    }

    /// Both.
    pub fn and(self, other: Expr) -> Expr {
        Expr::And(vec![self, other])
    }

    /// Either.
    pub fn or(self, other: Expr) -> Expr {
        Expr::Or(vec![self, other])
    }

    /// Refuses what is too large or compares a field with the wrong kind of value.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        let mut terms = 0;
        self.check_within(MAX_DEPTH, &mut terms)
    }

    fn check_within(&self, depth: usize, terms: &mut usize) -> Result<(), QueryError> {
        *terms += 1;
        if depth == 0 || *terms > MAX_TERMS {
            return Err(QueryError::TooComplex);
        }
        match self {
            Expr::Is(field, _, value) if field.is_time() != matches!(value, Value::Time(_)) => {
                Err(QueryError::Mismatch { field: *field })
            }
            Expr::Is(..) => Ok(()),
            Expr::And(parts) | Expr::Or(parts) => {
                parts.iter().try_for_each(|part| part.check_within(depth - 1, terms))
            }
        }
    }
}

/// The order of a list. Equal values are ordered by name, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What is ordered by.
    pub field: Field,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Order {
    /// Smallest first.
    pub fn ascending(field: Field) -> Order {
        Order { field, descending: false }
    }

    /// Largest first.
    pub fn descending(field: Field) -> Order {
        Order { field, descending: true }
    }
}

impl Default for Order {
    fn default() -> Order {
        Order::ascending(Field::Name)
    }
}

/// A place in an ordered list: after the item it was made from, whether or not that still exists, so items put or deleted
/// between two pages never repeat or hide others. Its text form is opaque and safe in a URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "o")]
    pub(crate) order: Order,
    /// The item's value of the ordered field, as compared.
    #[serde(rename = "v")]
    pub(crate) value: Value,
    /// Its folded scope and name.
    #[serde(rename = "k")]
    pub(crate) key: (String, String),
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

/// A text that no [`Cursor`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid paging token")]
pub struct BadCursor;

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Cursor, BadCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| BadCursor)?;
        if cursor.order.field.is_time() != matches!(cursor.value, Value::Time(_)) {
            return Err(BadCursor);
        }
        Ok(cursor)
    }
}

/// Which resources, in which order, from where.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The kind.
    pub kind: String,
    /// The scope; `None` is all scopes of the kind.
    pub scope: Option<String>,
    /// The condition; `None` is all.
    pub filter: Option<Expr>,
    /// The order.
    pub order: Order,
    /// Continue after this place. Must come from a page of the same order.
    pub after: Option<Cursor>,
    /// Most items to return, 1 to [`MAX_PAGE`]; values outside are moved to the nearest.
    pub limit: usize,
}

impl Query {
    /// The first 1000 of a scope by name.
    pub fn new(kind: impl Into<String>, scope: impl Into<String>) -> Query {
        Query { scope: Some(scope.into()), ..Query::all_scopes(kind) }
    }

    /// The first 1000 of all scopes by name.
    pub fn all_scopes(kind: impl Into<String>) -> Query {
        Query {
            kind: kind.into(),
            scope: None,
            filter: None,
            order: Order::default(),
            after: None,
            limit: 1000,
        }
    }

    /// Sets the condition.
    pub fn filter(mut self, filter: Expr) -> Query {
        self.filter = Some(filter);
        self
    }

    /// Sets the order.
    pub fn order(mut self, order: Order) -> Query {
        self.order = order;
        self
    }

    /// Sets the place to continue after.
    pub fn after(mut self, cursor: Option<Cursor>) -> Query {
        self.after = cursor;
        self
    }

    /// Sets the size of the page.
    pub fn limit(mut self, limit: usize) -> Query {
        self.limit = limit;
        self
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The items, in order.
    pub items: Vec<Resource>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<Cursor>,
}

/// Why a query was refused. The caller's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// More than [`MAX_TERMS`] terms, or nested deeper than [`MAX_DEPTH`].
    #[error("the filter is too complex")]
    TooComplex,
    /// A time compared with text or the other way round.
    #[error("the filter compares {field:?} with a value of another type")]
    Mismatch {
        /// The field.
        field: Field,
    },
    /// The cursor belongs to a list of another order.
    #[error("the paging token belongs to another query")]
    ForeignCursor,
}
