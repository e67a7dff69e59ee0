//! Filters, orders and pages, against a model in memory.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use millrace_ledger::{
    Cmp, Commit, Cursor, Expect, Expr, Field, Ledger, Order, Query, QueryError, ReadError, Resource, Value,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Place, asset, fresh};

/// The value of a field, comparable as the ledger promises.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Time(i64),
}

fn key(resource: &Resource, field: Field) -> Key {
    match field {
        Field::Name => Key::Text(resource.name.to_lowercase()),
        Field::Id => Key::Text(resource.id.clone()),
        Field::Alt => Key::Text(resource.alt.clone()),
        Field::State => Key::Text(resource.state.clone()),
        Field::Created => Key::Time(resource.created.as_microsecond()),
        Field::Modified => Key::Time(resource.modified.as_microsecond()),
        Field::Ends => Key::Time(resource.ends.map_or(i64::MAX, |ends| ends.as_microsecond())),
    }
}

fn matches(resource: &Resource, expr: &Expr) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| matches(resource, part)),
        Expr::Or(parts) => parts.iter().any(|part| matches(resource, part)),
        Expr::Is(field, cmp, value) => {
            let wanted = match value {
                Value::Text(text) if *field == Field::Name => Key::Text(text.to_lowercase()),
                Value::Text(text) => Key::Text(text.clone()),
                Value::Time(time) => Key::Time(time.as_microsecond()),
            };
            let order = key(resource, *field).cmp(&wanted);
            match cmp {
                Cmp::Eq => order == Ordering::Equal,
                Cmp::Ne => order != Ordering::Equal,
                Cmp::Lt => order == Ordering::Less,
                Cmp::Le => order != Ordering::Greater,
                Cmp::Gt => order == Ordering::Greater,
                Cmp::Ge => order != Ordering::Less,
            }
        }
    }
}

fn model(all: &[Resource], query: &Query) -> Vec<Resource> {
    let wanted = |resource: &&Resource| {
        query.scope.as_ref().is_none_or(|scope| scope.eq_ignore_ascii_case(&resource.scope))
            && query.filter.as_ref().is_none_or(|filter| matches(resource, filter))
    };
    let mut found: Vec<Resource> = all.iter().filter(wanted).cloned().collect();
    found.sort_by_key(|resource| {
        (key(resource, query.order.field), resource.scope.clone(), resource.name.to_lowercase())
    });
    if query.order.descending {
        found.reverse();
    }
    found
}

async fn pages(ledger: &Ledger, query: &Query) -> Vec<Resource> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let page = ledger.list(&query).await.unwrap();
        assert!(page.items.len() <= query.limit);
        all.extend(page.items);
        let Some(next) = page.next else { return all };
        // Through its text form, as a client would.
        query.after = Some(next.to_string().parse::<Cursor>().unwrap());
    }
}

fn moment(tick: u32) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + i64::from(tick)).unwrap()
}

const FIELDS: [Field; 7] =
    [Field::Name, Field::Id, Field::Alt, Field::State, Field::Created, Field::Modified, Field::Ends];

fn field() -> impl Strategy<Value = Field> {
    prop::sample::select(FIELDS.to_vec())
}

fn comparison() -> impl Strategy<Value = Expr> {
    let cmp = prop::sample::select(vec![Cmp::Eq, Cmp::Ne, Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge]);
    (field(), cmp, 0..30u32, "[a-cA-C]{0,2}").prop_map(|(field, cmp, tick, text)| match field.is_time() {
        true => Expr::is(field, cmp, moment(tick)),
        false => Expr::is(field, cmp, text),
    })
}

fn expr() -> impl Strategy<Value = Expr> {
    comparison().prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner, 0..3);
        prop_oneof![parts.clone().prop_map(Expr::And), parts.prop_map(Expr::Or)]
    })
}

fn query() -> impl Strategy<Value = Query> {
    (prop::option::of(expr()), field(), any::<bool>(), 1..8usize, any::<bool>()).prop_map(
        |(filter, field, descending, limit, scoped)| Query {
            kind: "asset".into(),
            scope: scoped.then(|| "MEDIA".into()),
            filter,
            order: Order { field, descending },
            after: None,
            limit,
        },
    )
}

