//! The header of a box (ISO/IEC 14496-12 §4.2), read without the rest of the file.

use millrace_media::FourCc;

/// Name and size of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxHeader {
    /// The box type.
    pub kind: FourCc,
    /// The extended type of a `uuid` box.
    pub uuid: Option<[u8; 16]>,
    /// Bytes of this header: 8, 16, 24 or 32.
    pub header_len: u8,
    /// Bytes of the whole box, this header included; `None` when it lasts to the end of the file.
    pub size: Option<u64>,
}

/// A size smaller than the header that tells it. What follows cannot be found any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("box {kind} says it has {size} bytes, less than its header")]
pub struct HeaderError {
    /// The box type.
    pub kind: FourCc,
    /// The size it claims.
    pub size: u64,
}

impl BoxHeader {
    /// Longest header: 64-bit size and extended type. That many bytes are always enough for [`Self::parse`].
    pub const MAX_LEN: usize = 32;

    /// Reads the header at the start of `data`; `None` when more bytes are needed.
    pub fn parse(data: &[u8]) -> Result<Option<Self>, HeaderError> {
        Ok(match data.first_chunk::<8>() {
            Some([a, b, c, d, kind @ ..]) => {
                Self::parse_rest(u32::from_be_bytes([*a, *b, *c, *d]), FourCc(*kind), data)?
            }
            None => None,
        })
    }

    fn parse_rest(short: u32, kind: FourCc, data: &[u8]) -> Result<Option<Self>, HeaderError> {
        let mut header_len = 8_usize;
        let size = match short {
            0 => None,
            1 => {
                let Some(wide) = data.get(8..).and_then(<[u8]>::first_chunk::<8>) else { return Ok(None) };
                header_len = 16;
                Some(u64::from_be_bytes(*wide))
            }
            short => Some(u64::from(short)),
        };
        let mut uuid = None;
        if kind == FourCc::new(b"uuid") {
            let Some(extended) = data.get(header_len..).and_then(<[u8]>::first_chunk::<16>) else {
                return Ok(None);
            };
            uuid = Some(*extended);
            header_len += 16;
        }
        match size {
            Some(size) if size < header_len as u64 => Err(HeaderError { kind, size }),
            size => Ok(Some(Self { kind, uuid, header_len: header_len as u8, size })),
        }
    }

    /// Bytes after the header; `None` when the box lasts to the end of the file.
    pub fn body_len(&self) -> Option<u64> {
        self.size.map(|size| size - u64::from(self.header_len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(data: &[u8]) -> Result<Option<(String, u8, Option<u64>)>, HeaderError> {
        Ok(BoxHeader::parse(data)?.map(|header| (header.kind.to_string(), header.header_len, header.size)))
    }

    #[test]
    fn reads_short_long_and_open_sizes() {
        assert_eq!(parse(b"\0\0\0\x10ftypisom"), Ok(Some(("ftyp".into(), 8, Some(16)))));
        assert_eq!(parse(b"\0\0\0\0mdat"), Ok(Some(("mdat".into(), 8, None))));
        assert_eq!(parse(b"\0\0\0\x01mdat\0\0\0\x02\0\0\0\0"), Ok(Some(("mdat".into(), 16, Some(1 << 33)))));
    }

    #[test]
    fn asks_for_more() {
        assert_eq!(parse(b"\0\0\0\x10fty"), Ok(None));
        assert_eq!(parse(b"\0\0\0\x01mdat\0\0\0\x02"), Ok(None));
        assert_eq!(parse(b"\0\0\0\x40uuid0123456789abcde"), Ok(None));
    }

    #[test]
    fn refuses_a_size_below_the_header() {
        assert!(parse(b"\0\0\0\x07free").is_err());
        assert!(parse(b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x0f").is_err());
        assert!(parse(b"\0\0\0\x17uuid0123456789abcdef").is_err());
    }
}
