//! Events: what was announced, in the order in which it became true.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

/// Something to announce in a [`crate::Commit`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// For example `Microsoft.Media.JobStateChange`.
    pub event_type: String,
    /// What it is about, as a path.
    pub subject: String,
    /// Who announces it.
    pub topic: String,
    /// The event's own members.
    pub data: Json,
}

impl Event {
    /// An event of the given type, subject and topic.
    pub fn new(
        event_type: impl Into<String>,
        subject: impl Into<String>,
        topic: impl Into<String>,
        data: Json,
    ) -> Event {
        Event { event_type: event_type.into(), subject: subject.into(), topic: topic.into(), data }
    }
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Position in the log: rises with every event, never reused. Gaps are possible.
    pub seq: i64,
    /// UUIDv7 of the moment of the commit; the same at every reading.
    pub id: Uuid,
    /// When it was committed, in whole microseconds.
    pub time: Timestamp,
    /// What was announced.
    pub event: Event,
}
