//! A place in a JSON document: a value and the way to it.

use crate::http::ApiError;
use serde_json::{Map, Value};

/// Longest piece of a client's own text that is repeated in an error.
const MAX_ECHO_CHARS: usize = 80;

/// A JSON value and where it is. The way is rendered only when something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    value: Option<&'a Value>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a Node<'a>, &'a str),
    Item(&'a Node<'a>, usize),
}

impl<'a> Node<'a> {
    /// The top of a document.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self { value: Some(value), step: Step::Root }
    }

    /// The value; `None` when absent or null.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// The member `key` of an object; an absent one if this is no object.
    pub(crate) fn member<'b>(&'b self, key: &'b str) -> Node<'b> {
        let value = self.value.and_then(|value| value.get(key));
        Node { value, step: Step::Member(self, key) }
    }

    /// The member `key`, or `fallback` at its place if it is absent.
    pub(crate) fn member_or<'b>(&'b self, key: &'b str, fallback: &'b Value) -> Node<'b> {
        let member = self.member(key);
        Node { value: member.value().or(Some(fallback)), step: member.step }
    }

    /// The items of an array.
    pub(crate) fn items<'b>(&'b self, array: &'b [Value]) -> impl Iterator<Item = Node<'b>> {
        let item = |(index, value)| Node { value: Some(value), step: Step::Item(self, index) };
        array.iter().enumerate().map(item)
    }

    /// This as an object, or an error that says what it is instead.
    pub(crate) fn object(&self) -> Result<&'a Map<String, Value>, ApiError> {
        self.value().and_then(Value::as_object).ok_or_else(|| self.expected("an object"))
    }

    /// "must be … but is …".
    pub(crate) fn expected(&self, what: &str) -> ApiError {
        let is = match self.value {
            None => "absent".to_owned(),
            Some(Value::Null) => "null".to_owned(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Number(value)) => format!("the number {value}"),
            Some(Value::String(text)) => format!("the string '{}'", echo(text)),
            Some(Value::Array(_)) => "an array".to_owned(),
            Some(Value::Object(_)) => "an object".to_owned(),
        };
        self.wrong(format!("must be {what} but is {is}"))
    }

    /// An error about this place.
    pub(crate) fn wrong(&self, reason: impl Into<String>) -> ApiError {
        ApiError::Property { path: self.path(), reason: reason.into() }
    }

    /// The way here, as `properties.outputs[0].preset`; `body` at the top.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        self.push_path(&mut path);
        if path.is_empty() { "body".to_owned() } else { path }
    }

    fn push_path(&self, path: &mut String) {
        match self.step {
            Step::Root => {}
            Step::Member(parent, key) => {
                parent.push_path(path);
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Item(parent, index) => {
                parent.push_path(path);
                path.push_str(&format!("[{index}]"));
            }
        }
    }
}

/// A bounded, printable form of a client's text.
pub(crate) fn echo(text: &str) -> String {
    let shown = text.chars().take(MAX_ECHO_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut shown: String = shown.collect();
    if text.chars().nth(MAX_ECHO_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
