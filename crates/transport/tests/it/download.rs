//! Files that are read as they come.

mod file;
mod names;
mod stream;
mod support;
mod wire;
