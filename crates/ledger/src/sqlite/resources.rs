//! Steps that write resources.

use sqlx::Row as _;
use uuid::Uuid;

use super::rows::{NEVER, micros};
use super::tx::Tx;
use crate::change::Touched;
use crate::commit::Done;
use crate::error::CommitError;
use crate::resource::{Expect, Put, fold};

/// Kind, scope and name.
type Address<'a> = (&'a str, &'a str, &'a str);

struct Found {
    row: i64,
    id: String,
    version: i64,
}

async fn find(tx: &mut Tx<'_>, (kind, scope, name): Address<'_>) -> Result<Option<Found>, CommitError> {
    let row = sqlx::query(
        "SELECT row, id, version FROM resource WHERE kind = $1 AND scope_key = $2 AND name_key = $3",
    )
    .bind(kind)
    .bind(fold(scope))
    .bind(fold(name))
    .fetch_optional(&mut *tx.connection)
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        row: row.try_get(0).map_err(fault)?,
        id: row.try_get(1).map_err(fault)?,
        version: row.try_get(2).map_err(fault)?,
    }))
}

/// Refuses if the resource is not as expected.
pub(super) async fn require(
    tx: &mut Tx<'_>,
    step: usize,
    address: Address<'_>,
    expect: Expect,
) -> Result<Option<i64>, CommitError> {
    Ok(require_found(tx, step, address, expect).await?.map(|found| found.version))
}

async fn require_found(
    tx: &mut Tx<'_>,
    step: usize,
    address: Address<'_>,
    expected: Expect,
) -> Result<Option<Found>, CommitError> {
    let present = find(tx, address).await?;
    let found = present.as_ref().map(|found| found.version);
    if expected.allows(found) {
        return Ok(present);
    }
    let (kind, scope, name) = (address.0.to_owned(), address.1.to_owned(), address.2.to_owned());
    Err(CommitError::Precondition { step, kind, scope, name, expected, found })
}

/// Writes by the expectation itself, in one statement where possible; only a refusal is looked into.
pub(super) async fn put(tx: &mut Tx<'_>, step: usize, put: &Put, body: &str) -> Result<Done, CommitError> {
    let mut done = None;
    if put.expect != Expect::Absent {
        done = replace(tx, put, body).await?;
    }
    if done.is_none() && matches!(put.expect, Expect::Absent | Expect::Any) {
        done = create(tx, step, put, body).await?;
    }
    let Some(done) = done else { return Err(refusal(tx, step, put).await) };
    touch(tx, &put.kind, &put.scope, Some(&put.name));
    Ok(done)
}

/// Why a put found nothing to write.
async fn refusal(tx: &mut Tx<'_>, step: usize, put: &Put) -> CommitError {
    let address = (put.kind.as_str(), put.scope.as_str(), put.name.as_str());
    match require_found(tx, step, address, put.expect).await {
        Err(error) => error,
        // The resource is as expected, so it was the id.
        Ok(found) => {
            let id = put.id.clone().or(found.map(|found| found.id)).unwrap_or_default();
            CommitError::IdTaken { step, kind: put.kind.clone(), id }
        }
    }
}

async fn replace(tx: &mut Tx<'_>, put: &Put, body: &str) -> Result<Option<Done>, CommitError> {
    let version = match put.expect {
        Expect::Version(version) => Some(version),
        _ => None,
    };
    let row: Option<(String, i64)> = sqlx::query_as(
        "UPDATE resource SET body = $4, version = version + 1, modified = $5, alt = $6, state = $7, ends = $8
         WHERE kind = $1 AND scope_key = $2 AND name_key = $3
             AND ($9 IS NULL OR version = $9) AND ($10 IS NULL OR id = $10)
         RETURNING id, version",
    )
    .bind(&put.kind)
    .bind(fold(&put.scope))
    .bind(fold(&put.name))
    .bind(body)
    .bind(tx.now)
    .bind(&put.alt)
    .bind(&put.state)
    .bind(put.ends.map_or(NEVER, micros))
    .bind(version)
    .bind(put.id.as_ref())
    .fetch_optional(&mut *tx.connection)
    .await
    .map_err(fault)?;
    Ok(row.map(|(id, version)| Done::Put { id, version }))
}

async fn create(tx: &mut Tx<'_>, step: usize, put: &Put, body: &str) -> Result<Option<Done>, CommitError> {
    let id = put.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let inserted: Result<Option<i64>, _> = sqlx::query_scalar(
        "INSERT INTO resource
             (kind, scope, scope_key, name, name_key, id, body, version, created, modified, alt, state, ends)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $9, $10, $11)
         ON CONFLICT (kind, scope_key, name_key) DO NOTHING
         RETURNING version",
    )
    .bind(&put.kind)
    .bind(&put.scope)
    .bind(fold(&put.scope))
    .bind(&put.name)
    .bind(fold(&put.name))
    .bind(&id)
    .bind(body)
    .bind(tx.now)
    .bind(&put.alt)
    .bind(&put.state)
    .bind(put.ends.map_or(NEVER, micros))
    .fetch_optional(&mut *tx.connection)
    .await;
    match inserted {
        Ok(inserted) => Ok(inserted.map(|version| Done::Put { id, version })),
        // The id is taken, and perhaps the name too, by the same resource: the name is told first.
        Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
            Err(refusal(tx, step, put).await)
        }
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn delete(
    tx: &mut Tx<'_>,
    step: usize,
    address: Address<'_>,
    expect: Expect,
) -> Result<Done, CommitError> {
    let Some(found) = require_found(tx, step, address, expect).await? else { return Ok(Done::Deleted(0)) };
    sqlx::query("DELETE FROM resource WHERE row = $1")
        .bind(found.row)
        .execute(&mut *tx.connection)
        .await
        .map_err(fault)?;
    touch(tx, address.0, address.1, Some(address.2));
    Ok(Done::Deleted(1))
}

pub(super) async fn delete_scope(tx: &mut Tx<'_>, kind: &str, scope: &str) -> Result<Done, CommitError> {
    let deleted = sqlx::query("DELETE FROM resource WHERE kind = $1 AND scope_key = $2")
        .bind(kind)
        .bind(fold(scope))
        .execute(&mut *tx.connection)
        .await
        .map_err(fault)?
        .rows_affected();
    if deleted > 0 {
        touch(tx, kind, scope, None);
    }
    Ok(Done::Deleted(deleted))
}

fn touch(tx: &mut Tx<'_>, kind: &str, scope: &str, name: Option<&str>) {
    let (kind, scope, name) = (kind.to_owned(), scope.to_owned(), name.map(str::to_owned));
    tx.touched.push(Touched::Resource { kind, scope, name });
}

pub(super) fn fault(error: sqlx::Error) -> CommitError {
    CommitError::Fault(error.into())
}
