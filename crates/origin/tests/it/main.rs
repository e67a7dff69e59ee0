//! The origin as its clients meet it.

mod url;
