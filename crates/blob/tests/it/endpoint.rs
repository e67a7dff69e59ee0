//! Requests and answers, one at a time, without a socket.

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use millrace_blob::sas::{Grant, Permissions, Protocol, Scope, Transport};
use millrace_blob::{Metadata, Put};
use tower::ServiceExt;

use crate::support::{Local, app, blob, container, in_an_hour};

struct Server {
    local: Local,
    sas: String,
}

/// An answer, read.
struct Answer {
    response: Response<()>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The status and code.
    fn code(&self) -> (u16, &str) {
        (self.response.status().as_u16(), self.header("x-ms-error-code"))
    }
}

impl Server {
    async fn new() -> Self {
        let local = Local::new().await;
        local.account().create_container(&container("box"), Metadata::new()).await.unwrap();
        let sas = sign(&local, "rcwdl");
        Self { local, sas }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = app(&self.local.blobs).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { response: Response::from_parts(parts, ()), body }
    }

    /// With the container's full signature.
    async fn call(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.call_as(&self.sas, method, target, headers, body).await
    }

    async fn call_as(
        &self,
        sas: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let joint = if target.contains('?') { '&' } else { '?' };
        let mut request = Request::builder().method(method).uri(format!("{target}{joint}{sas}"));
        if method == "PUT" {
            request = request.header("content-length", body.len());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }

    async fn put(&self, name: &str, body: &[u8]) -> Answer {
        self.call("PUT", &format!("/box/{name}"), &[("x-ms-blob-type", "BlockBlob")], body).await
    }
}

fn sign(local: &Local, permissions: &str) -> String {
    let grant = Grant {
        scope: Scope::Container(container("box")),
        permissions: Permissions::parse(permissions).unwrap(),
        start: None,
        expiry: in_an_hour(),
        protocol: Protocol::HttpsAndHttp,
    };
    local.account().sign(&grant, 0)
}

#[tokio::test]
async fn a_blob_there_and_back() {
    let server = Server::new().await;
    let headers = [
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-blob-content-type", "video/mp4"),
        ("x-ms-blob-cache-control", "no-store"),
        ("x-ms-meta-title", "Film"),
        ("x-ms-client-request-id", "mine"),
        ("x-ms-version", "2026-10-06"),
    ];
    let put = server.call("PUT", "/box/a/b.mp4", &headers, b"hello world").await;
    assert_eq!(put.response.status(), StatusCode::CREATED);
    assert_eq!(put.header("x-ms-client-request-id"), "mine");
    assert_eq!(put.header("x-ms-version"), "2026-10-06");
    assert_eq!(put.header("content-md5"), "XrY7u+Ae7tCTyyK7j1rNww==");
    assert!(put.header("etag").starts_with("\"0x") && !put.header("x-ms-request-id").is_empty());

    let get = server.call("GET", "/box/a/b.mp4", &[], b"").await;
    assert_eq!((get.response.status(), get.text()), (StatusCode::OK, "hello world"));
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-length", "11"),
        ("cache-control", "no-store"),
        ("x-ms-meta-title", "Film"),
        ("x-ms-blob-type", "BlockBlob"),
        ("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="),
        ("etag", put.header("etag")),
        ("last-modified", put.header("last-modified")),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(get.header(name), value, "{name}");
    }
    let head = server.call("HEAD", "/box/a/b.mp4", &[], b"").await;
    assert_eq!((head.header("content-length"), head.body.len()), ("11", 0));
    assert_eq!(server.call("DELETE", "/box/a/b.mp4", &[], b"").await.response.status(), StatusCode::ACCEPTED);
    assert_eq!(server.call("GET", "/box/a/b.mp4", &[], b"").await.code(), (404, "BlobNotFound"));
    let head = server.call("HEAD", "/box/a/b.mp4", &[], b"").await;
    assert_eq!((head.code(), head.body.len()), ((404, "BlobNotFound"), 0));
}

