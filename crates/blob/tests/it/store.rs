//! One suite for every place that an account can be in; then what only directories do.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use millrace_blob::{
    Account, BlobEvent, Blobs, BlockId, BlockListEntry, ByteRange, Change, Clock, Condition, Error, Item,
    List, Metadata, Observer, Page, Place, Properties, Put,
};

use crate::support::{Local, blob, config, container, open, primary};

/// Names that break stores which think of paths.
const TRICKY: [&str; 24] = [
    "a",
    "a/b",
    "a/b/c",
    "A",
    "..",
    ".",
    "../../etc/passwd",
    "/lead",
    "trail/",
    "dou//ble",
    "dot.",
    "back\\slash",
    "nul\0byte",
    "spa ce",
    "é",
    "e\u{301}",
    "日本語/動画.mp4",
    "😀",
    "%2e%2e",
    "a!",
    "a#1",
    "con",
    "~",
    "\u{1}",
];

async fn on_each_place(check: impl AsyncFn(Account)) {
    let local = Local::new().await;
    check(local.account()).await;
    let store = Place::Store(Arc::new(object_store::memory::InMemory::new()));
    check(primary(&Blobs::open(config(store, Clock::default())).await.unwrap())).await;
}

fn names(page: &Page) -> Vec<String> {
    let name = |item: &Item| match item {
        Item::Blob(name, _) => name.to_string(),
        Item::Prefix(prefix) => format!("[{prefix}]"),
    };
    page.items.iter().map(name).collect()
}

async fn all(account: &Account, list: List) -> Vec<String> {
    let mut list = list;
    let mut found = Vec::new();
    loop {
        let page = account.list(&container("box"), &list).await.unwrap();
        found.extend(names(&page));
        match page.next {
            Some(next) => list.after = next,
            None => return found,
        }
    }
}

#[tokio::test]
async fn blobs_come_back_as_they_went_in() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("dir/film.mp4"));
        assert!(matches!(account.put(&c, &b, "x", Put::default()).await, Err(Error::ContainerNotFound)));
        account.create_container(&c, Metadata::new()).await.unwrap();
        let mut put = Put::of_type("video/mp4");
        put.metadata.insert("k".into(), "v".into());
        put.compute_md5 = true;
        let written = account.put(&c, &b, "hello world", put).await.unwrap();
        let (head, bytes) = account.get(&c, &b, 100).await.unwrap();
        assert_eq!((head.clone(), &bytes[..]), (written, &b"hello world"[..]));
        assert_eq!(head.properties.content_type.as_deref(), Some("video/mp4"));
        assert_eq!(head.metadata["k"], "v");
        assert!(head.properties.content_md5.is_some());
        assert_eq!(account.get_range(&c, &b, 6..11).await.unwrap(), "world");
        assert!(matches!(account.get_range(&c, &b, 6..12).await, Err(Error::InvalidRange { length: 11 })));
        assert!(matches!(account.get(&c, &b, 10).await, Err(Error::TooLarge { .. })));
        let last = account.read(&c, &b, ByteRange::Last(3)).await.unwrap();
        assert_eq!((last.range(), last.bytes(9).await.unwrap()), (8..11, Bytes::from("rld")));

        let again = account.put(&c, &b, "new", Put::default()).await.unwrap();
        assert_eq!(again.created, head.created);
        assert_ne!(again.etag, head.etag);
        assert_eq!(account.get(&c, &b, 10).await.unwrap().1, "new");
        account.delete(&c, &b, Condition::default()).await.unwrap();
        assert!(matches!(account.head(&c, &b).await, Err(Error::BlobNotFound)));
        assert!(matches!(account.delete(&c, &b, Condition::default()).await, Err(Error::BlobNotFound)));
    })
    .await;
}

