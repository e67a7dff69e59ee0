//! ISO base media files: read, write, fragments, and the Smooth Streaming boxes.
