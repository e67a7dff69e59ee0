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

pub(super) async fn put(tx: &mut Tx<'_>, step: usize, put: &Put, body: &str) -> Result<Done, CommitError> {
    let address = (put.kind.as_str(), put.scope.as_str(), put.name.as_str());
    let done = match require_found(tx, step, address, put.expect).await? {
        Some(found) => replace(tx, step, put, body, found).await?,
        None => create(tx, step, put, body).await?,
    };
    touch(tx, &put.kind, &put.scope, Some(&put.name));
    Ok(done)
}

async fn replace(
    tx: &mut Tx<'_>,
    step: usize,
    put: &Put,
    body: &str,
    found: Found,
) -> Result<Done, CommitError> {
    if let Some(id) = put.id.as_ref().filter(|id| **id != found.id) {
        return Err(CommitError::IdTaken { step, kind: put.kind.clone(), id: id.clone() });
    }
    let version = found.version + 1;
    sqlx::query(
        "UPDATE resource SET body = $2, version = $3, modified = $4, alt = $5, state = $6, ends = $7 WHERE row = $1",
    )
    .bind(found.row)
    .bind(body)
    .bind(version)
    .bind(tx.now)
    .bind(&put.alt)
    .bind(&put.state)
    .bind(put.ends.map_or(NEVER, micros))
    .execute(&mut *tx.connection)
    .await
    .map_err(fault)?;
    Ok(Done::Put { id: found.id, version })
}

async fn create(tx: &mut Tx<'_>, step: usize, put: &Put, body: &str) -> Result<Done, CommitError> {
    let id = put.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let inserted = sqlx::query(
        "INSERT INTO resource
             (kind, scope, scope_key, name, name_key, id, body, version, created, modified, alt, state, ends)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $9, $10, $11)",
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
    .execute(&mut *tx.connection)
    .await;
    match inserted {
        Ok(_) => Ok(Done::Put { id, version: 1 }),
        // The address was seen to be free, so it is the id.
        Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
            Err(CommitError::IdTaken { step, kind: put.kind.clone(), id })
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