#[tokio::test]
async fn conditions_are_kept() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("x"));
        account.create_container(&c, Metadata::new()).await.unwrap();
        let first = account.put(&c, &b, "1", Put::default().absent()).await.unwrap();
        let twice = account.put(&c, &b, "2", Put::default().absent()).await;
        assert!(matches!(twice, Err(Error::BlobAlreadyExists)));
        let second = account.put(&c, &b, "2", Put::default().matching(first.etag.clone())).await.unwrap();
        let stale = account.put(&c, &b, "3", Put::default().matching(first.etag.clone())).await;
        assert!(matches!(stale, Err(Error::ConditionNotMet { .. })));
        assert!(account.delete(&c, &b, Condition::matches(first.etag.clone())).await.is_err());
        assert!(account.set_metadata(&c, &b, Metadata::new(), Condition::matches(first.etag)).await.is_err());
        let third = account
            .set_properties(&c, &b, Properties::of_type("a/b"), Condition::matches(second.etag.clone()))
            .await
            .unwrap();
        assert_ne!(third.etag, second.etag);
        assert_eq!(account.get(&c, &b, 9).await.unwrap().1, "2");
        account.delete(&c, &b, Condition::matches(third.etag)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_many_writers_who_want_to_be_first_one_is() {
    on_each_place(async |account| {
        let c = container("box");
        account.create_container(&c, Metadata::new()).await.unwrap();
        let tries = (0..16).map(|n| {
            let (account, c) = (account.clone(), c.clone());
            tokio::spawn(async move {
                account.put(&c, &blob("x"), format!("{n}"), Put::default().absent()).await.is_ok()
            })
        });
        let won = futures_util::future::join_all(tries).await;
        assert_eq!(won.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn tricky_names_are_only_names() {
    on_each_place(async |account| {
        let c = container("box");
        account.create_container(&c, Metadata::new()).await.unwrap();
        let long = ["x".repeat(1024), "x".repeat(1023), format!("{}y", "x".repeat(1000)), "é".repeat(1024)];
        let every: Vec<String> = TRICKY.iter().map(|name| (*name).to_owned()).chain(long).collect();
        for name in &every {
            account.put(&c, &blob(name), name.clone(), Put::default()).await.unwrap();
        }
        for name in &every {
            assert_eq!(account.get(&c, &blob(name), 9000).await.unwrap().1, *name);
        }
        let mut sorted = every.clone();
        sorted.sort();
        assert_eq!(all(&account, List::default()).await, sorted);
        assert_eq!(all(&account, List { limit: 1, ..List::default() }).await, sorted);
        for name in &every {
            account.delete(&c, &blob(name), Condition::default()).await.unwrap();
        }
        assert!(all(&account, List::default()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn listings_page_and_fold() {
    on_each_place(async |account| {
        let c = container("box");
        account.create_container(&c, Metadata::new()).await.unwrap();
        for name in ["_millrace/index/1", "a", "a/1", "a/2", "a/b/3", "b", "c/1", "c0"] {
            account.put(&c, &blob(name), "x", Put::default()).await.unwrap();
        }
        for limit in [1, 2, 3, 100] {
            let folded = List { delimiter: "/".into(), limit, ..List::default() };
            assert_eq!(all(&account, folded.clone()).await, ["[_millrace/]", "a", "[a/]", "b", "[c/]", "c0"]);
            let hidden = List { hide_internal: true, ..folded.clone() };
            assert_eq!(all(&account, hidden).await, ["a", "[a/]", "b", "[c/]", "c0"]);
            let below = List { prefix: "a/".into(), ..folded };
            assert_eq!(all(&account, below).await, ["a/1", "a/2", "[a/b/]"]);
            let asked = List { prefix: "_millrace/".into(), hide_internal: true, limit, ..List::default() };
            assert_eq!(all(&account, asked).await, ["_millrace/index/1"]);
            let flat = List { prefix: "c".into(), limit, ..List::default() };
            assert_eq!(all(&account, flat).await, ["c/1", "c0"]);
        }
        let all_containers = account.list_containers("b", "", 10).await.unwrap();
        assert_eq!(all_containers.items.len(), 1);
        assert!(account.list_containers("c", "", 10).await.unwrap().items.is_empty());
    })
    .await;
}

fn id(number: u32) -> BlockId {
    BlockId::new(format!("{number:06}")).unwrap()
}

#[tokio::test]
async fn blocks_become_a_blob_when_their_list_says_so() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("film"));
        account.create_container(&c, Metadata::new()).await.unwrap();
        for number in [2, 0, 1, 7] {
            account.put_block(&c, &b, id(number), vec![number as u8; 1000]).await.unwrap();
        }
        assert!(matches!(account.head(&c, &b).await, Err(Error::BlobNotFound)));
        assert_eq!(account.block_list(&c, &b).await.unwrap().uncommitted.len(), 4);
        let missing = [BlockListEntry::Latest(id(9))];
        let refused = account.put_block_list(&c, &b, &missing, Put::default()).await;
        assert!(matches!(refused, Err(Error::InvalidBlockList)));

        let list: Vec<_> = (0..3).map(|number| BlockListEntry::Latest(id(number))).collect();
        let head = account.put_block_list(&c, &b, &list, Put::of_type("video/mp4")).await.unwrap();
        assert_eq!((head.length, head.committed_blocks), (3000, Some(3)));
        let expected: Vec<u8> = (0..3u8).flat_map(|number| vec![number; 1000]).collect();
        assert_eq!(account.get(&c, &b, 9999).await.unwrap().1, expected);
        assert_eq!(account.get_range(&c, &b, 999..2001).await.unwrap(), expected[999..2001]);
        let blocks = account.block_list(&c, &b).await.unwrap();
        assert_eq!((blocks.committed.len(), blocks.uncommitted.len()), (3, 0));

        // A later list mixes what is there with what is new.
        account.put_block(&c, &b, id(5), "five").await.unwrap();
        let mixed = [
            BlockListEntry::Committed(id(2)),
            BlockListEntry::Uncommitted(id(5)),
            BlockListEntry::Latest(id(2)),
        ];
        account.put_block_list(&c, &b, &mixed, Put::default()).await.unwrap();
        let expected = [vec![2; 1000], b"five".to_vec(), vec![2; 1000]].concat();
        assert_eq!(account.get(&c, &b, 9999).await.unwrap().1, expected);

        let tag = account.head(&c, &b).await.unwrap().etag;
        account.join(&c, &b).await.unwrap();
        assert_eq!(account.head(&c, &b).await.unwrap().etag, tag);
        assert_eq!(account.get(&c, &b, 9999).await.unwrap().1, expected);
        let file = account.local_file(&c, &b).await.unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), expected);
        account.delete(&c, &b, Condition::default()).await.unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn a_reader_keeps_its_version_while_blocks_are_joined() {
    use futures_util::StreamExt;
    let local = Local::new().await;
    let (account, c, b) = (local.account(), container("box"), blob("film"));
    account.create_container(&c, Metadata::new()).await.unwrap();
    for number in 0..4 {
        account.put_block(&c, &b, id(number), vec![number as u8; 300_000]).await.unwrap();
    }
    let list: Vec<_> = (0..4).map(|number| BlockListEntry::Latest(id(number))).collect();
    account.put_block_list(&c, &b, &list, Put::default()).await.unwrap();
    let mut stream = std::pin::pin!(account.read(&c, &b, ByteRange::All).await.unwrap().into_stream());
    let mut got = stream.next().await.unwrap().unwrap().to_vec();
    account.join(&c, &b).await.unwrap();
    while let Some(bytes) = stream.next().await {
        got.extend_from_slice(&bytes.unwrap());
    }
    let expected: Vec<u8> = (0..4u8).flat_map(|number| vec![number; 300_000]).collect();
    assert!(got == expected);
}

#[tokio::test]
async fn a_reader_never_gets_two_versions_mixed() {
    use futures_util::StreamExt;
    let local = Local::new().await;
    let (account, c, b) = (local.account(), container("box"), blob("film"));
    account.create_container(&c, Metadata::new()).await.unwrap();
    for number in 0..2 {
        account.put_block(&c, &b, id(number), vec![1; 300_000]).await.unwrap();
    }
    let list: Vec<_> = (0..2).map(|number| BlockListEntry::Latest(id(number))).collect();
    account.put_block_list(&c, &b, &list, Put::default()).await.unwrap();
    let mut stream = std::pin::pin!(account.read(&c, &b, ByteRange::All).await.unwrap().into_stream());
    stream.next().await.unwrap().unwrap();
    account.put(&c, &b, vec![2; 600_000], Put::default()).await.unwrap();
    let rest: Vec<_> = stream.collect().await;
    assert!(rest.iter().any(Result::is_err));
    assert!(rest.iter().flatten().all(|bytes| bytes.iter().all(|byte| *byte == 1)));
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("x"));
        account.create_container(&c, Metadata::new()).await.unwrap();
        account.put(&c, &b, "old", Put::default()).await.unwrap();
        let pieces = [Ok(Bytes::from(vec![1; 3 << 20])), Err("gone")];
        let broken = account.put_stream(&c, &b, futures_util::stream::iter(pieces), Put::default()).await;
        assert!(matches!(broken, Err(Error::Body(_))));
        let mut put = Put::default();
        put.properties.content_md5 = Some([7; 16]);
        assert!(matches!(account.put(&c, &b, "new", put).await, Err(Error::Md5Mismatch)));
        assert_eq!(account.get(&c, &b, 9).await.unwrap().1, "old");
    })
    .await;
}

#[tokio::test]
async fn a_container_made_anew_is_empty() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("x"));
        account.create_container(&c, Metadata::new()).await.unwrap();
        let twice = account.create_container(&c, Metadata::new()).await;
        assert!(matches!(twice, Err(Error::ContainerAlreadyExists)));
        account.put(&c, &b, "old", Put::default()).await.unwrap();
        account.delete_container(&c).await.unwrap();
        assert!(!account.container_exists(&c).await.unwrap());
        assert!(matches!(account.get(&c, &b, 9).await, Err(Error::ContainerNotFound)));
        account.create_container(&c, Metadata::new()).await.unwrap();
        assert!(matches!(account.get(&c, &b, 9).await, Err(Error::BlobNotFound)));
    })
    .await;
}

