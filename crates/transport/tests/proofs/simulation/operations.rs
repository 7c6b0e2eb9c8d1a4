//! One operation of each class, told apart by a number.

use accredit_transport::http::{HeaderName, HeaderValue, Method};
use accredit_transport::{
    CallOptions, Client, DecodeError, EncodeError, Error, Operation, OperationInfo, Reply,
    RequestEncoder, ResponseKind, RetryClass,
};

use super::schedule::Kind;
use super::world::NONCE;

/// A call of the operation `KIND`.
struct Call<const KIND: u8> {
    number: usize,
    length: usize,
}

impl<const KIND: u8> Operation for Call<KIND> {
    type Output = String;
    const INFO: OperationInfo = match KIND {
        0 => info("calls.read", Method::GET, RetryClass::Read),
        1 => info("calls.check", Method::POST, RetryClass::IdempotentWrite),
        2 => info("calls.create", Method::POST, RetryClass::UnsafeWrite),
        3 => info("calls.fire", Method::GET, RetryClass::EffectfulRead),
        // A create that says it is a read: the mistake that the checks must notice.
        _ => info("calls.mislabelled", Method::POST, RetryClass::Read),
    };

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("call", self.number)?;
        request.header(HeaderName::from_static(NONCE), self.number.into());
        if self.length > 0 && request.info().method() == Method::POST {
            let text = HeaderValue::from_static("text/plain");
            request.bytes(text, vec![b'x'; self.length]);
        }
        Ok(())
    }

    fn decode(reply: Reply) -> Result<String, DecodeError> {
        let text: String = reply.json()?;
        if text == "declined" {
            return Err(DecodeError::refused(None));
        }
        Ok(text)
    }
}

const fn info(name: &'static str, method: Method, class: RetryClass) -> OperationInfo {
    OperationInfo::new(name, method, "/calls/{call}", class, ResponseKind::Json)
}

/// Makes the call.
pub(crate) async fn call(
    client: &Client,
    kind: Kind,
    number: usize,
    length: usize,
    options: &CallOptions,
) -> Result<String, Error> {
    match kind {
        Kind::Read => {
            client
                .execute_with(&Call::<0> { number, length }, options)
                .await
        }
        Kind::Check => {
            client
                .execute_with(&Call::<1> { number, length }, options)
                .await
        }
        Kind::Create => {
            client
                .execute_with(&Call::<2> { number, length }, options)
                .await
        }
        Kind::Fire => {
            client
                .execute_with(&Call::<3> { number, length }, options)
                .await
        }
        Kind::Mislabelled => {
            client
                .execute_with(&Call::<4> { number, length }, options)
                .await
        }
    }
}
