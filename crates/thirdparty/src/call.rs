//! One call under construction.

accredit_transport::declare_call!(crate::Client);

impl<O> Call<O> {
    /// What it is made of, for what sends it in a way of its own.
    pub(crate) fn into_parts(self) -> (crate::Client, O, accredit_transport::CallOptions) {
        (self.client, self.operation, self.options)
    }
}
