//! Assets.

use super::envelope::{page_schema, read_properties, resource, resource_schema};
use super::paging::{self, FILTER_TOP_ORDER};
use super::{below_account, locators};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Schemas, Wire, wire_enum, wire_object};
use jiff::{SignedDuration, Timestamp};
use millrace_blob::Account as Storage;
use millrace_blob::sas::{Grant, Permissions, Protocol, Scope};
use millrace_catalog::asset::{Asset, AssetDraft};
use serde_json::{Value, json};
use uuid::Uuid;

const ASSETS: &str = below_account!("/assets");
const ASSET: &str = below_account!("/assets/{assetName}");

/// How long a container URL is valid when the request does not say.
const DEFAULT_SAS_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

wire_enum! {
    /// `AssetContainerPermission`.
    ContainerPermission { Read = "Read", ReadWrite = "ReadWrite", ReadWriteDelete = "ReadWriteDelete" }
}

wire_enum! {
    /// `AssetStorageEncryptionFormat`; storage encryption was a feature of version 2 and no new asset has it.
    StorageEncryption { None = "None" }
}

wire_object! {
    /// `AssetProperties`.
    AssetProperties {
        id: Option<Uuid> = "assetId",
        created: Option<Timestamp> = "created",
        modified: Option<Timestamp> = "lastModified",
        /// The client's own key.
        alternate_id: Option<String> = "alternateId",
        /// Free text.
        description: Option<String> = "description",
        /// Blob container; made if it is not there, and fixed then.
        container: Option<String> = "container",
        /// One of the account's; fixed.
        storage_account: Option<String> = "storageAccountName",
        encryption: Option<StorageEncryption> = "storageEncryptionFormat",
    }
}

wire_object! {
    /// `ListContainerSasInput`.
    ListContainerSas {
        permissions: Option<ContainerPermission> = "permissions",
        expiry: Option<Timestamp> = "expiryTime",
    }
}

wire_object! {
    /// `AssetContainerSas`.
    ContainerSas {
        /// One signed with each of the storage account's two keys.
        urls: Vec<String> = "assetContainerSasUrls",
    }
}

fn schema(schemas: &mut Schemas) -> Value {
    resource_schema::<AssetProperties>("Asset", schemas)
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("Assets_List", Method::Get, ASSETS, &[200], |call| Box::pin(list(call)))
        .asks(FILTER_TOP_ORDER)
        .gives(|schemas| page_schema::<AssetProperties>("Asset", schemas)),
    route("Assets_Get", Method::Get, ASSET, &[200], |call| Box::pin(get(call))).gives(schema),
    route("Assets_CreateOrUpdate", Method::Put, ASSET, &[200, 201], |call| Box::pin(put(call)))
        .takes(schema)
        .gives(schema),
    route("Assets_Update", Method::Patch, ASSET, &[200], |call| Box::pin(patch(call))).takes(schema).gives(schema),
    route("Assets_Delete", Method::Delete, ASSET, &[200, 204], |call| Box::pin(delete(call))),
    route("Assets_ListContainerSas", Method::Post, below_account!("/assets/{assetName}/listContainerSas"), &[200], |call| {
        Box::pin(list_container_sas(call))
    })
    .takes(ListContainerSas::schema)
    .gives(ContainerSas::schema),
    route("Assets_GetEncryptionKey", Method::Post, below_account!("/assets/{assetName}/getEncryptionKey"), &[], |call| {
        Box::pin(get_encryption_key(call))
    }),
    route(
        "Assets_ListStreamingLocators",
        Method::Post,
        below_account!("/assets/{assetName}/listStreamingLocators"),
        &[200],
        |call| Box::pin(list_streaming_locators(call)),
    )
    .gives(|_| json!({ "type": "object", "properties": { "streamingLocators": { "type": "array", "items": { "type": "object" } } } })),
];

fn write(call: &Call, asset: &Asset) -> Value {
    let properties = AssetProperties {
        id: Some(asset.id),
        created: Some(asset.created),
        modified: Some(asset.modified),
        alternate_id: asset.alternate_id.clone(),
        description: asset.description.clone(),
        container: Some(asset.container.to_string()),
        storage_account: Some(asset.storage_account.clone()),
        encryption: Some(StorageEncryption::None),
    };
    resource(call, &["assets", &asset.name], &properties)
}

