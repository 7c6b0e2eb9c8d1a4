#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "inbox")]
#[doc(inline)]
pub use accredit_inbox as inbox;
#[doc(inline)]
pub use accredit_models as models;
#[doc(inline)]
pub use accredit_thirdparty as thirdparty;
#[doc(inline)]
pub use accredit_transport as transport;
#[doc(inline)]
pub use accredit_verifyinvestor as verifyinvestor;

pub use accredit_models::{Date, Json, Money, Page, Percent, Personal, Secret, Timestamp};
#[cfg(feature = "blocking")]
pub use accredit_transport::Blocking;
pub use accredit_transport::{Error, ErrorKind};

pub mod recipes;

pub mod prelude {
    //! What most programs import: `use accredit::prelude::*;`.

    pub use accredit_models::{
        Date, Money, Page, Personal, Secret, Timestamp, open_enum::OpenEnum as _,
    };
    pub use accredit_thirdparty::{Credentials, ErrorExt as _};
    pub use accredit_transport::{Error, ErrorKind, Operation as _};
}