#[tokio::test]
async fn files_are_taken_over() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("x"));
        account.create_container(&c, Metadata::new()).await.unwrap();
        let scratch = account.scratch_dir().await.unwrap();
        let file = scratch.join("out.mp4");
        std::fs::write(&file, "made by a child").unwrap();
        account.put_file(&c, &b, &file, Put::of_type("video/mp4")).await.unwrap();
        assert!(!file.exists());
        assert_eq!(account.get(&c, &b, 99).await.unwrap().1, "made by a child");
        std::fs::remove_dir_all(scratch).unwrap();
    })
    .await;
}

#[derive(Default)]
struct Ears(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Observer for Ears {
    async fn blob_changed(&self, event: BlobEvent) {
        let what = match event.change {
            Change::Created { operation, head } => format!("{operation} {}", head.length),
            Change::Deleted { .. } => "Deleted".to_owned(),
        };
        self.0.lock().unwrap().push(format!("{}/{} {what}", event.container, event.name));
    }
}

#[tokio::test]
async fn changes_of_content_are_told() {
    on_each_place(async |account| {
        let ears = Arc::new(Ears::default());
        assert!(account.observe(Arc::clone(&ears) as Arc<dyn Observer>));
        assert!(!account.observe(Arc::clone(&ears) as Arc<dyn Observer>));
        let (c, b) = (container("box"), blob("x"));
        account.create_container(&c, Metadata::new()).await.unwrap();
        account.put(&c, &b, "123", Put::default()).await.unwrap();
        account.put(&c, &b, "123", Put::default().absent()).await.unwrap_err();
        account.set_metadata(&c, &b, Metadata::new(), Condition::default()).await.unwrap();
        account.put_block(&c, &b, id(0), "12345").await.unwrap();
        account.put_block_list(&c, &b, &[BlockListEntry::Latest(id(0))], Put::default()).await.unwrap();
        account.delete(&c, &b, Condition::default()).await.unwrap();
        let heard = ears.0.lock().unwrap().clone();
        assert_eq!(heard, ["box/x PutBlob 3", "box/x PutBlockList 5", "box/x Deleted"]);
    })
    .await;
}

#[tokio::test]
async fn everything_survives_a_restart_and_one_process_has_the_directory() {
    let local = Local::new().await;
    let (account, c) = (local.account(), container("box"));
    account.create_container(&c, Metadata::from([("k".into(), "v".into())])).await.unwrap();
    let before = account.put(&c, &blob("x"), "kept", Put::default()).await.unwrap();
    account.put_block(&c, &blob("y"), id(0), "waiting").await.unwrap();
    let place = Place::Directory(local.dir.path().to_owned());
    assert!(Blobs::open(config(place, Clock::default())).await.is_err());
    drop(account);
    let Local { dir, blobs } = local;
    drop(blobs);
    let account = primary(&open(dir.path()).await);
    assert_eq!(account.head(&c, &blob("x")).await.unwrap(), before);
    assert_eq!(account.container(&c).await.unwrap().metadata["k"], "v");
    account.put_block_list(&c, &blob("y"), &[BlockListEntry::Latest(id(0))], Put::default()).await.unwrap();
    assert_eq!(account.get(&c, &blob("y"), 99).await.unwrap().1, "waiting");
}

#[tokio::test]
async fn the_sweep_takes_only_what_is_old_and_lost() {
    let dir = tempfile::tempdir().unwrap();
    let offset = Arc::new(AtomicI64::new(0));
    let later = Arc::clone(&offset);
    let clock =
        Clock::new(move || Timestamp::now() + jiff::SignedDuration::from_hours(later.load(Ordering::SeqCst)));
    let blobs = Blobs::open(config(Place::Directory(dir.path().to_owned()), clock)).await.unwrap();
    let (account, c) = (primary(&blobs), container("box"));
    account.create_container(&c, Metadata::new()).await.unwrap();
    account.put(&c, &blob("x"), "kept", Put::default()).await.unwrap();
    account.put_block(&c, &blob("y"), id(0), "waiting").await.unwrap();
    account.put_block(&c, &blob("z"), id(0), "committed").await.unwrap();
    account.put_block_list(&c, &blob("z"), &[BlockListEntry::Latest(id(0))], Put::default()).await.unwrap();
    let data = std::fs::read_dir(dir.path().join("data")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(data.join("content").join(uuid::Uuid::now_v7().to_string()), "lost").unwrap();

    assert_eq!(account.sweep().await.unwrap(), millrace_blob::Swept::default());
    offset.store(25, Ordering::SeqCst);
    assert_eq!(account.sweep().await.unwrap().objects, 1);
    assert_eq!(account.block_list(&c, &blob("y")).await.unwrap().uncommitted.len(), 1);
    offset.store(7 * 24 + 1, Ordering::SeqCst);
    assert_eq!(account.sweep().await.unwrap().blocks, 1);
    assert!(matches!(account.block_list(&c, &blob("y")).await, Err(Error::BlobNotFound)));
    assert_eq!(account.get(&c, &blob("x"), 9).await.unwrap().1, "kept");
    assert_eq!(account.get(&c, &blob("z"), 9).await.unwrap().1, "committed");
}

#[tokio::test]
async fn a_short_upload_that_reads_as_terabytes_takes_no_space() {
    let local = Local::new().await;
    let (account, c, b) = (local.account(), container("box"), blob("film"));
    account.create_container(&c, Metadata::new()).await.unwrap();
    let length = 64 << 20;
    account.put_block(&c, &b, id(0), vec![7; length]).await.unwrap();
    let list = vec![BlockListEntry::Latest(id(0)); 50_000];
    let head = account.put_block_list(&c, &b, &list, Put::default()).await.unwrap();
    assert_eq!(head.length, 50_000 * length as u64);
    // A file for a child process would have to be written out: refused at once, and the blob stays as it was.
    assert!(matches!(account.local_file(&c, &b).await, Err(Error::Full)));
    let across = account.get_range(&c, &b, length as u64 - 1..length as u64 + 1).await.unwrap();
    assert_eq!(across, Bytes::from_static(&[7, 7]));
}

#[tokio::test]
async fn a_write_into_a_container_that_is_gone_is_not_confirmed() {
    on_each_place(async |account| {
        let (c, b) = (container("box"), blob("film"));
        for again in [false, true] {
            account.create_container(&c, Metadata::new()).await.unwrap();
            let mut writer = account.writer(&c, &b, Put::default()).await.unwrap();
            writer.write(Bytes::from_static(b"film")).await.unwrap();
            account.delete_container(&c).await.unwrap();
            if again {
                account.create_container(&c, Metadata::new()).await.unwrap();
            }
            assert!(matches!(writer.finish().await, Err(Error::ContainerNotFound)), "{again}");
            assert!(!account.exists(&c, &b).await.unwrap());
        }
    })
    .await;
}
