//! Our client of the Third Party API: the same stack, and typed lists on top.

use accredit_thirdparty::{Client, Environment};
use harness::{Task, Work, serve};

fn main() {
    let task = Task::from_arguments();
    harness::block_on(async {
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
            Work::Pages(_) => {}
            _ => unimplemented!("see client-accredit"),
        }
    });
}
