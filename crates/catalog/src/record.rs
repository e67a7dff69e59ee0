//! Stored records: JSON documents with a `schema` number, and how a type reads the documents of its ancestors.

use jiff::Timestamp;
use millrace_ledger::{Put, Resource};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Error, Kind, Result};

/// Member of every stored document.
const SCHEMA: &str = "schema";

/// A type that is stored as a resource of the ledger.
///
/// A change of the stored shape raises [`Record::VERSION`] and teaches [`Record::upgrade`] the step from the version before.
pub(crate) trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The ledger's kind.
    const KIND: &'static str;
    /// The kind in sentences.
    const NAMED: Kind;
    /// Version of the stored shape, from 1.
    const VERSION: u64;

    /// Turns a document of `version` into one of `version + 1`; `None` if there is no such step.
    fn upgrade(version: u64, document: Map<String, Value>) -> Option<Map<String, Value>> {
        let _ = (version, document);
        None
    }

    /// Takes what the ledger keeps beside the document.
    fn attach(&mut self, facts: Facts);

    /// The columns to list by: (alt, state, ends).
    fn columns(&self) -> (String, String, Option<Timestamp>) {
        (String::new(), String::new(), None)
    }

    /// A put of this record; id and expectation are the caller's to set.
    fn put(&self, scope: &str, name: &str) -> Result<Put> {
        let (alt, state, ends) = self.columns();
        Ok(Put::new(Self::KIND, scope, name, encode(self)?).alt(alt).state(state).ends(ends))
    }

    /// A put that replaces exactly the version of `stored`.
    fn replace(&self, stored: &Resource) -> Result<Put> {
        let (alt, state, ends) = self.columns();
        Ok(Put::replacing(stored).body(encode(self)?).alt(alt).state(state).ends(ends))
    }

    /// Reads a stored record.
    fn read(stored: &Resource) -> Result<Self> {
        let unreadable =
            |why: String| Error::Unreadable { kind: Self::NAMED, name: stored.name.clone(), why };
        let mut record: Self = decode::<Self>(&stored.body).map_err(unreadable)?;
        let id = stored.id.parse().map_err(|_| unreadable("its id is not a GUID".into()))?;
        record.attach(Facts {
            name: stored.name.clone(),
            id,
            created: stored.created,
            modified: stored.modified,
        });
        Ok(record)
    }
}

/// What the ledger keeps beside a document.
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

fn encode<T: Record>(record: &T) -> Result<Value> {
    let unreadable = |why: &str| Error::Unreadable { kind: T::NAMED, name: String::new(), why: why.into() };
    match serde_json::to_value(record) {
        Ok(Value::Object(mut document)) => {
            document.insert(SCHEMA.into(), T::VERSION.into());
            Ok(Value::Object(document))
        }
        Ok(_) => Err(unreadable("it is no object")),
        Err(error) => Err(unreadable(&error.to_string())),
    }
}

fn decode<T: Record>(body: &Value) -> std::result::Result<T, String> {
    let mut document = body.as_object().cloned().ok_or("it is no object")?;
    let mut version =
        document.remove(SCHEMA).and_then(|schema| schema.as_u64()).ok_or("it has no schema number")?;
    if version > T::VERSION {
        return Err(format!(
            "schema {version} was written by a newer version; this one reads up to {}",
            T::VERSION
        ));
    }
    while version < T::VERSION {
        document =
            T::upgrade(version, document).ok_or_else(|| format!("schema {version} is no longer read"))?;
        version += 1;
    }
    serde_json::from_value(Value::Object(document)).map_err(|error| error.to_string())
}

/// Implements [`Record::attach`] for types with the usual four fields.
macro_rules! attach {
    () => {
        fn attach(&mut self, facts: $crate::record::Facts) {
            self.name = facts.name;
            self.id = facts.id;
            self.created = facts.created;
            self.modified = facts.modified;
        }
    };
}
pub(crate) use attach;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Third {
        total: u64,
    }

    impl Record for Third {
        const KIND: &'static str = "third";
        const NAMED: Kind = Kind::Asset;
        const VERSION: u64 = 3;
        fn upgrade(version: u64, mut document: Map<String, Value>) -> Option<Map<String, Value>> {
            match version {
                2 => {
                    let sum = document.remove("sum")?;
                    document.insert("total".into(), sum);
                    Some(document)
                }
                _ => None,
            }
        }
        fn attach(&mut self, _: Facts) {}
    }

    #[test]
    fn reads_itself_and_its_ancestor_and_nothing_else() {
        let stored = encode(&Third { total: 7 }).expect("an object");
        assert_eq!(stored, serde_json::json!({"total": 7, "schema": 3}));
        assert_eq!(decode::<Third>(&stored), Ok(Third { total: 7 }));
        assert_eq!(decode::<Third>(&serde_json::json!({"sum": 7, "schema": 2})), Ok(Third { total: 7 }));
        for bad in [
            serde_json::json!({"sum": 7, "schema": 1}),
            serde_json::json!({"total": 7, "schema": 4}),
            serde_json::json!({"total": 7}),
            serde_json::json!([]),
        ] {
            assert!(decode::<Third>(&bad).is_err(), "{bad}");
        }
    }
}
