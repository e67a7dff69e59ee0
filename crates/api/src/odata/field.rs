//! From parsed text to the catalog's list query.

use super::filter::{Filter, Op};
use super::lex::Literal;
use super::{filter, order};
use crate::wire::time::parse_timestamp;
use millrace_catalog::list;
use millrace_ledger::Cmp;

/// Properties that hold times. A quoted time is compared as a time, in whatever form it was written.
const TIMES: &[&str] = &["created", "lastmodified", "starttime", "endtime"];

/// The catalog's form of a `$filter`.
///
/// # Errors
/// A clause that follows "the query parameter '$filter'".
pub fn filter(text: &str) -> Result<list::Filter, String> {
    lower(filter::parse(text)?)
}

/// The catalog's form of an `$orderby`.
///
/// # Errors
/// A clause that follows "the query parameter '$orderby'".
pub fn order(text: &str) -> Result<list::OrderBy, String> {
    let order = order::parse(text)?;
    Ok(list::OrderBy { property: order.path, descending: order.descending })
}

/// Chains of one connective become one list, so that the depth that the database sees is that of the parentheses.
fn lower(filter: Filter) -> Result<list::Filter, String> {
    Ok(match filter {
        Filter::Compare { path, op, value } => compare(path, op, value)?,
        Filter::And(left, right) => {
            let mut parts = Vec::new();
            for side in [lower(*left)?, lower(*right)?] {
                match side {
                    list::Filter::And(inner) => parts.extend(inner),
                    other => parts.push(other),
                }
            }
            list::Filter::And(parts)
        }
        Filter::Or(left, right) => {
            let mut parts = Vec::new();
            for side in [lower(*left)?, lower(*right)?] {
                match side {
                    list::Filter::Or(inner) => parts.extend(inner),
                    other => parts.push(other),
                }
            }
            list::Filter::Or(parts)
        }
    })
}

fn compare(property: String, op: Op, value: Literal) -> Result<list::Filter, String> {
    let cmp = match op {
        Op::Eq => Cmp::Eq,
        Op::Ne => Cmp::Ne,
        Op::Gt => Cmp::Gt,
        Op::Lt => Cmp::Lt,
        Op::Ge => Cmp::Ge,
        Op::Le => Cmp::Le,
    };
    let last = property.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let value = match value {
        Literal::Text(text) | Literal::Typed { text, .. } if TIMES.contains(&last.as_str()) => {
            parse_timestamp(&text)
                .map(|time| time.to_string())
                .ok_or("compares a time with something that is none")?
        }
        Literal::Text(text) | Literal::Typed { text, .. } => text,
        Literal::Time(time) => time.to_string(),
        Literal::Integer(integer) => integer.to_string(),
        Literal::Bool(_) | Literal::Null => {
            return Err("compares with true, false or null, which no field takes".to_owned());
        }
    };
    Ok(list::Filter::Is { property, cmp, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(property: &str, cmp: Cmp, value: &str) -> list::Filter {
        list::Filter::Is { property: property.into(), cmp, value: value.into() }
    }

    #[test]
    fn literals_lose_quotes_and_types() {
        for (text, expected) in [
            ("name eq 'a''b'", is("name", Cmp::Eq, "a'b")),
            (
                "properties/state ne Microsoft.Media.JobState'Processing'",
                is("properties/state", Cmp::Ne, "Processing"),
            ),
            (
                "properties/created gt 2026-01-01T02:00:00+02:00",
                is("properties/created", Cmp::Gt, "2026-01-01T00:00:00Z"),
            ),
            ("properties/created gt '2026-01-01'", is("properties/created", Cmp::Gt, "2026-01-01T00:00:00Z")),
            (
                "properties/endTime le datetime'2026-01-01T00:00:00Z'",
                is("properties/endTime", Cmp::Le, "2026-01-01T00:00:00Z"),
            ),
        ] {
            assert_eq!(filter(text), Ok(expected), "{text}");
        }
        assert!(filter("properties/created gt 'soon'").is_err());
        assert!(filter("properties/endTime eq null").is_err());
    }

    /// Conditions and depth, as the ledger counts them.
    fn measure(filter: &list::Filter) -> (usize, usize) {
        match filter {
            list::Filter::Is { .. } => (1, 1),
            list::Filter::And(parts) | list::Filter::Or(parts) => parts
                .iter()
                .map(measure)
                .fold((1, 1), |(terms, depth), (more, below)| (terms + more, depth.max(below + 1))),
        }
    }

    #[test]
    fn the_largest_filters_stay_within_the_ledgers_bounds() {
        let chain = vec!["a eq '1' and b eq '2'"; filter::MAX_TERMS / 2].join(" or ");
        let nest = (0..filter::MAX_DEPTH).fold("a eq '1'".to_owned(), |inner, level| {
            let joined = if level % 2 == 0 { "and" } else { "or" };
            format!("a eq '1' or b eq '2' {joined} ({inner})")
        });
        for text in [chain, nest] {
            let (terms, depth) = measure(&super::filter(&text).expect("a filter"));
            assert!(terms <= millrace_ledger::MAX_TERMS, "{terms} terms");
            assert!(depth <= millrace_ledger::MAX_DEPTH, "{depth} deep");
        }
    }

    #[test]
    fn chains_are_flat() {
        let text = vec!["name eq 'a'"; 40].join(" or ");
        assert!(matches!(filter(&text), Ok(list::Filter::Or(parts)) if parts.len() == 40));
    }
}
