//! Announcing events, and reading them.

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

use super::resources::fault;
use super::tx::Tx;
use super::{Store, rows};
use crate::change::Touched;
use crate::commit::Done;
use crate::error::{CommitError, ReadError};
use crate::event::{Event, StoredEvent};

/// Most events of one reading.
const MOST: usize = 10_000;

pub(super) async fn announce(tx: &mut Tx<'_>, event: &Event, data: &str) -> Result<Done, CommitError> {
    let id = id_at(tx.now);
    let seq: i64 = sqlx::query_scalar(
        "INSERT INTO event (id, type, subject, topic, time, data) VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq",
    )
    .bind(id.as_bytes().as_slice())
    .bind(&event.event_type)
    .bind(&event.subject)
    .bind(&event.topic)
    .bind(tx.now)
    .bind(data)
    .fetch_one(&mut *tx.connection)
    .await
    .map_err(fault)?;
    tx.touched.push(Touched::Events { last_seq: seq });
    Ok(Done::Announced { seq, id })
}

/// A UUIDv7 of a moment in microseconds.
fn id_at(micros: i64) -> Uuid {
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

impl Store {
    pub(crate) async fn events(&self, after: i64, limit: usize) -> Result<Vec<StoredEvent>, ReadError> {
        let limit = i64::try_from(limit.min(MOST)).unwrap_or(0);
        let rows = sqlx::query("SELECT * FROM event WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(after)
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        Ok(rows.iter().map(rows::event).collect::<Result<_, _>>()?)
    }
}
