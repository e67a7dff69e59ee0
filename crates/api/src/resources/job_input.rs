//! Job inputs on the wire.
//!
//! The query string of a web input is a secret more often than not (a SAS, a token): it is read and kept by the domain,
//! and never written again.

use crate::http::ApiError;
use crate::wire::{Node, Schemas, Wire, member, member_or_default, odata_type, refuse_type, tagged};
use jiff::SignedDuration;
use millrace_catalog::job::{Clip, ClipTime, JobInput, Source};
use serde_json::{Map, Value, json};

const CLIPS: &[&str] = &["JobInputAsset", "JobInputHttp"];
const INPUTS: &[&str] = &["JobInputAsset", "JobInputHttp", "JobInputs", "JobInputSequence"];

impl Wire for JobInput {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.object()?;
        let tag = node.member("@odata.type");
        let given = odata_type(&tag, INPUTS)?;
        if CLIPS.iter().any(|known| known.eq_ignore_ascii_case(given)) {
            return Clip::read(node).map(Self::Clip);
        }
        if given.eq_ignore_ascii_case("JobInputSequence") {
            return member(node, "inputs").map(Self::Sequence);
        }
        if given.eq_ignore_ascii_case("JobInputs") {
            return member(node, "inputs").map(Self::Inputs);
        }
        Err(refuse_type(&tag, given, INPUTS))
    }

    fn write(&self) -> Value {
        match self {
            Self::Clip(clip) => clip.write(),
            Self::Sequence(clips) => {
                tagged("#Microsoft.Media.JobInputSequence", json!({ "inputs": clips.write() }))
            }
            Self::Inputs(inputs) => tagged("#Microsoft.Media.JobInputs", json!({ "inputs": inputs.write() })),
        }
    }

    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("JobInput", |schemas| {
            let mut union = crate::wire::UnionSchema::default();
            let asset = clip_schema("assetName", true);
            let http = clip_schema("baseUri", false);
            let list = |items: Value| {
                json!({ "type": "object", "properties": { "inputs": { "type": "array", "items": items } }, "required": ["inputs"] })
            };
            let clips = Clip::schema(schemas);
            union.variant("JobInput", "JobInputAsset", asset, schemas);
            union.variant("JobInput", "JobInputHttp", http, schemas);
            union.variant("JobInput", "JobInputSequence", list(clips), schemas);
            union.variant("JobInput", "JobInputs", list(crate::wire::reference("JobInput")), schemas);
            union.finish()
        })
    }
}

impl Wire for Clip {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.object()?;
        let tag = node.member("@odata.type");
        let given = odata_type(&tag, CLIPS)?;
        let source = if given.eq_ignore_ascii_case("JobInputAsset") {
            Source::Asset { name: member(node, "assetName")? }
        } else if given.eq_ignore_ascii_case("JobInputHttp") {
            Source::Http { base_uri: member(node, "baseUri")? }
        } else {
            return Err(refuse_type(&tag, given, CLIPS));
        };
        refuse_definitions(node)?;
        Ok(Self {
            source,
            files: member_or_default(node, "files")?,
            start: member(node, "start")?,
            end: member(node, "end")?,
            label: member(node, "label")?,
        })
    }

    fn write(&self) -> Value {
        let mut object = Map::new();
        let web = matches!(self.source, Source::Http { .. });
        let files: Vec<Value> =
            self.files.iter().map(|file| if web { public_part(file) } else { file }.into()).collect();
        object.insert("files".into(), files.into());
        self.start.write_member("start", &mut object);
        self.end.write_member("end", &mut object);
        self.label.write_member("label", &mut object);
        match &self.source {
            Source::Asset { name } => {
                name.write_member("assetName", &mut object);
                tagged("#Microsoft.Media.JobInputAsset", object.into())
            }
            Source::Http { base_uri } => {
                base_uri
                    .as_deref()
                    .map(|uri| public_part(uri).to_owned())
                    .write_member("baseUri", &mut object);
                tagged("#Microsoft.Media.JobInputHttp", object.into())
            }
        }
    }

    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("JobInputClip", |schemas| {
            let mut union = crate::wire::UnionSchema::default();
            union.variant("JobInputClip", "JobInputAsset", clip_schema("assetName", true), schemas);
            union.variant("JobInputClip", "JobInputHttp", clip_schema("baseUri", false), schemas);
            union.finish()
        })
    }
}

