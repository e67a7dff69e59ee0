//! Signatures against those of the official client.

use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use millrace_blob::sas::{
    AccountGrant, Grant, Permissions, Protocol, Reach, Refusal, Scope, Token, Transport,
};
use proptest::prelude::*;

use crate::support::{Local, blob, container, in_an_hour, python, run};

const HTTPS: Transport = Transport { https: true, peer: None };

fn scope(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

#[tokio::test]
async fn signatures_of_the_python_client_verify() {
    let local = Local::new().await;
    let account = local.account();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sign.py");
    let key = account.keys()[1].to_base64();
    let text = run(Command::new(python()).arg(script).arg(account.name()).arg(key));
    let now = Timestamp::now();
    let mut count = 0;
    for line in text.lines() {
        let (path, query) = line.split_once(' ').unwrap();
        let path = &path.replace('\u{1}', " ");
        let token = Token::parse(query).unwrap();
        let transport = Transport { https: true, peer: Some([192, 0, 2, 7].into()) };
        let allowed = token.verify(&account, scope(path), transport, now);
        let allowed = allowed.unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        assert!(allowed.permissions.has(Permissions::READ), "{line}");

        let elsewhere = token.verify(&account, ("other", "blob"), transport, now);
        match allowed.reach {
            Reach::Account { .. } => assert!(elsewhere.is_ok()),
            _ => assert_eq!(elsewhere, Err(Refusal::Signature), "{line}"),
        }
        let more = query.replace("sp=r", "sp=rd");
        assert_ne!(more, query);
        let more = Token::parse(&more).unwrap().verify(&account, scope(path), transport, now);
        assert_eq!(more, Err(Refusal::Signature), "{line}");
        count += 1;
    }
    assert!(count >= 60, "only {count} signatures");
}

#[tokio::test]
async fn our_own_verify_until_they_end() {
    let local = Local::new().await;
    let account = local.account();
    let now = Timestamp::now();
    for key in [0, 1] {
        for scope in [Scope::Container(container("box")), Scope::Blob(container("box"), blob("a/é b+c"))] {
            let grant = Grant {
                permissions: Permissions::READ.and(Permissions::LIST),
                start: Some(now - SignedDuration::from_mins(5)),
                expiry: in_an_hour(),
                protocol: Protocol::Https,
                scope,
            };
            let token = Token::parse(&account.sign(&grant, key)).unwrap();
            let at = match grant.scope {
                Scope::Container(_) => ("box", "anything"),
                Scope::Blob(..) => ("box", "a/é b+c"),
            };
            assert!(token.verify(&account, at, HTTPS, now).is_ok());
            assert_eq!(token.verify(&account, ("box2", at.1), HTTPS, now), Err(Refusal::Signature));
            let plain = Transport { https: false, peer: None };
            assert_eq!(token.verify(&account, at, plain, now), Err(Refusal::Protocol));
            let past = now + SignedDuration::from_hours(2);
            assert_eq!(token.verify(&account, at, HTTPS, past), Err(Refusal::Expired));
            let before = now - SignedDuration::from_hours(1);
            assert_eq!(token.verify(&account, at, HTTPS, before), Err(Refusal::NotYet));
        }
    }
    let grant = AccountGrant {
        permissions: Permissions::LIST,
        resource_types: "sco",
        start: None,
        expiry: in_an_hour(),
        protocol: Protocol::HttpsAndHttp,
    };
    let token = Token::parse(&account.sign_account(&grant, 0)).unwrap();
    let everywhere = Reach::Account { service: true, container: true, object: true };
    assert_eq!(token.verify(&account, ("", ""), HTTPS, now).unwrap().reach, everywhere);
}

#[tokio::test]
async fn what_is_not_supported_is_said() {
    let local = Local::new().await;
    let account = local.account();
    for (query, expected) in [
        ("sv=2021-12-02&sr=c&si=policy&sig=AAAA", Refusal::Policy),
        ("sv=2021-12-02&sr=c&skoid=x&sp=r&se=2099-01-01&sig=AAAA", Refusal::Delegated),
        ("sv=2021-12-02&sr=d&sdd=1&sp=r&se=2099-01-01&sig=AAAA", Refusal::Resource),
        ("sv=2021-12-02&sr=bs&sp=r&se=2099-01-01&sig=AAAA", Refusal::Resource),
        ("sv=2021-12-02&ss=q&srt=o&sp=r&se=2099-01-01&sig=AAAA", Refusal::Service),
        ("sv=2014-02-14&sr=c&sp=r&se=2099-01-01&sig=AAAA", Refusal::Signature),
        ("sv=2021-12-02&sr=c&sp=r&se=2099-01-01&sig=AAAA", Refusal::Signature),
        ("sv=2021-12-02&sr=c&sp=r&sp=w&se=2099-01-01&sig=AAAA", Refusal::Signature),
    ] {
        let token = Token::parse(query).unwrap();
        assert_eq!(token.verify(&account, ("box", ""), HTTPS, Timestamp::now()), Err(expected), "{query}");
    }
    assert_eq!(Token::parse("sv=2021-12-02&sr=c"), None);
}

proptest! {
    #[test]
    fn any_query_is_read_without_panic(query in "((sv|sr|sp|se|st|sig|sip|spr|ss|srt|skoid)=[a-z0-9%=:TZ-]{0,12}&){0,12}|.{0,200}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let local = runtime.block_on(async { SHARED.get_or_init(Local::new).await });
        if let Some(token) = Token::parse(&query) {
            let allowed = token.verify(&local.account(), ("box", "x"), HTTPS, Timestamp::now());
            prop_assert!(allowed.is_err());
        }
    }
}

static SHARED: tokio::sync::OnceCell<Local> = tokio::sync::OnceCell::const_new();