fn draft(call: &Call) -> Result<AssetDraft, ApiError> {
    let properties: AssetProperties = read_properties(call)?;
    Ok(AssetDraft {
        alternate_id: properties.alternate_id,
        description: properties.description,
        container: properties.container,
        storage_account: properties.storage_account,
    })
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let page = call.api.catalog.assets(&paging::query(&call)?).await?;
    Ok(paging::answer(&call, &page, |asset| write(&call, asset)))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let asset = call.api.catalog.asset(call.name("assetName")).await?;
    Ok(Answer::ok(write(&call, &asset)))
}

async fn put(call: Call) -> Result<Answer, ApiError> {
    let (asset, created) = call.api.catalog.put_asset(call.name("assetName"), &draft(&call)?).await?;
    Ok(Answer::put(created, write(&call, &asset)))
}

async fn patch(call: Call) -> Result<Answer, ApiError> {
    let asset = call.api.catalog.patch_asset(call.name("assetName"), &draft(&call)?).await?;
    Ok(Answer::ok(write(&call, &asset)))
}

async fn delete(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::deleted(call.api.catalog.delete_asset(call.name("assetName")).await?))
}

async fn list_container_sas(call: Call) -> Result<Answer, ApiError> {
    let input: Option<ListContainerSas> = call.read_optional()?;
    let input = input.unwrap_or(ListContainerSas { permissions: None, expiry: None });
    let expiry = input
        .expiry
        .unwrap_or_else(|| call.now.saturating_add(DEFAULT_SAS_LIFETIME).unwrap_or(Timestamp::MAX));
    if expiry <= call.now {
        return Err(ApiError::Property {
            path: "expiryTime".into(),
            reason: "must lie in the future".into(),
        });
    }
    let asset = call.api.catalog.asset(call.name("assetName")).await?;
    let storage = call.api.catalog.storage(&asset)?;
    let permissions = permissions(input.permissions.unwrap_or(ContainerPermission::Read));
    let urls = sign(storage, &asset, permissions, expiry, blob_url(&call));
    Ok(Answer::ok(ContainerSas { urls }.write()))
}

/// The blob endpoint's address for this client.
fn blob_url(call: &Call) -> &str {
    let config = &call.api.config;
    match &config.plain_blob_url {
        Some(plain) if call.base.starts_with("http:") => plain,
        _ => &config.blob_url,
    }
}

fn permissions(wanted: ContainerPermission) -> Permissions {
    let read = Permissions::READ.and(Permissions::LIST);
    let write = read.and(Permissions::CREATE).and(Permissions::WRITE);
    match wanted {
        ContainerPermission::Read => read,
        ContainerPermission::ReadWrite => write,
        ContainerPermission::ReadWriteDelete => write.and(Permissions::DELETE),
    }
}

/// `{blob endpoint}/{container}?{sas}`, by key1 and by key2.
fn sign(
    storage: &Storage,
    asset: &Asset,
    permissions: Permissions,
    expiry: Timestamp,
    blob_url: &str,
) -> Vec<String> {
    let base = blob_url.trim_end_matches('/');
    let protocol = if base.starts_with("https:") { Protocol::Https } else { Protocol::HttpsAndHttp };
    let scope = Scope::Container(asset.container.clone());
    let grant = Grant { scope, permissions, start: None, expiry, protocol };
    [0, 1].map(|key| format!("{base}/{}?{}", asset.container, storage.sign(&grant, key))).into()
}

async fn get_encryption_key(call: Call) -> Result<Answer, ApiError> {
    let asset = call.api.catalog.asset(call.name("assetName")).await?;
    Err(ApiError::Invalid(format!(
        "The asset '{}' is not storage-encrypted, so it has no encryption key.",
        asset.name
    )))
}

async fn list_streaming_locators(call: Call) -> Result<Answer, ApiError> {
    let found = call.api.catalog.asset_locators(call.name("assetName")).await?;
    let found: Vec<Value> = found.iter().map(locators::summary).collect();
    Ok(Answer::ok(json!({ "streamingLocators": found })))
}
