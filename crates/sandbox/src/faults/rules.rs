//! The faults of a running sandbox, and which request each of them hits.
//!
//! The draws depend on the seed, the rule and the number of calls that the rule could have hit, and
//! on nothing else: the same rules and calls hit the same calls again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use http::Method;

use super::{ANY, CERTAIN, Effect, Fault, InjectedFault, When, syntax};
use crate::generated::routes::ROUTES;
use crate::routing::{self, Destination};

/// The request header that asks for a fault.
pub(super) const HEADER: &str = "x-sandbox-fault";
/// How many hits are remembered.
const REMEMBERED: usize = 1_000;

/// All faults of a sandbox.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    rules: Vec<InjectedFault>,
    hits: VecDeque<Hit>,
    hit_count: u64,
}

/// One request that was hit.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub(super) number: u64,
    /// `None`: the request asked for it by its header.
    pub(super) rule: Option<u64>,
    pub(super) operation: &'static str,
    pub(super) effect: &'static str,
}

/// What is to happen to one request.
#[derive(Clone, Debug)]
pub(crate) struct Strike {
    /// `None`: the request asked for it by its header.
    pub(super) rule: Option<u64>,
    /// Empty when it calls none.
    pub(super) operation: &'static str,
    pub(super) when: When,
    pub(super) effect: Effect,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            state: Mutex::default(),
        }
    }

    /// Adds a fault behind the others.
    pub(crate) fn inject(&self, fault: Fault) -> Result<InjectedFault, String> {
        check(&fault)?;
        let mut state = self.lock();
        state.last_id += 1;
        let injected = InjectedFault {
            id: state.last_id,
            fault,
            seen: 0,
            used: 0,
        };
        state.rules.push(injected.clone());
        Ok(injected)
    }

    /// All faults, in the order in which they are tried.
    pub(crate) fn all(&self) -> Vec<InjectedFault> {
        self.lock().rules.clone()
    }

    /// The latest hits, oldest first.
    pub(super) fn hits(&self) -> Vec<Hit> {
        self.lock().hits.iter().cloned().collect()
    }

    /// Removes one; whether it was there.
    pub(super) fn remove(&self, id: u64) -> bool {
        let mut state = self.lock();
        let before = state.rules.len();
        state.rules.retain(|rule| rule.id != id);
        state.rules.len() < before
    }

    /// Removes all, and forgets what they hit.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
    }

    /// Keeps the rules and forgets what they hit: they begin anew.
    pub(crate) fn rewind(&self) {
        let mut state = self.lock();
        state.hits.clear();
        state.hit_count = 0;
        for rule in &mut state.rules {
            rule.seen = 0;
            rule.used = 0;
        }
    }

    /// Decides what happens to a request; an error says what its header may hold.
    pub(crate) fn decide(&self, request: &Request) -> Result<Option<Strike>, String> {
        let mut asked = request.headers().get_all(HEADER).iter();
        let wanted = asked.next();
        let mut state = self.lock();
        if wanted.is_none() && state.rules.is_empty() {
            return Ok(None);
        }
        if asked.next().is_some() {
            return Err(format!("{HEADER} may be given once"));
        }
        let operation = operation(request);
        let (rule, fault) = match wanted {
            Some(text) => (
                None,
                syntax::read_header(text.to_str().unwrap_or_default())?,
            ),
            None => match state.draw(self.seed, operation) {
                Some((id, fault)) => (Some(id), fault),
                None => return Ok(None),
            },
        };
        state.remember(rule, operation, syntax::name(&fault.effect));
        Ok(Some(Strike {
            rule,
            operation,
            when: fault.when,
            effect: fault.effect,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The first rule that hits. A rule that comes after it neither sees the call nor draws.
    fn draw(&mut self, seed: u64, operation: &str) -> Option<(u64, Fault)> {
        self.rules.iter_mut().find_map(|rule| {
            let fault = &rule.fault;
            let meant = fault.operation == ANY || fault.operation == operation;
            if !meant || fault.times.is_some_and(|times| rule.used >= times) {
                return None;
            }
            rule.seen += 1;
            let drawn = mix(seed ^ mix(rule.id ^ mix(rule.seen))) % u64::from(CERTAIN);
            if drawn >= u64::from(fault.chance) {
                return None;
            }
            rule.used += 1;
            Some((rule.id, fault.clone()))
        })
    }

    fn remember(&mut self, rule: Option<u64>, operation: &'static str, effect: &'static str) {
        self.hit_count += 1;
        if self.hits.len() == REMEMBERED {
            self.hits.pop_front();
        }
        self.hits.push_back(Hit {
            number: self.hit_count,
            rule,
            operation,
            effect,
        });
    }
}

/// The operation that a request calls; empty when it calls none.
fn operation(request: &Request) -> &'static str {
    let method = match *request.method() {
        Method::HEAD => "GET",
        ref other => other.as_str(),
    };
    match routing::resolve(request.uri().path()) {
        Destination::Found(found) => found
            .routes
            .iter()
            .find(|route| route.method == method)
            .map_or("", |route| route.name),
        _ => "",
    }
}

/// Refuses a fault that could never hit, or could not be carried out.
fn check(fault: &Fault) -> Result<(), String> {
    let name = &fault.operation;
    if name != ANY && !ROUTES.iter().any(|route| route.name == name) {
        let names: Vec<_> = ROUTES.iter().map(|route| route.name).collect();
        return Err(format!(
            "there is no operation {name:?}; accepted are {ANY}, {}",
            names.join(", ")
        ));
    }
    syntax::check(&fault.effect)
}

/// The finaliser of SplitMix64: spreads the bits of a number.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(seed: u64, fault: Fault, calls: usize) -> Vec<bool> {
        let faults = Faults::new(seed);
        faults.inject(fault).unwrap();
        (0..calls)
            .map(|_| faults.lock().draw(seed, "investments.list").is_some())
            .collect()
    }

    #[test]
    fn draws_follow_from_the_seed_and_keep_to_the_chance() {
        let fault = || Fault::new(Effect::Reset).chance(1, 4);
        let first = hits(7, fault(), 4_000);
        assert_eq!(first, hits(7, fault(), 4_000));
        assert_ne!(first, hits(8, fault(), 4_000));
        let count = first.iter().filter(|hit| **hit).count();
        assert!((900..1_100).contains(&count), "{count}");
        assert!(hits(7, fault().chance(0, 1), 100).iter().all(|hit| !hit));
        assert!(hits(7, fault().chance(5, 1), 100).iter().all(|hit| *hit));
    }

    #[test]
    fn a_rule_hits_as_often_as_it_may_and_only_its_operation() {
        let twice = Fault::new(Effect::Reset).times(2);
        assert_eq!(hits(1, twice, 4), [true, true, false, false]);
        let other = Fault::new(Effect::Reset).on("investments.create");
        assert_eq!(hits(1, other, 2), [false, false]);
    }
}
