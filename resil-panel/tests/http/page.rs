//! The page and its files.

use axum::Router;

use crate::client::{get, send, serve};

const FILES: [(&str, &str); 12] = [
    ("panel.css", "text/css; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
    ("panel.js", "text/javascript; charset=utf-8"),
    ("stream.js", "text/javascript; charset=utf-8"),
    ("rows.js", "text/javascript; charset=utf-8"),
    ("detail.js", "text/javascript; charset=utf-8"),
    ("functions.js", "text/javascript; charset=utf-8"),
    ("circuits.js", "text/javascript; charset=utf-8"),
    ("limits.js", "text/javascript; charset=utf-8"),
    ("events.js", "text/javascript; charset=utf-8"),
    ("words.js", "text/javascript; charset=utf-8"),
    ("control.js", "text/javascript; charset=utf-8"),
];

/// Follows the links of the page at `path` as a browser would, and asserts that all files are there.
async fn files_are_reached_from(to: std::net::SocketAddr, path: &str) {
    let page = get(to, path).await;
    assert_eq!(page.status, 200, "{path}");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let (folder, _) = path.rsplit_once('/').unwrap();
    let mut links = 0;
    for link in page.body.split("=\"./").skip(1) {
        let (link, _) = link.split_once('"').unwrap();
        let file = get(to, &format!("{folder}/{link}")).await;
        assert_eq!(file.status, 200, "{path} names {link}");
        links += 1;
    }
    assert_eq!(links, 3);
}

#[tokio::test]
async fn it_can_be_mounted_anywhere() {
    let nested = serve(Router::new().nest("/resil", resil_panel::router())).await;
    files_are_reached_from(nested, "/resil").await;
    let deep = Router::new().nest("/a/b:c", resil::panel::router());
    files_are_reached_from(serve(deep).await, "/a/b:c").await;
    let service = Router::new().nest_service("/resil", resil_panel::router::<()>());
    let service = serve(service).await;
    files_are_reached_from(service, "/resil").await;
    files_are_reached_from(service, "/resil/").await;
    let root = serve(Router::new().merge(resil_panel::router())).await;
    files_are_reached_from(root, "/").await;
    // Under a path of the user's, with a state of the user's.
    let parameter = Router::new().nest("/{tenant}", resil_panel::router());
    let parameter = serve(parameter.with_state(7_u32)).await;
    files_are_reached_from(parameter, "/x").await;
    let evil = get(parameter, "/\"><script>alert(1)").await;
    assert!(!evil.body.contains("<script>"), "{}", evil.body);
}

#[tokio::test]
async fn every_answer_bears_the_headers_and_none_allows_another_origin() {
    let panel = resil_panel::Panel::new().title("<b>Shop</b>").token("t");
    let to = serve(Router::new().nest("/p", panel.router())).await;
    let policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut paths = vec![
        String::from("/p"),
        "/p/api/state".into(),
        "/p/api/functions/none".into(),
    ];
    paths.extend(FILES.iter().map(|(file, _)| format!("/p/{file}")));
    for path in paths {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE"] {
            let origin = [("origin", "http://evil.example")];
            let answer = send(to, method, &path, &origin, "").await;
            let at = format!("{method} {path}: {}", answer.head);
            assert_eq!(
                answer.header("content-security-policy"),
                Some(policy),
                "{at}"
            );
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{at}"
            );
            assert_eq!(answer.header("x-frame-options"), Some("deny"), "{at}");
            assert_eq!(
                answer.header("referrer-policy"),
                Some("no-referrer"),
                "{at}"
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{at}");
            assert_eq!(
                answer.header("cross-origin-resource-policy"),
                Some("same-origin"),
                "{at}"
            );
            assert!(!answer.head.contains("access-control-"), "{at}");
            assert!(!answer.head.contains("set-cookie"), "{at}");
        }
    }
}

#[tokio::test]
async fn files_have_their_types_and_the_title_is_escaped() {
    let panel = resil_panel::Panel::new().title("<script>alert('x')</script>");
    let to = serve(Router::new().nest("/p", panel.router())).await;
    for (file, kind) in FILES {
        let answer = get(to, &format!("/p/{file}")).await;
        assert_eq!(answer.header("content-type"), Some(kind), "{file}");
        assert!(answer.body.len() > 100, "{file}");
    }
    let page = get(to, "/p").await.body;
    assert!(
        page.contains("<title>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</title>"),
        "{page}"
    );
    assert_eq!(page.matches("<script").count(), 1, "that of the page");
    assert_eq!(get(to, "/p/other.js").await.status, 404);
}
