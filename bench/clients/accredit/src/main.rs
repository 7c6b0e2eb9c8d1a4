//! Our stack with all that it does by default, and a token.

use accredit_transport::http::Method;
use accredit_transport::{
    Client, DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder,
    ResponseKind, RetryClass, Token,
};
use bytes::Bytes;
use harness::{AGENT, Task, Work, serve};

fn main() {
    let task = Task::from_arguments();
    harness::block_on(async {
        let client = Client::builder()
            .base_uri(&task.base)
            .allow_insecure_loopback(true)
            .user_agent(AGENT)
            .token(Token::new("Bearer", "0123456789abcdef0123456789abcdef").unwrap())
            .build()
            .unwrap();
        match task.work {
            Work::One => serve(1024, async || client.execute(&One(7)).await.unwrap().len()).await,
            Work::Page => serve(370_000, async || client.execute(&Page).await.unwrap().len()).await,
            other => harness::refuse(other),
        }
    });
}

struct One(u64);

impl Operation for One {
    type Output = Bytes;
    const INFO: OperationInfo = OperationInfo::new(
        "one",
        Method::GET,
        "/one/{id}/",
        RetryClass::Read,
        ResponseKind::Json,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("id", self.0)
    }

    fn decode(reply: Reply) -> Result<Bytes, DecodeError> {
        Ok(reply.body)
    }
}

struct Page;

impl Operation for Page {
    type Output = Bytes;
    const INFO: OperationInfo = OperationInfo::new(
        "page",
        Method::GET,
        "/page",
        RetryClass::Read,
        ResponseKind::Page,
    );

    fn encode(&self, _: &mut RequestEncoder) -> Result<(), EncodeError> {
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Bytes, DecodeError> {
        Ok(reply.body)
    }
}
