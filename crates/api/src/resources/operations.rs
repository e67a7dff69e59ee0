//! `/providers/Microsoft.Media/operations`: the operations that there are, made from the route table.

use crate::http::{Answer, ApiError, Call, Method, Route, route};
use serde_json::{Value, json};

/// The table's rows.
pub(super) const ROUTES: &[Route] =
    &[route("Operations_List", Method::Get, "/providers/Microsoft.Media/operations", &[200], |call| {
        Box::pin(list(call))
    })];

async fn list(_: Call) -> Result<Answer, ApiError> {
    let value: Vec<Value> = super::routes().map(describe).collect();
    Ok(Answer::ok(json!({ "value": value })))
}

fn describe(route: &Route) -> Value {
    let (group, operation) = route.id.split_once('_').unwrap_or(("", route.id));
    let action = match route.method {
        Method::Get => "read",
        Method::Put | Method::Patch => "write",
        Method::Delete => "delete",
        Method::Post => "action",
    };
    json!({
        "name": format!("Microsoft.Media/mediaservices/{group}/{operation}/{action}"),
        "display": {
            "provider": "Microsoft Azure Media Services",
            "resource": group,
            "operation": operation,
            "description": format!("{} {}", route.method.text(), route.template),
        },
        "origin": "user",
        "isDataAction": false,
    })
}
