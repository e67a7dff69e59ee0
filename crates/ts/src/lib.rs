//! MPEG-2 transport streams.
