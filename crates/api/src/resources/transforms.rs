//! Transforms.

use super::envelope::{page_schema, read_properties, resource, resource_schema};
use super::paging::{self, FILTER_ORDER};
use super::{TRANSFORM, TRANSFORMS};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{wire_choice_for, wire_for, wire_object};
use jiff::Timestamp;
use millrace_catalog::transform::{OnError, Priority, Transform, TransformDraft, TransformOutput};
use serde_json::Value;

wire_object! {
    /// `TransformProperties`.
    TransformProperties {
        created: Option<Timestamp> = "created",
        modified: Option<Timestamp> = "lastModified",
        /// Free text.
        description: Option<String> = "description",
        /// One to twenty.
        outputs: Option<Vec<TransformOutput>> = "outputs",
    }
}

wire_choice_for!(OnError as "OnErrorType", Priority as "Priority");

wire_for!(TransformOutput as "TransformOutput" {
    preset: ["preset"],
    on_error: ["onError" or default],
    relative_priority: ["relativePriority" or default],
});

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("Transforms_List", Method::Get, TRANSFORMS, &[200], |call| Box::pin(list(call)))
        .asks(FILTER_ORDER)
        .gives(|schemas| page_schema::<TransformProperties>("Transform", schemas)),
    route("Transforms_Get", Method::Get, TRANSFORM, &[200], |call| Box::pin(get(call)))
        .gives(|schemas| resource_schema::<TransformProperties>("Transform", schemas)),
    route("Transforms_CreateOrUpdate", Method::Put, TRANSFORM, &[200, 201], |call| Box::pin(put(call)))
        .takes(|schemas| resource_schema::<TransformProperties>("Transform", schemas))
        .gives(|schemas| resource_schema::<TransformProperties>("Transform", schemas)),
    route("Transforms_Update", Method::Patch, TRANSFORM, &[200], |call| Box::pin(patch(call)))
        .takes(|schemas| resource_schema::<TransformProperties>("Transform", schemas))
        .gives(|schemas| resource_schema::<TransformProperties>("Transform", schemas)),
    route("Transforms_Delete", Method::Delete, TRANSFORM, &[200, 204], |call| Box::pin(delete(call))),
];

fn write(call: &Call, transform: &Transform) -> Value {
    let properties = TransformProperties {
        created: Some(transform.created),
        modified: Some(transform.modified),
        description: transform.description.clone(),
        outputs: Some(transform.outputs.clone()),
    };
    resource(call, &["transforms", &transform.name], &properties)
}

fn draft(call: &Call) -> Result<TransformDraft, ApiError> {
    let properties: TransformProperties = read_properties(call)?;
    Ok(TransformDraft {
        description: properties.description,
        outputs: properties.outputs.unwrap_or_default(),
    })
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.transforms(&paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |transform| write(&call, transform)))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let transform = call.api.catalog.transform(call.name("transformName")).await?;
    Ok(Answer::ok(write(&call, &transform)))
}

async fn put(call: Call) -> Result<Answer, ApiError> {
    let (transform, created) =
        call.api.catalog.put_transform(call.name("transformName"), &draft(&call)?).await?;
    Ok(Answer::put(created, write(&call, &transform)))
}

async fn patch(call: Call) -> Result<Answer, ApiError> {
    let transform = call.api.catalog.patch_transform(call.name("transformName"), &draft(&call)?).await?;
    Ok(Answer::ok(write(&call, &transform)))
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::deleted(call.api.catalog.delete_transform(call.name("transformName")).await?))
}
