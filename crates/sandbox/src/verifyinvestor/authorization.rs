//! `/authorization/{token}`: where an investor lets the account see and request verifications.
//!
//! The form's fields are `decision` (`grant`, the default, or `refuse`), `identifier`, `email`,
//! `first_name`, `last_name`, `legal_name`, `portal_name` and `redirect_url`; those that the form
//! lacks come from the link's query.

use http::StatusCode;
use rusqlite::{OptionalExtension, params};

use super::{invitations, legal_names};
use crate::credentials::AUTHORIZATION_TOKEN;
use crate::pages::{self, Visit, escape};
use crate::reply::{Failure, Outcome, Reply};

/// Shows the page, or takes the decision and sends the browser back with `vi_user_id` and
/// `identifier`.
pub(crate) fn page(visit: &Visit<'_>, token: &str) -> Outcome {
    if token != AUTHORIZATION_TOKEN {
        return Err(pages::not_found().into());
    }
    let Some(identifier) = visit.field("identifier") else {
        let body = "<p>The link lacks the identifier of the investor.</p>";
        return Err(pages::page(StatusCode::UNPROCESSABLE_ENTITY, "Incomplete link", body).into());
    };
    let portal = visit.field("portal_name").unwrap_or_default();
    let known: Option<i64> = visit
        .db
        .prepare_cached(
            "SELECT user_id FROM vi_authorizations WHERE portal_name = ?1 AND identifier = ?2",
        )?
        .query_row([portal, identifier], |row| row.get(0))
        .optional()?;
    if let Some(user) = known {
        // Authorised before: straight back, without a question.
        return Ok(send_back(visit, user, identifier));
    }
    if !visit.is_post {
        return Ok(form(visit, identifier));
    }
    if visit.field("decision") == Some("refuse") {
        return Ok(pages::page(
            StatusCode::OK,
            "Access refused",
            "<p>Nothing was shared.</p>",
        ));
    }
    let user = grant(visit, portal, identifier)?;
    Ok(send_back(visit, user, identifier))
}

fn grant(visit: &Visit<'_>, portal: &str, identifier: &str) -> Result<i64, Failure> {
    let email = visit
        .field("email")
        .filter(|email| email.contains('@'))
        .ok_or_else(|| {
            let body = "<p>An e-mail address is needed to grant access.</p>";
            pages::page(StatusCode::UNPROCESSABLE_ENTITY, "Access not granted", body)
        })?;
    let first_name = visit.field("first_name").unwrap_or_default();
    let last_name = visit.field("last_name").unwrap_or_default();
    let now = visit.now_text();
    visit.db.execute(
        "INSERT INTO vi_users (first_name, last_name, email, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (email) DO NOTHING",
        params![first_name, last_name, email, now],
    )?;
    let (user, own_name): (i64, String) = visit
        .db
        .prepare_cached("SELECT id, first_name || ' ' || last_name FROM vi_users WHERE email = ?1")?
        .query_row([email], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // A user who comes back under another identifier keeps one authorization per portal, with the
    // new identifier.
    let authorization: i64 = visit
        .db
        .prepare_cached(
            "INSERT INTO vi_authorizations (user_id, portal_name, identifier, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_id, portal_name) DO UPDATE SET identifier = excluded.identifier RETURNING id",
        )?
        .query_row(params![user, portal, identifier, now], |row| row.get(0))?;
    let name = legal_names::stored(visit.field("legal_name").unwrap_or(&own_name));
    if !name.is_empty() {
        visit.db.execute(
            "INSERT INTO vi_legal_names (authorization_id, legal_name, normalized) VALUES (?1, ?2, ?3)
             ON CONFLICT (authorization_id, normalized) DO NOTHING",
            params![authorization, name, legal_names::normalized(&name)],
        )?;
    }
    invitations::take_up(visit.shared, visit.db, visit.now, user, portal)?;
    Ok(user)
}

fn send_back(visit: &Visit<'_>, user: i64, identifier: &str) -> Reply {
    let Some(target) = visit.field("redirect_url") else {
        let body = format!("<p>Access is granted. VerifyInvestor user: {user}.</p>");
        return pages::page(StatusCode::OK, "Access granted", &body);
    };
    if !target.starts_with("http://") && !target.starts_with("https://") {
        return pages::page(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Incomplete link",
            "<p>The return address is no web address.</p>",
        );
    }
    let (target, fragment) = target
        .split_once('#')
        .map_or((target, None), |(target, rest)| (target, Some(rest)));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("vi_user_id", &user.to_string())
        .append_pair("identifier", identifier)
        .finish();
    let separator = if target.contains('?') { '&' } else { '?' };
    let fragment = fragment
        .map(|fragment| format!("#{fragment}"))
        .unwrap_or_default();
    Reply::redirect(
        StatusCode::FOUND,
        &format!("{target}{separator}{query}{fragment}"),
    )
}

fn form(visit: &Visit<'_>, identifier: &str) -> Reply {
    let value = |name: &str| visit.field(name).unwrap_or_default();
    let party = visit.field("portal_name").unwrap_or("the issuer");
    let body = format!(
        "<p>{} asks for access to your verifications, as investor {}.</p>\n\
         <form method=\"post\" action=\"{}\">\n{}{}{}{}{}{}</form>",
        escape(party),
        escape(identifier),
        escape(visit.address),
        pages::input(
            "first_name",
            "First name",
            "text",
            value("first_name"),
            false
        ),
        pages::input("last_name", "Last name", "text", value("last_name"), false),
        pages::input("email", "E-mail", "email", value("email"), true),
        pages::input(
            "legal_name",
            "Legal name to verify",
            "text",
            value("legal_name"),
            false
        ),
        pages::button("grant", "Grant access"),
        pages::button("refuse", "Refuse"),
    );
    pages::page(StatusCode::OK, "Grant access", &body)
}
