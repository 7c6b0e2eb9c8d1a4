//! The links that investors open, and what their browsers bring back.

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::{
    AuthorizationReturn, Client, Environment, ReturnError, UserAuthorizationToken,
};

use crate::support::{account, agree, location, public, submit};

fn client() -> Client {
    Client::builder(Environment::Production).build().unwrap()
}

#[test]
fn every_parameter_is_encoded_and_the_last_value_counts() {
    let odd = "a&b=c d+e%/?#ü";
    let encoded = "a%26b%3Dc%20d%2Be%25%2F%3F%23%C3%BC";
    let link = client()
        .authorization_link(&UserAuthorizationToken::new(odd), odd)
        .first_name("Eve")
        .first_name(odd)
        .last_name(odd)
        .email(odd)
        .legal_name(odd)
        .portal_name(odd)
        .redirect_url("https://portal.example/back?x=1&y=ü#here");
    let expected = format!(
        "https://www.verifyinvestor.com/authorization/{encoded}?identifier={encoded}&first_name={encoded}\
         &last_name={encoded}&email={encoded}&legal_name={encoded}&portal_name={encoded}\
         &redirect_url=https%3A%2F%2Fportal.example%2Fback%3Fx%3D1%26y%3D%C3%BC%23here"
    );
    assert_eq!(link.to_url().unwrap(), expected);
}

#[test]
fn a_link_without_what_it_needs_is_refused() {
    let token = UserAuthorizationToken::new("public");
    for (token, identifier, redirect, parameter) in [
        ("", "42", "https://a.test", "token"),
        (" ", "42", "https://a.test", "token"),
        ("..", "42", "https://a.test", "token"),
        ("public", "", "https://a.test", "identifier"),
        ("public", " \t", "https://a.test", "identifier"),
        ("public", ".", "https://a.test", "identifier"),
        ("public", "..", "https://a.test", "identifier"),
        ("public", "42", "", "redirect_url"),
        ("public", "42", "/back", "redirect_url"),
        ("public", "42", "javascript://a.test", "redirect_url"),
        ("public", "42", "https://", "redirect_url"),
        ("public", "42", "https:///back", "redirect_url"),
        ("public", "42", "https://:443", "redirect_url"),
        ("public", "42", "https://a.test/\r\nx", "redirect_url"),
        (
            "public",
            "42",
            "https://a.test/?identifier=1",
            "redirect_url",
        ),
        (
            "public",
            "42",
            "https://a.test?x=1&vi%5Fuser_id#y",
            "redirect_url",
        ),
    ] {
        let link = client()
            .authorization_link(&UserAuthorizationToken::new(token), identifier)
            .redirect_url(redirect);
        let error = link.to_url().unwrap_err();
        assert_eq!(
            error.parameter(),
            parameter,
            "{token} {identifier} {redirect}"
        );
        assert!(error.to_string().contains(parameter));
    }
    for redirect in [
        "HTTP://localhost:8080/back",
        "https://bücher.example/ü?x=1#y",
        "https://a.test/identifier=1?Identifier=2#?identifier=3&vi_user_id=4",
    ] {
        let link = client()
            .authorization_link(&token, "...")
            .redirect_url(redirect);
        assert!(link.to_url().is_ok(), "{redirect}");
    }
}

#[test]
fn a_return_is_read() {
    for query in [
        "vi_user_id=135&identifier=42",
        "identifier=42&vi_user_id=135",
        "x=1&identifier=42&&y&vi_user_id=135&vi_user_id[]=7&Identifier=43",
        "vi%5Fuser%5Fid=%31%33%35&identifier=4%32",
    ] {
        let back = AuthorizationReturn::from_query(query, "42").unwrap();
        assert_eq!(
            (back.user_id.get(), back.identifier.expose().as_str()),
            (135, "42")
        );
    }
    let odd = AuthorizationReturn::from_query("vi_user_id=1&identifier=a+b%26%C3%BC", "a b&ü");
    assert!(odd.is_ok());
}

#[test]
fn a_return_with_a_missing_repeated_or_foreign_parameter_is_refused() {
    use ReturnError::{Foreign, Missing, NotAUser, Repeated};
    for (query, expected, error) in [
        ("", "42", Missing("identifier")),
        ("vi_user_id=135", "42", Missing("identifier")),
        ("identifier=42", "42", Missing("vi_user_id")),
        ("vi_user_id=135&identifier=", "42", Missing("identifier")),
        ("vi_user_id=&identifier=42", "42", Missing("vi_user_id")),
        // Nobody is expected, and nobody comes.
        ("vi_user_id=135&identifier=", "", Missing("identifier")),
        ("vi_user_id=135&identifier=%20", " ", Missing("identifier")),
        ("?vi_user_id=135&identifier=42", "42", Missing("vi_user_id")),
        (
            "vi_user_id=135&identifier=42&identifier=43",
            "42",
            Repeated("identifier"),
        ),
        (
            "identifier=43&vi_user_id=135&identifier=42",
            "42",
            Repeated("identifier"),
        ),
        (
            "vi_user_id=135&identifier=42&identifier=42",
            "42",
            Repeated("identifier"),
        ),
        (
            "vi_user_id=135&vi_user_id=136&identifier=42",
            "42",
            Repeated("vi_user_id"),
        ),
        ("vi_user_id=135&identifier=43", "42", Foreign),
        ("vi_user_id=135&identifier=42%20", "42", Foreign),
        ("vi_user_id=135&identifier=A", "a", Foreign),
        ("vi_user_id=135&identifier=%FF", "\u{fe}", Foreign),
        ("vi_user_id=x&identifier=42", "42", NotAUser),
        ("vi_user_id=-1&identifier=42", "42", NotAUser),
        ("vi_user_id=%2B1&identifier=42", "42", NotAUser),
        (
            "vi_user_id=18446744073709551616&identifier=42",
            "42",
            NotAUser,
        ),
    ] {
        let read = AuthorizationReturn::from_query(query, expected);
        assert_eq!(read, Err(error), "{query}");
        assert!(!error.to_string().contains("43") && !format!("{error:?}").contains("43"));
    }
}

#[tokio::test]
async fn an_investor_goes_there_and_comes_back() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let link = |identifier: &str| {
        client
            .authorization_link(&public(&sandbox), identifier)
            .email("ada@example.com")
            .legal_name("Ada Lovelace")
            .redirect_url("http://127.0.0.1/back?x=1")
    };
    let url = link("a/b c").to_url().unwrap();
    // The first time the investor agrees; the second time the page sends them straight back.
    for form in ["decision=grant", ""] {
        let reply = submit(&sandbox, &url, form).await;
        let back = location(&reply);
        let (_, query) = back.split_once('?').unwrap();
        let back = AuthorizationReturn::from_query(query, "a/b c").unwrap();
        let user = client
            .users()
            .retrieve_by_identifier("a/b c")
            .send()
            .await
            .unwrap();
        assert_eq!(back.user_id, user.id);
        let foreign = AuthorizationReturn::from_query(query, "a/b d");
        assert_eq!(foreign, Err(ReturnError::Foreign));
    }
    let user = agree(&sandbox, link("a/b c")).await;
    assert!(client.users().retrieve(user).send().await.is_ok());
}
