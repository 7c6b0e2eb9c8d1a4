//! knox: login, logout and the token that every other call carries.
//!
//! Tokens are stored as digests, live ten hours on the sandbox's clock and are never refreshed. The one
//! that was presented last stays in memory as it is.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::errors;
use super::fields::{Fields, Presence};
use crate::call::Call;
use crate::clock;
use crate::json::object;
use crate::reply::{Failure, Outcome, Reply};
use crate::secrets;
use crate::state::Shared;

/// knox's default `TOKEN_TTL`.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(10);

/// Who called last, and how long that holds: most callers call again.
#[derive(Debug, Default)]
pub(crate) struct LastLogin(Mutex<Option<Login>>);

struct Login {
    token: String,
    user: i64,
    expiry: Timestamp,
    /// [`Store::logins`](crate::store::Store::logins) at the time.
    stamp: u64,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl LastLogin {
    fn user(&self, token: &str, now: Timestamp, stamp: u64) -> Option<i64> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref()?;
        (last.token == token && last.expiry > now && last.stamp == stamp).then_some(last.user)
    }

    fn keep(&self, login: Login) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(login);
    }
}

/// Finds the user behind an `Authorization` header.
pub(crate) fn authenticate<'a>(
    shared: &Shared,
    db: &Connection,
    header: &'a str,
    now: Timestamp,
) -> Result<(i64, Option<&'a str>), Failure> {
    let mut parts = header.split_ascii_whitespace();
    if !parts
        .next()
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("token"))
    {
        return Err(errors::unauthorized("Authentication credentials were not provided.").into());
    }
    let Some(token) = parts.next() else {
        return Err(errors::unauthorized("Invalid token header. No credentials provided.").into());
    };
    if parts.next().is_some() {
        return Err(errors::unauthorized(
            "Invalid token header. Token string should not contain spaces.",
        )
        .into());
    }
    let stamp = shared.store.logins();
    if let Some(user) = shared.last_login.user(token, now, stamp) {
        return Ok((user, Some(token)));
    }
    let found: Option<(i64, bool, String)> = db
        .prepare_cached(
            "SELECT users.id, users.is_active, tokens.expiry
             FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.token = ?1",
        )?
        .query_row([secrets::sha256_hex(token)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let found =
        found.and_then(|(user, active, expiry)| Some((user, active, clock::read(&expiry)?)));
    match found {
        Some((user, true, expiry)) if expiry > now => {
            shared.last_login.keep(Login {
                token: token.to_owned(),
                user,
                expiry,
                stamp,
            });
            Ok((user, Some(token)))
        }
        Some((_, false, expiry)) if expiry > now => {
            Err(errors::unauthorized("User inactive or deleted.").into())
        }
        // Unknown, logged out and expired look the same from outside.
        _ => Err(errors::unauthorized("Invalid token.").into()),
    }
}

/// `POST /api_third_party/auth/login/`. An `Authorization` header is neither needed nor looked at.
pub(crate) fn login(call: &Call<'_>) -> Outcome {
    let mut fields = Fields::of(call)?;
    let email = fields.email("email", Presence::Required);
    let password = fields.text("password", Presence::Required);
    let (Some(email), Some(password)) = (email, password) else {
        return Err(fields.refuse());
    };
    let user: Option<i64> = call
        .db
        .prepare_cached(
            "SELECT id FROM users WHERE email = ?1 AND password_sha256 = ?2 AND is_active",
        )?
        .query_row([email, secrets::sha256_hex(&password)], |row| row.get(0))
        .optional()?;
    let Some(user) = user else {
        if call.shared.switches.login_failure_status.is("401") {
            return Err(errors::wrong_credentials().into());
        }
        return Err(errors::non_field("Unable to log in with provided credentials.").into());
    };
    let now = call.now_text();
    check_limit(call, user, &now)?;
    let expiry = clock::stored(
        call.now
            .saturating_add(TOKEN_LIFE)
            .unwrap_or(Timestamp::MAX),
    );
    let token = call.opaque("knox token")?;
    call.db
        .execute("DELETE FROM tokens WHERE expiry <= ?1", [&now])?;
    call.db.execute(
        "INSERT INTO tokens (token, user_id, created_at, expiry) VALUES (?1, ?2, ?3, ?4)",
        params![secrets::sha256_hex(&token), user, now, expiry],
    )?;
    call.db.execute(
        "UPDATE users SET last_login = ?2 WHERE id = ?1",
        params![user, now],
    )?;
    Ok(Reply::ok(
        &object! { "expiry": clock::Moment::new(&expiry), "token": token },
    ))
}

/// knox's `TOKEN_LIMIT_PER_USER`; expired tokens do not count.
fn check_limit(call: &Call<'_>, user: i64, now: &str) -> Result<(), Failure> {
    let Ok(limit) = call.shared.switches.token_limit.value().parse::<i64>() else {
        return Ok(());
    };
    let count: i64 = call
        .db
        .prepare_cached("SELECT count(*) FROM tokens WHERE user_id = ?1 AND expiry > ?2")?
        .query_row(params![user, now], |row| row.get(0))?;
    if count < limit {
        return Ok(());
    }
    Err(errors::too_many_tokens().into())
}

/// `POST /api_third_party/auth/logout/`: the presented token ends.
pub(crate) fn logout(call: &Call<'_>) -> Outcome {
    let digest = secrets::sha256_hex(call.token.unwrap_or_default());
    call.db
        .execute("DELETE FROM tokens WHERE token = ?1", [digest])?;
    Ok(done(call))
}

/// `POST /api_third_party/auth/logoutall/`: all tokens of the user end.
pub(crate) fn logout_all(call: &Call<'_>) -> Outcome {
    call.db
        .execute("DELETE FROM tokens WHERE user_id = ?1", [call.user])?;
    Ok(done(call))
}

fn done(call: &Call<'_>) -> Reply {
    if call.shared.switches.logout_status.is("200") {
        return Reply::empty(StatusCode::OK);
    }
    Reply::empty(StatusCode::from_u16(call.route.status).unwrap_or(StatusCode::NO_CONTENT))
}
