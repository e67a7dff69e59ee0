//! Lists: pages, filters, orders.

use crate::house::{House, Reply, VERSION, account};
use serde_json::{Value, json};

fn names(reply: &Reply) -> Vec<&str> {
    let value = reply.body["value"].as_array().expect("a list");
    value.iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

/// Follows next links to the end, as clients do: by path and query of an absolute URL.
async fn all(house: &House, path: &str) -> Vec<Vec<String>> {
    let mut reply = house.expect("GET", path, None, 200).await;
    let mut pages = Vec::new();
    loop {
        pages.push(names(&reply).into_iter().map(str::to_owned).collect());
        let Some(next) = reply.body.get("@odata.nextLink").and_then(Value::as_str) else { return pages };
        let next = next.to_owned();
        let relative = next.strip_prefix("https://api.test:8443").expect("the client's own address");
        reply = house.raw("GET", relative, None).await;
        assert_eq!(reply.status, 200, "{next}: {}", reply.body);
    }
}

async fn with_assets(count: usize) -> House {
    let house = House::new().await;
    for index in 0..count {
        let body = json!({ "properties": { "alternateId": format!("alt{}", index % 2) } });
        house.expect("PUT", &format!("/assets/a{index}"), Some(body), 201).await;
        house.clock.advance(std::time::Duration::from_secs(60));
    }
    house
}

#[tokio::test]
async fn pages_follow_each_other() {
    let house = with_assets(7).await;
    assert_eq!(all(&house, "/assets").await, [vec!["a0", "a1", "a2"], vec!["a3", "a4", "a5"], vec!["a6"]]);
    assert_eq!(all(&house, "/assets?$top=4").await, [vec!["a0", "a1", "a2"], vec!["a3"]]);
    assert_eq!(all(&house, "/assets?$top=2").await, [vec!["a0", "a1"]]);
    assert_eq!(
        all(&house, "/assets?$orderby=name%20desc&$top=4").await,
        [vec!["a6", "a5", "a4"], vec!["a3"]]
    );
    assert_eq!(
        all(&house, "/assets?$orderby=properties%2Fcreated%20desc").await,
        [vec!["a6", "a5", "a4"], vec!["a3", "a2", "a1"], vec!["a0"]]
    );
}

#[tokio::test]
async fn filters_select() {
    let house = with_assets(6).await;
    for (filter, expected) in [
        ("name%20eq%20'a3'", vec!["a3"]),
        ("name%20gt%20'a3'", vec!["a4", "a5"]),
        ("name+eq+'a1'+or+name+eq+'a2'", vec!["a1", "a2"]),
        ("properties%2FalternateId%20eq%20'alt1'%20and%20name%20lt%20'a4'", vec!["a1", "a3"]),
        ("properties/created%20gt%202026-11-22T12:03:30Z", vec!["a4", "a5"]),
        ("properties/created%20lt%20'2026-11-22T12:01:00Z'", vec!["a0"]),
        ("name%20eq%20'x''y'", vec![]),
    ] {
        let found = house.expect("GET", &format!("/assets?$filter={filter}"), None, 200).await;
        assert_eq!(names(&found), expected, "{filter}");
    }
    let filtered = "/assets?$filter=name%20ge%20'a1'&$orderby=name%20desc";
    assert_eq!(all(&house, filtered).await, [vec!["a5", "a4", "a3"], vec!["a2", "a1"]]);
}

#[tokio::test]
async fn jobs_are_found_by_state() {
    let house = House::new().await;
    house.job("j1").await;
    house.job("j2").await;
    house.expect("POST", "/transforms/t/jobs/j2/cancelJob", None, 200).await;
    let jobs = |state: &str| {
        format!("/transforms/t/jobs?$filter=properties%2Fstate%20eq%20Microsoft.Media.JobState'{state}'")
    };
    let found = house.expect("GET", &jobs("Queued"), None, 200).await;
    assert_eq!(names(&found), ["j1"]);
    let found = house.expect("GET", &jobs("Canceled"), None, 200).await;
    assert_eq!(names(&found), ["j2"]);
    house.refuse("GET", &jobs("Lost"), None, (400, "InvalidQueryParameterValue", Some("$filter"))).await;
    house.refuse("GET", "/transforms/x/jobs", None, (404, "ResourceNotFound", Some("x"))).await;
}

#[tokio::test]
async fn wrong_queries_are_refused() {
    let house = with_assets(4).await;
    for (query, target) in [
        ("$filter=name", "$filter"),
        ("$filter=name%20ne%20", "$filter"),
        ("$filter=size%20eq%20'1'", "$filter"),
        ("$filter=properties/alternateId%20gt%20'a'", "$filter"),
        ("$filter=properties/created%20gt%20'soon'", "$filter"),
        ("$orderby=properties/alternateId", "$orderby"),
        ("$orderby=size", "$orderby"),
        ("$top=-1", "$top"),
        ("$top=many", "$top"),
        ("$skiptoken=AAAA", "$skiptoken"),
    ] {
        let path = format!("/assets?{query}");
        house.refuse("GET", &path, None, (400, "InvalidQueryParameterValue", Some(target))).await;
    }
    let long = format!("/assets?$filter=name%20eq%20'{}'", "a".repeat(9000));
    house.refuse("GET", &long, None, (400, "InvalidQueryParameterValue", Some("$filter"))).await;
}

#[tokio::test]
async fn a_token_continues_no_other_list() {
    let house = with_assets(4).await;
    let first = house.expect("GET", "/assets", None, 200).await;
    let link = first.body["@odata.nextLink"].as_str().expect("a link").to_owned();
    let token = link.split("skiptoken=").nth(1).expect("a token").to_owned();
    for path in [
        format!("/assets?$orderby=name%20desc&$skiptoken={token}"),
        format!("/streamingLocators?$skiptoken={token}"),
        format!("/assets?$skiptoken={}", token.replacen(|c: char| c.is_ascii_lowercase(), "A", 1)),
    ] {
        house.refuse("GET", &path, None, (400, "InvalidQueryParameterValue", Some("$skiptoken"))).await;
    }
    let same = house.raw("GET", &format!("{}/assets?{VERSION}&$skiptoken={token}", account()), None).await;
    assert_eq!(names(&same), ["a3"]);
}
