//! Names that clients choose.

use crate::{Error, Result};

/// Longest resource name, in characters (AMS naming rules).
pub const MAX_NAME: usize = 260;
/// Longest description and other free text, in bytes: enough for people, little enough for a page of a list.
pub const MAX_TEXT: usize = 8 * 1024;
/// Characters that no resource name may hold (AMS naming rules; `'` would end a literal of `$filter`).
const FORBIDDEN: &[char] = &['<', '>', '%', '&', ':', '\\', '?', '/', '*', '+', '.', '\''];

/// Refuses a resource name that AMS refuses: empty, over 260 characters, or with `< > % & : \ ? / * + . '` or control characters.
pub fn check(field: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::invalid(field, "the name is empty"));
    }
    if name.chars().count() > MAX_NAME {
        return Err(Error::invalid(field, format!("the name is longer than {MAX_NAME} characters")));
    }
    match name.chars().find(|c| c.is_control() || FORBIDDEN.contains(c)) {
        Some(c) => Err(Error::invalid(field, format!("the name may not hold the character {c:?}"))),
        None => Ok(()),
    }
}

/// Refuses a streaming endpoint's name: 1-24 of `^[a-zA-Z0-9]+(-*[a-zA-Z0-9])*$`.
pub fn check_endpoint(field: &str, name: &str) -> Result<()> {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if name.len() > 24 || !name.chars().all(inner) || !edge(name.chars().next()) || !edge(name.chars().last())
    {
        return Err(Error::invalid(
            field,
            "the name must be 1-24 letters, digits and hyphens, and begin and end with a letter or digit",
        ));
    }
    Ok(())
}

/// Refuses a container name that Azure Blob refuses: 3-63 of lower-case letters, digits and single hyphens inside.
pub fn check_container(field: &str, name: &str) -> Result<()> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ok = (3..=63).contains(&name.len())
        && name.chars().all(inner)
        && edge(name.chars().next())
        && edge(name.chars().last())
        && !name.contains("--");
    if ok {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "a container name is 3-63 lower-case letters, digits and single hyphens, and begins and ends with a letter or digit",
    ))
}

/// Refuses free text over [`MAX_TEXT`] bytes.
pub(crate) fn check_text(field: &str, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) if text.len() > MAX_TEXT => {
            Err(Error::invalid(field, format!("the text is longer than {MAX_TEXT} bytes")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_names() {
        let long = "n".repeat(MAX_NAME);
        for good in ["a", "My Asset 1", "übung-7_(final)", "x@y", &long] {
            assert!(check("name", good).is_ok(), "{good}");
        }
        let longer = "n".repeat(MAX_NAME + 1);
        for bad in [
            "", " ", "a/b", "a.b", "it's", "a\nb", "50%", "a?b", "a\\b", "<a>", "a+b", "a*", "a:b", "a&b",
            &longer,
        ] {
            assert!(check("name", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn endpoint_and_container_names() {
        for good in ["default", "a", "A1-b--c", "abcdefghijklmnopqrstuvwx"] {
            assert!(check_endpoint("name", good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a_b", "ü", "abcdefghijklmnopqrstuvwxy"] {
            assert!(check_endpoint("name", bad).is_err(), "{bad}");
        }
        for good in ["abc", "asset-0f", "9ab"] {
            assert!(check_container("container", good).is_ok(), "{good}");
        }
        let long = "c".repeat(64);
        for bad in ["ab", "Abc", "a--b", "-ab", "ab-", "a_b", "$root", "..", &long] {
            assert!(check_container("container", bad).is_err(), "{bad}");
        }
    }
}
