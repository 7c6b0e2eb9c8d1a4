//! A source of tokens that logs in with a delay, and on bad days fails or hangs.

use std::sync::{Arc, Mutex};

use accredit_transport::{Error, ErrorKind, Token, TokenSource, async_trait};

use super::schedule::Tokens;
use super::world::World;

pub(crate) struct Source {
    pub(crate) world: Arc<World>,
    pub(crate) tokens: Tokens,
    /// How many logins there were, and whether the last token is good.
    pub(crate) state: Mutex<(u32, bool)>,
}

impl Source {
    fn current(&self) -> (Token, bool) {
        let (number, good) = *self.state.lock().unwrap();
        (Token::new("Token", &format!("t{number}")).unwrap(), good)
    }
}

#[async_trait]
impl TokenSource for Source {
    async fn token(&self) -> Result<Token, Error> {
        let wait = self.world.draw(|rng| rng.time(500));
        tokio::time::sleep(wait).await;
        if self.tokens == Tokens::Moody {
            match self.world.draw(|rng| rng.below(10)) {
                0 => return Err(Error::new(ErrorKind::Connect).with_detail("no login today")),
                1 => std::future::pending().await,
                _ => {}
            }
        }
        {
            let mut state = self.state.lock().unwrap();
            *state = (state.0 + 1, true);
        }
        Ok(self.current().0)
    }

    fn ready(&self) -> Option<Token> {
        let (token, good) = self.current();
        good.then_some(token)
    }

    async fn invalidate(&self, rejected: &Token) -> bool {
        if self.tokens == Tokens::Fixed {
            return false;
        }
        if self.current().0 == *rejected {
            self.state.lock().unwrap().1 = false;
        }
        true
    }
}
