//! Edit lists: how media time becomes presentation time (ISO/IEC 14496-12 §8.6.6).

use millrace_media::{Timescale, rescale};

use crate::atom::Atom;
use crate::{ParseError, Problem};

/// One entry of an edit list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// How long it is shown, in ticks of the *movie*; 0 in a fragmented file means "as long as it lasts".
    pub duration: u64,
    /// Where in the media it begins, in ticks of the track; `None` is an empty edit, a pause before the media.
    pub media_time: Option<i64>,
    /// Whether the picture stands still (a rate of 0).
    pub dwell: bool,
}

/// The edits of a track in order; empty when it is shown as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditList {
    /// The entries.
    pub edits: Vec<Edit>,
}

impl EditList {
    pub(super) fn parse(elst: &Atom<'_>) -> Result<Self, ParseError> {
        let (version, _, mut fields) = elst.full()?;
        let count = fields.u32()?;
        let entry = match version {
            0 => 12,
            1 => 20,
            other => return Err(elst.error(Problem::UnknownVersion(other))),
        };
        // The table has to be there before anything is allocated for it.
        let mut check = fields;
        check.table(count, entry)?;
        let mut edits = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let duration = fields.word(version)?;
            let media_time = if version == 0 { fields.i32()?.into() } else { fields.u64()? as i64 };
            let rate = fields.u32()?;
            let media_time = (media_time >= 0).then_some(media_time);
            edits.push(Edit { duration, media_time, dwell: media_time.is_some() && rate == 0 });
        }
        Ok(Self { edits })
    }

    /// Ticks of the track to add to media time to get presentation time: pauses before the media, less what the first
    /// edit trims. Later edits are not followed: one offset is what a manifest's time line can carry.
    pub fn presentation_offset(&self, movie: Timescale, track: Timescale) -> i64 {
        let pauses = self.edits.iter().take_while(|edit| edit.media_time.is_none());
        let pause = pauses.fold(0_i64, |sum, edit| sum.saturating_add_unsigned(edit.duration));
        let trimmed = self.edits.iter().find_map(|edit| edit.media_time).unwrap_or(0);
        rescale(pause, movie, track).saturating_sub(trimmed)
    }

    /// Whether one offset says it all: pauses, then at most one stretch of media at normal speed.
    pub fn is_simple(&self) -> bool {
        let media = self.edits.iter().skip_while(|edit| edit.media_time.is_none());
        media.clone().count() <= 1 && media.into_iter().all(|edit| !edit.dwell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(duration: u64, media_time: Option<i64>) -> Edit {
        Edit { duration, media_time, dwell: false }
    }

    #[test]
    fn sums_pauses_and_the_first_trim() {
        let movie = Timescale::MILLIS;
        let track = Timescale::MPEG;
        let check = |edits: &[Edit], offset, simple| {
            let list = EditList { edits: edits.to_vec() };
            assert_eq!((list.presentation_offset(movie, track), list.is_simple()), (offset, simple));
        };
        check(&[], 0, true);
        check(&[edit(1000, Some(1024))], -1024, true);
        check(&[edit(500, None), edit(1000, Some(0))], 45_000, true);
        check(&[edit(500, None), edit(1000, Some(3000))], 42_000, true);
        check(&[edit(10, Some(0)), edit(10, Some(90_000))], 0, false);
        check(&[edit(u64::MAX, None), edit(u64::MAX, None)], i64::MAX, true);
    }
}
