//! Filters, orders and pages.

use millrace_catalog::Error;
use millrace_catalog::asset::AssetDraft;
use millrace_catalog::list::{Filter, ListQuery, OrderBy};
use millrace_ledger::Cmp;

use crate::house::{House, refused};

fn is(property: &str, cmp: Cmp, value: &str) -> Filter {
    Filter::Is { property: property.into(), cmp, value: value.into() }
}

async fn names(house: &House, query: &ListQuery) -> Vec<String> {
    let mut query = query.clone();
    let mut names = Vec::new();
    loop {
        let page = house.catalog.assets(&query).await.unwrap();
        assert!(page.items.len() <= 3, "the page is as large as was set");
        names.extend(page.items.into_iter().map(|asset| asset.name));
        match page.next {
            Some(next) => query.token = Some(next),
            None => return names,
        }
    }
}

#[tokio::test]
async fn lists_are_filtered_ordered_paged_and_topped() {
    let house = House::new().await;
    for name in ["b", "A", "d", "C", "e", "F", "g"] {
        let draft = AssetDraft { alternate_id: Some(format!("alt-{name}")), ..Default::default() };
        house.catalog.put_asset(name, &draft).await.unwrap();
        house.clock.advance(std::time::Duration::from_secs(1));
    }
    let all = ListQuery::default();
    let with = |filter| ListQuery { filter: Some(filter), ..Default::default() };
    assert_eq!(names(&house, &all).await.concat(), "AbCdeFg");
    let order = Some(OrderBy { property: "properties/created".into(), descending: true });
    assert_eq!(names(&house, &ListQuery { order, ..all.clone() }).await.concat(), "gFeCdAb");
    assert_eq!(names(&house, &ListQuery { top: Some(5), ..all.clone() }).await.concat(), "AbCde");
    assert_eq!(names(&house, &ListQuery { top: Some(0), ..all.clone() }).await.concat(), "");
    let between = Filter::And(vec![is("name", Cmp::Gt, "b"), is("Name", Cmp::Le, "E")]);
    assert_eq!(names(&house, &with(between)).await.concat(), "Cde");
    assert_eq!(names(&house, &with(is("properties/alternateId", Cmp::Eq, "alt-d"))).await.concat(), "d");
    let id = house.catalog.asset("e").await.unwrap().id.to_string().to_uppercase();
    assert_eq!(names(&house, &with(is("properties/assetId", Cmp::Eq, &id))).await.concat(), "e");
    let late = is("properties/created", Cmp::Ge, "2026-01-01T00:00:05Z");
    let either = Filter::Or(vec![late, is("name", Cmp::Eq, "a")]);
    assert_eq!(names(&house, &with(either)).await.concat(), "AFg");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let house = House::new().await;
    let filters = [
        is("properties/description", Cmp::Eq, "x"),
        is("properties/alternateId", Cmp::Gt, "x"),
        is("properties/created", Cmp::Gt, "yesterday"),
        is("properties/assetId", Cmp::Eq, "no guid"),
    ];
    for filter in filters {
        let query = ListQuery { filter: Some(filter), ..Default::default() };
        refused!(house.catalog.assets(&query).await, Error::Invalid { field, .. } if field == "$filter");
    }
    let order = Some(OrderBy { property: "properties/alternateId".into(), descending: false });
    let query = ListQuery { order, ..Default::default() };
    refused!(house.catalog.assets(&query).await, Error::Invalid { field, .. } if field == "$orderby");
    for token in ["", "x", ".", "1.zzz"] {
        let query = ListQuery { token: Some(token.into()), ..Default::default() };
        refused!(house.catalog.assets(&query).await, Error::Invalid { field, .. } if field == "$skiptoken");
    }
    let query = ListQuery { filter: Some(is("properties/state", Cmp::Eq, "Sleeping")), ..Default::default() };
    house.transform("t", 1).await;
    refused!(house.catalog.jobs("t", &query).await, Error::Invalid { field, .. } if field == "$filter");
}
