//! A fault: what the server does, how the client is set up, what the caller does, and what has to
//! come of it for each class. Data only.

use std::time::Duration;

use accredit_transport::{CallOptions, ClientBuilder, RetryClass, RetryPolicy};

use crate::expect::Expect;
use crate::operations::Form;
use crate::script::{Connection, Step, connections_for};
use crate::server::Recorded;

/// Where the client goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// The server, in clear text.
    #[default]
    Plain,
    /// The server, over TLS, its authority being trusted.
    Tls,
    /// The server, over TLS, its authority being unknown.
    Untrusted,
    /// The server's port, where nobody listens until the caller says so.
    Deaf,
    /// A name that cannot be resolved.
    Nowhere,
}

/// Where the tokens come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// There is one.
    #[default]
    ForGood,
    /// There is another one whenever one is refused.
    Renewed,
    /// The same, but the first login for this one never ends.
    Until(u32),
}

/// What the caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Makes a call, once the pool has taken back what it can, and waits for its end.
    Call,
    /// Makes a call without letting anything else happen before.
    CallAtOnce,
    /// Makes so many calls at once and waits for all of them.
    Together(usize),
    /// Starts a call and goes on.
    Start,
    /// Waits for the call that was started.
    Finish,
    /// Makes a call and lets go of it when the gate opens.
    DropAt(&'static str),
    /// Makes a call to another origin.
    CallForeign,
    Open(&'static str),
    Wait(&'static str),
    /// Lets the server take connections.
    Listen,
    /// Does what no client may do.
    SpringTrap,
    /// Lets everything happen that needs no time.
    Settle,
    /// Moves the paused clock.
    Advance(Duration),
}

/// A check of what stood on the wire.
pub(crate) type Check = fn(&[Recorded]) -> Result<(), String>;

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) script: Vec<Connection>,
    pub(crate) form: Form,
    pub(crate) acts: Vec<Act>,
    pub(crate) tokens: Tokens,
    pub(crate) held: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) builder: fn(ClientBuilder) -> ClientBuilder,
    pub(crate) policy: fn(RetryPolicy) -> RetryPolicy,
    pub(crate) options: fn(CallOptions) -> CallOptions,
    pub(crate) check: Option<Check>,
    expected: [Option<Expect>; 2],
}

/// A fault that every connection brings.
pub(crate) fn each(name: &'static str, connection: Connection) -> Fault {
    script(name, [connection])
}

/// A fault that takes several connections.
pub(crate) fn script(name: &'static str, script: impl IntoIterator<Item = Connection>) -> Fault {
    Fault {
        name,
        place: Place::default(),
        script: script.into_iter().collect(),
        form: Form::default(),
        acts: vec![Act::Call],
        tokens: Tokens::default(),
        held: false,
        deadline: None,
        builder: |builder| builder,
        policy: |policy| policy,
        options: |options| options,
        check: None,
        expected: [None, None],
    }
}

impl Fault {
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    pub(crate) fn acts(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts = acts.into_iter().collect();
        self
    }

    /// The tokens come from a source that has another one.
    pub(crate) fn renewable(mut self) -> Self {
        self.tokens = Tokens::Renewed;
        self
    }

    /// The first login for the token of this epoch, from 0, takes for ever.
    pub(crate) fn tokens_until(mut self, epoch: u32) -> Self {
        self.tokens = Tokens::Until(epoch);
        self
    }

    /// The clock stands still, unless a step moves it.
    pub(crate) fn held(mut self) -> Self {
        self.held = true;
        self
    }

    /// The deadline of the whole call; 60 s unless set.
    pub(crate) fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    pub(crate) fn builder(mut self, change: fn(ClientBuilder) -> ClientBuilder) -> Self {
        self.builder = change;
        self
    }

    pub(crate) fn policy(mut self, change: fn(RetryPolicy) -> RetryPolicy) -> Self {
        self.policy = change;
        self
    }

    pub(crate) fn options(mut self, change: fn(CallOptions) -> CallOptions) -> Self {
        self.options = change;
        self
    }

    pub(crate) fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    /// What has to come of it for `Read` and `IdempotentWrite`.
    pub(crate) fn repeatable(mut self, expect: Expect) -> Self {
        self.expected[0] = Some(expect);
        self
    }

    /// What has to come of it for `UnsafeWrite` and `EffectfulRead`.
    pub(crate) fn risky(mut self, expect: Expect) -> Self {
        self.expected[1] = Some(expect);
        self
    }

    /// What has to come of it for every class.
    pub(crate) fn all(self, expect: Expect) -> Self {
        self.repeatable(expect.clone()).risky(expect)
    }

    /// What has to come of it for a class, with the number of connections worked out.
    pub(crate) fn expected(&self, class: RetryClass) -> Expect {
        let place = usize::from(!class.is_repeatable());
        let mut expect = self.expected[place]
            .clone()
            .unwrap_or_else(|| panic!("{} expects nothing of {class:?}", self.name));
        let connections = connections_for(&self.script, expect.requests);
        expect.connections.get_or_insert(connections);
        expect
    }

    /// Whether its clock stands still.
    pub(crate) fn is_held(&self) -> bool {
        let moves = |step: &Step| matches!(step, Step::Advance(_));
        self.held
            || self.script.iter().flatten().any(moves)
            || self.acts.iter().any(|act| matches!(act, Act::Advance(_)))
    }
}
