//! `$orderby`: one field and a direction.

/// Longest `$orderby` in bytes.
pub const MAX_ORDER_BYTES: usize = 256;

/// A parsed `$orderby`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The field, as `properties/created`.
    pub path: String,
    /// From the last to the first.
    pub descending: bool,
}

/// Parses the text of `$orderby`, already percent-decoded.
///
/// # Errors
/// A clause that follows "the query parameter '$orderby'".
pub fn parse(text: &str) -> Result<Order, String> {
    if text.len() > MAX_ORDER_BYTES {
        return Err(format!("is longer than {MAX_ORDER_BYTES} bytes"));
    }
    if text.contains(',') {
        return Err("orders by more than one field, which is not supported".to_owned());
    }
    let mut words = text.split_whitespace();
    let path = words.next().ok_or("is empty")?.to_owned();
    let descending = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("asc") => false,
        Some(word) if word.eq_ignore_ascii_case("desc") => true,
        Some(_) => return Err("has a direction that is neither asc nor desc".to_owned()),
    };
    match words.next() {
        None => Ok(Order { path, descending }),
        Some(_) => Err("goes on after its direction".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let order = |path: &str, descending| Ok(Order { path: path.into(), descending });
        assert_eq!(parse("name"), order("name", false));
        assert_eq!(parse("properties/created  DESC"), order("properties/created", true));
        assert_eq!(parse("properties/created asc"), order("properties/created", false));
        for wrong in ["", " ", "name up", "name asc x", "name, created", &"n".repeat(MAX_ORDER_BYTES + 1)] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
