//! `$filter`: comparisons joined by `and` and `or`.
//!
//! Grammar, `and` binding tighter than `or`:
//! `or = and *("or" and)`, `and = term *("and" term)`, `term = "(" or ")" / path op literal`.

use super::lex::{Literal, Token, tokens};

/// Longest filter in bytes.
pub const MAX_FILTER_BYTES: usize = 8 * 1024;

/// Most comparisons in a filter. With their connectives they stay below the ledger's limit of 100 conditions.
pub const MAX_TERMS: usize = 48;

/// Deepest nesting of parentheses; the parser calls itself once per level, and each is two levels of the ledger's 20.
pub const MAX_DEPTH: usize = 8;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `gt`
    Gt,
    /// `lt`
    Lt,
    /// `ge`
    Ge,
    /// `le`
    Le,
}

impl Op {
    /// Its spelling.
    pub fn text(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Lt => "lt",
            Self::Ge => "ge",
            Self::Le => "le",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Eq, Self::Ne, Self::Gt, Self::Lt, Self::Ge, Self::Le];
        all.into_iter().find(|op| op.text().eq_ignore_ascii_case(word))
    }
}

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// One comparison.
    Compare {
        /// The field, as `properties/state`.
        path: String,
        /// The operator.
        op: Op,
        /// What it is compared with.
        value: Literal,
    },
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// One holds, or both.
    Or(Box<Self>, Box<Self>),
}

/// Parses the text of `$filter`, already percent-decoded. An error is a clause that follows "the query parameter
/// '$filter'".
///
/// # Errors
/// The text is too long, too deep, has too many comparisons, or is not of the grammar above.
pub fn parse(text: &str) -> Result<Filter, String> {
    if text.len() > MAX_FILTER_BYTES {
        return Err(format!("is longer than {MAX_FILTER_BYTES} bytes"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: tokens.into_iter(), peeked: None, terms: 0 };
    let filter = parser.any(0)?;
    match parser.next() {
        None => Ok(filter),
        Some(token) => Err(format!("has {} where it should end or go on with and/or", show(&token))),
    }
}

struct Parser {
    tokens: std::vec::IntoIter<Token>,
    peeked: Option<Token>,
    terms: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        self.peeked.take().or_else(|| self.tokens.next())
    }

    /// Takes the next token if it is this connective.
    fn take_word(&mut self, word: &str) -> bool {
        let next = self.next();
        let found = matches!(&next, Some(Token::Word(given)) if given.eq_ignore_ascii_case(word));
        if !found {
            self.peeked = next;
        }
        found
    }

    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut left = self.all(depth)?;
        while self.take_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.all(depth)?));
        }
        Ok(left)
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut left = self.term(depth)?;
        while self.take_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.term(depth)?));
        }
        Ok(left)
    }

    fn term(&mut self, depth: usize) -> Result<Filter, String> {
        match self.next() {
            Some(Token::Open) if depth == MAX_DEPTH => {
                Err(format!("is nested deeper than {MAX_DEPTH} parentheses"))
            }
            Some(Token::Open) => {
                let inner = self.any(depth + 1)?;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("has a parenthesis that is not closed".to_owned()),
                }
            }
            Some(Token::Word(path)) => self.comparison(path),
            Some(other) => Err(format!("has {} where a field should be", show(&other))),
            None => Err("ends where a field should be".to_owned()),
        }
    }

    fn comparison(&mut self, path: String) -> Result<Filter, String> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(format!("has more than {MAX_TERMS} comparisons"));
        }
        let op = match self.next() {
            Some(Token::Word(word)) => Op::parse(&word),
            _ => None,
        };
        let op = op.ok_or_else(|| format!("needs one of eq, ne, gt, lt, ge, le after '{}'", cut(&path)))?;
        match self.next() {
            Some(Token::Literal(value)) => Ok(Filter::Compare { path, op, value }),
            _ => {
                Err(format!("needs a value after '{} {}', a string in single quotes", cut(&path), op.text()))
            }
        }
    }
}

fn show(token: &Token) -> String {
    match token {
        Token::Open => "'('".to_owned(),
        Token::Close => "')'".to_owned(),
        Token::Word(word) => format!("'{}'", cut(word)),
        Token::Literal(_) => "a value".to_owned(),
    }
}

