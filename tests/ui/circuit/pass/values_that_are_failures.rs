//! A client to which each status is an answer: the circuit is told which of them are failures.

use resil::{CircuitState, breaker, circuit, retry};

#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    body: Option<String>,
}

/// Constants, ranges, guards, alternatives and bindings, as in any pattern.
#[circuit(name = "by-status", failures = 2, on_ok(Reply { status: 500..=599, .. } | Reply { body: None, .. }))]
async fn by_status(reply: Reply) -> Result<Reply, resil::Error> {
    Ok(reply)
}

const BUSY: u16 = 503;

#[circuit(name = "by-constant", failures = 1, on_ok(BUSY | 429))]
async fn by_constant(status: u16) -> Result<u16, resil::Error> {
    Ok(status)
}

struct Client {
    least: u32,
}

impl Client {
    #[circuit(name = "by-guard", failures = 1, on_ok(v if v.len() < self.least as usize))]
    #[retry(max = 2, base = 1ms)]
    async fn by_guard<T: Clone>(&self, items: &[T]) -> Result<Vec<T>, resil::Error> {
        Ok(items.to_vec())
    }
}

fn state(name: &str) -> CircuitState {
    breaker(name).state()
}

#[tokio::test(start_paused = true)]
async fn main() {
    let reply = |status, body: Option<&str>| Reply {
        status,
        body: body.map(str::to_owned),
    };
    by_status(reply(404, Some(""))).await.unwrap();
    assert_eq!(by_status(reply(503, Some(""))).await.unwrap().status, 503);
    by_status(reply(200, None)).await.unwrap();
    assert_eq!(state("by-status"), CircuitState::Open);

    by_constant(200).await.unwrap();
    assert_eq!(by_constant(429).await.unwrap(), 429);
    assert_eq!(state("by-constant"), CircuitState::Open);

    let client = Client { least: 2 };
    client.by_guard(&[1, 2]).await.unwrap();
    assert_eq!(state("by-guard"), CircuitState::Closed);
    client.by_guard(&["one"]).await.unwrap();
    assert_eq!(state("by-guard"), CircuitState::Open);
    client.by_guard(&[1, 2]).await.unwrap_err();
}