/// What of a URL may be shown: no query, no fragment, no user information.
fn public_part(url: &str) -> &str {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let shown = url.get(..end).unwrap_or("");
    let after_scheme = shown.find("://").map_or(0, |at| at + 3);
    let authority = shown.get(after_scheme..).unwrap_or("").split('/').next().unwrap_or("");
    // A URL with credentials in it is rare and cannot be shown in part without being another URL.
    if authority.contains('@') { "" } else { shown }
}

/// Track selections of an input change what is encoded; they are refused, not dropped.
fn refuse_definitions(node: &Node<'_>) -> Result<(), ApiError> {
    let definitions = node.member("inputDefinitions");
    match definitions.value().and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Err(definitions
            .wrong("is not supported: tracks of an input cannot be selected; every audio track is encoded")),
        _ => Ok(()),
    }
}

fn clip_schema(place: &str, required: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": {
            "files": { "type": "array", "items": { "type": "string", "maxLength": 4000 } },
            "start": { "type": "object" },
            "end": { "type": "object" },
            "label": { "type": "string" },
        },
    });
    schema["properties"][place] = json!({ "type": "string" });
    if required {
        schema["required"] = json!([place]);
    }
    schema
}

impl Wire for ClipTime {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        const KNOWN: &[&str] = &["AbsoluteClipTime"];
        node.object()?;
        let tag = node.member("@odata.type");
        let given = odata_type(&tag, KNOWN)?;
        if given.eq_ignore_ascii_case("AbsoluteClipTime") {
            return member::<SignedDuration>(node, "time").map(Self::Absolute);
        }
        Err(refuse_type(&tag, given, KNOWN))
    }

    fn write(&self) -> Value {
        tagged("#Microsoft.Media.AbsoluteClipTime", json!({ "time": self.offset().write() }))
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "object" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<JobInput, ApiError> {
        JobInput::read(&Node::root(value))
    }

    #[test]
    fn inputs_read_back_as_written() {
        let asset = json!({
            "@odata.type": "#Microsoft.Media.JobInputAsset",
            "files": ["a.mp4"],
            "start": { "@odata.type": "#Microsoft.Media.AbsoluteClipTime", "time": "PT10S" },
            "label": "l",
            "assetName": "in",
        });
        let http = json!({ "@odata.type": "#Microsoft.Media.JobInputHttp", "files": [], "baseUri": "https://h/a.mp4" });
        let sequence = json!({ "@odata.type": "#Microsoft.Media.JobInputSequence", "inputs": [asset, http] });
        let list = json!({ "@odata.type": "#Microsoft.Media.JobInputs", "inputs": [sequence] });
        for value in [asset, http, sequence, list] {
            assert_eq!(read(&value).map(|input| input.write()), Ok(value));
        }
    }

    #[test]
    fn secrets_of_web_inputs_are_not_written() {
        for (base, file, shown) in [
            ("https://h/a?sig=s3cret", "b.mp4?sig=s3cret", ("https://h/a", "b.mp4")),
            ("https://h/a#s3cret", "https://h/b?s3cret", ("https://h/a", "https://h/b")),
            ("https://me:s3cret@h/a", "https://s3cret@h/b", ("", "")),
        ] {
            let value =
                json!({ "@odata.type": "#Microsoft.Media.JobInputHttp", "baseUri": base, "files": [file] });
            let written = read(&value).expect("an input").write();
            assert!(!written.to_string().contains("s3cret"), "{written}");
            assert_eq!((&written["baseUri"], &written["files"][0]), (&json!(shown.0), &json!(shown.1)));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_path() {
        for (value, expected) in [
            (json!(3), "body"),
            (json!({}), "@odata.type"),
            (json!({ "@odata.type": "#Microsoft.Media.JobInput" }), "@odata.type"),
            (json!({ "@odata.type": "#Microsoft.Media.JobInputAsset" }), "assetName"),
            (
                json!({ "@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": "a",
                        "start": { "@odata.type": "#Microsoft.Media.AbsoluteClipTime", "time": "ten" } }),
                "start.time",
            ),
            (
                json!({ "@odata.type": "#Microsoft.Media.JobInputSequence", "inputs": [
                    { "@odata.type": "#Microsoft.Media.JobInputSequence", "inputs": [] } ] }),
                "inputs[0].@odata.type",
            ),
            (
                json!({ "@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": "a", "inputDefinitions": [{}] }),
                "inputDefinitions",
            ),
        ] {
            let error = read(&value).expect_err("an error");
            assert_eq!(error.target(), Some(expected), "{value}");
        }
    }
}
