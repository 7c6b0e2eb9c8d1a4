//! A person at a real browser: the investor's pages without JavaScript, and the inspector with it.
//!
//! `cargo xtask browser` starts the driver and runs this; without one there is nothing to test.

mod webdriver;

use std::path::PathBuf;

use accredit_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Client, strict};
use webdriver::Browser;

/// Where chromedriver listens: host and port.
const DRIVER: &str = "SANDBOX_WEBDRIVER";
/// A folder for screenshots, where they are wanted.
const SCREENSHOTS: &str = "SANDBOX_SCREENSHOTS";

/// What stands on the page that the walks take for the portal's.
const AT_PORTAL: &str = "//pre[contains(., '\"status\":\"ok\"')]";

/// What a person does with a request, button by button.
struct Way {
    deal: &'static str,
    /// In the name that access was granted for, a request needs no acceptance.
    name: &'static str,
    steps: &'static [&'static str],
    status: &'static str,
}

const WAYS: [Way; 4] = [
    Way {
        deal: "declined",
        name: "O'Neil Holdings",
        steps: &["decline"],
        status: "declined_by_investor",
    },
    Way {
        deal: "cancelled",
        name: "Zoë O'Neil",
        steps: &["cancel"],
        status: "self_not_accredited",
    },
    Way {
        deal: "given-up",
        name: "Zoë O'Neil",
        steps: &["choose", "cancel"],
        status: "self_not_accredited",
    },
    Way {
        deal: "completed",
        name: "O'Neil Holdings",
        steps: &["accept", "choose", "complete"],
        status: "waiting_for_review",
    },
];

fn driver() -> Option<String> {
    let driver = std::env::var(DRIVER).ok();
    if driver.is_none() {
        println!("skipped: {DRIVER} names no chromedriver; `cargo xtask browser` starts one");
    }
    driver
}

