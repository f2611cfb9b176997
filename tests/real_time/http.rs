//! The class of a `reqwest::Error`, as `reqwest` makes it over a real connection.

use std::time::Duration;

use reqwest::{Client, redirect};
use resil::Class::{Neutral, Permanent, Throttled, Transient};
use resil::{Class, Classify};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::serve;

/// Asks a server that answers `said` and hangs up, and reads the answer as the JSON of a number.
async fn ask(client: &Client, said: &'static str) -> reqwest::Error {
    let at = serve(move |mut stream| async move {
        let mut request = [0; 4_096];
        if stream.read(&mut request).await.is_ok() && said != "silence" {
            let _ = stream.write_all(said.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    number(client, &format!("http://{at}/")).await
}

async fn number(client: &Client, url: &str) -> reqwest::Error {
    let answer = async {
        let answer = client.get(url).send().await?.error_for_status()?;
        answer.json::<u32>().await
    };
    answer.await.unwrap_err()
}

#[tokio::test]
async fn answers_of_every_kind() {
    let client = Client::builder().no_proxy().build().unwrap();
    for (said, class) in [
        ("", Transient),
        ("HTTP/1.1 200", Transient),
        ("hello, this is no HTTP at all\r\n\r\n", Transient),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123",
            Transient,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12",
            Transient,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n",
            Transient,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Transient),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Permanent),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnope",
            Permanent,
        ),
        (
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
            Permanent,
        ),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            Permanent,
        ),
        (
            "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n",
            Transient,
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n",
            Throttled { retry_after: None },
        ),
        (
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
            Transient,
        ),
        (
            "HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\n\r\n",
            Permanent,
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            Transient,
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            Permanent,
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: gopher://there/\r\ncontent-length: 0\r\n\r\n",
            Permanent,
        ),
    ] {
        let error = ask(&client, said).await;
        assert_eq!(error.classify(), class, "{said}: {error:?}");
    }
}

#[tokio::test]
async fn what_the_client_says_of_its_own() {
    let client = Client::builder().no_proxy().build().unwrap();
    for (url, class) in [
        ("http://127.0.0.1:1/", Transient),
        ("no scheme at all", Permanent),
        ("ftp://127.0.0.1/", Permanent),
        ("http://[::1", Permanent),
    ] {
        let error = number(&client, url).await;
        assert_eq!(error.classify(), class, "{url}: {error:?}");
    }
    let hasty = Client::builder()
        .no_proxy()
        .timeout(Duration::from_millis(30));
    let error = ask(&hasty.build().unwrap(), "silence").await;
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.classify(), Transient);
}

/// An error of one's own in there knows better than the client.
#[tokio::test]
async fn what_was_made_of_ones_own_error() {
    #[derive(Debug, Clone, Copy, thiserror::Error, resil::Classify)]
    enum Policy {
        #[error("not there")]
        #[neutral]
        NotThere,
        #[error("not now")]
        #[transient]
        NotNow,
    }
    for (refusal, class) in [(Policy::NotThere, Neutral), (Policy::NotNow, Transient)] {
        let policy = redirect::Policy::custom(move |attempt| attempt.error(refusal));
        let client = Client::builder().no_proxy().redirect(policy).build();
        let away = "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n";
        let error = ask(&client.unwrap(), away).await;
        assert!(error.is_redirect(), "{error:?}");
        let said: Class = error.classify();
        assert_eq!(said, class, "{error:?}");
    }
}
