//! The part of OData that lists understand: `$filter`, `$orderby`, `$top` and an opaque `$skiptoken`.
//!
//! Text from outside is parsed into small values here and only then given a meaning by the fields of
//! a list ([`field`]), so a filter can reach nothing but the fields that the contract names.

pub mod field;
pub mod filter;
mod lex;
pub mod order;
pub mod skip;

pub use lex::Literal;
