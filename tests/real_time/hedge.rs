//! `#[hedge]` over sockets: a server of which one answer in twenty is late.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use resil::hedge;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::serve;

const LATE: Duration = Duration::from_millis(500);
const QUICK: Duration = Duration::from_millis(5);

/// A server that answers one byte, late when it was asked so many times before, and how often it was
/// asked.
async fn server(is_late: fn(u32) -> bool) -> (SocketAddr, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let at = serve(move |mut stream| {
        let n = count.fetch_add(1, SeqCst);
        async move {
            sleep(if is_late(n) { LATE } else { QUICK }).await;
            // The client may have gone.
            let _ = stream.write_all(b"!").await;
        }
    })
    .await;
    (at, asked)
}

async fn ask(at: SocketAddr) -> std::io::Result<u8> {
    let mut stream = TcpStream::connect(at).await?;
    let mut answer = [0];
    let _: usize = stream.read_exact(&mut answer).await?;
    Ok(answer[0])
}

#[hedge(after = p95)]
async fn hedged(at: SocketAddr) -> std::io::Result<u8> {
    ask(at).await
}

/// What a client has measured in three hundred calls.
#[derive(Debug)]
struct Measured {
    p99: Duration,
    /// Requests a call.
    requests: f64,
    /// What the machine added to p99 of calls in between that no server delayed and no hedge was around.
    added: Duration,
}

async fn measure<F: Future<Output = std::io::Result<u8>>>(
    call: impl Fn(SocketAddr) -> F,
) -> Measured {
    const CALLS: u32 = 300;
    let (at, asked) = server(|n| n % 20 == 13).await;
    let (quick_at, _) = server(|_| false).await;
    // The first hundred tell what is normal.
    for _ in 0..100 {
        call(at).await.unwrap();
    }
    let before = asked.load(SeqCst);
    let (mut latencies, mut quick) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        let began = Instant::now();
        call(at).await.unwrap();
        latencies.push(began.elapsed());
        let began = Instant::now();
        ask(quick_at).await.unwrap();
        quick.push(began.elapsed());
    }
    let requests = f64::from(asked.load(SeqCst) - before) / f64::from(CALLS);
    latencies.sort_unstable();
    quick.sort_unstable();
    Measured {
        p99: latencies[296],
        requests,
        added: quick[296].saturating_sub(QUICK),
    }
}

/// The bound of issue 12 for p99.
const P99: Duration = Duration::from_millis(25);

/// p99 is above 500 ms without a hedge. With one it is below 25 ms, at 10 % more calls at most. What a busy
/// machine adds to an answer of 5 ms is measured beside it, and comes on top twice: the percentile is one of
/// such answers, and the copy that is started then is another one. Where the machine is idle that is a
/// millisecond or two, and it counts for no more than half of what a slow answer takes. It is measured again if
/// it was busy just at the wrong calls.
#[tokio::test]
async fn a_tail_of_one_in_twenty_is_cut_over_sockets() {
    let plain = measure(ask).await;
    assert!(plain.p99 >= LATE && plain.requests < 1.01, "{plain:?}");
    let mut seen = Vec::new();
    for _ in 0..6 {
        let hedged = measure(hedged).await;
        println!("{hedged:?}, and without a hedge {:?}", plain.p99);
        let bound = (P99 + 2 * hedged.added).min(LATE / 2);
        if hedged.p99 < bound && hedged.requests <= 1.10 {
            return;
        }
        seen.push(hedged);
    }
    panic!("never below {P99:?} and what the machine adds, at 1.1 requests a call: {seen:?}");
}
