//! Transforms and jobs.

use crate::house::{House, job, transform};
use serde_json::json;

#[tokio::test]
async fn a_transform_is_made_read_changed_and_deleted() {
    let house = House::new().await;
    let made = house.expect("PUT", "/transforms/t", Some(transform()), 201).await.body;
    assert_eq!(made["type"], "Microsoft.Media/mediaservices/transforms");
    let output = &made["properties"]["outputs"][0];
    assert_eq!(output["onError"], "StopProcessingJob");
    assert_eq!(output["relativePriority"], "Normal");
    assert_eq!(output["preset"]["@odata.type"], "#Microsoft.Media.BuiltInStandardEncoderPreset");
    house.expect("PUT", "/transforms/t", Some(transform()), 200).await;
    let patch = json!({ "properties": { "description": "d" } });
    let patched = house.expect("PATCH", "/transforms/t", Some(patch), 200).await.body;
    assert_eq!(patched["properties"]["description"], "d");
    assert_eq!(patched["properties"]["outputs"], made["properties"]["outputs"]);
    assert_eq!(house.expect("GET", "/transforms/T", None, 200).await.body, patched);
    house.expect("DELETE", "/transforms/t", None, 200).await;
    house.expect("DELETE", "/transforms/t", None, 204).await;
    house.refuse("GET", "/transforms/t", None, (404, "ResourceNotFound", Some("t"))).await;
    let empty = json!({ "properties": { "outputs": [] } });
    house
        .refuse("PUT", "/transforms/t", Some(empty), (400, "InvalidProperty", Some("properties.outputs")))
        .await;
}

#[tokio::test]
async fn a_job_is_made_once_and_hardly_changes() {
    let house = House::new().await;
    let made = house.job("j").await.body;
    let properties = &made["properties"];
    assert_eq!(made["type"], "Microsoft.Media/mediaservices/transforms/jobs");
    assert!(made["id"].as_str().is_some_and(|id| id.ends_with("/transforms/t/jobs/j")));
    assert_eq!(properties["state"], "Queued");
    assert_eq!(properties["priority"], "Normal");
    assert_eq!(properties["correlationData"], json!({ "order": "7" }));
    assert_eq!(properties["input"]["@odata.type"], "#Microsoft.Media.JobInputAsset");
    let output = &properties["outputs"][0];
    assert_eq!(output["@odata.type"], "#Microsoft.Media.JobOutputAsset");
    assert_eq!((&output["state"], &output["progress"]), (&json!("Queued"), &json!(0)));
    assert_eq!(output["label"], "AdaptiveStreaming_0");

    house.refuse("PUT", "/transforms/t/jobs/j", Some(job()), (409, "Conflict", None)).await;
    let patch = json!({ "properties": { "description": "d", "priority": "High" } });
    let patched = house.expect("PATCH", "/transforms/t/jobs/j", Some(patch), 200).await.body;
    assert_eq!(
        (&patched["properties"]["description"], &patched["properties"]["priority"]),
        (&json!("d"), &json!("High"))
    );
    // Clients send a job back as they read it, with their changes.
    house.expect("PATCH", "/transforms/t/jobs/j", Some(patched.clone()), 200).await;
    let mut other = patched;
    other["properties"]["outputs"][0]["assetName"] = json!("elsewhere");
    let fixed = (400, "InvalidProperty", Some("properties.outputs"));
    house.refuse("PATCH", "/transforms/t/jobs/j", Some(other), fixed).await;
}

#[tokio::test]
async fn a_job_is_cancelled_and_deleted() {
    let house = House::new().await;
    house.job("j").await;
    house.refuse("DELETE", "/transforms/t/jobs/j", None, (409, "Conflict", None)).await;
    house.refuse("DELETE", "/transforms/t", None, (409, "Conflict", None)).await;
    house.expect("POST", "/transforms/t/jobs/j/cancelJob", None, 200).await;
    let read = house.expect("GET", "/transforms/t/jobs/j", None, 200).await.body;
    assert_eq!(read["properties"]["state"], "Canceled");
    house.expect("DELETE", "/transforms/t/jobs/j", None, 200).await;
    house.expect("DELETE", "/transforms/t/jobs/j", None, 204).await;
    house.expect("DELETE", "/transforms/x/jobs/j", None, 204).await;
    house.refuse("POST", "/transforms/t/jobs/j/cancelJob", None, (404, "ResourceNotFound", Some("j"))).await;
}

#[tokio::test]
async fn a_wrong_job_is_told_what_is_wrong() {
    let house = House::new().await;
    house.asset("in").await;
    house.asset("out").await;
    house.transform("t").await;
    let path = "/transforms/t/jobs/j";
    let with = |pointer: &str, value: serde_json::Value| {
        let mut body = job();
        *body.pointer_mut(pointer).expect("a place") = value;
        Some(body)
    };
    for (body, target) in [
        (Some(json!({})), "properties.input"),
        (with("/properties/input", json!(null)), "properties.input"),
        (with("/properties/input", json!([])), "properties.input"),
        (
            with("/properties/input/@odata.type", json!("#Microsoft.Media.JobInputTape")),
            "properties.input.@odata.type",
        ),
        (with("/properties/input/@odata.type", json!(null)), "properties.input.@odata.type"),
        (with("/properties/input/files", json!("a.mp4")), "properties.input.files"),
        (with("/properties/input/files", json!([1])), "properties.input.files[0]"),
        (with("/properties/outputs", json!({})), "properties.outputs"),
        (with("/properties/outputs/0/@odata.type", json!(7)), "properties.outputs[0].@odata.type"),
        (with("/properties/outputs/0/assetName", json!(7)), "properties.outputs[0].assetName"),
        (with("/properties/outputs/0/assetName", json!("absent")), "properties.outputs[0].assetName"),
        (with("/properties/outputs", json!([])), "properties.outputs"),
        (with("/properties/correlationData", json!({ "a": 1 })), "properties.correlationData.a"),
    ] {
        house.refuse("PUT", path, body, (400, "InvalidProperty", Some(target))).await;
    }
    house.refuse("PUT", "/transforms/x/jobs/j", Some(job()), (404, "ResourceNotFound", Some("x"))).await;
    house.refuse("PUT", path, None, (400, "InvalidRequestContent", None)).await;
}

#[tokio::test]
async fn query_strings_of_web_inputs_are_kept_to_the_service() {
    let house = House::new().await;
    house.asset("out").await;
    house.transform("t").await;
    let body = json!({ "properties": {
        "input": { "@odata.type": "#Microsoft.Media.JobInputHttp",
                   "baseUri": "https://films.test/a/", "files": ["b.mp4?sig=s3cret"] },
        "outputs": [{ "@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": "out" }],
    } });
    let made = house.expect("PUT", "/transforms/t/jobs/j", Some(body), 201).await.body;
    assert_eq!(made["properties"]["input"]["files"], json!(["b.mp4"]));
    let listed = house.expect("GET", "/transforms/t/jobs", None, 200).await.body;
    assert!(!made.to_string().contains("s3cret") && !listed.to_string().contains("s3cret"));
    let stored = house.catalog.job("t", "j").await.expect("the job");
    let clips = stored.input.clips();
    let urls = clips[0].urls().expect("URLs");
    assert_eq!(urls[0].query(), Some("sig=s3cret"));
}
