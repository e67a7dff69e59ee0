//! Lists: a query value into SQL, a page out of its rows. Every list is a walk along an index from a place in it.

use sqlx::{QueryBuilder, Sqlite};

use super::rows::{NEVER, RESOURCE, micros};
use super::{Store, rows};
use crate::error::ReadError;
use crate::query::{Cmp, Cursor, Expr, Field, MAX_PAGE, Page, Query, QueryError, Value};
use crate::resource::{Resource, fold};

type Sql = QueryBuilder<Sqlite>;

impl Store {
    pub(crate) async fn list(&self, query: &Query) -> Result<Page, ReadError> {
        check(query)?;
        let limit = query.limit.clamp(1, MAX_PAGE);
        let mut sql = Sql::new("SELECT ");
        sql.push(RESOURCE).push(" FROM resource");
        push_where(&mut sql, query);
        if let Some(cursor) = &query.after {
            push_after(&mut sql, query, cursor);
        }
        push_order(&mut sql, query);
        // One more than the page, to know whether there is another.
        sql.push(" LIMIT ").push_bind(i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let rows = sql.build().fetch_all(self.readers()).await?;
        let items = rows.iter().take(limit).map(rows::resource).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| rows.len() > limit).map(|last| cursor_at(query, last));
        Ok(Page { items, next })
    }

    pub(crate) async fn count(&self, query: &Query) -> Result<u64, ReadError> {
        check(query)?;
        let mut sql = Sql::new("SELECT COUNT(*) FROM resource");
        push_where(&mut sql, query);
        let count: i64 = sql.build_query_scalar().fetch_one(self.readers()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn check(query: &Query) -> Result<(), QueryError> {
    query.filter.as_ref().map_or(Ok(()), Expr::check)?;
    match &query.after {
        Some(cursor) if cursor.order != query.order => Err(QueryError::ForeignCursor),
        _ => Ok(()),
    }
}

fn column(field: Field) -> &'static str {
    match field {
        Field::Name => "name_key",
        Field::Id => "id",
        Field::Alt => "alt",
        Field::State => "state",
        Field::Created => "created",
        Field::Modified => "modified",
        Field::Ends => "ends",
    }
}

fn push_where(sql: &mut Sql, query: &Query) {
    sql.push(" WHERE kind = ").push_bind(query.kind.clone());
    if let Some(scope) = &query.scope {
        sql.push(" AND scope_key = ").push_bind(fold(scope));
    }
    if let Some(filter) = &query.filter {
        sql.push(" AND ");
        push_expr(sql, filter);
    }
}

fn push_expr(sql: &mut Sql, expr: &Expr) {
    let (parts, between, empty) = match expr {
        Expr::Is(field, cmp, value) => return push_is(sql, *field, *cmp, value),
        Expr::And(parts) => (parts, " AND ", "1 = 1"),
        Expr::Or(parts) => (parts, " OR ", "1 = 0"),
    };
    sql.push("(");
    if parts.is_empty() {
        sql.push(empty);
    }
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            sql.push(between);
        }
        push_expr(sql, part);
    }
    sql.push(")");
}

fn push_is(sql: &mut Sql, field: Field, cmp: Cmp, value: &Value) {
    let operator = match cmp {
        Cmp::Eq => " = ",
        Cmp::Ne => " <> ",
        Cmp::Lt => " < ",
        Cmp::Le => " <= ",
        Cmp::Gt => " > ",
        Cmp::Ge => " >= ",
    };
    sql.push(column(field)).push(operator);
    push_value(sql, field, value);
}

fn push_value(sql: &mut Sql, field: Field, value: &Value) {
    match value {
        Value::Text(text) if field == Field::Name => sql.push_bind(fold(text)),
        Value::Text(text) => sql.push_bind(text.clone()),
        // The greatest moment is how a cursor writes "never".
        Value::Time(time) if *time == jiff::Timestamp::MAX => sql.push_bind(NEVER),
        Value::Time(time) => sql.push_bind(micros(*time)),
    };
}

/// The columns of the order, which together are unique within the query.
fn keys(query: &Query) -> Vec<&'static str> {
    let mut keys = vec![column(query.order.field)];
    if query.scope.is_none() {
        keys.push("scope_key");
    }
    if query.order.field != Field::Name {
        keys.push("name_key");
    }
    keys
}

fn push_after(sql: &mut Sql, query: &Query, cursor: &Cursor) {
    sql.push(" AND (").push(keys(query).join(", "));
    sql.push(if query.order.descending { ") < (" } else { ") > (" });
    push_value(sql, query.order.field, &cursor.value);
    if query.scope.is_none() {
        sql.push(", ").push_bind(cursor.key.0.clone());
    }
    if query.order.field != Field::Name {
        sql.push(", ").push_bind(cursor.key.1.clone());
    }
    sql.push(")");
}

fn push_order(sql: &mut Sql, query: &Query) {
    let direction = if query.order.descending { " DESC" } else { " ASC" };
    // Few resources share an id, a name or a second key. A `+` keeps SQLite from walking all in order to find them: it
    // takes them by their own index and sorts.
    let plus = if query.filter.as_ref().is_some_and(pins) { "+" } else { "" };
    for (index, key) in keys(query).into_iter().enumerate() {
        sql.push(if index == 0 { " ORDER BY " } else { ", " }).push(plus).push(key).push(direction);
    }
}

/// Whether the condition leaves only resources of one id, name or second key.
fn pins(filter: &Expr) -> bool {
    match filter {
        Expr::Is(Field::Id | Field::Name | Field::Alt, Cmp::Eq, _) => true,
        Expr::Is(..) => false,
        Expr::And(parts) => parts.iter().any(pins),
        Expr::Or(parts) => matches!(parts.as_slice(), [only] if pins(only)),
    }
}

fn cursor_at(query: &Query, last: &Resource) -> Cursor {
    let value = match query.order.field {
        Field::Name => Value::Text(fold(&last.name)),
        Field::Id => Value::Text(last.id.clone()),
        Field::Alt => Value::Text(last.alt.clone()),
        Field::State => Value::Text(last.state.clone()),
        Field::Created => Value::Time(last.created),
        Field::Modified => Value::Time(last.modified),
        Field::Ends => Value::Time(last.ends.unwrap_or(jiff::Timestamp::MAX)),
    };
    Cursor { order: query.order, value, key: (fold(&last.scope), fold(&last.name)) }
}