#[tokio::test]
async fn ranges() {
    let server = Server::new().await;
    server.put("x", b"0123456789").await;
    for (header, value, expected, range) in [
        ("range", "bytes=2-4", "234", "bytes 2-4/10"),
        ("range", "bytes=7-", "789", "bytes 7-9/10"),
        ("range", "bytes=-2", "89", "bytes 8-9/10"),
        ("x-ms-range", "bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let get = server.call("GET", "/box/x", &[(header, value)], b"").await;
        assert_eq!((get.response.status(), get.text()), (StatusCode::PARTIAL_CONTENT, expected));
        assert_eq!(get.header("content-range"), range);
    }
    let digest = [("x-ms-range", "bytes=0-2"), ("x-ms-range-get-content-md5", "true")];
    assert_eq!(
        server.call("GET", "/box/x", &digest, b"").await.header("content-md5"),
        "0kkPBI3Dt3pFfj5FCrTrOA=="
    );
    let beyond = server.call("GET", "/box/x", &[("range", "bytes=10-")], b"").await;
    assert_eq!((beyond.code(), beyond.header("content-range")), ((416, "InvalidRange"), "bytes */10"));
    assert_eq!(server.call("GET", "/box/x", &[("range", "lines=1-2")], b"").await.text(), "0123456789");
    assert_eq!(server.call("GET", "/box/x", &[("x-ms-range", "lines=1-2")], b"").await.code().0, 400);
}

#[tokio::test]
async fn conditions() {
    let server = Server::new().await;
    let tag = server.put("x", b"1").await.header("etag").to_owned();
    let long_ago = "Mon, 01 Jan 2001 00:00:00 GMT";
    let far = "Fri, 01 Jan 2100 00:00:00 GMT";
    for (name, value, expected) in [
        ("if-match", tag.as_str(), (200, "")),
        ("if-match", "\"0x1\"", (412, "ConditionNotMet")),
        ("if-none-match", &tag, (304, "ConditionNotMet")),
        ("if-none-match", "\"0x1\"", (200, "")),
        ("if-modified-since", long_ago, (200, "")),
        ("if-modified-since", far, (304, "ConditionNotMet")),
        ("if-unmodified-since", long_ago, (412, "ConditionNotMet")),
        ("if-unmodified-since", far, (200, "")),
        ("if-unmodified-since", "soon", (400, "InvalidHeaderValue")),
    ] {
        assert_eq!(
            server.call("GET", "/box/x", &[(name, value)], b"").await.code(),
            expected,
            "{name}: {value}"
        );
    }
    let block = ("x-ms-blob-type", "BlockBlob");
    let put = |name: &'static str, value: String| {
        let server = &server;
        async move {
            server.call("PUT", "/box/x", &[block, (name, &value)], b"2").await.response.status().as_u16()
        }
    };
    assert_eq!(put("if-none-match", "*".into()).await, 409);
    assert_eq!(put("if-match", "\"0x1\"".into()).await, 412);
    assert_eq!(put("if-match", tag.clone()).await, 201);
    assert_eq!(put("if-match", tag).await, 412);
    assert_eq!(server.call("DELETE", "/box/x", &[("if-match", "\"0x1\"")], b"").await.code().0, 412);
}