async fn keep(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os(SCREENSHOTS) {
        let file = PathBuf::from(folder).join(format!("{name}.png"));
        std::fs::write(file, browser.screenshot().await).unwrap();
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

#[tokio::test]
async fn an_investor_walks_through_every_page_without_javascript() {
    let Some(driver) = driver() else { return };
    let sandbox = strict().await;
    let browser = Browser::new(&driver, false).await;
    let client = Client::verifyinvestor(&sandbox);

    let user = grant(&browser, &sandbox).await;
    for way in &WAYS {
        verify(&browser, &client, &user, way).await;
    }
    refuse(&browser, &sandbox).await;
    sign(&browser, &sandbox).await;
    upload(&browser, &sandbox).await;
    browser.close().await;
}

/// Grants access, and comes back to the portal with the user's id.
async fn grant(browser: &Browser, sandbox: &Sandbox) -> String {
    let portal = format!("{}/_sandbox/health", sandbox.base_url());
    let link = |identifier: &str| {
        format!(
            "{}/authorization/{}?identifier={identifier}&first_name=Zo%C3%AB&redirect_url={portal}",
            sandbox.base_url(),
            sandbox.authorization_token()
        )
    };
    browser.open(&link("person-1")).await;
    keep(browser, "authorization").await;
    browser.fill("#last_name", "O'Neil").await;
    browser.fill("#email", "zoe@example.com").await;
    browser.fill("#legal_name", "Zoë O'Neil").await;
    browser.press("button[value=grant]").await;
    browser.wait(AT_PORTAL).await;
    let back = browser.url().await;
    let query = back.strip_prefix(&format!("{portal}?")).unwrap();
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let user = pairs
        .clone()
        .find(|(name, _)| *name == "vi_user_id")
        .unwrap()
        .1;
    assert!(
        pairs.any(|pair| pair == ("identifier", "person-1")),
        "{back}"
    );
    user.to_owned()
}

async fn refuse(browser: &Browser, sandbox: &Sandbox) {
    let link = format!(
        "{}/authorization/{}?identifier=person-2&email=no@example.com",
        sandbox.base_url(),
        sandbox.authorization_token()
    );
    browser.open(&link).await;
    browser.press("button[value=refuse]").await;
    browser.wait("//h1[.='Access refused']").await;
    let found = Client::verifyinvestor(sandbox)
        .get("/api/v1/users/identifier/person-2")
        .await;
    assert_eq!(found.status, 404);
}

/// Works on a new request the way that a person chooses, and comes back to the portal.
async fn verify(browser: &Browser, client: &Client<'_>, user: &str, way: &Way) {
    let Way {
        deal,
        name,
        steps,
        status,
    } = way;
    let portal = format!("{}/_sandbox/health?deal={deal}", client.sandbox.base_url());
    let wanted = json!({ "deal_name": deal, "legal_name": name, "redirect_url": portal });
    let path = format!("/api/v1/users/{user}/verification_requests");
    let made = client.post(&path, &wanted).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    browser.open(text(&made, "investor_url")).await;
    for step in *steps {
        // On this way every page comes once.
        if *deal == "completed" {
            keep(browser, &format!("verification-{step}")).await;
        }
        if *step == "choose" {
            browser.press("input[value=net_worth]").await;
        }
        browser.press(&format!("button[value={step}]")).await;
    }
    browser.wait(AT_PORTAL).await;
    assert_eq!(browser.url().await, portal);
    let found = client.get(&format!("{path}/{}", made["id"])).await.json();
    assert_eq!(text(&found, "status"), *status);
}

/// Signs the subscription agreement.
async fn sign(browser: &Browser, sandbox: &Sandbox) {
    let client = Client::login(sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let investment = client.investment("reg_d_506c", investor, 25, "wire").await;
    let path = "/api_third_party/subscription_agreement_investor_signatures/";
    let wanted = json!({
        "investment": investment["id"], "document_name": "subscription_agreement", "document_version": 2,
    });
    let made = client.post(path, &wanted).await.json();
    browser.open(text(&made, "signing_url")).await;
    keep(browser, "signing").await;
    browser
        .fill("#investor_signature_text", "Ada Lovelace")
        .await;
    browser.press("form button").await;
    browser.wait("//h1[.='Signed']").await;
    let found = client.get(&format!("{path}{}/", made["id"])).await.json();
    assert!(found["signed_at"].is_string(), "{found}");
    assert_eq!(text(&found, "investor_signature_text"), "Ada Lovelace");
}

/// Uploads an ID.
async fn upload(browser: &Browser, sandbox: &Sandbox) {
    let client = Client::login(sandbox).await;
    let path = "/api_third_party/investors/create_id_upload_workflow_url/";
    let made = client.post(path, &json!({})).await.json();
    browser.open(text(&made["data"], "workflow_url")).await;
    keep(browser, "id-upload").await;
    let file = std::env::current_exe()
        .unwrap()
        .with_file_name("browser-id.pdf");
    std::fs::write(&file, "%PDF-1.4\n").unwrap();
    browser.choose("#document", file.to_str().unwrap()).await;
    browser.press("form button").await;
    browser.wait("//h1[.='Uploaded']").await;
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_developer_sees_and_moves_everything_on_the_inspector() {
    let Some(driver) = driver() else { return };
    let sandbox = Sandbox::builder()
        .strict(true)
        .control_token("canary")
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;
    let investor = client.investor("</td><script>alert(1)</script>").await["id"]
        .as_u64()
        .unwrap();
    let made = client.investment("reg_a", investor, 33, "card").await;
    let id = made["id"].as_u64().unwrap();

    let browser = Browser::new(&driver, true).await;
    browser
        .open(&format!("{}/_sandbox/", sandbox.base_url()))
        .await;
    browser.fill("#access input", "canary").await;
    browser.press("#access button").await;
    // The login is the first request: its password is not shown.
    browser.press("#requests tbody tr:last-child button").await;
    browser
        .wait("//*[@id='requests']//pre[contains(., 'password')]")
        .await;
    let shown = browser.text("#requests").await;
    assert!(
        shown.contains("auth.login") && shown.contains("investments.create"),
        "{shown}"
    );
    assert!(
        !shown.contains(sandbox.thirdparty_credentials().password),
        "{shown}"
    );

    let row = format!("//*[@id='objects']//tr[td[1]='{id}']");
    browser.wait(&format!("{row}[td[2]='started']")).await;
    browser
        .press("#objects tbody tr:first-child option:nth-child(3)")
        .await;
    browser
        .press("#objects tbody tr:first-child td:last-child button")
        .await;
    browser.wait(&format!("{row}[td[2]='received']")).await;
    browser
        .press("#objects tbody tr:first-child td:last-child button:last-of-type")
        .await;
    browser
        .wait("//*[@id='objects']//pre[contains(., 'started') and contains(., 'received')]")
        .await;
    keep(&browser, "inspector").await;

    browser.press("#kind option[value=investors]").await;
    browser
        .wait("//*[@id='objects']//td[contains(., '<script>alert(1)</script>')]")
        .await;

    browser.press("#clock button[value=frozen]").await;
    browser.wait("//*[@id='mode'][.='frozen']").await;
    let before = sandbox.now();
    browser.fill("#clock input", "30").await;
    browser.press("#clock button[value=advance]").await;
    let month = (before + jiff::SignedDuration::from_hours(30 * 24))
        .strftime("%Y-%m-%d")
        .to_string();
    browser
        .wait(&format!("//*[@id='now'][starts-with(., '{month}')]"))
        .await;
    control(&browser, &sandbox).await;
    browser.close().await;
}

/// Faults, throttle, switches and snapshots.
async fn control(browser: &Browser, sandbox: &Sandbox) {
    let client = Client::login(sandbox).await;
    let list = "/api_third_party/investors/";
    browser.press("#controls summary").await;

    browser.fill("#snapshot input", "logged-in").await;
    browser.press("#snapshot button").await;
    browser
        .wait("//*[@id='snapshots']//td[.='logged-in']")
        .await;

    browser
        .press("#fault [name=effect] option:nth-child(2)")
        .await;
    browser.fill("#parameters [name=status]", "418").await;
    browser
        .press("#parameters [name=when] option:nth-child(2)")
        .await;
    browser.fill("#fault [name=operation]", "no.such").await;
    browser.press("#fault button").await;
    browser
        .wait("//*[@id='problem'][contains(., 'no operation')]")
        .await;
    browser
        .fill("#fault [name=operation]", "investors.list")
        .await;
    browser.fill("#fault [name=times]", "1").await;
    browser.press("#fault button").await;
    browser.wait("//*[@id='problem'][.='']").await;
    let rule = "//*[@id='faults']//tr[contains(td[2], 'status 418') and td[3]='investors.list']";
    browser
        .wait(&format!("{rule}[td[5]='0 of 1 in 0 calls']"))
        .await;
    assert_eq!(client.get(list).await.status, 418);
    browser
        .wait(&format!("{rule}[td[5]='1 of 1 in 1 calls']"))
        .await;
    browser
        .wait("//*[@id='requests']//tr[td[5]='418'][contains(td[6], 'after the call, which answered 200')]")
        .await;

    browser.fill("#throttle input", "0/day").await;
    browser.press("#throttle button").await;
    browser.wait("//*[@id='rate'][.='0/day']").await;
    assert_eq!(client.get(list).await.status, 429);
    browser
        .press("#switches [name=logout_status] option:nth-child(2)")
        .await;
    browser.press("#throttle-title").await;
    keep(browser, "inspector-controls").await;
    browser.press("#throttle button[value=end]").await;
    browser.wait("//*[@id='rate'][.='off']").await;
    let logout = "/api_third_party/auth/logout/";
    assert_eq!(client.post(logout, &json!({})).await.status, 200);
    browser.press("#faults tbody button").await;
    browser.wait("//*[@id='faults']/tbody[not(tr)]").await;
    assert!(sandbox.faults().is_empty());

    // The snapshot has the token that was logged out, and the clock that stood still.
    assert_eq!(client.get(list).await.status, 401);
    browser.press("#clock button[value=running]").await;
    browser.wait("//*[@id='mode'][.='running']").await;
    browser.press("#snapshots tbody button:first-of-type").await;
    browser.wait("//*[@id='mode'][.='frozen']").await;
    assert_eq!(client.get(list).await.status, 200);
    browser.press("#snapshots tbody button:last-of-type").await;
    browser.wait("//*[@id='snapshots']/tbody[not(tr)]").await;
}
