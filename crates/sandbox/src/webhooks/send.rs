//! One attempt over the network: to whom, in which request, and how much of the answer is read.

use std::net::SocketAddr;
use std::pin::pin;

use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::outbox::Due;

/// The header of the signature.
const SIGNATURE_HEADER: &str = "x-signature-sha256";
/// The longest answer's head that is read.
const MAX_HEAD: usize = 16 * 1024;
/// How much of an answer's body is read, to let the receiver finish, and thrown away.
const MAX_BODY: usize = 64 * 1024;

/// Posts a webhook; gives the receiver's status. The caller limits the time.
pub(super) async fn send(allowed: &[String], due: &Due) -> Result<u16, String> {
    let uri: Uri = due
        .url
        .parse()
        .map_err(|_| "the URL does not parse".to_owned())?;
    if uri.scheme_str() != Some("http") {
        return Err("only http URLs are called".to_owned());
    }
    let authority = uri.authority().ok_or("the URL names no host")?;
    let address = resolve(
        allowed,
        authority.host(),
        authority.port_u16().unwrap_or(80),
    )
    .await?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(
            uri.path_and_query()
                .map_or("/", http::uri::PathAndQuery::as_str),
        )
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, &due.content_type)
        .header(header::USER_AGENT, "accredit-sandbox")
        .header(header::CONNECTION, "close")
        .header(SIGNATURE_HEADER, &due.signature)
        .body(Full::new(Bytes::from(due.body.clone())))
        .map_err(|_| "the request does not build".to_owned())?;
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("no connection: {}", error.kind()))?;
    exchange(stream, request).await
}

async fn exchange(stream: TcpStream, request: Request<Full<Bytes>>) -> Result<u16, String> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| "no connection".to_owned())?;
    let mut answer = pin!(async move {
        let response = sender
            .send_request(request)
            .await
            .map_err(|_| "the receiver gave no answer".to_owned())?;
        let status = response.status().as_u16();
        // The status has arrived: what becomes of the body does not matter.
        let _ = Limited::new(response.into_body(), MAX_BODY).collect().await;
        Ok(status)
    });
    // In this task, so that the connection ends with the attempt.
    let mut connection = pin!(connection);
    tokio::select! {
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    }
}

/// The address to connect to: it is checked after the look-up, so that no name can point elsewhere.
async fn resolve(allowed: &[String], host: &str, port: u16) -> Result<SocketAddr, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let allowed = allowed.iter().any(|name| name.eq_ignore_ascii_case(bare));
    let addresses = tokio::net::lookup_host((bare, port))
        .await
        .map_err(|_| "the host has no address".to_owned())?;
    let mut refused = false;
    for address in addresses {
        if allowed || address.ip().is_loopback() {
            return Ok(address);
        }
        refused = true;
    }
    Err(if refused {
        "the host is not this machine and was not allowed"
    } else {
        "the host has no address"
    }
    .to_owned())
}
