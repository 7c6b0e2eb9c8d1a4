//! What a route is: the words that the generated table is written in. Decides nothing about what a route does.

use crate::generated::routes::Operation;

/// Which of the two services an operation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    ThirdParty,
    VerifyInvestor,
}

/// How the value of a query parameter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Present and not empty switches it on.
    Any,
    Boolean,
    DateTime,
    Date,
    Decimal,
    Integer,
    /// One of a list.
    Choice(&'static [&'static str]),
    Text,
}

/// One query parameter: its wire name, how its value reads, and whether it is a comma list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) list: bool,
}

impl Parameter {
    pub(crate) const fn one(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            list: false,
        }
    }

    pub(crate) const fn list(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            list: true,
        }
    }
}

/// One route: where it is served, what it answers by default, and what it filters by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) authenticated: bool,
    pub(crate) parameters: &'static [Parameter],
}
