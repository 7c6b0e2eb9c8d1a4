//! octocrab as its documentation shows it, for routes of another service.

use harness::{Task, Work, serve};
use http_body_util::BodyExt as _;
use octocrab::Octocrab;
use plain::{InvestmentSummary, Page};

fn main() {
    let task = Task::from_arguments();
    harness::block_on(async {
        let client = Octocrab::builder()
            .base_uri(task.base.as_str())
            .unwrap()
            .build()
            .unwrap();
        match task.work {
            Work::One => serve(1024, async || bytes(&client, &format!("/one/{}/", 7)).await).await,
            Work::Page => serve(370_000, async || bytes(&client, "/page").await).await,
            Work::Typed => {
                serve(100, async || {
                    let page: Page<InvestmentSummary> =
                        client.get("/page", None::<&()>).await.unwrap();
                    page.results.len()
                })
                .await;
            }
            other @ (Work::Ready | Work::Pages(_)) => harness::refuse(other),
        }
    });
}

async fn bytes(client: &Octocrab, path: &str) -> usize {
    let response = client._get(path).await.unwrap();
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .len()
}
