//! The load: a balancer that sends 200 requests a second while the server says that it is ready.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// 200 a second.
const BETWEEN: Duration = Duration::from_millis(5);
/// The period of the readiness probe.
const PROBE: Duration = Duration::from_millis(20);
/// Longer than any answer takes.
const STUCK: Duration = Duration::from_secs(20);

/// What a client knows of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200.
    Paid,
    /// Another status: nothing was done.
    ComeBack,
    /// No connection, or none that was accepted.
    NotAccepted,
}

/// The load balancer before one server.
pub(crate) struct Balancer {
    address: SocketAddr,
}

impl Balancer {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(crate) async fn is_ready(&self) -> bool {
        ask(self.address, "GET", "/ready").await == Some(200)
    }

    /// Sends orders until the server is not ready, and returns what became of each. Each tenth order is sent
    /// twice, as by a client that is impatient.
    pub(crate) async fn send(self) -> BTreeMap<String, Answer> {
        let (address, is_ready) = (self.address, Arc::new(AtomicBool::new(true)));
        let sees = Arc::clone(&is_ready);
        let probe = tokio::spawn(async move {
            while self.is_ready().await {
                sleep(PROBE).await;
            }
            sees.store(false, SeqCst);
        });
        let mut requests = JoinSet::new();
        let mut ticks = interval(BETWEEN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for n in 0_u32.. {
            ticks.tick().await;
            if !is_ready.load(SeqCst) {
                break;
            }
            for _ in 0..=u32::from(n % 10 == 0) {
                requests.spawn(async move {
                    let order = format!("order-{n}");
                    let answer = charge(address, &order).await;
                    (order, answer)
                });
            }
        }
        probe.await.expect("the probe");
        let mut answers = BTreeMap::new();
        while let Some(answer) = requests.join_next().await {
            let (order, answer) = answer.expect("a request");
            // Of two that ask for one order, it is paid if one of them heard so.
            let known = answers.entry(order).or_insert(answer);
            if answer == Answer::Paid {
                *known = answer;
            }
        }
        answers
    }
}

/// Orders, on a connection of its own.
pub(crate) async fn charge(address: SocketAddr, order: &str) -> Answer {
    match ask(address, "POST", &format!("/charge/{order}")).await {
        Some(200) => Answer::Paid,
        Some(_) => Answer::ComeBack,
        None => Answer::NotAccepted,
    }
}

/// Returns the status of the answer; `None` without a whole one.
async fn ask(address: SocketAddr, method: &str, path: &str) -> Option<u16> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, _) = answer.split_once("\r\n\r\n")?;
        head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    };
    timeout(STUCK, exchange).await.expect("an answer in time")
}
