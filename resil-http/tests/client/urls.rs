//! What a URL may have beside host and path: pairs of a query, a name and a password.

use resil_http::client::{Client, ClientError};

use crate::client;
use crate::peer::{Server, answer, ok};

#[tokio::test]
async fn no_pairs_are_no_query() {
    let server = Server::start(|_, _| ok()).await;
    let client = client("query", &server).build().unwrap();
    let none: [(&str, &str); 0] = [];
    for (path, pairs, seen) in [
        ("/x", &none[..], "/x"),
        ("/x?", &none, "/x?"),
        ("/x?a=1", &none, "/x?a=1"),
        ("/x#f", &none, "/x"),
        ("/x", &[("b", "\u{e4} &")], "/x?b=%C3%A4+%26"),
        ("/x?a=1", &[("b", ""), ("c", "2")], "/x?a=1&b=&c=2"),
    ] {
        client.get(path).query(pairs.to_vec()).send().await.unwrap();
        assert_eq!(server.seen().pop().unwrap().path, seen, "{path} {pairs:?}");
    }
}

/// As reqwest does where it is called by itself.
#[tokio::test]
async fn a_name_and_a_password_are_sent_as_authorization() {
    let server = Server::start(|_, _| ok()).await;
    let authorization = || {
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("host"), Some(&*server.at.to_string()));
        seen.header("authorization").map(str::to_owned)
    };
    let based = client("userinfo", format!("me:p%40ss@{server}"))
        .build()
        .unwrap();
    let response = based.get("/x").send().await.unwrap();
    // `me:p@ss`
    assert_eq!(authorization().as_deref(), Some("Basic bWU6cEBzcw=="));
    assert_eq!(response.url().as_str(), format!("http://{server}/x"));
    based.get("/x").bearer("own").send().await.unwrap();
    assert_eq!(authorization().as_deref(), Some("Bearer own"));

    let whole = Client::builder("client-userinfo-whole").build().unwrap();
    for (name, said) in [("me@", Some("Basic bWU6")), ("", None)] {
        let url = format!("http://{name}{server}/x");
        whole.get(&url).send().await.unwrap();
        assert_eq!(authorization().as_deref(), said);
    }
}

#[tokio::test]
async fn a_password_is_not_shown() {
    let base = "me:secret@pay.invalid/v1";
    let client = client("password", base).no_retry().build().unwrap();
    let mut shown = vec![format!("{client:?}"), format!("{:?}", client.get("/x"))];
    for path in ["http://you:secret@other/", "../admin"] {
        let error = client.get(path).send().await.unwrap_err();
        assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
        shown.push(format!("{error} {error:?}"));
    }
    let error = client.get("/x").send().await.unwrap_err();
    shown.push(format!("{error} {error:?}"));
    for shown in shown {
        assert!(!shown.contains("secret"), "{shown}");
    }
}

/// Another host than the one that the name and the password are for does not get them.
#[tokio::test]
async fn a_redirect_to_another_host_is_sent_no_password() {
    let other = Server::start(|_, _| ok()).await;
    let there = format!("location: http://localhost:{}/", other.at.port());
    let server = Server::start(move |_, _| answer(302, &[&there], "")).await;
    let client = client("userinfo-moved", format!("me:secret@{server}"))
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    assert!(server.seen()[0].header("authorization").is_some());
    assert_eq!(other.seen()[0].header("authorization"), None);
}
