//! The handles: one a resource, one method an operation. They hold a client and nothing else.

mod auth;
mod investments;
mod investor_signatures;
mod investors;
mod invoices;
mod kyb_documents;

pub use auth::Auth;
pub use investments::Investments;
pub use investor_signatures::InvestorSignatures;
pub use investors::Investors;
pub use invoices::Invoices;
pub use kyb_documents::KybDocuments;

/// Declares the handle of a resource.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            client: crate::Client,
        }

        impl $name {
            pub(crate) fn new(client: &crate::Client) -> Self {
                Self { client: client.clone() }
            }
        }
    };
}

use handle;
