//! One call under construction.

accredit_transport::declare_call!(crate::Client);

impl<O> Call<O> {
    /// For flows of several calls that begin with this one.
    pub(crate) fn into_parts(self) -> (crate::Client, O, accredit_transport::CallOptions) {
        (self.client, self.operation, self.options)
    }
}
