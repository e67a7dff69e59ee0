//! The media services account. A server has one; it is made at first start, and its tags are what can be changed.

use super::envelope::{read_properties, read_tags};
use super::{below_account, operation};
use crate::http::{Answer, ApiError, Call, Method, Route, route};
use crate::wire::{Node, Schemas, Wire, member, wire_enum, wire_object};
use millrace_catalog::account::Account;
use serde_json::{Value, json};
use uuid::Uuid;

const ACCOUNTS: &str = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Media/mediaServices";
const SUBSCRIPTION_ACCOUNTS: &str = "/subscriptions/{subscriptionId}/providers/Microsoft.Media/mediaServices";
const ACCOUNT: &str = below_account!();
const CHECK_NAME: &str = "/subscriptions/{subscriptionId}/providers/Microsoft.Media/locations/{locationName}/checkNameAvailability";
const STATUSES: &str = "/subscriptions/{subscriptionId}/providers/Microsoft.Media/locations/{locationName}/mediaServicesOperationStatuses/{operationId}";
const RESULTS: &str = "/subscriptions/{subscriptionId}/providers/Microsoft.Media/locations/{locationName}/mediaServicesOperationResults/{operationId}";

wire_enum! {
    /// `StorageAccountType`.
    StorageAccountType { Primary = "Primary", Secondary = "Secondary" }
}

wire_enum! {
    /// `StorageAuthentication`.
    StorageAuthentication { System = "System", ManagedIdentity = "ManagedIdentity" }
}

wire_enum! {
    /// `AccountEncryptionKeyType`.
    EncryptionKeyType { SystemKey = "SystemKey", CustomerKey = "CustomerKey" }
}

wire_object! {
    /// `StorageAccount`.
    StorageAccount {
        /// ARM id, of which the name counts.
        id: Option<String> = "id",
        kind: StorageAccountType = "type",
    }
}

wire_object! {
    /// `AccountEncryption`.
    Encryption { kind: EncryptionKeyType = "type" }
}

wire_object! {
    /// `MediaServiceProperties`.
    AccountProperties {
        id: Option<Uuid> = "mediaServiceId",
        storage_accounts: Option<Vec<StorageAccount>> = "storageAccounts",
        storage_authentication: Option<StorageAuthentication> = "storageAuthentication",
        encryption: Option<Encryption> = "encryption",
        key_delivery: Option<Free> = "keyDelivery",
        public_network_access: Option<String> = "publicNetworkAccess",
        provisioning_state: Option<String> = "provisioningState",
        private_endpoint_connections: Option<Vec<Free>> = "privateEndpointConnections",
    }
}

wire_object! {
    /// `CheckNameAvailabilityInput`.
    CheckName {
        name: String = "name",
        kind: Option<String> = "type",
    }
}

wire_object! {
    /// `SyncStorageKeysInput`.
    SyncStorageKeys { id: String = "id" }
}

/// An object that is shown but not looked into.
#[derive(Debug, Clone, PartialEq)]
struct Free(Value);

impl Wire for Free {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        node.object().cloned().map(|object| Self(object.into()))
    }

    fn write(&self) -> Value {
        self.0.clone()
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "object" })
    }
}

fn schema(schemas: &mut Schemas) -> Value {
    schemas.named("MediaService", |schemas| {
        json!({
            "type": "object",
            "properties": {
                "id": { "type": "string", "readOnly": true },
                "name": { "type": "string", "readOnly": true },
                "type": { "type": "string", "readOnly": true },
                "location": { "type": "string" },
                "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                "properties": AccountProperties::schema(schemas),
            },
        })
    })
}

fn list_schema(schemas: &mut Schemas) -> Value {
    json!({ "type": "object", "properties": { "value": { "type": "array", "items": schema(schemas) } } })
}

/// The table's rows.
pub(super) const ROUTES: &[Route] = &[
    route("Mediaservices_List", Method::Get, ACCOUNTS, &[200], |call| Box::pin(list(call)))
        .gives(list_schema),
    route("Mediaservices_ListBySubscription", Method::Get, SUBSCRIPTION_ACCOUNTS, &[200], |call| {
        Box::pin(list(call))
    })
    .gives(list_schema),
    route("Mediaservices_Get", Method::Get, ACCOUNT, &[200], |call| Box::pin(get(call))).gives(schema),
    route("Mediaservices_CreateOrUpdate", Method::Put, ACCOUNT, &[200], |call| Box::pin(put(call)))
        .takes(schema)
        .gives(schema),
    route("Mediaservices_Update", Method::Patch, ACCOUNT, &[202], |call| Box::pin(patch(call)))
        .takes(schema)
        .gives(schema),
    route(
        "Mediaservices_SyncStorageKeys",
        Method::Post,
        below_account!("/syncStorageKeys"),
        &[200],
        |call| Box::pin(sync_storage_keys(call)),
    )
    .takes(SyncStorageKeys::schema),
    route("Locations_CheckNameAvailability", Method::Post, CHECK_NAME, &[200], |call| {
        Box::pin(check_name(call))
    })
    .takes(CheckName::schema),
    route("MediaServicesOperationStatuses_Get", Method::Get, STATUSES, &[200], |call| {
        Box::pin(async move { operation::status(&call, "account") })
    }),
    route("MediaServicesOperationResults_Get", Method::Get, RESULTS, &[200], |call| Box::pin(result(call)))
        .gives(schema),
    route(
        "PrivateEndpointConnections_List",
        Method::Get,
        below_account!("/privateEndpointConnections"),
        &[200],
        |_| Box::pin(async { Ok(Answer::ok(json!({ "value": [] }))) }),
    ),
    route("PrivateLinkResources_List", Method::Get, below_account!("/privateLinkResources"), &[200], |_| {
        Box::pin(async { Ok(Answer::ok(json!({ "value": [] }))) })
    }),
];

