//! HTTP/1.1 servers on local ports, for a balancer.

use std::time::Duration;

use resil_http::Verdict;
use resil_http::balance::{Picked, PooledClient};
use resil_runtime::Class;
use url::Url;

use crate::peer::{Do, Server, answer};

/// What a backend does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Does {
    /// The time until it answers.
    pub(crate) answers_after: Duration,
    /// The time after an answer at which it closes the connection; `None` for never.
    pub(crate) closes_idle_after: Option<Duration>,
}

pub(crate) const AT_ONCE: Does = Does {
    answers_after: Duration::ZERO,
    closes_idle_after: None,
};

/// Starts one. The answer has the `Host` of the request for a body.
pub(crate) async fn start(does: Does) -> Server {
    Server::start(move |_, request| {
        let mut steps = vec![Do::Pause(does.answers_after)];
        steps.extend(answer(200, &[], request.header("host").unwrap_or_default()));
        if let Some(time) = does.closes_idle_after {
            steps.extend([Do::Pause(time), Do::Close]);
        }
        steps
    })
    .await
}

/// Sends a request to what was picked, reports what came of it, and returns the body of the answer.
pub(crate) async fn send(client: &PooledClient, picked: Picked) -> reqwest::Result<String> {
    let endpoint = picked.endpoint();
    let mut url: Url = "http://service/path".parse().expect("a URL");
    endpoint.rewrite(&mut url);
    let mut request = client.at(endpoint)?.get(url);
    if let Some(host) = endpoint.host_header() {
        request = request.header(http::header::HOST, host);
    }
    let answer = async { request.send().await?.text().await }.await;
    picked.end(&match &answer {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure {
            class: Class::Transient,
            may_repeat: true,
        },
    });
    answer
}