/// Words are ASCII by the grammar; forty of their characters are enough to find them.
fn cut(word: &str) -> &str {
    word.get(..40).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Fully parenthesised, with literals in a canonical form.
    fn show(filter: &Filter) -> String {
        match filter {
            Filter::And(a, b) => format!("({} and {})", show(a), show(b)),
            Filter::Or(a, b) => format!("({} or {})", show(a), show(b)),
            Filter::Compare { path, op, value } => {
                let value = match value {
                    Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
                    Literal::Typed { type_name, text } => {
                        format!("{type_name}'{}'", text.replace('\'', "''"))
                    }
                    Literal::Time(time) => time.to_string(),
                    Literal::Integer(integer) => integer.to_string(),
                    Literal::Bool(value) => value.to_string(),
                    Literal::Null => "null".to_owned(),
                };
                format!("{path} {} {value}", op.text())
            }
        }
    }

    fn check(text: &str, expected: &str) {
        match parse(text) {
            Ok(filter) => assert_eq!(show(&filter), expected, "{text}"),
            Err(reason) => assert_eq!(reason, expected, "{text}"),
        }
    }

    #[test]
    fn the_documented_forms() {
        check("name eq 'a'", "name eq 'a'");
        check("name eq 'it''s'", "name eq 'it''s'");
        check("name eq ''", "name eq ''");
        check(
            "properties/state eq Microsoft.Media.JobState'Processing'",
            "properties/state eq Microsoft.Media.JobState'Processing'",
        );
        check("properties/created gt 2026-01-01T00:00:00Z", "properties/created gt 2026-01-01T00:00:00Z");
        check("properties/created ge 2026-01-01", "properties/created ge 2026-01-01T00:00:00Z");
        check("properties/alternateId eq 'x'", "properties/alternateId eq 'x'");
        check("  name   EQ  'a' ", "name eq 'a'");
        check("properties/endTime eq null", "properties/endTime eq null");
    }

    #[test]
    fn and_binds_tighter_than_or() {
        check("a eq 1 or b eq 2 and c eq 3", "(a eq 1 or (b eq 2 and c eq 3))");
        check("(a eq 1 or b eq 2) and c eq 3", "((a eq 1 or b eq 2) and c eq 3)");
        check("a eq 1 and b eq 2 and c eq 3", "((a eq 1 and b eq 2) and c eq 3)");
    }

    #[test]
    fn what_is_wrong_is_said() {
        check("", "ends where a field should be");
        check("name", "needs one of eq, ne, gt, lt, ge, le after 'name'");
        check("name like 'a'", "needs one of eq, ne, gt, lt, ge, le after 'name'");
        check("name eq", "needs a value after 'name eq', a string in single quotes");
        check("name eq a", "needs a value after 'name eq', a string in single quotes");
        check("name eq 'a", "has a string without its closing quote at character 9");
        check("name eq 'a' 'b'", "has a value where it should end or go on with and/or");
        check("(name eq 'a'", "has a parenthesis that is not closed");
        check("name eq 'a')", "has ')' where it should end or go on with and/or");
        check("'a' eq name", "has a value where a field should be");
        check("name eq \"a\"", "has an unexpected character at character 9");
        check("name eq 'a' and", "ends where a field should be");
    }

    #[test]
    fn length_depth_and_terms_are_bounded() {
        let nest = |depth: usize| format!("{}a eq 1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nest(MAX_DEPTH)).is_ok());
        check(&nest(MAX_DEPTH + 1), "is nested deeper than 8 parentheses");
        let terms = |count: usize| vec!["a eq 1"; count].join(" or ");
        assert!(parse(&terms(MAX_TERMS)).is_ok());
        check(&terms(MAX_TERMS + 1), "has more than 48 comparisons");
        check(&" ".repeat(MAX_FILTER_BYTES + 1), "is longer than 8192 bytes");
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let ops =
            prop_oneof![Just(Op::Eq), Just(Op::Ne), Just(Op::Gt), Just(Op::Lt), Just(Op::Ge), Just(Op::Le)];
        let values = prop_oneof![
            ".{0,20}".prop_map(Literal::Text),
            ("[A-Z][a-zA-Z.]{0,20}", ".{0,20}")
                .prop_map(|(type_name, text)| Literal::Typed { type_name, text }),
            any::<i64>().prop_map(Literal::Integer),
            any::<bool>().prop_map(Literal::Bool),
            Just(Literal::Null),
        ];
        let leaf = ("(name|properties/[a-z]{1,12})", ops, values)
            .prop_map(|(path, op, value)| Filter::Compare { path, op, value });
        leaf.prop_recursive(4, 24, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Filter::And(a.into(), b.into())),
                (inner.clone(), inner).prop_map(|(a, b)| Filter::Or(a.into(), b.into())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[a-z '()/.:0-9-]{0,80}|\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_reads_back(filter in filters()) {
            prop_assert_eq!(parse(&show(&filter)), Ok(filter));
        }
    }
}
