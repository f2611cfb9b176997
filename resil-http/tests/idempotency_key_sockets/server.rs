//! A server that holds its handlers until it is told to let them go, and clients that write by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use resil_http::server::{DeadlineLayer, IdempotencyKeyLayer};
use resil_stores::Shared;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::support::serve;

/// What waits for something gives up after this.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of one shop.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    shop: Shop,
}

#[derive(Clone)]
struct Shop {
    /// How many handlers have begun.
    begun: Arc<watch::Sender<u32>>,
    /// A handler ends when it gets one of these.
    goes: Arc<Semaphore>,
    effects: Arc<AtomicU32>,
}

async fn pay(State(shop): State<Shop>, order: String) -> String {
    shop.begun.send_modify(|begun| *begun += 1);
    shop.goes.acquire().await.unwrap().forget();
    let effect = shop.effects.fetch_add(1, SeqCst) + 1;
    format!("paid {effect}: {order}")
}

/// Keys that belong to one account.
pub(crate) fn keys(store: Shared) -> IdempotencyKeyLayer {
    IdempotencyKeyLayer::new("sockets", |_| Some("ada".to_owned())).store(store)
}

impl Server {
    pub(crate) async fn start(keys: IdempotencyKeyLayer) -> Self {
        Self::start_in(keys, DeadlineLayer::new()).await
    }

    /// Starts one whose keys are inside of `deadline`.
    pub(crate) async fn start_in(keys: IdempotencyKeyLayer, deadline: DeadlineLayer) -> Self {
        let shop = Shop {
            begun: Arc::new(watch::Sender::new(0)),
            goes: Arc::new(Semaphore::new(0)),
            effects: Arc::default(),
        };
        let app = Router::new()
            .route("/pay", post(pay))
            .layer((deadline, keys))
            .with_state(shop.clone());
        let at = serve(app).await;
        Self { at, shop }
    }

    /// Waits until so many handlers have begun.
    pub(crate) async fn has_begun(&self, count: u32) {
        let mut begun = self.shop.begun.subscribe();
        let enough = begun.wait_for(|begun| *begun >= count);
        timeout(PATIENCE, enough).await.expect("in time").unwrap();
    }

    pub(crate) fn begun(&self) -> u32 {
        *self.shop.begun.borrow()
    }

    /// Lets so many handlers end.
    pub(crate) fn let_go(&self, count: usize) {
        self.shop.goes.add_permits(count);
    }

    pub(crate) fn effects(&self) -> u32 {
        self.shop.effects.load(SeqCst)
    }

    /// Writes `text` on a connection of its own.
    pub(crate) async fn write(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request, and returns the whole answer: head and body.
    pub(crate) async fn answer(&self, text: &str) -> String {
        let stream = self.write(text).await;
        rest(stream).await
    }

    /// Asks until the answer is a replay, as a client does that is told that its request is in progress.
    pub(crate) async fn replay(&self, text: &str) -> String {
        let asks = async {
            loop {
                let answer = self.answer(text).await;
                if answer.contains("idempotency-replayed: true") {
                    return answer;
                }
                assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, asks).await.expect("in time")
    }
}

/// Reads what is left of an answer.
pub(crate) async fn rest(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut answer));
    read.await.expect("in time").unwrap();
    answer
}

/// A request with a key, after whose answer the server closes the connection.
pub(crate) fn request(key: &str, order: &str) -> String {
    let length = order.len();
    format!(
        "POST /pay HTTP/1.1\r\nhost: shop\r\nconnection: close\r\nidempotency-key: \"{key}\"\r\n\
         content-type: text/plain\r\ncontent-length: {length}\r\n\r\n{order}"
    )
}
