//! HTTP/1.1 as far as the chores need it: one call to a program on this machine, one answer, one connection.
//!
//! Reads no chunked body: the programs that are called send none.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Context, Error, Result};

const PATIENCE: Duration = Duration::from_secs(60);

/// A call to be sent.
#[derive(Clone)]
pub(crate) struct Call {
    method: &'static str,
    path: String,
    headers: String,
    body: String,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            headers: String::new(),
            body: String::new(),
        }
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        let body = body.to_string();
        let call = Self {
            method: "POST",
            body,
            ..Self::get(path)
        };
        let length = call.body.len().to_string();
        call.header("Content-Type", "application/json")
            .header("Content-Length", &length)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// Sends it to an address and port, and reads the answer.
    ///
    /// # Errors
    ///
    /// When there is no whole answer within a minute.
    pub(crate) fn send(&self, address: &str) -> Result<Answer> {
        let Self {
            method,
            path,
            headers,
            body,
        } = self;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        let exchange = || -> Result<Answer> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Answer::read(&String::from_utf8_lossy(&answer))
        };
        exchange().context(format_args!("{method} {path} at {address}"))
    }
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    fn read(text: &str) -> Result<Self> {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .ok_or_else(|| Error::new("no whole answer came back"))?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Error::new("no HTTP answer came back"))?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse().ok())?
        });
        if length.is_some_and(|length: usize| length > body.len()) {
            return Err(Error::new("the answer is cut short"));
        }
        Ok(Self {
            status,
            body: body.to_owned(),
        })
    }

    /// The body of an answer that is 200 and JSON.
    pub(crate) fn json(&self) -> Result<Value> {
        if self.status != 200 {
            return Err(Error::new(format!("the answer is {}", self.status)));
        }
        Ok(serde_json::from_str(&self.body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let answer = Answer::read("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        assert_eq!((answer.status, &*answer.body), (200, "{}"));
        assert_eq!(answer.json().unwrap(), serde_json::json!({}));
        for broken in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
            "\r\n\r\n",
        ] {
            assert!(Answer::read(broken).is_err(), "{broken:?}");
        }
        let refused = Answer::read("HTTP/1.1 404 Not Found\r\n\r\n{}").unwrap();
        assert_eq!(refused.json().unwrap_err().to_string(), "the answer is 404");
    }
}