#[tokio::test]
async fn digests_are_checked() {
    let server = Server::new().await;
    let block = ("x-ms-blob-type", "BlockBlob");
    for (name, value, expected) in [
        ("content-md5", "XrY7u+Ae7tCTyyK7j1rNww==", (201, "")),
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", (400, "Md5Mismatch")),
        ("content-md5", "short", (400, "InvalidMd5")),
        ("x-ms-blob-content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", (400, "Md5Mismatch")),
        ("x-ms-content-crc64", "AAAAAAAAAAA=", (400, "Crc64Mismatch")),
        ("x-ms-content-crc64", "AAAA", (400, "InvalidHeaderValue")),
        ("x-ms-structured-body", "XSM/1.0; properties=crc64", (501, "NotImplemented")),
    ] {
        let answer = server.call("PUT", "/box/x", &[block, (name, value)], b"hello world").await;
        assert_eq!(answer.code(), expected, "{name}: {value}");
    }
    let stage = |digest| server.call("PUT", "/box/y?comp=block&blockid=MDA%3D", digest, b"hello world");
    assert_eq!(stage(&[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")]).await.code(), (400, "Md5Mismatch"));
    assert_eq!(server.call("GET", "/box/y?comp=blocklist", &[], b"").await.code(), (404, "BlobNotFound"));
    assert_eq!(stage(&[("content-md5", "XrY7u+Ae7tCTyyK7j1rNww==")]).await.code(), (201, ""));
}

#[tokio::test]
async fn blocks() {
    let server = Server::new().await;
    for id in ["MDA%3D", "MDE%3D", "MDI%3D"] {
        let target = format!("/box/film?comp=block&blockid={id}");
        assert_eq!(server.call("PUT", &target, &[], id.as_bytes()).await.code(), (201, ""));
    }
    let all = server.call("GET", "/box/film?comp=blocklist&blocklisttype=all", &[], b"").await;
    assert!(all.text().contains(
        "<CommittedBlocks></CommittedBlocks><UncommittedBlocks><Block><Name>MDA=</Name><Size>6</Size></Block>"
    ));
    let commit = |body: &'static str| {
        server.call("PUT", "/box/film?comp=blocklist", &[("x-ms-blob-content-type", "a/b")], body.as_bytes())
    };
    assert_eq!(
        commit("<BlockList><Latest>OTk=</Latest></BlockList>").await.code(),
        (400, "InvalidBlockList")
    );
    assert_eq!(commit("<BlockList><Latest>MDA=</BlockList>").await.code(), (400, "InvalidXmlDocument"));
    assert_eq!(server.call("GET", "/box/film", &[], b"").await.code(), (404, "BlobNotFound"));
    assert_eq!(
        commit("<BlockList><Latest>MDE=</Latest><Uncommitted>MDA=</Uncommitted></BlockList>").await.code(),
        (201, "")
    );
    let get = server.call("GET", "/box/film", &[], b"").await;
    assert_eq!((get.text(), get.header("content-type")), ("MDE%3DMDA%3D", "a/b"));
    for (id, expected) in [("", "MissingRequiredQueryParameter"), ("%21", "InvalidQueryParameterValue")] {
        let answer = server.call("PUT", &format!("/box/film?comp=block&blockid={id}"), &[], b"x").await;
        assert_eq!(answer.code(), (400, expected));
    }
}

#[tokio::test]
async fn listings() {
    let server = Server::new().await;
    for name in ["_millrace/x", "a/1", "a/2", "b%20%26%3C", "c%01"] {
        assert_eq!(server.put(name, b"x").await.code(), (201, ""), "{name}");
    }
    let list = "/box?restype=container&comp=list";
    let first = server.call("GET", &format!("{list}&maxresults=2&prefix="), &[], b"").await;
    assert!(first.text().contains("<MaxResults>2</MaxResults>"), "{}", first.text());
    assert!(first.text().contains("<Name>a/1</Name>") && !first.text().contains("_millrace"));
    let marker = first.text().split("<NextMarker>").nth(1).unwrap().split('<').next().unwrap();
    let second = server.call("GET", &format!("{list}&marker={}", marker.replace('!', "%21")), &[], b"").await;
    assert!(second.text().contains("<Name>b &amp;&lt;</Name>"), "{}", second.text());
    assert!(second.text().contains("<Name Encoded=\"true\">c%01</Name>"));
    assert!(
        second.text().contains(&format!("<Marker>{marker}</Marker>"))
            && second.text().contains("<NextMarker></NextMarker>")
    );
    let folded = server.call("GET", &format!("{list}&delimiter=%2F&include=metadata"), &[], b"").await;
    assert!(
        folded.text().contains("<Delimiter>/</Delimiter><Blobs><BlobPrefix><Name>a/</Name></BlobPrefix>")
    );
    let own = server.call("GET", &format!("{list}&prefix=_millrace%2F"), &[], b"").await;
    assert!(
        own.text().contains("<Prefix>_millrace/</Prefix>") && own.text().contains("<Name>_millrace/x</Name>")
    );
    for (query, code) in [
        ("maxresults=0", "OutOfRangeQueryParameterValue"),
        ("maxresults=x", "InvalidQueryParameterValue"),
        ("marker=x", "InvalidQueryParameterValue"),
        ("include=secrets", "InvalidQueryParameterValue"),
    ] {
        assert_eq!(server.call("GET", &format!("{list}&{query}"), &[], b"").await.code(), (400, code));
    }
}

#[tokio::test]
async fn metadata_and_properties() {
    let server = Server::new().await;
    let tag = server.put("x", b"1").await.header("etag").to_owned();
    let set =
        server.call("PUT", "/box/x?comp=metadata", &[("x-ms-meta-a", "1"), ("x-ms-meta-b", "2")], b"").await;
    assert_eq!(set.code(), (200, ""));
    assert_ne!(set.header("etag"), tag);
    let get = server.call("GET", "/box/x?comp=metadata", &[], b"").await;
    assert_eq!((get.header("x-ms-meta-a"), get.header("x-ms-meta-b")), ("1", "2"));
    let set = server.call("PUT", "/box/x?comp=properties", &[("x-ms-blob-content-type", "c/d")], b"").await;
    assert_eq!(set.code(), (200, ""));
    let get = server.call("GET", "/box/x", &[], b"").await;
    assert_eq!((get.header("content-type"), get.header("x-ms-meta-a"), get.text()), ("c/d", "1", "1"));
    let long = "v".repeat(9000);
    let answer = server.call("PUT", "/box/x?comp=metadata", &[("x-ms-meta-a", &long)], b"").await;
    assert_eq!(answer.code(), (400, "MetadataTooLarge"));
}

#[tokio::test]
async fn signatures_open_only_what_they_say() {
    let server = Server::new().await;
    server.put("x", b"1").await;
    let block = [("x-ms-blob-type", "BlockBlob")];
    let denied = (403, "AuthorizationPermissionMismatch");
    for (permissions, method, target, expected) in [
        ("r", "GET", "/box/x", (200, "")),
        ("w", "GET", "/box/x", denied),
        ("r", "PUT", "/box/x", denied),
        ("w", "PUT", "/box/x", (201, "")),
        ("c", "PUT", "/box/x", (403, "UnauthorizedBlobOverwrite")),
        ("c", "PUT", "/box/new", (201, "")),
        ("rw", "DELETE", "/box/x", denied),
        ("r", "GET", "/box?restype=container&comp=list", denied),
        ("l", "GET", "/box?restype=container&comp=list", (200, "")),
        ("rwdlc", "DELETE", "/box?restype=container", (403, "AuthorizationResourceTypeMismatch")),
        ("r", "GET", "/other/x", (403, "AuthenticationFailed")),
        ("l", "GET", "/?comp=list", (403, "AuthenticationFailed")),
    ] {
        let sas = sign(&server.local, permissions);
        let answer = server.call_as(&sas, method, target, &block, b"1").await;
        assert_eq!(answer.code(), expected, "{permissions} {method} {target}");
    }
    let broken = server.sas.replace("sig=", "sig=A");
    assert_eq!(
        server.call_as(&broken, "GET", "/box/x", &[], b"").await.code(),
        (403, "AuthenticationFailed")
    );
}

#[tokio::test]
async fn transport_restrictions() {
    let server = Server::new().await;
    server.put("x", b"1").await;
    let grant = Grant {
        scope: Scope::Blob(container("box"), blob("x")),
        permissions: Permissions::READ,
        start: Some(Timestamp::now() - SignedDuration::from_mins(1)),
        expiry: in_an_hour(),
        protocol: Protocol::Https,
    };
    let uri = format!("/box/x?{}", server.local.account().sign(&grant, 1));
    for (https, expected) in [(false, (403, "AuthorizationProtocolMismatch")), (true, (200, ""))] {
        let request = Request::get(&uri).extension(Transport { https, peer: None });
        assert_eq!(server.send(request.body(Body::empty()).unwrap()).await.code(), expected);
    }
}

#[tokio::test]
async fn who_may_ask_at_all() {
    let server = Server::new().await;
    server.put("x", b"1").await;
    let bearer = |token: &str| format!("Bearer {token}");
    for (method, target, authorization, expected) in [
        ("GET", "/box/x", None, (404, "ResourceNotFound")),
        ("PUT", "/box/x", None, (401, "NoAuthenticationInformation")),
        ("GET", "/?comp=list", None, (401, "NoAuthenticationInformation")),
        ("GET", "/box/x", Some(bearer("good-token")), (200, "")),
        ("GET", "/box/x", Some(bearer("bad-token")), (401, "InvalidAuthenticationInfo")),
        ("GET", "/?comp=list", Some(bearer("good-token")), (200, "")),
        ("GET", "/box/x", Some("SharedKey testaccount:AAAA".into()), (403, "AuthenticationFailed")),
        ("GET", "/box/x", Some("SharedKey".into()), (400, "InvalidAuthenticationInfo")),
        ("GET", "/box/x", Some("Basic AAAA".into()), (400, "InvalidAuthenticationInfo")),
    ] {
        let mut request = Request::builder().method(method).uri(target);
        if let Some(value) = &authorization {
            request = request.header("authorization", value);
        }
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.code(), expected, "{method} {target} {authorization:?}");
    }
}

#[tokio::test]
async fn what_is_not_done_is_refused() {
    let server = Server::new().await;
    server.put("x", b"1").await;
    let block = ("x-ms-blob-type", "BlockBlob");
    for (method, target, headers, code) in [
        ("PUT", "/box/x?comp=lease", vec![("x-ms-lease-action", "acquire")], (501, "NotImplemented")),
        ("PUT", "/box/x?comp=snapshot", vec![], (501, "NotImplemented")),
        ("PUT", "/box/x?comp=tier", vec![("x-ms-access-tier", "Hot")], (501, "NotImplemented")),
        ("PUT", "/box/x?comp=appendblock", vec![], (501, "NotImplemented")),
        ("PUT", "/box/x", vec![("x-ms-blob-type", "PageBlob")], (501, "NotImplemented")),
        ("PUT", "/box/x", vec![block, ("x-ms-access-tier", "Cool")], (501, "NotImplemented")),
        ("PUT", "/box/x", vec![block, ("x-ms-lease-id", "1")], (412, "LeaseNotPresentWithBlobOperation")),
        ("PUT", "/box/x", vec![("x-ms-copy-source", "http://x/y")], (501, "NotImplemented")),
        ("PUT", "/box/x", vec![], (400, "MissingRequiredHeader")),
        ("GET", "/box/x?snapshot=2026", vec![], (501, "NotImplemented")),
        ("DELETE", "/box/x", vec![("x-ms-delete-snapshots", "only")], (501, "NotImplemented")),
        ("PATCH", "/box/x", vec![], (501, "NotImplemented")),
    ] {
        let answer = server.call(method, target, &headers, b"").await;
        assert_eq!(answer.code(), code, "{method} {target} {headers:?}");
        assert!(answer.text().contains(&format!("<Code>{}</Code>", code.1)));
    }
    assert_eq!(server.call("GET", "/box/x", &[], b"").await.text(), "1");
    let unsized_put = Request::put(format!("/box/x?{}", server.sas)).header("x-ms-blob-type", "BlockBlob");
    let answer = server.send(unsized_put.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.code(), (411, "MissingContentLengthHeader"));
    let short = [block, ("content-length", "5000000000000")];
    let mut request = Request::put(format!("/box/x?{}", server.sas));
    for (name, value) in short {
        request = request.header(name, value);
    }
    assert_eq!(server.send(request.body(Body::empty()).unwrap()).await.code(), (413, "RequestBodyTooLarge"));
}

#[tokio::test]
async fn browsers_may_ask() {
    let server = Server::new().await;
    let request = Request::options("/box/x")
        .header("origin", "https://console.example")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "x-ms-blob-type,x-ms-meta-a");
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.response.status(), StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-headers"), "x-ms-blob-type,x-ms-meta-a");
    assert!(answer.header("access-control-allow-methods").contains("PUT"));
}

#[tokio::test]
async fn names_stay_inside() {
    let server = Server::new().await;
    for (target, status) in [
        ("/box/%2e%2e/%2e%2e/lock", 404),
        ("/%2e%2e/lock", 400),
        ("/box/..%2f..%2flock", 404),
        ("/box/%ff", 400),
    ] {
        assert_eq!(server.call("GET", target, &[], b"").await.response.status().as_u16(), status, "{target}");
    }
    let name = blob("../../lock");
    let account = server.local.account();
    account.put(&container("box"), &name, "mine", Put::default()).await.unwrap();
    assert_eq!(server.call("GET", "/box/..%2F..%2Flock", &[], b"").await.text(), "mine");
}
