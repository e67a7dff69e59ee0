//! Arrows point down, and pure crates stay pure. The layers are those of ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use millrace_testkit::repository;

/// Crate and layer; a crate may depend only on crates of lower layers.
const LAYERS: [(&str, u8); 12] = [
    ("media", 0),
    ("mp4", 1),
    ("ts", 1),
    ("manifest", 1),
    ("ledger", 1),
    ("package", 2),
    ("blob", 2),
    ("catalog", 3),
    ("encode", 4),
    ("origin", 6),
    ("api", 6),
    ("server", 9),
];
/// Crates without I/O and without a clock: bytes and time come in as arguments.
const PURE: [&str; 5] = ["media", "mp4", "ts", "manifest", "package"];
/// What a pure crate must not name outside its tests.
const IMPURE: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "SystemTime",
    "Instant::now",
    "tokio",
    "println!",
    "Timestamp::now",
];
/// Whole crates that would bring I/O or a clock.
const IMPURE_CRATES: [&str; 7] = ["tokio", "reqwest", "hyper", "axum", "object_store", "sqlx", "rand"];

/// One crate's own dependencies as its manifest names them, without development ones.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            inside =
                table.trim_end_matches(']').ends_with("dependencies") && !table.contains("dev-dependencies");
        } else if let Some((name, _)) = line.split_once(['.', '=']).filter(|_| inside) {
            found.insert(name.trim().to_owned());
        }
    }
    found
}

fn arrows_that_point_up(manifests: &BTreeMap<String, String>) -> Vec<String> {
    let layers: BTreeMap<&str, u8> = LAYERS.into();
    let mut wrong = Vec::new();
    for (name, manifest) in manifests {
        let Some(own) = layers.get(name.as_str()) else {
            wrong.push(format!("{name} has no layer"));
            continue;
        };
        for dependency in dependencies(manifest) {
            let Some(other) = dependency.strip_prefix("millrace-") else { continue };
            if layers.get(other).is_none_or(|layer| layer >= own) {
                wrong.push(format!("{name} -> {other}"));
            }
        }
    }
    wrong
}

fn manifests() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(repository().join("crates")).expect("crates/ is there");
    let mut manifests = BTreeMap::new();
    for entry in entries {
        let path = entry.expect("a readable directory").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        // The test kit is for tests alone and belongs to no layer.
        if name != "testkit" {
            manifests.insert(name, std::fs::read_to_string(path.join("Cargo.toml")).expect("a manifest"));
        }
    }
    manifests
}

#[test]
fn dependencies_point_down() {
    let manifests = manifests();
    assert_eq!(manifests.len(), LAYERS.len(), "every crate has a layer and every layer a crate");
    assert_eq!(arrows_that_point_up(&manifests), Vec::<String>::new());
}

#[test]
fn an_arrow_that_points_up_is_seen() {
    let mut manifests = manifests();
    manifests.get_mut("mp4").expect("mp4").push_str("\n[dependencies]\nmillrace-origin.workspace = true\n");
    assert_eq!(arrows_that_point_up(&manifests), ["mp4 -> origin"]);
}

/// (file, word) of everything impure in the sources below `dir`, each file up to its test module.
fn impurities(dir: &Path) -> Vec<(PathBuf, &'static str)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a source directory") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            found.extend(impurities(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            found.extend(impure_words(&text).map(|word| (path.clone(), word)));
        }
    }
    found
}

fn impure_words(source: &str) -> impl Iterator<Item = &'static str> {
    let code: String = source
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    IMPURE.into_iter().filter(move |word| code.contains(word))
}

#[test]
fn pure_crates_name_no_io_and_no_clock() {
    for name in PURE {
        assert_eq!(impurities(&repository().join("crates").join(name).join("src")), Vec::new(), "{name}");
        let wanted = dependencies(&manifests()[name]);
        let impure: Vec<_> = IMPURE_CRATES.into_iter().filter(|other| wanted.contains(*other)).collect();
        assert_eq!(impure, Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn a_clock_in_a_pure_crate_is_seen() {
    assert_eq!(impure_words("let now = std::time::SystemTime::now();").collect::<Vec<_>>(), ["SystemTime"]);
    assert_eq!(impure_words("// SystemTime\n#[cfg(test)]\nuse std::fs;").count(), 0);
}

/// What ARCHITECTURE.md names in backticks with a slash: paths, and items in them after `.rs::`.
fn named(page: &str) -> Vec<&str> {
    let code = page.split('`').skip(1).step_by(2);
    let roots = ["crates/", "docs/", "e2e/", "bench/", "console/", "fuzz/", "scripts/"];
    code.filter(|word| {
        let is_root = roots.iter().any(|root| word.starts_with(root)) && !word.contains('*');
        is_root || (word.contains('/') && word.contains(".rs"))
    })
    .collect()
}

/// Why a name of the page is wrong, if it is.
fn lost(name: &str) -> Option<String> {
    let (path, item) = name.split_once("::").map_or((name, None), |(path, item)| (path, Some(item)));
    let short = path.split_once('/').map(|(first, rest)| format!("crates/{first}/src/{rest}"));
    let places = [Some(path.to_owned()), short];
    let found = places.into_iter().flatten().map(|place| repository().join(place)).find(|path| path.exists());
    let Some(file) = found else { return Some(format!("{name}: no such path")) };
    let item = item?;
    let text = std::fs::read_to_string(file).expect("a source file");
    let kinds = ["fn", "struct", "enum", "trait", "const", "type"];
    let defines = |kind: &str| {
        let declared = format!("{kind} {item}");
        text.match_indices(&declared).any(|(at, _)| {
            let next = text[at + declared.len()..].chars().next();
            next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
        })
    };
    (!kinds.into_iter().any(defines)).then(|| format!("{name}: no such item"))
}

#[test]
fn what_the_architecture_page_names_is_there() {
    let page = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("the page");
    let names = named(&page);
    assert!(names.len() > 60, "the page names its places: {}", names.len());
    assert_eq!(names.into_iter().filter_map(lost).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_lost_path_or_item_is_seen() {
    assert_eq!(named("see `crates/mp4/src/lib.rs`, `mp4/limits.rs::MAX_MOOV` and `a/b`").len(), 2);
    assert_eq!(lost("mp4/limits.rs::MAX_MOOV"), None);
    assert!(lost("mp4/limits.rs::MAX_MOO").is_some());
    assert!(lost("crates/mp4/src/absent.rs").is_some());
}
