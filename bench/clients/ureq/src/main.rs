//! ureq as its documentation shows it: blocking, no runtime.

use harness::{Task, Work, serve_blocking};
use plain::{InvestmentSummary, Page};
use ureq::Agent;

fn main() {
    let task = Task::from_arguments();
    let client = Agent::new_with_defaults();
    match task.work {
        Work::One => serve_blocking(1024, || {
            bytes(&client, &format!("{}/one/{}/", task.base, 7))
        }),
        Work::Page => {
            let url = task.url("/page");
            serve_blocking(370_000, || bytes(&client, &url));
        }
        Work::Typed => {
            let url = task.url("/page");
            serve_blocking(100, || {
                let mut response = client.get(&url).call().unwrap();
                let page: Page<InvestmentSummary> = response.body_mut().read_json().unwrap();
                page.results.len()
            });
        }
        other @ (Work::Ready | Work::Pages(_)) => harness::refuse(other),
    }
}

fn bytes(client: &Agent, url: &str) -> usize {
    let mut response = client.get(url).call().unwrap();
    response.body_mut().read_to_vec().unwrap().len()
}
