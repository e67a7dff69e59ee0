//! Names of tracks and files.

/// What cannot stand in a file name of ours, whatever the input was called.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' | '&' | '%' | '#')
}

/// The name of an input without folders and extension: `a/b/My film.mp4` gives `My film`.
pub fn basename(input: &str) -> String {
    let file = input.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    };
    let clean: String = stem.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    let clean = clean.trim_matches(['.', ' ']).chars().take(MAX_BASENAME).collect::<String>();
    if clean.is_empty() { "video".to_owned() } else { clean }
}

/// Leaves room for macros and suffixes in a blob name of 1024 characters.
const MAX_BASENAME: usize = 200;

/// A name that is not in `taken` yet: the wanted one, or with `_2`, `_3`… before its extension.
pub fn unique(wanted: &str, taken: &[String]) -> String {
    let is_free = |name: &str| !taken.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_free(wanted) {
        return wanted.to_owned();
    }
    let (stem, extension) = match wanted.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (wanted, String::new()),
    };
    (2..=taken.len() + 2)
        .map(|n| format!("{stem}_{n}{extension}"))
        .find(|name| is_free(name))
        .unwrap_or_else(|| wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basenames_are_safe() {
        let check = |input, expected| assert_eq!(basename(input), expected);
        check("film.mp4", "film");
        check("a/b/My film.v2.mov", "My film.v2");
        check("..\\..\\x.ts", "x");
        check("https://host/pa%20th/clip.mkv", "clip");
        check(".mp4", "mp4");
        check("../..", "video");
        check("a?b*c.mp4", "a_b_c");
    }

    #[test]
    fn names_do_not_collide() {
        let taken = ["a.mp4".to_owned(), "A_2.mp4".to_owned()];
        assert_eq!(unique("a.mp4", &taken), "a_3.mp4");
        assert_eq!(unique("b.mp4", &taken), "b.mp4");
    }
}
