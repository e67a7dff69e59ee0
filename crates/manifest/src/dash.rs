//! MPEG-DASH: the MPD.
