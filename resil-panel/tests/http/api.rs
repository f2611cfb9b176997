//! The state as JSON.

use axum::Router;
use resil::breaker;

use crate::client::{get, row, serve};

#[tokio::test]
async fn names_that_try_to_be_html_are_told_as_they_are() {
    let name = "<script>alert(\"1\")</script>\n\nevent: evil";
    let _ = breaker(name).key("</script><img src=x onerror=alert(1)>");
    let to = serve(Router::new().merge(resil_panel::router())).await;
    let state = get(to, "/api/state").await;
    assert_eq!(state.header("content-type"), Some("application/json"));
    let state = state.json();
    assert!(row(&state, "circuits", name).is_some());
}

async fn fails() -> Result<u32, Fault> {
    Err(Fault)
}

#[derive(Debug)]
struct Fault;

impl From<resil::Error> for Fault {
    fn from(_: resil::Error) -> Self {
        Self
    }
}

#[resil::retry(max = 3, base = 1ms)]
async fn pays(works: bool) -> Result<u32, Fault> {
    if works { Ok(7) } else { fails().await }
}

#[tokio::test]
async fn functions_are_counted_and_one_can_be_asked_for() {
    for n in 0..10 {
        let _ = pays(n != 0).await;
    }
    let to = serve(Router::new().nest("/p", resil_panel::router())).await;
    let name = format!("{}::pays", module_path!());
    let state = get(to, "/p/api/state").await.json();
    let function = row(&state, "functions", &name).unwrap();
    assert_eq!(function["calls"], 10);
    assert_eq!(function["failed"], 1);
    assert_eq!(function["retries"], 2);
    assert_eq!(function["in_flight"], 0);
    assert_eq!(function["minute"]["calls"], 10);
    let p99 = function["minute"]["p99_ms"].as_f64().unwrap();
    assert!((0.0..60_000.0).contains(&p99), "{p99}");
    let one = get(
        to,
        &format!("/p/api/functions/{}", name.replace(':', "%3A")),
    )
    .await;
    let (status, one) = (one.status, one.json());
    assert_eq!((status, &one["name"]), (200, &name.as_str().into()));
    assert_eq!(one["stats"]["since_start"]["errors"], 1);
    // What is in force has the names and values that the catalog lists.
    let listed: Vec<_> = one["catalog"]["policies"][0]["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| (&of["option"], &of["value"]))
        .collect();
    let in_force = one["in_force"][0]["options"].as_array().unwrap();
    assert_eq!(in_force.len(), 7, "{in_force:?}");
    for of in in_force {
        assert!(listed.contains(&(&of["option"], &of["value"])), "{of}");
    }
    // An unknown one is answered with the nearest.
    let unknown = get(to, "/p/api/functions/pay").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["nearest"], name);
    let unknown = get(to, "/p/api/functions/x%2F..%2Fy").await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.json()["nearest"].is_null());
}
