//! A browser behind chromedriver: as much of WebDriver as the walks need, over plain sockets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The name that the protocol gives an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub(crate) struct Browser {
    driver: String,
    session: String,
}

impl Browser {
    /// A new window at the driver on this address.
    pub(crate) async fn new(driver: &str, javascript: bool) -> Self {
        let javascript = if javascript { 1 } else { 2 };
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"],
            "prefs": { "profile.managed_default_content_settings.javascript": javascript },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            // How long a wait for an element lasts.
            "timeouts": { "implicit": 10_000 },
        } } });
        let mut browser = Self {
            driver: driver.to_owned(),
            session: String::new(),
        };
        let made = browser.command("POST", "/session", &wanted).await;
        browser.session = format!("/session/{}", made["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) async fn open(&self, url: &str) {
        self.run("POST", "/url", &json!({ "url": url })).await;
    }

    pub(crate) async fn url(&self) -> String {
        let url = self.run("GET", "/url", &Value::Null).await;
        url.as_str().unwrap().to_owned()
    }

    /// What a person reads in the element.
    pub(crate) async fn text(&self, css: &str) -> String {
        let element = self.find(css).await;
        let text = self
            .run("GET", &format!("{element}/text"), &Value::Null)
            .await;
        text.as_str().unwrap().to_owned()
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.run("POST", &format!("{element}/clear"), &json!({}))
            .await;
        self.keys(&element, text).await;
    }

    /// Chooses a file to upload.
    pub(crate) async fn choose(&self, css: &str, file: &str) {
        let element = self.find(css).await;
        self.keys(&element, file).await;
    }

    pub(crate) async fn press(&self, css: &str) {
        let element = self.find(css).await;
        self.run("POST", &format!("{element}/click"), &json!({}))
            .await;
    }

    /// Waits until there is such an element; XPath, because it can ask for a text.
    pub(crate) async fn wait(&self, xpath: &str) {
        self.run(
            "POST",
            "/element",
            &json!({ "using": "xpath", "value": xpath }),
        )
        .await;
    }

    /// A PNG of the window.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        let image = self.run("GET", "/screenshot", &Value::Null).await;
        STANDARD.decode(image.as_str().unwrap()).unwrap()
    }

    pub(crate) async fn close(self) {
        self.run("DELETE", "", &Value::Null).await;
    }

    async fn keys(&self, element: &str, text: &str) {
        self.run(
            "POST",
            &format!("{element}/value"),
            &json!({ "text": text }),
        )
        .await;
    }

    async fn find(&self, css: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": css });
        let found = self.run("POST", "/element", &wanted).await;
        format!("/element/{}", found[ELEMENT].as_str().unwrap())
    }

    async fn run(&self, method: &str, path: &str, body: &Value) -> Value {
        self.command(method, &format!("{}{path}", self.session), body)
            .await
    }

    async fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.driver,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.driver).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        // The driver keeps the connection, whatever it is asked.
        let mut stream = BufReader::new(stream);
        let (mut status, mut length) = (String::new(), 0);
        stream.read_line(&mut status).await.unwrap();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        assert!(
            status.starts_with("HTTP/1.1 200"),
            "{method} {path}: {}",
            answer["value"]
        );
        answer["value"].take()
    }
}
