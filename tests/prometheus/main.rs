//! OPERATIONS.md, section 2: a real Prometheus scrapes the example, and evaluates each query of the boards
//! and each alert. In real time, over sockets: `scripts/servers start DIR prometheus` starts it.

#![allow(
    clippy::disallowed_methods,
    reason = "a server that scrapes does so in real time"
)]
#![allow(dead_code, reason = "the example has a main of its own")]

#[path = "../../examples/metrics.rs"]
mod example;
#[path = "../stores/servers/exported.rs"]
mod exported;
mod queries;
mod traffic;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use exported::exported;
use queries::{Query, alerts, boards};

/// The longest time that anything may take here.
const LONGEST: Duration = Duration::from_secs(120);

/// The Prometheus that `scripts/servers` has started.
struct Prometheus {
    url: String,
    targets: PathBuf,
}

impl Prometheus {
    /// `None` if it was not started.
    fn started() -> Option<Self> {
        Some(Self {
            url: exported("RESIL_TEST_PROMETHEUS")?,
            targets: exported("RESIL_TEST_PROMETHEUS_TARGETS")?.into(),
        })
    }

    /// Lets it scrape this process, and no other.
    fn scrapes(&self, listener: &TcpListener) {
        let address = listener.local_addr().unwrap();
        let target = serde_json::json!([{ "targets": [address.to_string()] }]);
        // Renamed into its place, so that it is never read half-written.
        let written = self.targets.join("written");
        std::fs::write(&written, target.to_string()).unwrap();
        std::fs::rename(written, self.targets.join("resil.json")).unwrap();
    }

    async fn ask(&self, path: &str) -> Value {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"))
    }

    /// Evaluates a query now. Returns the values of its series.
    async fn query(&self, query: &str) -> Result<Vec<f64>, String> {
        let encoded = query
            .bytes()
            .fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
        let answer = self.ask(&format!("/api/v1/query?query={encoded}")).await;
        if answer["status"] != "success" {
            return Err(answer["error"].to_string());
        }
        let series = answer["data"]["result"].as_array().unwrap();
        let value = |one: &Value| one["value"][1].as_str().unwrap().parse().unwrap();
        Ok(series.iter().map(value).collect())
    }

    /// Waits until each of these queries has answered with a number once.
    async fn answer_all(&self, mut queries: Vec<Query>) {
        let began = Instant::now();
        while !queries.is_empty() {
            let mut open = Vec::new();
            for query in queries {
                let values = self.query(&query.text).await;
                let values = values.unwrap_or_else(|e| panic!("{}: {e}\n{}", query.of, query.text));
                if !values.iter().any(|value| value.is_finite()) {
                    open.push(query);
                }
            }
            queries = open;
            let names: Vec<_> = queries.iter().map(|open| (&open.of, &open.text)).collect();
            assert!(began.elapsed() < LONGEST, "no answer to {names:#?}");
            sleep(Duration::from_millis(500)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_query_of_the_boards_and_each_alert_finds_what_it_is_for() {
    let Some(prometheus) = Prometheus::started() else {
        return;
    };
    let exporter = example::install().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    prometheus.scrapes(&listener);
    let routes = example::routes(exporter);
    tokio::spawn(async { axum::serve(listener, routes).await });
    tokio::spawn(example::traffic());
    traffic::start();

    let (boards, alerts) = (boards(), alerts());
    assert!(boards.len() > 20 && alerts.len() > 10, "they were found");
    let names: Vec<String> = alerts.iter().map(|alert| alert.of.clone()).collect();
    prometheus.answer_all(boards).await;
    prometheus.answer_all(alerts).await;

    // And Prometheus takes the file as it is.
    let loaded = prometheus.ask("/api/v1/rules").await;
    let groups = loaded["data"]["groups"].as_array().unwrap();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    let rules: Vec<_> = rules.collect();
    let known: Vec<_> = rules
        .iter()
        .map(|rule| rule["name"].as_str().unwrap())
        .collect();
    assert_eq!(known, names);
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
}

#[tokio::test]
async fn a_query_that_is_wrong_is_an_error() {
    let Some(prometheus) = Prometheus::started() else {
        return;
    };
    let wrong = prometheus
        .query("sum by (function) rate(resil_calls_total[5m]")
        .await;
    assert!(wrong.unwrap_err().contains("parse error"));
}
