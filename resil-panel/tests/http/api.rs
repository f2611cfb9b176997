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
