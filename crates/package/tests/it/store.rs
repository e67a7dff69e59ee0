//! Objects in memory, and plans carried out on them.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use millrace_package::{
    Body, Extent, Piece, Plan, Step, TrackIndex,
    import::{Import, ImportError, Importer, IsmTrack, SourceBlob},
    plan,
    pointer::heads_blob,
};

/// Objects by name.
#[derive(Default)]
pub(crate) struct Store(pub(crate) HashMap<String, Bytes>);

impl Store {
    pub(crate) fn put(&mut self, name: &str, bytes: impl Into<Bytes>) {
        self.0.insert(name.to_owned(), bytes.into());
    }

    pub(crate) fn read(&self, extent: &Extent) -> Bytes {
        let start = extent.offset as usize;
        self.0[&*extent.object].slice(start..start + extent.len as usize)
    }

    pub(crate) fn body(&self, body: &Body) -> Bytes {
        let mut out = BytesMut::new();
        for piece in body.pieces() {
            match piece {
                Piece::Bytes(bytes) => out.extend_from_slice(bytes),
                Piece::Stored(extent) => out.extend_from_slice(&self.read(extent)),
            }
        }
        assert_eq!(out.len() as u64, body.len());
        out.freeze()
    }

    pub(crate) fn run(&self, plan: Plan) -> Bytes {
        match plan.step {
            Step::Body(body) => self.body(&body),
            Step::Read(request) => {
                let mut bytes = BytesMut::new();
                for extent in request.reads() {
                    bytes.extend_from_slice(&self.read(extent));
                }
                self.body(&request.finish(bytes.freeze()).unwrap())
            }
        }
    }

    /// Initialization segment and all segments.
    pub(crate) fn cmaf(&self, index: &TrackIndex) -> Vec<u8> {
        let mut out = self.run(plan::init(index)).to_vec();
        for segment in index.segments() {
            out.extend_from_slice(&self.run(plan::segment(index, segment.time).unwrap()));
        }
        out
    }

    /// Imports what is stored, as `names` or a server manifest say, and stores the heads.
    pub(crate) fn import(
        &mut self,
        names: &[&str],
        ism: Option<Vec<IsmTrack>>,
    ) -> Result<Import, ImportError> {
        let blob = |name: &&str| SourceBlob {
            name: (*name).to_owned(),
            size: self.0[*name].len() as u64,
            etag: "1".into(),
        };
        let mut importer = Importer::new(names.iter().map(blob).collect(), ism)?;
        while let Some(need) = importer.need() {
            let start = need.offset as usize;
            let bytes = self.0[need.file].slice(start..start + need.len as usize);
            importer.feed(bytes)?;
        }
        let import = importer.finish()?;
        for track in &import.tracks {
            self.put(&heads_blob(track.index.key()), track.heads.clone());
        }
        Ok(import)
    }
}
