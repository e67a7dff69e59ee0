//! Request bodies: streamed, checked against what their headers say, drained when refused.

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::StatusCode;
use md5::{Digest, Md5};

use super::crc64::Crc64;
use super::failure::Failure;
use super::headers;
use super::request::Call;
use crate::error::Error;

/// Bytes of a refused body that are read and thrown away, so that the client sees the answer instead of a broken pipe.
const MAX_DRAIN: u64 = 256 << 20;
/// And for how long.
const DRAIN_TIME: std::time::Duration = std::time::Duration::from_secs(30);

/// A request body, not read yet or partly.
pub(super) struct Incoming {
    stream: BodyDataStream,
    done: bool,
}

/// What is checked while a body streams by.
pub(super) struct Checks {
    announced: u64,
    md5: Option<Md5>,
    wanted_md5: Option<[u8; 16]>,
    crc64: Option<Crc64>,
    wanted_crc64: Option<[u8; 8]>,
    got: u64,
}

/// What a checked body turned out to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Checked {
    pub(super) md5: Option<[u8; 16]>,
    pub(super) crc64: Option<[u8; 8]>,
}

impl Incoming {
    pub(super) fn new(body: Body) -> Self {
        Self { stream: body.into_data_stream(), done: false }
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self.stream.next().await {
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(error)) => {
                self.done = true;
                Err(Error::Body(error.into()))
            }
            None => {
                self.done = true;
                Ok(None)
            }
        }
    }

    /// The whole body, of at most `limit` bytes, checked.
    pub(super) async fn collect(&mut self, mut checks: Checks, limit: u64) -> Result<Bytes, Failure> {
        let mut all = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            checks.update(&bytes);
            if checks.got > limit {
                return Err(Error::TooLarge { length: checks.got, limit }.into());
            }
            all.extend_from_slice(&bytes);
        }
        checks.finish()?;
        Ok(all.freeze())
    }

    pub(super) async fn drain(&mut self) {
        let drained = async {
            let mut left = MAX_DRAIN;
            while !self.done && left > 0 {
                let Ok(Some(bytes)) = self.next().await else { return };
                left = left.saturating_sub(bytes.len() as u64);
            }
        };
        // Too slow or too long: the connection is closed instead, which is an answer too.
        tokio::time::timeout(DRAIN_TIME, drained).await.ok();
    }
}

impl Checks {
    /// Checks for the headers of a call: length (required, at most `limit`), MD5, CRC-64. `always_md5` computes it unasked.
    pub(super) fn of(call: &Call<'_>, limit: u64, always_md5: bool) -> Result<Self, Failure> {
        let Some(length) = call.header("content-length")? else {
            let message = "The content length for the request was not specified.";
            return Err(Failure::new(StatusCode::LENGTH_REQUIRED, "MissingContentLengthHeader", message));
        };
        let announced: u64 = length.parse().map_err(|_| Failure::header("content-length"))?;
        if announced > limit {
            return Err(Error::TooLarge { length: announced, limit }.into());
        }
        let (wanted_md5, wanted_crc64) = (headers::md5(call, "content-md5")?, headers::crc64(call)?);
        Ok(Self {
            announced,
            md5: (always_md5 || wanted_md5.is_some()).then(Md5::new),
            wanted_md5,
            crc64: wanted_crc64.map(|_| Crc64::new()),
            wanted_crc64,
            got: 0,
        })
    }

    pub(super) fn announced(&self) -> u64 {
        self.announced
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.got = self.got.saturating_add(bytes.len() as u64);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(crc64) = &mut self.crc64 {
            crc64.update(bytes);
        }
    }

    /// Decides whether the body was what its headers said.
    pub(super) fn finish(self) -> Result<Checked, Error> {
        if self.got != self.announced {
            return Err(Error::LengthMismatch { announced: self.announced, got: self.got });
        }
        let md5 = self.md5.map(|md5| md5.finalize().into());
        if self.wanted_md5.is_some() && self.wanted_md5 != md5 {
            return Err(Error::Md5Mismatch);
        }
        let crc64 = self.crc64.map(Crc64::finish);
        if self.wanted_crc64.is_some() && self.wanted_crc64 != crc64 {
            return Err(Error::Crc64Mismatch);
        }
        Ok(Checked { md5, crc64 })
    }
}
