//! Plays the person at the pages that the services host: opens a link, sends a form, follows nowhere.

use std::{error::Error as StdError, fmt};

use accredit::transport::http::{Method, Request, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::steps::LastStatus;

/// A browser of one person.
pub(crate) struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    last: LastStatus,
}

impl Browser {
    pub(crate) fn new(last: LastStatus) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            last,
        }
    }

    /// Sends a page's form and gives the address that the page leads to, if any.
    pub(crate) async fn submit(
        &self,
        url: &str,
        form: &[(&str, &str)],
    ) -> Result<Option<Uri>, PageError> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))
            .map_err(PageError::broken)?;
        let reply = self
            .client
            .request(request)
            .await
            .map_err(PageError::broken)?;
        self.last.set(&reply.status().to_string());
        if reply.status().is_client_error() || reply.status().is_server_error() {
            return Err(PageError(
                format!("the page answered {}", reply.status()),
                None,
            ));
        }
        match reply.headers().get(header::LOCATION) {
            None => Ok(None),
            Some(location) => {
                let location = location.as_bytes();
                Ok(Some(Uri::try_from(location).map_err(PageError::broken)?))
            }
        }
    }
}

/// A page that could not be used.
#[derive(Debug)]
pub(crate) struct PageError(String, Option<Box<dyn StdError + Send + Sync>>);

impl PageError {
    pub(crate) fn new(problem: &str) -> Self {
        Self(problem.to_owned(), None)
    }

    fn broken(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(
            "the page could not be opened".to_owned(),
            Some(error.into()),
        )
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for PageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1
            .as_deref()
            .map(|error| error as &(dyn StdError + 'static))
    }
}
