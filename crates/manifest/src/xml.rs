//! XML written so that nothing can be left unescaped: names are literals of this crate, values always go through
//! [`Escaped`], and every element that is opened is closed.

use std::fmt::{self, Display, Write};

use crate::text::push_u64;

/// A document under construction.
pub(crate) struct Xml {
    out: String,
    open: Vec<&'static str>,
    in_tag: bool,
}

impl Xml {
    /// A document of about `capacity` bytes.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        Self { out, open: Vec::new(), in_tag: false }
    }

    /// Opens an element; [`attr`](Self::attr) adds to it until the next one opens.
    pub(crate) fn open(&mut self, name: &'static str) -> &mut Self {
        self.end_tag();
        self.line();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// An attribute of the element just opened.
    pub(crate) fn attr(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.begin_attr(name);
        // A String never refuses what is written to it, and no Display of ours fails.
        let _ = write!(Escaped(&mut self.out), "{value}");
        self.out.push('"');
        self
    }

    /// [`attr`](Self::attr) for the numbers of long tables.
    pub(crate) fn number(&mut self, name: &'static str, value: u64) -> &mut Self {
        self.begin_attr(name);
        push_u64(&mut self.out, value);
        self.out.push('"');
        self
    }

    /// An attribute that is only there if it has a value.
    pub(crate) fn maybe(&mut self, name: &'static str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Closes the innermost open element.
    pub(crate) fn close(&mut self) -> &mut Self {
        let Some(name) = self.open.pop() else { return self };
        if self.in_tag {
            self.out.push_str("/>");
            self.in_tag = false;
        } else {
            self.line();
            self.close_tag(name);
        }
        self
    }

    /// An element with text alone in it.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.open(name).end_tag();
        self.open.pop();
        let _ = Escaped(&mut self.out).write_str(value);
        self.close_tag(name);
        self
    }

    /// Closes what is open and gives the document.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.push('\n');
        self.out
    }

    fn begin_attr(&mut self, name: &'static str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
    }

    fn end_tag(&mut self) {
        if self.in_tag {
            self.out.push('>');
            self.in_tag = false;
        }
    }

    fn close_tag(&mut self, name: &'static str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.open.len() {
            self.out.push(' ');
        }
    }
}

/// Escapes for text and for attributes in double quotes. Characters that XML 1.0 cannot hold at all (§2.2) become
/// U+FFFD; line ends and tabs become references, since a parser would turn them into spaces in an attribute (§3.3.3).
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\t' => self.0.push_str("&#9;"),
                '\n' => self.0.push_str("&#10;"),
                '\r' => self.0.push_str("&#13;"),
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest_and_close() {
        let mut xml = Xml::with_capacity(0);
        xml.open("a").attr("x", 1).open("b").number("y", 2).close().text("c", "d").maybe("z", None::<u8>);
        assert_eq!(
            xml.finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a x=\"1\">\n <b y=\"2\"/>\n <c>d</c>\n</a>\n"
        );
    }

    #[test]
    fn values_stay_values() {
        let mut xml = Xml::with_capacity(0);
        xml.open("a").attr("x", "\"/><b\n\r\t&\u{0}'").text("t", "</t><!--");
        assert_eq!(
            xml.finish().lines().skip(1).collect::<String>(),
            "<a x=\"&quot;/&gt;&lt;b&#10;&#13;&#9;&amp;\u{fffd}'\"> <t>&lt;/t&gt;&lt;!--</t></a>"
        );
    }
}
