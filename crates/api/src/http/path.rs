//! Paths: split, percent-decoded, and matched to templates without regard to case.
//!
//! The official clients mix `mediaServices` and `mediaservices`, and follow links in either form, so the fixed words
//! of a path match in any case while the names in it are handed on exactly as they came.

use percent_encoding::percent_decode_str;

/// Longest path in bytes: a name has at most 260 characters, of which each may be twelve encoded bytes, twice.
pub(crate) const MAX_PATH_BYTES: usize = 8 * 1024;

/// Most segments of a path; the deepest operation of the contract has sixteen.
pub(crate) const MAX_SEGMENTS: usize = 24;

/// The segments of `path`, decoded. `None` for a path that no operation can have: too long, too deep, not UTF-8, with
/// an empty segment.
pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
    if path.len() > MAX_PATH_BYTES {
        return None;
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut found = Vec::new();
    for raw in path.split('/') {
        if raw.is_empty() || found.len() == MAX_SEGMENTS {
            return None;
        }
        found.push(percent_decode_str(raw).decode_utf8().ok()?.into_owned());
    }
    Some(found)
}

/// The names captured by a template, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Captures(Vec<(&'static str, String)>);

impl Captures {
    /// The name captured for `{key}`; empty when the template has no such key.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
    }
}

/// Matches decoded segments with a template as `/a/{b}/c`; fixed words match in any case.
pub(crate) fn matches(template: &'static str, segments: &[String]) -> Option<Captures> {
    let mut captures = Vec::new();
    let mut given = segments.iter();
    for want in template.split('/').skip(1) {
        let have = given.next()?;
        match want.strip_prefix('{').and_then(|key| key.strip_suffix('}')) {
            Some(key) => captures.push((key, have.clone())),
            None if want.eq_ignore_ascii_case(have) => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(Captures(captures))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSET: &str = "/subscriptions/{s}/providers/Microsoft.Media/mediaServices/{account}/assets/{asset}";

    fn check(path: &str, expected: Option<&str>) {
        let found = segments(path).and_then(|parts| matches(ASSET, &parts));
        assert_eq!(found.as_ref().map(|c| c.get("asset")), expected, "{path}");
    }

    #[test]
    fn fixed_words_match_in_any_case_and_names_keep_theirs() {
        check("/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets/MyAsset", Some("MyAsset"));
        check("/SUBSCRIPTIONS/0/providers/microsoft.media/mediaservices/a/Assets/MyAsset", Some("MyAsset"));
        check("/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets/a%20b%C3%A9", Some("a bé"));
        check("/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets/x/", Some("x"));
    }

    #[test]
    fn other_paths_do_not_match() {
        for path in [
            "",
            "/",
            "/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets",
            "/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets/x/y",
            "/subscriptions/0/providers/Microsoft.Media/mediaServices//assets/x",
            "/subscriptions/0/providers/Microsoft.Other/mediaServices/a/assets/x",
            "/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets/%FF",
        ] {
            check(path, None);
        }
    }

    #[test]
    fn an_encoded_slash_stays_inside_its_name() {
        check("/subscriptions/0/providers/Microsoft.Media/mediaServices/a/assets/x%2Fy", Some("x/y"));
    }

    #[test]
    fn length_and_depth_are_bounded() {
        assert_eq!(segments(&"/a".repeat(MAX_SEGMENTS + 1)), None);
        assert_eq!(segments(&format!("/{}", "a".repeat(MAX_PATH_BYTES))), None);
        assert!(segments(&"/a".repeat(MAX_SEGMENTS)).is_some());
    }
}