/// The ARM id of a storage account.
fn storage_id(call: &Call, name: &str) -> String {
    let account = &call.api.account;
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{name}",
        account.subscription, account.resource_group
    )
}

fn write(call: &Call, account: &Account) -> Value {
    let kind = |index| if index == 0 { StorageAccountType::Primary } else { StorageAccountType::Secondary };
    let storage = account.storage_accounts.iter().enumerate();
    let storage =
        storage.map(|(index, name)| StorageAccount { id: Some(storage_id(call, name)), kind: kind(index) });
    let properties = AccountProperties {
        id: Some(account.id),
        storage_accounts: Some(storage.collect()),
        storage_authentication: Some(StorageAuthentication::System),
        encryption: Some(Encryption { kind: EncryptionKeyType::SystemKey }),
        key_delivery: Some(Free(json!({ "accessControl": { "defaultAction": "Allow", "ipAllowList": [] } }))),
        public_network_access: Some("Enabled".into()),
        provisioning_state: Some("Succeeded".into()),
        private_endpoint_connections: Some(Vec::new()),
    };
    json!({
        "name": account.name,
        "id": call.id(&[]),
        "type": "Microsoft.Media/mediaservices",
        "location": account.location,
        "tags": account.tags,
        "properties": properties.write(),
    })
}

async fn list(call: Call) -> Result<Answer, ApiError> {
    let account = call.api.catalog.account().await?;
    Ok(Answer::ok(json!({ "value": [write(&call, &account)] })))
}

async fn get(call: Call) -> Result<Answer, ApiError> {
    let account = call.api.catalog.account().await?;
    Ok(Answer::ok(write(&call, &account)))
}

async fn put(call: Call) -> Result<Answer, ApiError> {
    let body = call.body.as_ref().ok_or_else(|| ApiError::Body("the body is missing".into()))?;
    let _: String = member(&Node::root(body), "location")?;
    let account = update(&call).await?;
    Ok(Answer::ok(write(&call, &account)))
}

async fn patch(call: Call) -> Result<Answer, ApiError> {
    let account = update(&call).await?;
    let document = write(&call, &account);
    Ok(operation::account_accepted(&call, Some(document)))
}

/// Tags are set; everything else must be as it is, because it is the server's configuration.
async fn update(call: &Call) -> Result<Account, ApiError> {
    let sent: AccountProperties = read_properties(call)?;
    let present = call.api.catalog.account().await?;
    let fixed = |member: &str| ApiError::Property {
        path: format!("properties.{member}"),
        reason: "cannot be changed through the API; it is part of the server's configuration".into(),
    };
    let known = |storage: &StorageAccount| storage.id.as_deref().is_none_or(|id| is_storage(&present, id));
    if sent.storage_accounts.as_ref().is_some_and(|accounts| !accounts.iter().all(known)) {
        return Err(fixed("storageAccounts"));
    }
    if sent.storage_authentication == Some(StorageAuthentication::ManagedIdentity) {
        return Err(fixed("storageAuthentication"));
    }
    if sent.encryption.is_some_and(|encryption| encryption.kind == EncryptionKeyType::CustomerKey) {
        return Err(fixed("encryption"));
    }
    match read_tags(call)? {
        Some(tags) if tags != present.tags => Ok(call.api.catalog.set_account_tags(tags).await?),
        _ => Ok(present),
    }
}

/// Whether an ARM id names a storage account of the account.
fn is_storage(account: &Account, id: &str) -> bool {
    let name = id.rsplit('/').next().unwrap_or(id);
    account.storage_accounts.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Keys of storage accounts are the server's own and always in step.
async fn sync_storage_keys(call: Call) -> Result<Answer, ApiError> {
    let input: SyncStorageKeys = call.read()?;
    let account = call.api.catalog.account().await?;
    if is_storage(&account, &input.id) {
        return Ok(Answer::done());
    }
    Err(ApiError::NotFound { kind: "storage account", name: crate::wire::echo(&input.id) })
}

async fn check_name(call: Call) -> Result<Answer, ApiError> {
    let input: CheckName = call.read()?;
    let lawful = (3..=24).contains(&input.name.len())
        && input.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let answer = if !lawful {
        json!({ "nameAvailable": false, "reason": "Invalid",
                "message": "The name must be 3 to 24 lower-case letters and digits." })
    } else if input.name.eq_ignore_ascii_case(&call.api.account.name) {
        json!({ "nameAvailable": false, "reason": "AlreadyExists", "message": "The name is taken by this account." })
    } else {
        json!({ "nameAvailable": true })
    };
    Ok(Answer::ok(answer))
}

async fn result(call: Call) -> Result<Answer, ApiError> {
    operation::require(&call, "account")?;
    get(call).await
}
