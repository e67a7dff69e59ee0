//! Program association and program map tables (ISO/IEC 13818-1 §2.4.4): one program, its streams.

use millrace_media::codec::CodecConfig;

use crate::crc::crc32;
use crate::segment::TsError;

pub(crate) const PAT_PID: u16 = 0;
pub(crate) const PMT_PID: u16 = 0x1000;
/// Elementary streams count up from here.
pub(crate) const FIRST_PID: u16 = 0x100;

const PROGRAM: u16 = 1;

/// A PAT section with the pointer field before it.
pub(crate) fn pat() -> Vec<u8> {
    let mut body = PROGRAM.to_be_bytes().to_vec();
    body.extend((0xe000 | PMT_PID).to_be_bytes());
    section(0, 1, &body)
}

/// A PMT section with the pointer field before it; the clock is on the first stream.
pub(crate) fn pmt(codecs: &[&CodecConfig]) -> Result<Vec<u8>, TsError> {
    let mut body = (0xe000 | FIRST_PID).to_be_bytes().to_vec();
    // No program descriptors.
    body.extend([0xf0, 0]);
    for (index, codec) in codecs.iter().enumerate() {
        let (stream_type, registration) = stream_type(codec)?;
        body.push(stream_type);
        body.extend((0xe000 | (FIRST_PID + index as u16)).to_be_bytes());
        match registration {
            None => body.extend([0xf0, 0]),
            Some(name) => {
                body.extend([0xf0, 6, 5, 4]);
                body.extend(name);
            }
        }
    }
    Ok(section(2, PROGRAM, &body))
}

/// stream_type (Table 2-34; Dolby's from ETSI/ATSC practice, as HLS authoring asks) and a registration descriptor.
fn stream_type(codec: &CodecConfig) -> Result<(u8, Option<&'static [u8; 4]>), TsError> {
    match codec {
        CodecConfig::Avc(_) => Ok((0x1b, None)),
        CodecConfig::Hevc(_) => Ok((0x24, None)),
        CodecConfig::Aac(_) => Ok((0x0f, None)),
        CodecConfig::Ac3(_) => Ok((0x81, Some(b"AC-3"))),
        CodecConfig::Eac3(_) => Ok((0x87, Some(b"EAC3"))),
        other => Err(TsError::Codec(other.rfc6381())),
    }
}

fn section(table_id: u8, extension: u16, body: &[u8]) -> Vec<u8> {
    // Five bytes follow the length before the body, four (the checksum) after it.
    let length = (5 + body.len() + 4) as u16;
    let mut out = vec![0, table_id];
    out.extend((0xb000 | length).to_be_bytes());
    out.extend(extension.to_be_bytes());
    // Version 0, current; section 0 of 0.
    out.extend([0xc1, 0, 0]);
    out.extend(body);
    let crc = crc32(&out[1..]);
    out.extend(crc.to_be_bytes());
    out
}
