//! What a URL may have beside host and path: pairs of a query, a name and a password.

use std::fmt::Write as _;

use resil_http::client::{Client, ClientError, RetriedBy};

use crate::peer::{Do, Server, answer, ok};
use crate::{client, what};

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

/// All that a reader of logs may see of an error, with what has caused it.
fn all_of(error: &ClientError) -> String {
    let mut all = format!("{error:?}");
    let mut link: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = link {
        all = format!("{all}\n{error}\n{error:?}");
        link = error.source();
    }
    all
}

#[tokio::test]
async fn nothing_secret_of_a_url_is_shown() {
    let base = "secret:secret@pay.invalid/secret";
    let client = client("password", base).no_retry().build().unwrap();
    let path = "/secret?token=secret#secret";
    let mut shown = vec![format!("{client:?}"), format!("{:?}", client.get(path))];
    for path in [
        "http://secret:secret@other/secret",
        "../secret?token=secret",
    ] {
        let error = client.get(path).send().await.unwrap_err();
        assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
        assert!(what(&error).contains("http://...@pay.invalid/..."));
        shown.push(all_of(&error));
    }
    let error = client.get(path).send().await.unwrap_err();
    shown.push(all_of(&error));

    let server = Server::start(|number, _| match number {
        0 => vec![Do::Reset],
        1 => answer(
            302,
            &["location: myapp://secret:secret@secret/secret?secret"],
            "",
        ),
        _ => answer(302, &["location: /secret?secret"], ""),
    });
    let server = server.await;
    let base = format!("secret:secret@{server}/secret");
    let client = crate::client("password-sent", base)
        .no_retry()
        .build()
        .unwrap();
    for _ in 0..3 {
        let error = client.get(path).send().await.unwrap_err();
        assert!(matches!(error, ClientError::Transport { .. }), "{error:?}");
        shown.push(all_of(&error));
    }
    for shown in shown {
        assert!(!shown.contains("secret"), "{shown}");
    }
}

/// Where a name, a password, a path and a query may stand in it, each of which is `secret`.
fn urls_of_every_shape() -> Vec<String> {
    let begins = [
        "",
        "/",
        "//",
        "://",
        ":",
        "http:",
        "http:/",
        "http://",
        "http:///",
        "HTTP://",
        "http:\\\\",
        " http://",
        "\thttp://",
        "ht\ntp://",
        "https://",
        "ftp://",
        "x-y://",
        "mailto:",
        "../",
    ];
    let names = [
        "",
        "secret@",
        ":secret@",
        "me:secret@",
        "secret:secret@",
        "me:se/secret@",
        "me:se?secret@",
        "me:se#secret@",
        "me:se\\secret@",
        "me:se@secret@",
        "me:se:secret@",
        "me:secret%40",
        "me%3Asecret%40",
        "me:secret",
        "me: secret@",
        "me:\u{e9}secret@",
        "[secret@",
        "me:secret]@",
    ];
    let hosts = [
        "pay",
        "pay:99999",
        "pay:80x",
        "pay:",
        "pay:0",
        "",
        ":80",
        "[::1]",
        "[::1",
        "[::1]:99999",
        "pa y",
        "pa%y",
        "1.2.3.4.5",
        "256.256.256.256",
        "\u{e4}.test",
        "xn--a",
        "pay:80:secret",
    ];
    let ends = [
        "",
        "/",
        "/secret",
        "/secret@x",
        "?secret",
        "#secret",
        "\\secret",
        "/../../../secret?secret",
        "/secret?mail=secret@secret.test",
        " secret",
        "\r\nsecret",
        "/%zz secret",
    ];
    let mut all = Vec::new();
    for begin in begins {
        for name in names {
            for host in hosts {
                all.extend(ends.map(|end| format!("{begin}{name}{host}{end}")));
            }
        }
    }
    all
}

#[tokio::test]
async fn nothing_secret_is_shown_of_a_url_of_any_shape() {
    let whole = Client::builder("client-shapes").build().unwrap();
    let based = client("shapes-based", "secret@pay.test/secret")
        .build()
        .unwrap();
    let mut refused = 0;
    for url in urls_of_every_shape() {
        let builder = Client::builder("client-shapes").base_url(&*url);
        let mut shown = format!("{builder:?}");
        // So that no client is built where the URL can be read.
        let error = builder.retried_by(RetriedBy::Mesh).build().unwrap_err();
        write!(shown, "{error} {error:?}").unwrap();
        for client in [&whole, &based] {
            write!(shown, "{:?}", client.get(&url)).unwrap();
            // So that nothing is sent of those that can be read.
            let call = client.get(&url).header("x", "\n");
            let error = call.send().await.unwrap_err();
            assert!(matches!(error, ClientError::Request { .. }), "{error:?}");
            refused += u32::from(!what(&error).contains("header"));
            shown += &all_of(&error);
        }
        // A base URL that is one word is taken for a host without its scheme.
        if is_secret_the_host(&url) || url.trim() == "secret" {
            continue;
        }
        assert!(!shown.contains("secret"), "{url:?}: {shown}");
    }
    assert!(refused > 20_000, "{refused}");
}

/// Returns whether the secret stands where the host is, as in `http://pay.secret/`: the host is no secret.
fn is_secret_the_host(url: &str) -> bool {
    let host = reqwest::Url::parse(url).map(|url| url.host_str().map(str::to_owned));
    host.is_ok_and(|host| host.is_some_and(|host| host.contains("secret")))
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
