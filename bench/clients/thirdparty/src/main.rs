//! Our client of the Third Party API: the same stack, and typed lists on top.

use accredit_thirdparty::{Client, Environment};
use futures_util::StreamExt as _;
use harness::{Task, Work, serve};

fn main() {
    let task = Task::from_arguments();
    match task.work {
        Work::Pages(_) => harness::block_on_two(run(task)),
        _ => harness::block_on(run(task)),
    }
}

async fn run(task: Task) {
    let client = Client::builder(Environment::Sandbox(task.base.clone()))
        .token("0123456789abcdef0123456789abcdef")
        .build()
        .unwrap();
    match task.work {
        Work::Typed => {
            serve(100, async || {
                let page = client.investments().list().send().await.unwrap();
                page.results.len()
            })
            .await;
        }
        Work::Pages(at_once) => {
            serve(20_000, async || {
                // Those ahead, beside the one that is waited for.
                let pages = client
                    .investments()
                    .list()
                    .page(1)
                    .pages()
                    .prefetch(at_once - 1);
                let counts = pages.map(|page| page.unwrap().results.len());
                counts.fold(0, async |sum, count| sum + count).await
            })
            .await;
        }
        other => harness::refuse(other),
    }
}
