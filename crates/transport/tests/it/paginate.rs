//! Lists walked against a scripted server in the place of the network. Requests wait at gates, so
//! that a test decides what comes when.

mod guards;
mod support;
mod walk;
