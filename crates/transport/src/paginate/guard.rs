//! Notices a server that leads in circles. Keeps eight bytes a page.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::Cursor;

/// The places that were named so far.
#[derive(Default)]
pub(super) struct Guard {
    number: Option<u64>,
    /// Hashes in the place of the tokens, which a server can make megabytes long. With the 10,000
    /// pages of the default, two tokens are taken for one in 3 of 10^12 walks.
    tokens: HashSet<u64>,
    hasher: RandomState,
}

impl Guard {
    /// Takes note of a place.
    ///
    /// # Errors
    ///
    /// What is wrong, in words, when the walk was there before.
    pub(super) fn pass(&mut self, cursor: &Cursor) -> Result<(), String> {
        match cursor {
            Cursor::Page(next) => match self.number.replace(*next) {
                Some(last) if *next <= last => {
                    Err(format!("the server named page {next} after page {last}"))
                }
                _ => Ok(()),
            },
            Cursor::Token(token) => {
                if self.tokens.insert(self.hasher.hash_one(token)) {
                    Ok(())
                } else {
                    Err(String::from("the server named the same page twice"))
                }
            }
        }
    }
}
