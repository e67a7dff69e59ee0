//! Listing: which properties can be filtered and ordered by, and pages.

use jiff::Timestamp;
use millrace_ledger::{Cmp, Cursor, Expr, Field, Order, Query, Value};

use crate::{Error, Result};

/// A list as a client asks for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListQuery {
    /// `$filter`, parsed.
    pub filter: Option<Filter>,
    /// `$orderby`.
    pub order: Option<OrderBy>,
    /// `$top`: items in all, over all pages.
    pub top: Option<usize>,
    /// `$skiptoken`, from the page before.
    pub token: Option<String>,
}

/// A `$filter`: properties by their path in the API (`name`, `properties/state`), in any case.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// One comparison. The value is the literal without quotes and without an enum's type name.
    Is {
        /// The property's path.
        property: String,
        /// The comparison.
        cmp: Cmp,
        /// The literal.
        value: String,
    },
    /// All of them.
    And(Vec<Filter>),
    /// At least one of them.
    Or(Vec<Filter>),
}

/// An `$orderby`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The property's path.
    pub property: String,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// `$skiptoken` of the next page; `None` at the end.
    pub next: Option<String>,
}

/// A property that a kind of resource can be filtered by.
pub(crate) struct Column {
    /// Path below the resource, as the API writes it.
    pub(crate) property: &'static str,
    /// The ledger's column.
    pub(crate) field: Field,
    /// Comparisons that AMS allows.
    pub(crate) cmps: &'static [Cmp],
    /// Whether `$orderby` takes it.
    pub(crate) order: bool,
    /// The literal as it is stored; `None` if it is no value of the property.
    pub(crate) canonical: fn(&str) -> Option<String>,
}

pub(crate) const ALL: &[Cmp] = &[Cmp::Eq, Cmp::Ne, Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge];
pub(crate) const EQ: &[Cmp] = &[Cmp::Eq];
pub(crate) const EQ_NE: &[Cmp] = &[Cmp::Eq, Cmp::Ne];

pub(crate) const fn column(
    property: &'static str,
    field: Field,
    cmps: &'static [Cmp],
    order: bool,
) -> Column {
    Column { property, field, cmps, order, canonical: |text| Some(text.to_owned()) }
}

/// GUIDs are stored in lower case with hyphens.
pub(crate) fn guid(text: &str) -> Option<String> {
    text.parse::<uuid::Uuid>().ok().map(|id| id.to_string())
}

impl ListQuery {
    /// The ledger's query, and how many items remain for later pages (`None`: all there are).
    pub(crate) fn plan(
        &self,
        kind: &str,
        scope: &str,
        columns: &[Column],
        page: usize,
    ) -> Result<(Query, Option<usize>)> {
        let (top, after) = match &self.token {
            None => (self.top, None),
            Some(token) => read_token(token)?,
        };
        let mut query =
            Query::new(kind, scope).after(after).limit(top.map_or(page, |top| top.min(page)).max(1));
        if let Some(filter) = &self.filter {
            query = query.filter(filter.lower(columns)?);
        }
        if let Some(order) = &self.order {
            query = query.order(order.lower(columns)?);
        }
        Ok((query, top))
    }
}

/// The token of the next page after one of `got` items, of `top` that were wanted.
pub(crate) fn next_token(top: Option<usize>, got: usize, next: Option<Cursor>) -> Option<String> {
    let left = top.map(|top| top.saturating_sub(got));
    if left == Some(0) {
        return None;
    }
    next.map(|cursor| format!("{}.{cursor}", left.map(|left| left.to_string()).unwrap_or_default()))
}

fn read_token(token: &str) -> Result<(Option<usize>, Option<Cursor>)> {
    let bad = || Error::invalid("$skiptoken", "the token is not one that this service gave out");
    let (left, cursor) = token.split_once('.').ok_or_else(bad)?;
    let left = if left.is_empty() { None } else { Some(left.parse().map_err(|_| bad())?) };
    Ok((left, Some(cursor.parse().map_err(|_| bad())?)))
}

impl Filter {
    fn lower(&self, columns: &[Column]) -> Result<Expr> {
        match self {
            Filter::And(parts) => {
                Ok(Expr::And(parts.iter().map(|part| part.lower(columns)).collect::<Result<_>>()?))
            }
            Filter::Or(parts) => {
                Ok(Expr::Or(parts.iter().map(|part| part.lower(columns)).collect::<Result<_>>()?))
            }
            Filter::Is { property, cmp, value } => {
                let column = find(property, "$filter", columns)?;
                if !column.cmps.contains(cmp) {
                    return Err(Error::invalid(
                        "$filter",
                        format!("{} cannot be compared that way", column.property),
                    ));
                }
                Ok(Expr::Is(column.field, *cmp, literal(column, value)?))
            }
        }
    }
}

impl OrderBy {
    fn lower(&self, columns: &[Column]) -> Result<Order> {
        let column = find(&self.property, "$orderby", columns)?;
        if !column.order {
            return Err(Error::invalid(
                "$orderby",
                format!("the list cannot be ordered by {}", column.property),
            ));
        }
        Ok(Order { field: column.field, descending: self.descending })
    }
}

fn find<'a>(property: &str, option: &str, columns: &'a [Column]) -> Result<&'a Column> {
    let bare = property.strip_prefix("properties/").unwrap_or(property);
    let same = |column: &&Column| {
        let known = column.property.strip_prefix("properties/").unwrap_or(column.property);
        known.eq_ignore_ascii_case(bare)
    };
    columns.iter().find(same).ok_or_else(|| {
        let known: Vec<_> = columns.iter().map(|column| column.property).collect();
        let asked: String = property.chars().take(80).collect();
        Error::invalid(option, format!("'{asked}' is not one of {}", known.join(", ")))
    })
}

fn literal(column: &Column, value: &str) -> Result<Value> {
    let wrong = || {
        let asked: String = value.chars().take(80).collect();
        Error::invalid("$filter", format!("'{asked}' is not a value of {}", column.property))
    };
    if column.field.is_time() {
        return value.parse::<Timestamp>().map(Value::Time).map_err(|_| wrong());
    }
    (column.canonical)(value).map(Value::Text).ok_or_else(wrong)
}
