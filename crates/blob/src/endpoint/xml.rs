//! The XML bodies. Writing escapes by construction; reading is bounded by the body's own bound.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

use crate::block::{BlockId, BlockListEntry, MAX_BLOCKS};
use crate::error::Error;

/// A document under construction.
pub(super) struct Xml(String);

impl Xml {
    pub(super) fn new() -> Self {
        Self("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned())
    }

    /// Opens an element; `attributes` are names and values.
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push_str(&format!(" {attribute}=\"{}\"", escape(*value)));
        }
        self.0.push('>');
    }

    pub(super) fn close(&mut self, name: &str) {
        self.0.push_str(&format!("</{name}>"));
    }

    /// An element with text.
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        self.open(name, &[]);
        self.0.push_str(&escape(text));
        self.close(name);
    }

    /// An element with a blob's name or part of one: what XML cannot carry is percent-encoded and marked so.
    pub(super) fn name_of(&mut self, element: &str, name: &str) {
        if name.chars().all(is_plain) {
            return self.leaf(element, name);
        }
        self.open(element, &[("Encoded", "true")]);
        self.0.extend(utf8_percent_encode(name, NON_ALPHANUMERIC));
        self.close(element);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Characters that come back from any XML parser as they went in (XML 1.0 §2.2, §2.11).
fn is_plain(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{85}' | '\u{2028}')
}

/// An error's body.
pub(super) fn error(code: &str, message: &str) -> String {
    let mut xml = Xml::new();
    xml.open("Error", &[]);
    xml.leaf("Code", code);
    xml.leaf("Message", message);
    xml.close("Error");
    xml.finish()
}

/// Why a block list's body was refused.
#[derive(Debug)]
pub(super) enum BlockListError {
    /// Not the XML of a block list.
    Xml,
    /// The list itself.
    List(Error),
}

/// The entries of a Put Block List body.
pub(super) fn block_list(body: &[u8]) -> Result<Vec<BlockListEntry>, BlockListError> {
    let bad = || BlockListError::Xml;
    let body = std::str::from_utf8(body).map_err(|_| bad())?;
    let mut reader = Reader::from_str(body.strip_prefix('\u{feff}').unwrap_or(body));
    let mut entries = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut seen_root = false;
    loop {
        match reader.read_event().map_err(|_| bad())? {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                let expected = match path.len() {
                    0 => !seen_root && name == "BlockList",
                    1 => true,
                    _ => false,
                };
                if !expected {
                    return Err(bad());
                }
                seen_root = true;
                text.clear();
                path.push(name);
            }
            Event::Empty(element)
                if path.is_empty() && !seen_root && element.name().as_ref() == "BlockList" =>
            {
                seen_root = true;
            }
            Event::Text(part) if path.len() == 2 => text.push_str(&part),
            Event::Text(part) => {
                if !part.trim().is_empty() {
                    return Err(bad());
                }
            }
            Event::End(_) => {
                let name = path.pop().ok_or_else(bad)?;
                if path.len() == 1 {
                    entries.push(entry(&name, text.trim())?);
                    if entries.len() > MAX_BLOCKS {
                        return Err(BlockListError::List(Error::TooManyBlocks));
                    }
                }
            }
            Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof if path.is_empty() && seen_root => return Ok(entries),
            _ => return Err(bad()),
        }
    }
}

fn entry(element: &str, id: &str) -> Result<BlockListEntry, BlockListError> {
    let bytes = STANDARD.decode(id).map_err(|_| BlockListError::List(Error::InvalidBlockId))?;
    let id = BlockId::new(bytes).map_err(BlockListError::List)?;
    match element {
        "Committed" => Ok(BlockListEntry::Committed(id)),
        "Uncommitted" => Ok(BlockListEntry::Uncommitted(id)),
        "Latest" => Ok(BlockListEntry::Latest(id)),
        _ => Err(BlockListError::Xml),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn block_lists_as_clients_send_them() {
        let id = |text: &str| BlockId::new(text.as_bytes().to_vec()).unwrap();
        let body = "\u{feff}<?xml version='1.0' encoding='utf-8'?>\n<BlockList>\n <Latest>YQ==</Latest><Committed> Yg== </Committed>\
                    <!-- c --><Uncommitted>Yw==</Uncommitted></BlockList>\n";
        let entries = block_list(body.as_bytes()).unwrap();
        assert_eq!(
            entries,
            [
                BlockListEntry::Latest(id("a")),
                BlockListEntry::Committed(id("b")),
                BlockListEntry::Uncommitted(id("c"))
            ]
        );
        assert!(block_list(b"<BlockList/>").unwrap().is_empty());
        assert!(block_list(b"<BlockList></BlockList>").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_block_list_is_refused() {
        for bad in [
            "",
            "<BlockList>",
            "<Blocks/>",
            "<BlockList><Latest>YQ==</Latest>",
            "<BlockList><Other>YQ==</Other></BlockList>",
            "<BlockList>YQ==</BlockList>",
            "<BlockList><Latest><b>YQ==</b></Latest></BlockList>",
            "<BlockList/><BlockList/>",
            "<!DOCTYPE a [<!ENTITY b 'YQ=='>]><BlockList><Latest>&b;</Latest></BlockList>",
        ] {
            assert!(matches!(block_list(bad.as_bytes()), Err(BlockListError::Xml)), "{bad}");
        }
        for bad in ["<BlockList><Latest>?</Latest></BlockList>", "<BlockList><Latest></Latest></BlockList>"] {
            assert!(matches!(block_list(bad.as_bytes()), Err(BlockListError::List(_))), "{bad}");
        }
        let many = format!("<BlockList>{}</BlockList>", "<Latest>YQ==</Latest>".repeat(MAX_BLOCKS + 1));
        assert!(matches!(block_list(many.as_bytes()), Err(BlockListError::List(Error::TooManyBlocks))));
    }

    #[test]
    fn names_that_xml_cannot_carry_are_marked() {
        let mut xml = Xml::new();
        xml.name_of("Name", "a<&>é");
        xml.name_of("Name", "a\u{1}b\n");
        assert!(xml.finish().ends_with("<Name>a&lt;&amp;&gt;é</Name><Name Encoded=\"true\">a%01b%0A</Name>"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(block_list(&body));
        }

        #[test]
        fn nearly_right_documents_too(parts in proptest::collection::vec("<(/?)(BlockList|Latest|Committed)(/?)>|YQ==|&amp;|<!--|]]>", 0..30)) {
            drop(block_list(parts.concat().as_bytes()));
        }
    }
}
