//! Parses `$filter` and `$orderby`: any text is answered, and what is understood stays within the ledger's bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_api::odata::{field, filter, order};
use millrace_catalog::list::Filter;

/// Comparisons with their connectives, and nesting, that the ledger accepts.
const MOST_TERMS: usize = 100;
const MOST_DEPTH: usize = 20;

/// Terms and depth of a filter.
fn measure(filter: &Filter) -> (usize, usize) {
    match filter {
        Filter::Is { .. } => (1, 1),
        Filter::And(parts) | Filter::Or(parts) => {
            let inner = parts.iter().map(measure);
            let (terms, depth) = inner.fold((0, 0), |(terms, depth), (t, d)| (terms + t, depth.max(d)));
            (terms + 1, depth + 1)
        }
    }
}

fuzz_target!(|text: &str| {
    let _ = order::parse(text);
    let parsed = filter::parse(text);
    if let Ok(lowered) = field::filter(text) {
        assert!(parsed.is_ok());
        let (terms, depth) = measure(&lowered);
        assert!(terms <= MOST_TERMS && depth <= MOST_DEPTH, "{terms} terms, {depth} deep");
    }
});
