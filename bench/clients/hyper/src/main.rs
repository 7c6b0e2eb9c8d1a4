//! hyper-util's pooled client and nothing around it: the yardstick.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use harness::{Task, Work, serve};
use http::Uri;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use plain::{InvestmentSummary, Page};

type Plain = Client<HttpConnector, Empty<Bytes>>;

fn main() {
    let task = Task::from_arguments();
    match task.work {
        Work::Pages(_) => harness::block_on_two(run(task)),
        _ => harness::block_on(run(task)),
    }
}

async fn run(task: Task) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    match task.work {
        Work::One => {
            serve(1024, async || {
                let url = format!("{}/one/{}/", task.base, 7);
                get(&client, url.parse().unwrap()).await.len()
            })
            .await;
        }
        Work::Ready => {
            let uri: Uri = task.url("/one/7/").parse().unwrap();
            serve(1024, async || get(&client, uri.clone()).await.len()).await;
        }
        Work::Page => {
            let uri: Uri = task.url("/page").parse().unwrap();
            serve(370_000, async || get(&client, uri.clone()).await.len()).await;
        }
        Work::Typed => {
            let uri: Uri = task.url("/page").parse().unwrap();
            serve(100, async || {
                let body = get(&client, uri.clone()).await;
                let page: Page<InvestmentSummary> = serde_json::from_slice(&body).unwrap();
                page.results.len()
            })
            .await;
        }
        Work::Pages(at_once) => {
            let uris: Vec<Uri> = (1..=200)
                .map(|page| task.url(&format!("/page?page={page}")).parse().unwrap())
                .collect();
            // Fetched and dropped: what the network alone takes.
            serve(200, async || {
                let pages = stream::iter(&uris).map(|uri| get(&client, uri.clone()));
                let pages = pages
                    .buffered(at_once)
                    .map(|page| usize::from(page.len() > 370_000));
                pages.fold(0, async |sum, page| sum + page).await
            })
            .await;
        }
    }
}

async fn get(client: &Plain, uri: Uri) -> Bytes {
    let response = client.get(uri).await.unwrap();
    response.into_body().collect().await.unwrap().to_bytes()
}