async fn populated(place: &Place) -> (Ledger, Vec<Resource>) {
    let ledger = place.open().await;
    let mut all = Vec::new();
    for (number, name) in
        ["a", "B", "c", "ab", "BC", "ca", "aa", "Bb", "cc", "x", "Ab2", "b0"].iter().enumerate()
    {
        place.clock.advance(Duration::from_secs(number as u64 % 3));
        let ends = (number % 4 > 0).then(|| moment(number as u32 % 5 + 5));
        let put = asset(name).alt(&name[..1]).state(["", "a", "b"][number % 3]).ends(ends);
        let scope = if number % 5 == 4 { "other" } else { "media" };
        let put = millrace_ledger::Put { scope: scope.into(), ..put };
        ledger.commit(Commit::new().put(put.clone())).await.unwrap();
        place.clock.advance(Duration::from_secs(2));
        if number % 2 == 0 {
            ledger.commit(Commit::new().put(put)).await.unwrap();
        }
        all.push(ledger.get("asset", scope, name).await.unwrap().unwrap());
    }
    (ledger, all)
}

#[test]
fn lists_pages_and_counts_as_the_model_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let place = Place::new();
    let (ledger, all) = runtime.block_on(populated(&place));
    let matched = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(&query(), |query| {
            let expected = model(&all, &query);
            matched.set(matched.get() + expected.len());
            prop_assert_eq!(runtime.block_on(pages(&ledger, &query)), expected.clone());
            prop_assert_eq!(runtime.block_on(ledger.count(&query)).unwrap(), expected.len() as u64);
            Ok(())
        })
        .unwrap();
    assert!(matched.get() > 400, "the queries must find something, or this proves nothing");
}

#[tokio::test]
async fn paging_is_stable_under_puts_and_deletes() {
    let (_place, ledger) = fresh().await;
    for number in (0..40).step_by(2) {
        ledger.commit(Commit::new().put(asset(&format!("n{number:03}")))).await.unwrap();
    }
    let mut query = Query::new("asset", "media").limit(3);
    let mut seen = Vec::new();
    let mut turn = 0;
    loop {
        let page = ledger.list(&query).await.unwrap();
        seen.extend(page.items.iter().map(|item| item.name.clone()));
        let Some(next) = page.next else { break };
        // Before the cursor: one more, which must not appear. The very item of the cursor: gone, which must not matter.
        let last = page.items.last().unwrap().name.clone();
        let commit =
            Commit::new().put(asset(&format!("n000-{turn}"))).delete("asset", "media", &last, Expect::Exists);
        ledger.commit(commit).await.unwrap();
        query.after = Some(next);
        turn += 1;
    }
    let expected: Vec<String> = (0..40).step_by(2).map(|number| format!("n{number:03}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn refused_queries() {
    let (_place, ledger) = fresh().await;
    let refusal = async |query: Query| match ledger.list(&query).await {
        Err(ReadError::Query(error)) => error,
        other => panic!("{other:?}"),
    };
    let all = Query::new("asset", "media");
    let mismatch = Expr::eq(Field::Created, "yesterday");
    assert_eq!(refusal(all.clone().filter(mismatch)).await, QueryError::Mismatch { field: Field::Created });
    let wide = Expr::Or(vec![Expr::eq(Field::Name, "a"); 100]);
    assert_eq!(refusal(all.clone().filter(wide)).await, QueryError::TooComplex);
    let deep = (0..20).fold(Expr::eq(Field::Name, "a"), |inner, _| Expr::And(vec![inner]));
    assert_eq!(refusal(all.clone().filter(deep)).await, QueryError::TooComplex);
    for name in ["a", "b"] {
        ledger.commit(Commit::new().put(asset(name))).await.unwrap();
    }
    let next = ledger.list(&all.clone().limit(1)).await.unwrap().next;
    let other = all.order(Order::descending(Field::Name)).after(next);
    assert_eq!(refusal(other).await, QueryError::ForeignCursor);
    for token in ["", "!", "e30", "bm90IGpzb24"] {
        assert!(token.parse::<Cursor>().is_err(), "{token}");
    }
}
