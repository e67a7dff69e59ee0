//! HTTP Live Streaming playlists.
