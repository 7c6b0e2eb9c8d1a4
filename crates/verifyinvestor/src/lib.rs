//! Placeholder that this session replaces.
