//! reqwest as its documentation shows it.

use harness::{Task, Work, serve};
use plain::{InvestmentSummary, Page};
use reqwest::Client;

fn main() {
    let task = Task::from_arguments();
    harness::block_on(async {
        let client = Client::new();
        match task.work {
            Work::One => {
                serve(1024, async || {
                    bytes(&client, &format!("{}/one/{}/", task.base, 7)).await
                })
                .await;
            }
            Work::Page => {
                let url = task.url("/page");
                serve(370_000, async || bytes(&client, &url).await).await;
            }
            Work::Typed => {
                let url = task.url("/page");
                serve(100, async || {
                    let response = client.get(&url).send().await.unwrap();
                    let page: Page<InvestmentSummary> = response.json().await.unwrap();
                    page.results.len()
                })
                .await;
            }
            other @ (Work::Ready | Work::Pages(_)) => harness::refuse(other),
        }
    });
}

async fn bytes(client: &Client, url: &str) -> usize {
    let response = client.get(url).send().await.unwrap();
    response.bytes().await.unwrap().len()
}
