//! The handles: one a resource, one method an operation. They hold a client and nothing else.

mod account;
mod invitations;
mod simulation;
mod user_verification_requests;
mod users;
mod verification_requests;

pub use account::Account;
pub use invitations::Invitations;
pub use simulation::Simulation;
pub use user_verification_requests::UserVerificationRequests;
pub use users::Users;
pub use verification_requests::VerificationRequests;

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
