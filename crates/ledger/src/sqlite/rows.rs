//! Rows into values.

use jiff::Timestamp;
use serde_json::Value as Json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::progress::WHOLE;
use crate::error::Fault;
use crate::event::{Event, StoredEvent};
use crate::resource::Resource;
use crate::task::{Task, TaskId, TaskState};

/// Stored end of a resource that has none.
pub(super) const NEVER: i64 = i64::MAX;

/// A moment as it is stored: whole microseconds, the rest cut off.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Reads columns of one table.
struct Reader<'r> {
    row: &'r SqliteRow,
    table: &'static str,
}

impl<'r> Reader<'r> {
    fn get<T>(&self, column: &'static str) -> Result<T, Fault>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        Ok(self.row.try_get(column)?)
    }

    fn unreadable(&self, column: &'static str) -> Fault {
        Fault::Unreadable { table: self.table, column }
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, Fault> {
        let stored: i64 = self.get(column)?;
        Timestamp::from_microsecond(stored).map_err(|_| self.unreadable(column))
    }

    fn time_or_none(&self, column: &'static str) -> Result<Option<Timestamp>, Fault> {
        match self.get::<Option<i64>>(column)? {
            None | Some(NEVER) => Ok(None),
            Some(_) => self.time(column).map(Some),
        }
    }

    fn json(&self, column: &'static str) -> Result<Json, Fault> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|_| self.unreadable(column))
    }

    fn json_or_none(&self, column: &'static str) -> Result<Option<Json>, Fault> {
        match self.get::<Option<&str>>(column)? {
            None => Ok(None),
            Some(_) => self.json(column).map(Some),
        }
    }

    fn number(&self, column: &'static str) -> Result<u32, Fault> {
        let stored: i64 = self.get(column)?;
        u32::try_from(stored.max(0)).map_err(|_| self.unreadable(column))
    }
}

/// Columns that [`resource`] reads.
pub(super) const RESOURCE: &str = "kind, scope, name, id, body, version, created, modified, alt, state, ends";

pub(super) fn resource(row: &SqliteRow) -> Result<Resource, Fault> {
    let read = Reader { row, table: "resource" };
    Ok(Resource {
        kind: read.get("kind")?,
        scope: read.get("scope")?,
        name: read.get("name")?,
        id: read.get("id")?,
        body: read.json("body")?,
        version: read.get("version")?,
        created: read.time("created")?,
        modified: read.time("modified")?,
        alt: read.get("alt")?,
        state: read.get("state")?,
        ends: read.time_or_none("ends")?,
    })
}

pub(super) fn task(row: &SqliteRow) -> Result<Task, Fault> {
    let read = Reader { row, table: "task" };
    let state: &str = read.get("state")?;
    Ok(Task {
        id: TaskId(read.get("id")?),
        kind: read.get("kind")?,
        key: read.get("key")?,
        group: read.get("grp")?,
        body: read.json("body")?,
        priority: read.get("priority")?,
        state: TaskState::parse(state).ok_or_else(|| read.unreadable("state"))?,
        attempt: read.number("attempt")?,
        max_attempts: read.number("max_attempts")?,
        run_at: read.time("run_at")?,
        deadline: read.time_or_none("deadline")?,
        progress: read.get::<i64>("progress")? as f64 / WHOLE as f64,
        cancel: read.get("cancel")?,
        result: read.json_or_none("result")?,
        error: read.json_or_none("error")?,
        created: read.time("created")?,
        started: read.time_or_none("started")?,
        finished: read.time_or_none("finished")?,
    })
}

pub(super) fn event(row: &SqliteRow) -> Result<StoredEvent, Fault> {
    let read = Reader { row, table: "event" };
    let id: &[u8] = read.get("id")?;
    Ok(StoredEvent {
        seq: read.get("seq")?,
        id: Uuid::from_slice(id).map_err(|_| read.unreadable("id"))?,
        time: read.time("time")?,
        event: Event {
            event_type: read.get("type")?,
            subject: read.get("subject")?,
            topic: read.get("topic")?,
            data: read.json("data")?,
        },
    })
}
