//! kube's client as its documentation shows it. It reads text, so it checks bodies as UTF-8.

use harness::{Task, Work, serve};
use http::Request;
use kube::{Client, Config};
use plain::{InvestmentSummary, Page};

fn main() {
    let task = Task::from_arguments();
    harness::block_on(async {
        let config = Config::new(task.base.parse().unwrap());
        let client = Client::try_from(config).unwrap();
        match task.work {
            Work::One => serve(1024, async || text(&client, &format!("/one/{}/", 7)).await).await,
            Work::Page => serve(370_000, async || text(&client, "/page").await).await,
            Work::Typed => {
                serve(100, async || {
                    let request = Request::get("/page").body(Vec::new()).unwrap();
                    let page: Page<InvestmentSummary> = client.request(request).await.unwrap();
                    page.results.len()
                })
                .await;
            }
            other @ (Work::Ready | Work::Pages(_)) => harness::refuse(other),
        }
    });
}

async fn text(client: &Client, path: &str) -> usize {
    let request = Request::get(path).body(Vec::new()).unwrap();
    client.request_text(request).await.unwrap().len()
}
