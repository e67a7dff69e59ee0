//! The tokens of a filter.

use crate::wire::time::parse_timestamp;
use jiff::Timestamp;

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `'it''s'`, without the quotes.
    Text(String),
    /// `Microsoft.Media.JobState'Processing'` or `datetime'…'`: a value with its type.
    Typed {
        /// What stands before the quote.
        type_name: String,
        /// What stands between the quotes.
        text: String,
    },
    /// `2026-01-31T12:00:00Z`, bare.
    Time(Timestamp),
    /// `12`.
    Integer(i64),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Literal(Literal),
    /// A field path, an operator or a connective.
    Word(String),
}

/// Splits a filter into tokens; `Err` says at which byte it is not one.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let (token, after) = token(rest).map_err(|reason| format!("{reason} at character {}", at + 1))?;
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

fn token(rest: &str) -> Result<(Token, &str), &'static str> {
    if let Some(after) = rest.strip_prefix('(') {
        return Ok((Token::Open, after));
    }
    if let Some(after) = rest.strip_prefix(')') {
        return Ok((Token::Close, after));
    }
    if rest.starts_with('\'') {
        let (text, after) = quoted(rest)?;
        return Ok((Token::Literal(Literal::Text(text)), after));
    }
    let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.is_empty() {
        return Err("has an unexpected character");
    }
    if after.starts_with('\'') {
        let (text, after) = quoted(after)?;
        let literal = Literal::Typed { type_name: word.to_owned(), text };
        return Ok((Token::Literal(literal), after));
    }
    Ok((bare(word), after))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | ':' | '-' | '+' | '@')
}

/// A quoted string from its opening quote on; two quotes stand for one.
fn quoted(rest: &str) -> Result<(String, &str), &'static str> {
    let mut text = String::new();
    let mut rest = rest.get(1..).unwrap_or("");
    loop {
        let end = rest.find('\'').ok_or("has a string without its closing quote")?;
        let (piece, after) = rest.split_at(end);
        text.push_str(piece);
        let after = after.get(1..).unwrap_or("");
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Ok((text, after)),
        }
    }
}

fn bare(word: &str) -> Token {
    match word {
        "null" => return Token::Literal(Literal::Null),
        "true" => return Token::Literal(Literal::Bool(true)),
        "false" => return Token::Literal(Literal::Bool(false)),
        _ => {}
    }
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        if let Ok(integer) = word.parse() {
            return Token::Literal(Literal::Integer(integer));
        }
        if let Some(time) = parse_timestamp(word) {
            return Token::Literal(Literal::Time(time));
        }
    }
    Token::Word(word.to_owned())
}
