//! A real browser: Debian's chromium, driven through its chromedriver. `scripts/browser start` installs
//! both, and prints the variables by which they are found here.

#[path = "../../../tests/stores/servers/exported.rs"]
mod exported;

use std::fmt::Debug;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use exported::exported;
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

/// A browser takes most of a core: more of them at once would make each other late.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// No test waits longer than this for anything.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// A browser with one window. It ends with the test.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
    _place: SemaphorePermit<'static>,
    /// The process of the browser itself, which chromedriver leaves behind when it is told to end.
    process: Option<rustix::process::Pid>,
}

impl Browser {
    /// Starts a browser whose window has this size. `None` on a machine without the variables, which `./test`
    /// sets.
    pub(crate) async fn start(width: u32, height: u32) -> Option<Self> {
        let chromium = exported("RESIL_TEST_CHROMIUM")?;
        let chromedriver = exported("RESIL_TEST_CHROMEDRIVER")?;
        let place = BROWSERS.acquire().await.expect("nobody closes it");
        let mut driver = Command::new(chromedriver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("chromedriver");
        let said = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = said.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let url = format!(
            "http://127.0.0.1:{}",
            port.expect("chromedriver says its port")
        );
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--hide-scrollbars", "--force-color-profile=srgb",
                    format!("--window-size={width},{height}"),
                ],
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().expect("an object").clone());
        let client = builder.connect(&url).await.expect("a session");
        let timeouts = TimeoutConfiguration::new(Some(2 * LONGEST), None, None);
        client.update_timeouts(timeouts).await.expect("timeouts");
        let process = client
            .capabilities()
            .and_then(|all| all.get("goog:processID"));
        let process = process
            .and_then(Value::as_i64)
            .and_then(|pid| i32::try_from(pid).ok());
        let browser = Self {
            process: process.and_then(rustix::process::Pid::from_raw),
            client,
            driver,
            _place: place,
        };
        browser.size(width, height).await;
        Some(browser)
    }

    /// Gives the page this size: that of a window would have a least width, and bars around it.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Sets what media queries see: `[("prefers-color-scheme", "dark")]`.
    pub(crate) async fn media(&self, features: &[(&str, &str)]) {
        let features: Vec<_> = features
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// Sends a command of the developer tools' protocol.
    async fn devtools(&self, cmd: &'static str, params: Value) -> Value {
        let body = json!({ "cmd": cmd, "params": params });
        let command = Extension("goog/cdp/execute", body);
        self.client.issue_cmd(command).await.expect(cmd)
    }

    /// Opens a page, and waits until it is live.
    pub(crate) async fn open(&self, url: &str) {
        self.goto(url).await;
        self.until(
            "the page is live",
            "document.querySelector('#link').dataset.state === 'live'",
        )
        .await;
    }

    /// Opens a page.
    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.expect(url);
    }

    /// Runs a function body in the page, and returns what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .unwrap_or_else(|e| panic!("{script:.400}: {e}"))
    }

    /// Runs a function body in the page that calls its last argument when it is done.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        let done = self.client.execute_async(script, Vec::new()).await;
        done.unwrap_or_else(|e| panic!("{script:.400}: {e}"))
    }

    /// Returns the value of an expression.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};")).await
    }

    /// Returns the text of an element, as it is shown.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self
            .value(&format!("document.querySelector({selector:?}).innerText"))
            .await;
        text.as_str().expect("a text").trim().to_owned()
    }

    /// Waits until an expression is true. Returns how long it took.
    pub(crate) async fn until(&self, what: &str, expression: &str) -> Duration {
        let began = Instant::now();
        while self.value(&format!("Boolean({expression})")).await != true {
            if began.elapsed() > LONGEST {
                let body = self.value("document.body.innerText").await.to_string();
                panic!("{what}: not in {LONGEST:?}; the page says {body:.900}");
            }
            sleep(Duration::from_millis(15)).await;
        }
        began.elapsed()
    }

    /// Clicks on an element with the mouse.
    pub(crate) async fn click(&self, selector: &str) {
        let found = self
            .client
            .find(fantoccini::Locator::Css(selector))
            .await
            .expect(selector);
        found.click().await.expect(selector);
    }

    /// Types into what has the focus. `\u{E004}` is Tab, `\u{E006}` Enter: see `fantoccini::key::Key`.
    pub(crate) async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("a focus");
        focused.send_keys(keys).await.expect("keys");
    }

    /// Returns what the console was told since the last time, but for what is information only.
    pub(crate) async fn console(&self) -> Vec<String> {
        let log = Extension("se/log", json!({ "type": "browser" }));
        let entries = self.client.issue_cmd(log).await.expect("a log");
        let entries = entries.as_array().expect("entries").iter();
        let faults = entries.filter(|e| e["level"] != "INFO" && e["level"] != "DEBUG");
        faults.map(Value::to_string).collect()
    }

    /// Looks for what people with disabilities could not use, by axe-core. Returns what is serious.
    pub(crate) async fn axe(&self) -> Vec<String> {
        let axe = std::env::var("RESIL_TEST_AXE").expect("scripts/browser sets it");
        let axe = std::fs::read_to_string(axe).expect("axe-core");
        let script = format!(
            "const done = arguments[0]; {axe};\n\
             axe.run(document, {{ resultTypes: ['violations'] }}).then(\n\
               (r) => done({{ rules: r.passes.length, found: r.violations.map((v) =>\n\
                 ({{ impact: v.impact, text: `${{v.impact}}: ${{v.help}}: ` +\n\
                   v.nodes.slice(0, 4).map((n) => n.html + ' ' + n.failureSummary).join(' | ') }})) }}),\n\
               (e) => done({{ failed: String(e) }}));"
        );
        let result = self.run_async(&script).await;
        assert!(result["failed"].is_null(), "{result}");
        assert!(result["rules"].as_u64().expect("a number") > 15, "{result}");
        let found = result["found"].as_array().expect("a list").iter();
        let serious = found.filter(|v| v["impact"] == "serious" || v["impact"] == "critical");
        serious
            .map(|v| v["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Writes what is seen to a file, for the docs, if `RESIL_BLESS=1`.
    pub(crate) async fn screenshot(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        assert!(png.len() > 1_000);
        if std::env::var_os("RESIL_BLESS").is_some() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/panel");
            std::fs::create_dir_all(folder).expect("a folder");
            std::fs::write(format!("{folder}/{name}.png"), png).expect("a file");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        use rustix::process::{Signal, kill_process};
        if let Some(browser) = self.process {
            let _ = kill_process(browser, Signal::KILL);
        }
        let pid = rustix::process::Pid::from_child(&self.driver);
        let _ = kill_process(pid, Signal::TERM);
        let _ = self.driver.wait();
    }
}

/// A command of chromedriver beyond the standard.
#[derive(Debug)]
struct Extension(&'static str, Value);

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.0
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}

/// Serves a router until the runtime of the test ends. Returns where.
pub(crate) async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://{address}")
}
