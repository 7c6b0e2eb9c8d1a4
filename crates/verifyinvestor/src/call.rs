//! One call under construction.

accredit_transport::declare_call!(crate::Client);
