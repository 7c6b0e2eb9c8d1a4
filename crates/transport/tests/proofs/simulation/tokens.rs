//! Sources of tokens: one for good, the session of the crate, and a simple one of the test's own
//! that logs in for every call that has none.

use std::sync::{Arc, Mutex};

use accredit_transport::{
    ClientBuilder, Error, ErrorKind, Lease, Login, Session, Token, TokenSource, async_trait,
};

use super::schedule::Tokens;
use super::world::World;

/// Gives the client the source that the schedule has.
pub(crate) fn provide(builder: ClientBuilder, tokens: Tokens, world: &Arc<World>) -> ClientBuilder {
    let server = Server {
        world: Arc::clone(world),
        moody: tokens == Tokens::Moody,
        logins: Mutex::new(0),
    };
    match tokens {
        Tokens::Fixed => builder.token(Token::new("Token", "fixed").unwrap()),
        Tokens::Session | Tokens::Moody => builder.token_source(Session::new(server)),
        Tokens::Simple => builder.token_source(Simple {
            server,
            current: Mutex::new(None),
        }),
    }
}

/// Where logins go: takes a while, and on bad days fails or hangs.
struct Server {
    world: Arc<World>,
    moody: bool,
    logins: Mutex<u32>,
}

#[async_trait]
impl Login for Server {
    async fn log_in(&self) -> Result<Lease, Error> {
        let wait = self.world.draw(|rng| rng.time(500));
        tokio::time::sleep(wait).await;
        let fate = if self.moody {
            self.world.draw(|rng| rng.below(12))
        } else {
            12
        };
        self.world.note(|| format!("login: {fate}"));
        match fate {
            0 => Err(Error::new(ErrorKind::Connect).with_detail("no login today")),
            1 => Err(Error::new(ErrorKind::Unauthorized).with_detail("wrong password")),
            2 => std::future::pending().await,
            _ => {
                let number = {
                    let mut logins = self.logins.lock().unwrap();
                    *logins += 1;
                    *logins
                };
                let token = Token::new("Token", &format!("t{number}")).unwrap();
                Ok(Lease::new(token).lifetime(self.world.draw(|rng| rng.time(60_000))))
            }
        }
    }
}

struct Simple {
    server: Server,
    current: Mutex<Option<Token>>,
}

#[async_trait]
impl TokenSource for Simple {
    async fn token(&self) -> Result<Token, Error> {
        let token = self.server.log_in().await?.token().clone();
        *self.current.lock().unwrap() = Some(token.clone());
        Ok(token)
    }

    fn ready(&self) -> Option<Token> {
        self.current.lock().unwrap().clone()
    }

    async fn invalidate(&self, rejected: &Token) -> bool {
        let mut current = self.current.lock().unwrap();
        current.take_if(|current| current == rejected);
        true
    }
}
