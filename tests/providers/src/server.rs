//! Answers every request with the name of the protocol that it came over.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, is_http2: bool) {
    if is_http2 {
        #[cfg(feature = "http2")]
        http2(stream).await;
        #[cfg(not(feature = "http2"))]
        panic!("this build has no HTTP/2");
    } else {
        http1(stream).await;
    }
}

async fn http1(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8(std::mem::take(&mut head)).unwrap();
            assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("authorization: Token canary\r\n"), "{head}");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhttp/1.1";
            stream.write_all(answer).await.unwrap();
            stream.flush().await.unwrap();
        }
    }
}

#[cfg(feature = "http2")]
async fn http2(stream: impl AsyncRead + AsyncWrite + Unpin) {
    use accredit_transport::bytes::Bytes;
    use accredit_transport::http::Response;

    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        assert_eq!(request.headers()["authorization"], "Token canary");
        let mut body = respond.send_response(Response::new(()), false).unwrap();
        body.send_data(Bytes::from_static(b"h2"), true).unwrap();
    }
}
